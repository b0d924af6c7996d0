from __future__ import annotations

from random import Random

import pytest

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting

DICTIONARIES = {
    "de": {
        "words": {"rennt": ["saust"]},
        "adjectives": {"groß": ["maximal groß"], "dunkel": ["finster"]},
        "qualities": ["Ehren"],
        "openers": ["Leute,"],
        "closers": ["so muss das"],
    },
    "en": {
        "words": {"runs": ["zooms"]},
        "adjectives": {"big": ["enormous"]},
        "qualities": ["iconic"],
        "openers": ["Okay, so:"],
        "closers": ["no notes"],
    },
    "signs": ["💯"],
}


def substitution(text: str) -> Rewriting:
    return TECHNIQUES["substitution"](text, random=Random(1), parameters=DICTIONARIES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Der große Hund rennt durch den dunklen Wald",
            "Leute, der maximal große Ehrenhund saust durch den finsteren Wald, so muss das",
        ),
        ("Ein sehr großer Hund!", "Leute, ein sehr großer Ehrenhund! So muss das."),
        ("Im Wald wohnt eine Hexe", "Leute, im Wald wohnt eine Ehrenhexe, so muss das"),
        ("Im dunklen Wald", "Leute, im finsteren Ehrenwald, so muss das"),
        ("ja", "Leute, ja, so muss das"),
        ("A big dog runs.", "Okay, so: an iconic enormous dog zooms. No notes."),
        ("A very big dog", "Okay, so: an iconic very big dog, no notes"),
        ("I like cats", "Okay, so: I like iconic cats, no notes"),
        ("Кіт спить", "Кіт спить 💯"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert substitution(text).text == expected


def test_every_change_is_a_step() -> None:
    names = [step.name for step in substitution("Der große Hund rennt").steps]
    assert names == ["quality", "other_words", "opening", "closing"]
