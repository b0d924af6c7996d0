from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.exports.formats.xml_document import Text, XmlDocument
from devserver.my_app.services.exports.plain_values import plain_run
from devserver.my_app.services.exports.port import ExportedRun
from tests.exported_runs import HOSTILE_TEXTS, LONE_SURROGATES, a_run
from tests.services.exports.format_rules import written

SCHEMA = etree.XMLSchema(etree.parse(PROJECT_FOLDER / "devserver" / "docs" / "runs.xsd"))
PARSER = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
ALL_TEXTS = {**HOSTILE_TEXTS, "lone_surrogates": LONE_SURROGATES}


def parsed(*runs: ExportedRun, **options: object) -> Any:
    """The root of the document, which the schema takes."""
    root = etree.fromstring(written(XmlDocument(), iter(runs), **options), PARSER)
    SCHEMA.assertValid(root)
    return root


def text_of(element: Any) -> str:
    return Text(element.text or "", element.get("escaped") == "true").read()


def value_of(element: Any) -> Any:
    """What an element of `details` or `other` holds."""
    match element.get("type"):
        case "text":
            return text_of(element)
        case "number":
            number = float(element.text)
            return int(number) if number.is_integer() else number
        case "boolean":
            return element.text == "true"
        case "null":
            return None
        case "list":
            return [value_of(item) for item in element]
    return entries_of(element)


def entries_of(element: Any) -> dict[str, Any]:
    return {
        Text(one.get("key"), one.get("key_escaped") == "true").read(): value_of(one)
        for one in element
    }


@pytest.mark.parametrize("text", ALL_TEXTS.values(), ids=ALL_TEXTS)
def test_every_text_comes_back(tmp_path: Path, text: str) -> None:
    run = a_run(tmp_path, text)
    root = parsed(run, title=text[:100])
    [found] = root.findall("run")
    for path in ("input_text", "transformed_text", "warnings/warning", "error/message"):
        assert text_of(found.find(path)) == text
    assert text_of(root.find("title")) == text[:100]
    assert text_of(found.find("stages/step/output")) == text
    values = plain_run(run.metadata)
    output = found.find("outputs/output")
    assert entries_of(output.find("details")) == values["outputs"][0]["details"]
    assert entries_of(output.find("other")) == {"unknown_to_us": text}
    assert entries_of(found.find("other")) == {"a_key_of_tomorrow": {"text": text}}


@given(st.text(st.characters()))
def test_any_text_can_be_held(text: str) -> None:
    as_held = Text.of(text)
    assert as_held.read() == text
    element = etree.Element("x")
    element.text = as_held.written  # lxml refuses what XML can't hold
    assert as_held.is_escaped == (as_held.written != text)


def test_no_number_is_lost(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    [found] = parsed(run).findall("run")
    values = plain_run(run.metadata)
    for key in ("run_id", "timestamp", "schema", "status", "revision", "attempts"):
        assert found.find(key).text == str(values[key])
    for key in ("width", "sha256", "seed", "file_size_bytes", "mime_type"):
        assert found.find(f"outputs/output/{key}").text == str(values["outputs"][0][key])
    assert found.find("stages/step/duration_seconds").text == "0.25"
    assert found.find("request/seed").text == "42"
    assert found.find("request/output_configs/output_config").text == "sd35_large"
    assert found.find("jobs/job/workflow").text == "workflow.json"
    assert found.find("origin") is None


def test_no_run_and_many_runs_are_valid(tmp_path: Path) -> None:
    assert len(parsed()) == 0
    assert len(parsed(*(a_run(tmp_path) for _ in range(20))).findall("run")) == 20
