"""The gallery has words for every value that the server may tell it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from flask import Flask

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.exports.package import PackageState
from devserver.my_app.services.folder_files import FileKind
from devserver.my_app.services.language.model_names import BACKENDS
from devserver.my_app.services.out_of_reach import Kind as OutOfReachKind
from devserver.my_app.services.personal_data.datum import KINDS
from devserver.my_app.services.run_index import FACETS
from devserver.my_app.services.run_index.query import Sort
from devserver.my_app.services.run_metadata import (
    MediaType,
    RunRequest,
    RunStatus,
    StageStatus,
)
from devserver.my_app.wiring import Services
from tests.pages.test_locales import SOURCES, words

TECHNIQUES = PROJECT_FOLDER / "devserver/my_app/services/interception/techniques"
VALUES: dict[str, tuple[str, ...]] = {
    "status": get_args(RunStatus),
    "verdict": get_args(StageStatus),
    "type": get_args(MediaType),
    "mode": ("eco", "fast"),
    "level": ("kids", "youth", "adult", "off"),
    "sort": get_args(Sort),
    "filter": tuple(name for name in FACETS if name != "day"),
    "stage": ("1", "2", "3", "4"),
    "package": get_args(PackageState),
    "datum": KINDS,
    "out_of_reach": get_args(OutOfReachKind),
}


@pytest.mark.parametrize("group", VALUES)
def test_every_value_has_a_word(group: str) -> None:
    known = words("de").keys()
    assert [one for one in VALUES[group] if f"gallery.{group}.{one}" not in known] == []


def test_every_format_is_explained(app: Flask, services: Services) -> None:
    known = words("de").keys()
    for name in services.exports.manager.format_names:
        assert f"gallery.format.{name}" in known
        assert f"gallery.format.{name}.hint" in known


@pytest.mark.parametrize("path", sorted(TECHNIQUES.glob("*.py")), ids=lambda path: path.stem)
def test_every_step_of_a_technique_has_a_word(path: Path) -> None:
    """Those that stand in its code; a name with a number or a letter in it stands for all."""
    known = words("de").keys()
    for name in re.findall(r'RewriteStep\(\s*f?"([^"]+)"', path.read_text(encoding="utf-8")):
        wanted = re.sub(r"\{(?:number|n)\}", "n", name).replace("{letter}", "letter")
        assert f"gallery.step.{wanted}" in known


def test_every_technique_and_what_it_is_told_has_a_word(services: Services) -> None:
    known = words("de").keys()
    for schema in services.catalogue.schemas.values():
        assert f"gallery.technique.{schema.technique.name}" in known
        for key in ("views", "materials"):
            parts: Any = schema.technique.parameters.get(key) or ()
            assert [one for one in parts if f"gallery.step.{one['name']}" not in known] == []


def test_every_language_of_messages_has_a_word() -> None:
    known = words("de").keys()
    literal, _none = get_args(RunRequest.model_fields["language"].annotation)
    languages = get_args(literal)
    assert languages
    assert [one for one in languages if f"gallery.language.{one}" not in known] == []


def test_every_maker_has_a_name(services: Services) -> None:
    known = words("de").keys()
    makers = {config.backend for config in services.catalogue.output_configs.values()}
    assert [one for one in {*makers, *BACKENDS} if f"gallery.backend.{one}" not in known] == []


def test_files_that_were_sent_are_known_by_that_name() -> None:
    assert "sent" in get_args(FileKind)
    assert 'file.kind === "sent"' in SOURCES
