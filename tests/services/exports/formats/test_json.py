from __future__ import annotations

import json
from pathlib import Path

import pytest

from devserver.my_app.services.exports.formats.json_document import JsonDocument
from devserver.my_app.services.exports.formats.json_lines import JsonLines
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord, parse_metadata
from tests.exported_runs import HOSTILE_TEXTS, LONE_SURROGATES, a_run
from tests.services.exports.format_rules import written

ALL_TEXTS = {**HOSTILE_TEXTS, "lone_surrogates": LONE_SURROGATES}


def refuse(what: str) -> None:
    raise AssertionError(f"{what} is no JSON")


@pytest.mark.parametrize("text", ALL_TEXTS.values(), ids=ALL_TEXTS)
def test_each_line_is_what_metadata_json_says(tmp_path: Path, text: str) -> None:
    runs = [a_run(tmp_path, text) for _ in range(2)]
    data = written(JsonLines(), iter(runs)).decode()
    lines = data.splitlines()  # which knows more ends of lines than JSON Lines does
    assert data.endswith("\n")
    assert len(lines) == 2
    for line, run in zip(lines, runs, strict=True):
        values = json.loads(line, parse_constant=refuse)
        stored = json.loads(run.files[0].path.read_bytes())
        assert {key: values[key] for key in stored if key not in NESTED} == {
            key: value for key, value in stored.items() if key not in NESTED
        }
        assert RunMetadata.model_validate(values) == run.metadata


NESTED = {"outputs", "stages", "request", "jobs", "error"}
"""Here, what was not said is told with its default."""


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_document_holds_every_run(tmp_path: Path, number: int) -> None:
    runs = [a_run(tmp_path, 'ein "Text"\nauf zwei Zeilen') for _ in range(number)]
    document = json.loads(written(JsonDocument(), iter(runs), title="Ü", licence="CC0-1.0"))
    assert (document["title"], document["licence"]) == ("Ü", "CC0-1.0")
    assert [run["run_id"] for run in document["runs"]] == [run.run_id for run in runs]
    lines = written(JsonLines(), iter(runs)).decode().splitlines()
    assert [json.loads(line) for line in lines] == document["runs"]


def test_what_json_has_no_word_for_is_null(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    step = StageRecord(
        stage=1, step="x", status="passed", details={"a": float("nan"), "b": [float("inf"), 1e308]}
    )
    odd = parse_metadata(
        b'{"run_id": "%s", "stages": [{"stage": 1, "step": "s", "status": "done"}]}'
        % run.run_id.encode()
    )
    data = written(JsonLines(), iter([type(run)(odd.having(stages=(step, *odd.stages)), ())]))
    [first, second] = json.loads(data, parse_constant=refuse)["stages"]
    assert first["details"] == {"a": None, "b": [None, 1e308]}
    assert "started_at" not in second  # nobody wrote down when
