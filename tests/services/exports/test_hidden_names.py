"""With pseudonyms no format lets the name out, wherever metadata.json holds it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from devserver.my_app.export_wiring import FORMAT_NAMES, export_formats
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.marking import mark_run
from devserver.my_app.services.exports.pseudonyms import Pseudonyms
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from tests.exported_runs import a_stored_run
from tests.services.exports.report_samples import parts

NAME = "SONNENSCHEIN_KLARA"


def handmade(folders: RunFolders, run_id: str) -> None:
    """Let the name stand under keys that nobody knows, at every level of metadata.json."""
    path = folders.path(run_id) / "metadata.json"
    values = json.loads(path.read_bytes())
    values["jobs"] = [{"backend": "comfyui"}]
    values["error"] = {"code": "partly", "message": "x"}
    parts_of_it = [values, values["request"], values["error"]]
    for part in [*parts_of_it, *values["outputs"], *values["stages"], *values["jobs"]]:
        part["pupil"] = NAME
        part[f"of_{NAME}"] = [{"name": NAME}]
    path.write_text(json.dumps(values))
    (path.parent / f"{NAME}.txt").write_text(NAME)


def all_parts(data: bytes) -> Iterator[bytes]:
    """The bytes of a file, of all files packed in it, and what a PDF shows."""
    yield data
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for name in package.namelist():
                yield name.encode()
                yield from all_parts(package.read(name))
    if data.startswith(b"%PDF"):
        reader = PdfReader(io.BytesIO(data))
        yield str(reader.metadata).encode()
        for page in reader.pages:
            yield page.extract_text().encode()


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("is_handmade", [False, True])
@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_no_byte_holds_the_name(
    *,
    storage: MediaStorageService,
    folders: RunFolders,
    tmp_path: Path,
    name: str,
    is_handmade: bool,
    marked: bool,
) -> None:
    run_id = a_stored_run(storage, user_id=NAME)
    if is_handmade:
        handmade(folders, run_id)
    source = ExportSource(
        folders,
        scratch=tmp_path / "copies",
        pseudonymise=Pseudonyms(tmp_path / "state").pseudonymise,
        mark=mark_run,
    )
    formats = export_formats(parts(tmp_path / "reports"))
    manager = ExportManager(source, formats, auto_folder=tmp_path / "auto")
    for pseudonyms in (True, False):
        out = io.BytesIO()
        manager.write([run_id], ExportWish(name, pseudonyms=pseudonyms, marked=marked), out)
        found = [
            part
            for part in all_parts(out.getvalue())
            for encoding in ("utf-8", "utf-16-le", "utf-16-be")
            if NAME.encode(encoding) in part
        ]
        # Without pseudonyms it is there: so it would be found.
        assert bool(found) is not pseudonyms
