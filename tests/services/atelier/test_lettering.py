"""Letters, and shapes where there are none."""

import pytest

from devserver.my_app.services.atelier.lettering import (
    MOST_LETTERS,
    letters_of,
    lines_of,
    mostly_settable,
    settable,
)


@pytest.mark.parametrize(
    ("text", "set_as"),
    [
        ("größer!", "GRO\u0308SSER!"),
        ("a\u200bb", "AB"),
        ("\u0301x", "X"),
        ("مرحبا", ""),
        ("12", "12"),
    ],
)
def test_what_can_be_set(text: str, set_as: str) -> None:
    assert settable(text) == set_as


def test_marks_stay_with_their_letter() -> None:
    assert letters_of(settable("äb")) == ["A\u0308", "B"]


def test_other_scripts_are_not_set() -> None:
    assert mostly_settable("Quatsch")
    assert not mostly_settable("你好 a")
    assert not mostly_settable("\u0301\u0301")


def test_lines_hold_a_limited_number_of_letters() -> None:
    lines = lines_of("quirlig " * 900)
    assert sum(len(word) for line in lines for word in line) <= MOST_LETTERS
    assert all(len(" ".join(line)) <= 14 for line in lines)
    assert lines_of("z" * 8000)[0] == ["Z" * 14]
