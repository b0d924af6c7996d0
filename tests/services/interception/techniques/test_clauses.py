from __future__ import annotations

from random import Random

import pytest
from pydantic import ValidationError

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting

from .texts import CLAUSES


def clauses(text: str, **more: object) -> Rewriting:
    return TECHNIQUES["clauses"](text, random=Random(1), parameters={**CLAUSES, **more})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Eine Blume", {"Eine Blume, in Rot, aus Kreisen", "Eine Blume, aus Kreisen, in Rot"}),
        ("The cat.", {"The cat. In red. Made of circles.", "The cat. Made of circles. In red."}),
    ],
)
def test_examples(text: str, expected: set[str]) -> None:
    assert clauses(text).text in expected


def test_clauses_before_the_text() -> None:
    assert clauses("Eine Blume", count=1, position="before").text in {
        "In Rot: Eine Blume",
        "Aus Kreisen: Eine Blume",
    }


def test_one_step_for_each_clause() -> None:
    assert [step.name for step in clauses("Katze").steps] == ["clause_1", "clause_2"]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"clauses": {"de": ["in Rot"]}}, {**CLAUSES, "count": "2"}, {**CLAUSES, "position": "up"}],
)
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TECHNIQUES["clauses"].check(wrong)
