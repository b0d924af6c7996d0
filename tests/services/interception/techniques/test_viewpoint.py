from __future__ import annotations

from random import Random

import pytest
from pydantic import ValidationError

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting

ANT = {
    "name": "ant",
    "sign": "🐜",
    "de": {"opening": "Für eine Ameise:", "details": ["Alles ist groß.", "Der Boden bebt."]},
    "en": {"opening": "For an ant:", "details": ["All is big.", "The ground shakes."]},
}
OF_NOUNS = {"de": {"Hund": "Es bellt."}, "en": {"dog": "A bark."}}


def viewpoint(text: str, count: int = 1, **more: object) -> Rewriting:
    parameters = {"views": [ANT], "count": count, **more}
    return TECHNIQUES["viewpoint"](text, random=Random(1), parameters=parameters)


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("Der Hund", "Für eine Ameise: der Hund."),
        ("Hund!", "Für eine Ameise: Hund!"),
        ("A dog, ", "For an ant: a dog."),
        ("I see it", "For an ant: I see it."),
        ("„Ja“, sagt der Hund.", "Für eine Ameise: „Ja“, sagt der Hund."),
    ],
)
def test_the_opening_leads_to_the_words_of_the_child(text: str, opened: str) -> None:
    steps = viewpoint(text).steps
    assert steps[0].text == opened
    assert steps[1].text.startswith(f"{opened} ")


def test_details_are_told_once_each() -> None:
    steps = viewpoint("Der Hund", 2).steps
    assert [step.name for step in steps] == ["ant", "detail_1", "detail_2"]
    assert {"Alles ist groß.", "Der Boden bebt."} == {
        steps[2].text.removeprefix(steps[1].text).strip(),
        steps[1].text.removeprefix(steps[0].text).strip(),
    }


def test_what_the_text_names_is_noticed_first() -> None:
    assert viewpoint("Zwei Hunde", 2, of_nouns=OF_NOUNS).steps[1].text.endswith(" Es bellt.")
    assert viewpoint("a dog", 2, of_nouns=OF_NOUNS).steps[1].text.endswith(" A bark.")
    assert "Es bellt." not in viewpoint("Hund", 1, of_nouns=OF_NOUNS).text


def test_other_languages_are_framed_by_the_sign() -> None:
    assert viewpoint("Кіт спить").text == "🐜 Кіт спить 🐜"


@pytest.mark.parametrize(
    "wrong",
    [
        {"views": []},
        {"views": [{**ANT, "de": {"opening": "Ohne Doppelpunkt", "details": ["Ja."]}}]},
        {"views": [ANT], "count": 9},
        {"views": [ANT], "of_nouns": {"fr": {}}},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TECHNIQUES["viewpoint"].check(wrong)
