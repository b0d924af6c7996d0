"""The documentation is true: everything is named, and every example runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from flask import Flask
from pydantic import BaseModel, TypeAdapter, ValidationError

from devserver.__main__ import main
from devserver.config import PROJECT_FOLDER, setting_names
from devserver.my_app.services.audit import ACTIONS
from devserver.my_app.services.run_metadata import (
    Job,
    Output,
    RunError,
    RunMetadata,
    RunRequest,
    RunStatus,
    StageRecord,
    StageStatus,
)
from tests.honest_folders import check_all
from tests.running_server import RunningServer

README = PROJECT_FOLDER / "README.md"
DOCS = PROJECT_FOLDER / "devserver" / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md"))]


def text_of(name: str) -> str:
    return (DOCS / name).read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text_of("SETTINGS.md"), re.MULTILINE))
    assert rows.keys() == setting_names().keys()
    for name, (default, _) in setting_names().items():
        if isinstance(default, str | int | float) and name != "DEVSERVER_POOL_PROCESSES":
            assert rows[name] == f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_every_route_is_documented(app: Flask) -> None:
    said = text_of("API.md")
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*?:(\w+)>", r"<\1>", rule.rule)
        if not path.startswith("/static"):
            assert f" {path}`" in said or f"`{path}`" in said, path


def test_every_action_of_the_audit_log_is_documented() -> None:
    [said] = re.findall(r"The actions are (.*?)\*\*Never\*\*", text_of("ACCESS.md"), re.DOTALL)
    assert sorted(re.findall(r"`(\w+)`", said)) == sorted(ACTIONS)


def test_every_command_is_documented() -> None:
    assert all(f"python -m devserver {name}" in text_of("API.md") for name in main.commands)
    targets = re.findall(r"^(\w+):", (PROJECT_FOLDER / "Makefile").read_text(), re.MULTILINE)
    assert all(f"make {name}" in README.read_text() for name in targets if name != "clean")


KEYS: dict[str, type[BaseModel]] = {
    "The run": RunMetadata,
    "An output": Output,
    "A step": StageRecord,
    "The request": RunRequest,
    "A job": Job,
    "An error": RunError,
}
SINCE_THE_FIRST = {
    "The run": "run_id user_id timestamp schema execution_mode input_text transformed_text outputs",
    "An output": "type filename backend config file_size_bytes format width height"
    " duration_seconds",
}


def rows_of(heading: str, text: str) -> list[list[str]]:
    """The cells of the first table below a heading, or below the line with that text."""
    [part] = re.findall(rf"^(?:## )?{heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    table = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE)
    assert table
    lines = table.group().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize("heading", KEYS)
def test_the_data_dictionary_is_that_of_the_code(heading: str) -> None:
    rows = rows_of(heading, text_of("DATA_DICTIONARY.md"))
    fields = {
        field.alias or name: field
        for name, field in KEYS[heading].model_fields.items()
        if not field.exclude
    }
    assert [row[0] for row in rows] == [f"`{key}`" for key in fields]
    first = SINCE_THE_FIRST.get(heading, "").split()
    for (key, field), (_, said, meaning, since, example) in zip(fields.items(), rows, strict=True):
        values: TypeAdapter[object] = TypeAdapter(field.rebuild_annotation())
        takes_null = True
        try:
            values.validate_python(None)
        except ValidationError:
            takes_null = False
        assert ("null" in said) == takes_null, key
        assert meaning
        assert since == ("0" if key in first else "1"), key
        if example:
            values.validate_json(example.strip("`"))
        else:
            assert said in ("list", "object"), key


@pytest.mark.parametrize(
    ("heading", "known"), [("Of a run:", RunStatus), ("Of a step:", StageStatus)]
)
def test_every_status_is_in_the_data_dictionary(heading: str, known: object) -> None:
    rows = rows_of(heading, text_of("DATA_DICTIONARY.md"))
    assert [row[0].strip("`") for row in rows] == list(get_args(known))


def test_every_value_of_a_choice_is_in_the_data_dictionary() -> None:
    text = text_of("DATA_DICTIONARY.md")
    for heading, model in KEYS.items():
        rows = {row[0].strip("`"): row[2] for row in rows_of(heading, text)}
        for name, field in model.model_fields.items():
            key = field.alias or name
            for choice in get_args(field.annotation):
                values = get_args(choice) or (choice if isinstance(choice, str | int) else None,)
                for value in values if key != "status" else ():
                    if isinstance(value, str | int):
                        assert f"`{value}`" in rows[key], (key, value)


def test_every_dependency_is_explained() -> None:
    said = text_of("DEPENDENCIES.md").lower()
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (PROJECT_FOLDER / file).read_text().splitlines():
            name = re.match(r"[\w-]+", line)
            if name:
                assert name.group() in said
                assert "<" in line and ">=" in line, f"{line} has no range"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_setting_that_is_not_there(page: Path) -> None:
    named = set(re.findall(r"\bDEVSERVER_[A-Z_]*[A-Z]\b", page.read_text()))
    assert named - setting_names().keys() == set()


def anchors_of(page: Path) -> set[str]:
    """Where a link can lead in a page: its headings, as GitHub names them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for name, anchor in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", page.read_text()):
        target = page.parent / name if name else page
        assert target.exists(), name
        assert not anchor or anchor in anchors_of(target), (name, anchor)


def test_the_storage_examples_run(tmp_path: Path, server: RunningServer) -> None:
    examples = blocks(text_of("UNIFIED_MEDIA_STORAGE.md"), "python")
    assert len(examples) >= 3
    assert server.post_text().status_code == 200
    for exports in (tmp_path / "exports", server.exports):  # without a server and beside one
        subprocess.run(
            [sys.executable, "-c", "\n".join(examples)],
            cwd=PROJECT_FOLDER,
            env={**os.environ, "DEVSERVER_EXPORTS_DIR": str(exports)},
            check=True,
            capture_output=True,
        )
    assert [run.status for run in check_all(tmp_path / "exports" / "json")] == ["success"]


@pytest.mark.skipif(os.name == "nt", reason="the examples are for a Unix shell")
def test_the_readmes_curl_runs(server: RunningServer) -> None:
    [example] = [block for block in blocks(README.read_text(), "bash") if "curl" in block]
    command = example.replace("http://127.0.0.1:17801", server.url)
    answer = subprocess.run(
        ["bash", "-euc", command], check=True, capture_output=True, text=True
    ).stdout
    run_id = re.search(r'"run_id":"([^"]+)"', answer)
    assert run_id
    folder = server.runs / run_id.group(1)
    drawn = re.findall(r"^[├└]── (\S+)", README.read_text(), re.MULTILINE)
    assert {entry.name for entry in folder.iterdir()} == set(drawn)


def test_nothing_says_execution_of_a_run() -> None:
    allowed = ("execution_mode", "pipeline/execute")
    for page in PAGES:
        text = page.read_text()
        for word in allowed:
            text = text.replace(word, "")
        assert not re.search(r"\bexecut", text, re.IGNORECASE), page.name
