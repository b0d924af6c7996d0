"""Safety of texts, stages 1 and 3. This version has no word lists and no guard model yet."""

from __future__ import annotations

from typing import Literal

from devserver.config import SafetyLevel
from devserver.my_app.services.run_metadata import StageRecord

LEVELS: tuple[SafetyLevel, ...] = ("kids", "youth", "adult", "off")
STEP = "safety"
"""The step's name on record."""
UNCHECKED_REASON = "This version of the server has no word lists and no guard model."


def raised_to_floor(
    asked: SafetyLevel, floor: SafetyLevel, *, is_researcher: bool
) -> tuple[SafetyLevel, str | None]:
    """The level a run gets, and a warning when it isn't the one asked for.

    A level below the floor is raised to it. `off` is for researchers only, who get it whatever the
    floor is; for others the lowest level is `adult`.
    """
    if asked == "off" and is_researcher:
        return asked, None
    lowest = min(LEVELS.index(floor), LEVELS.index("adult"))
    level = LEVELS[min(LEVELS.index(asked), lowest)]
    if level == asked:
        return asked, None
    return level, f"The safety level {asked} was raised to {level}, the lowest that is allowed."


def check_text(stage: Literal[1, 3], text: str) -> StageRecord:
    """The record of the safety check of `text`; skipped, and said so, until there is one."""
    return StageRecord(
        stage=stage,
        step=STEP,
        status="skipped",
        input=text,
        details={"reason": UNCHECKED_REASON},
    )
