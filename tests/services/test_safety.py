from __future__ import annotations

from itertools import product

import pytest

from devserver.config import SafetyLevel
from devserver.my_app.services.safety import LEVELS, raised_to_floor


@pytest.mark.parametrize(
    ("asked", "floor", "is_researcher", "level"),
    [
        ("kids", "youth", False, "kids"),
        ("youth", "youth", False, "youth"),
        ("adult", "youth", False, "youth"),
        ("off", "youth", False, "youth"),
        ("off", "youth", True, "off"),
        ("adult", "youth", True, "youth"),
        ("adult", "off", False, "adult"),
        ("off", "off", False, "adult"),
        ("youth", "kids", False, "kids"),
    ],
)
def test_levels(
    asked: SafetyLevel, floor: SafetyLevel, is_researcher: bool, level: SafetyLevel
) -> None:
    assert raised_to_floor(asked, floor, is_researcher=is_researcher)[0] == level


def test_a_change_comes_with_a_warning_and_never_lowers_the_level() -> None:
    for asked, floor, is_researcher in product(LEVELS, LEVELS, (True, False)):
        level, warning = raised_to_floor(asked, floor, is_researcher=is_researcher)
        assert LEVELS.index(level) <= LEVELS.index(asked)
        assert (warning is None) == (level == asked)
