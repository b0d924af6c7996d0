from __future__ import annotations

from random import Random

import pytest
from pydantic import ValidationError

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting

PLOT = {
    "trouble": ["{Der} sah {seinen} Schatten."],
    "turn": ["Jemand gab {dem} Mut und rief {den}."],
    "ending": ["{Er} lachte, und alle sahen {ihn} an."],
}
NOBODY = {"trouble": ["Es wurde still."], "turn": ["Ein Ton fiel."], "ending": ["Ende."]}
ENGLISH = {"trouble": ["{The} ran."], "turn": ["We saw {the}."], "ending": ["All well."]}
NOTHING = {"trouble": ["It was late."], "turn": ["It rang."], "ending": ["All well."]}
STORY = {
    "de": {"openings": ["So fing es an:"], "with_hero": PLOT, "without_hero": NOBODY},
    "en": {"openings": ["It began:"], "with_hero": ENGLISH, "without_hero": NOTHING},
    "signs": ["🌱", "⛈️", "💡", "🌟"],
}


def story(text: str) -> Rewriting:
    return TECHNIQUES["story"](text, random=Random(1), parameters=STORY)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Ein Hund bellt",
            "ein Hund bellt. Der Hund sah seinen Schatten. Jemand gab dem Hund Mut und rief den "
            "Hund. Er lachte, und alle sahen ihn an.",
        ),
        (
            "Meine Katze!",
            "meine Katze! Meine Katze sah ihren Schatten. Jemand gab meiner Katze Mut und rief "
            "meine Katze. Sie lachte, und alle sahen sie an.",
        ),
        (
            "Der Löwe und das Pferd",
            "der Löwe und das Pferd. Der Löwe sah seinen Schatten. Jemand gab dem Löwen Mut und "
            "rief den Löwen. Er lachte, und alle sahen ihn an.",
        ),
        (
            "Auf dem Mond wohnt ein Einhorn",
            "auf dem Mond wohnt ein Einhorn. Das Einhorn sah seinen Schatten. Jemand gab dem "
            "Einhorn Mut und rief das Einhorn. Es lachte, und alle sahen es an.",
        ),
        ("Zwei Pinguine", "zwei Pinguine. Es wurde still. Ein Ton fiel. Ende."),
        ("Lisa malt im Garten", "Lisa malt im Garten. Es wurde still. Ein Ton fiel. Ende."),
    ],
)
def test_the_hero_is_a_noun_of_the_text(text: str, told: str) -> None:
    assert story(text).text == f"So fing es an: {told}"


def test_in_english() -> None:
    assert story("My cat").text == "It began: my cat. My cat ran. We saw my cat. All well."
    assert story("I am tired").text == "It began: I am tired. It was late. It rang. All well."


def test_four_steps() -> None:
    names = ["beginning", "trouble", "turn", "ending"]
    assert [step.name for step in story("Hund").steps] == names
    assert [step.name for step in story("Кіт спить").steps] == names
    assert story("Кіт спить").text == "🌱 Кіт спить\n⛈️ спить\n💡 Кіт\n🌟 спить"


def test_a_place_that_no_hero_fills_is_refused() -> None:
    wrong = {**STORY, "de": {**STORY["de"], "with_hero": {**PLOT, "turn": ["{Wem} war kalt."]}}}  # type: ignore[dict-item]
    with pytest.raises(ValidationError, match=r"\{Wem\} is no place of a story"):
        TECHNIQUES["story"].check(wrong)
