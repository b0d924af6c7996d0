"""The levels of safety, known to server and page from here. What they mean for texts: the gate."""

from __future__ import annotations

from collections.abc import Mapping

from devserver.config import SafetyLevel

LEVELS: tuple[SafetyLevel, ...] = ("kids", "youth", "adult", "off")

NEGATIVE_PROMPTS: Mapping[SafetyLevel, str] = {
    "kids": "violence, weapons, blood, gore, nudity, horror",
    "youth": "gore, nudity",
}
"""What models that take a negative prompt are told to leave out at a level, in English."""


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
