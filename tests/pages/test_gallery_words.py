"""The gallery has words for every value that the server may tell it."""

from __future__ import annotations

from typing import get_args

import pytest
from flask import Flask

from devserver.my_app.services.exports.package import PackageState
from devserver.my_app.services.folder_files import FileKind
from devserver.my_app.services.out_of_reach import Kind as OutOfReachKind
from devserver.my_app.services.personal_data.datum import KINDS
from devserver.my_app.services.run_index import FACETS
from devserver.my_app.services.run_index.query import Sort
from devserver.my_app.services.run_metadata import MediaType, RunStatus, StageStatus
from devserver.my_app.wiring import Services
from tests.pages.test_locales import SOURCES, words

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


def test_files_that_were_sent_are_known_by_that_name() -> None:
    assert "sent" in get_args(FileKind)
    assert 'file.kind === "sent"' in SOURCES
