from __future__ import annotations

from itertools import pairwise

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.interception.interception import EmbeddedInterception, Idea
from devserver.my_app.services.run_metadata import RunMetadata, RunRequest
from devserver.my_app.services.schemas import load_interception_schemas

SCHEMAS = load_interception_schemas(PROJECT_FOLDER / "devserver/schemas/interception")


def idea_of(text: str, seed: int = 7) -> Idea:
    request = RunRequest(seed=seed)
    run = RunMetadata(run_id="x", status="running", input_text=text, request=request)
    return Idea(run, CheckedText(text), None)


@pytest.mark.parametrize("schema_id", SCHEMAS)
def test_every_step_is_on_record(schema_id: str) -> None:
    records = EmbeddedInterception().steps(idea_of("Eine Blume auf der Wiese"), SCHEMAS[schema_id])
    assert records[0].input == "Eine Blume auf der Wiese"
    assert all(after.input == before.output for before, after in pairwise(records))
    assert {record.stage for record in records} == {2}
    assert all(record.backend == "embedded" for record in records)
    changed = records[-1].output != "Eine Blume auf der Wiese"
    assert changed == (schema_id != "passthrough")
    assert all((r.status == "transformed") == (r.input != r.output) for r in records)


def test_the_telephone_game_records_its_eight_listeners() -> None:
    records = EmbeddedInterception().steps(idea_of("Der Hund bellt am See"), SCHEMAS["stillepost"])
    assert [record.step for record in records] == [f"listener_{n}" for n in range(1, 9)]


def test_the_seed_decides() -> None:
    def text(seed: int) -> str | None:
        idea = idea_of("Eine Blume auf der grünen Wiese am See", seed)
        return EmbeddedInterception().steps(idea, SCHEMAS["dada"])[-1].output

    assert text(1) == text(1)
    assert len({text(seed) for seed in range(10)}) > 5


def test_what_chance_has_made_and_would_be_stopped_is_made_again() -> None:
    idea = idea_of("Eine Blume auf der grünen Wiese am See")
    first = EmbeddedInterception().steps(idea, SCHEMAS["dada"])[-1].output
    tried: list[str] = []

    def stops(_: RunMetadata, text: str) -> bool:
        tried.append(text)
        return text == first

    made = EmbeddedInterception(stops=stops).steps(idea, SCHEMAS["dada"])
    assert tried == [first, made[-1].output]


def test_a_text_that_can_only_be_stopped_is_left_as_it_is() -> None:
    idea = idea_of("Eine Blume auf der Wiese")
    [step] = EmbeddedInterception(stops=lambda _, __: True).steps(idea, SCHEMAS["piglatin"])
    assert (step.step, step.status, step.output) == ("given_up", "passed", idea.text)
