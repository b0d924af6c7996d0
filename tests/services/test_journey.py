from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.journey import Change, journey_of, word_changes
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord

TEXTS = st.text(max_size=60) | st.lists(
    st.sampled_from(["die", "Katze", "Hund", "tanzt", ".", "\n", "l'art"]), max_size=30
).map(" ".join)


def told(before: str, after: str) -> str:
    signs = {"kept": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return "".join(signs[change.kind].format(change.text) for change in word_changes(before, after))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Die Katze sitzt.", "Die rote Katze tanzt!", "Die [+rote +]Katze [-sitzt.-][+tanzt!+]"),
        ("Katze", "Katze auf dem Dach", "Katze [+auf dem Dach+]"),
        ("eins zwei", "eins  zwei", "eins  zwei"),
        ("", "neu", "[+neu+]"),
        ("alt", "", "[-alt-]"),
        ("", "", ""),
        ("don't go", "don't stop", "don't [-go-][+stop+]"),
    ],
)
def test_changes_are_shown_by_words(before: str, after: str, expected: str) -> None:
    assert told(before, after) == expected


@given(TEXTS, TEXTS)
def test_both_texts_can_be_made_of_the_changes(before: str, after: str) -> None:
    changes = word_changes(before, after)
    assert "".join(c.text for c in changes if c.kind != "removed") == after
    old = "".join(c.text for c in changes if c.kind != "added")
    assert old.split() == before.split() or "".join(old.split()) == "".join(before.split())
    assert all(change.text for change in changes)


@given(TEXTS)
def test_nothing_changes_between_equal_texts(text: str) -> None:
    assert {change.kind for change in word_changes(text, text)} <= {"kept"}


def test_a_step_tells_its_seed_and_its_changes() -> None:
    run = RunMetadata(
        run_id="x",
        status="running",
        stages=(
            StageRecord(stage=1, step="word_lists", status="passed", input="Katze"),
            StageRecord(
                stage=2,
                step="cut_up",
                status="transformed",
                input="Katze",
                output="Hund",
                details={"seed": 7},
            ),
        ),
    )
    checked, rewritten = journey_of(run)
    assert (checked.seed, checked.changes) == (None, ())
    assert rewritten.seed == 7
    assert rewritten.changes == (Change("removed", "Katze"), Change("added", "Hund"))
