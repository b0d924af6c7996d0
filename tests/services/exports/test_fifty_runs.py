"""Fifty runs of all media kinds, with texts of every kind, in each format's own reader."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from devserver.config import PROJECT_FOLDER
from devserver.my_app.export_wiring import export_formats
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from tests import media_samples
from tests.exported_runs import HOSTILE_TEXTS, contents

NUMBER = 50


@pytest.fixture
def fifty(storage: MediaStorageService) -> list[str]:
    media = itertools.cycle(
        [
            media_samples.png_bytes(),
            media_samples.jpeg_bytes(),
            media_samples.wav_bytes(),
            media_samples.mp4_bytes(),
            media_samples.glb_bytes(),
        ]
    )
    texts = itertools.cycle(text for text in HOSTILE_TEXTS.values() if text.strip())
    ids = []
    for _ in range(NUMBER):
        run_id = storage.create_run(schema="dada", input_text=next(texts)).run_id
        output = storage.add_media_from_data(run_id, next(media))
        storage.finish_run(run_id, "success" if output.type == "image" else "failed")
        ids.append(run_id)
    return ids


def test_each_opens_without_a_complaint(
    fifty: list[str], storage: MediaStorageService, folders: RunFolders, tmp_path: Path
) -> None:
    manager = ExportManager(ExportSource(folders), export_formats(), auto_folder=tmp_path / "auto")
    data: dict[str, bytes] = {}
    for name in ("zip", "json", "jsonl", "csv", "xml"):
        out = io.BytesIO()
        manager.write(fifty, ExportWish(name), out)
        data[name] = out.getvalue()
    stored = {run_id: storage.get_metadata(run_id) for run_id in fifty}
    assert {one.type for run in stored.values() for one in run.outputs} == {
        "image",
        "audio",
        "video",
        "3d",
    }

    with zipfile.ZipFile(io.BytesIO(data["zip"])) as package:
        assert package.testzip() is None
        for run_id, run in stored.items():
            for name, content in contents(folders, run_id).items():
                assert package.read(f"{run_id}/{name}") == content
            picture = package.read(f"{run_id}/{run.outputs[0].filename}")
            assert hashlib.sha256(picture).hexdigest() == run.outputs[0].sha256

    lines = [json.loads(line) for line in data["jsonl"].decode().splitlines()]
    assert json.loads(data["json"])["runs"] == lines
    assert [line["input_text"] for line in lines] == [stored[one].input_text for one in fifty]

    with zipfile.ZipFile(io.BytesIO(data["csv"])) as package:
        assert package.testzip() is None
        text = io.StringIO(package.read("outputs.csv").decode("utf-8-sig"), newline="")
        rows = list(csv.DictReader(text, strict=True))
    assert [row["sha256"] for row in rows] == [stored[one].outputs[0].sha256 for one in fifty]

    schema = etree.XMLSchema(etree.parse(PROJECT_FOLDER / "devserver" / "docs" / "runs.xsd"))
    root = etree.fromstring(data["xml"], etree.XMLParser(huge_tree=True))
    schema.assertValid(root)
    assert [run.findtext("run_id") for run in root.iter("run")] == fifty
