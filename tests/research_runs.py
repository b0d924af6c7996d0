"""Runs of many kinds, as an export gets them."""

from __future__ import annotations

from collections.abc import Iterator

from devserver.my_app.services.exports.port import ExportedFile, ExportedRun
from devserver.my_app.services.media_sources import MadeBy
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import RunError, RunRequest, StageRecord
from tests.media_samples import glb_bytes, jpeg_bytes, mp4_bytes, png_bytes, wav_bytes

HOSTILE = [
    "<script>alert('x')</script> & \"quoted\" ]]> <!-- -->",
    "bell \x07, null \x00, escape \x1b[31m, next line \x85, \ufffe \uffff",
    "\u202eright to left\u202c \ufeff zero\u200bwidth مرحبا",
    "\U0001f338\U0001f469\u200d\U0001f469\u200d\U0001f467 e\u0301",
    "two\n\n\nblank lines\r\nand a carriage return\ttab ",
    "=cmd|'/c calc'!A1",
    "&lol9; <!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "ein langer Satz. " * 20_000,
]


def make_runs(storage: MediaStorageService, folders: RunFolders) -> list[str]:
    """One run of each medium, one blocked, one failed, and one for each hostile text."""
    ids = []
    media = {
        "image": [png_bytes(), jpeg_bytes()],
        "audio": [wav_bytes()],
        "video": [mp4_bytes()],
        "3d": [glb_bytes()],
    }
    for kind, files in media.items():
        ids.append(
            _run(storage, folders, f"Eine Blume ({kind})", files, output_type=kind, workshop="7a")
        )
    for text in HOSTILE:
        ids.append(
            _run(
                storage, folders, text, [], user_id=text[:40], schema=text[:40], workshop=text[:40]
            )
        )
    for status, stage in (("blocked", 1), ("failed", 4)):
        run_id = storage.create_run(schema="dada", input_text="x").run_id
        storage.finish_run(run_id, status, RunError(code=status, message="No.", stage=stage))  # type: ignore[arg-type]
        ids.append(run_id)
    return ids


def _run(
    storage: MediaStorageService,
    folders: RunFolders,
    text: str,
    media: list[bytes],
    *,
    output_type: str = "text",
    schema: str = "dada",
    user_id: str | None = "DOE_J",
    workshop: str | None = None,
) -> str:
    request = RunRequest.model_validate({"output_type": output_type, "seed": 7})
    run_id = storage.create_run(
        schema=schema, input_text=text, user_id=user_id, request=request
    ).run_id
    folders.change(run_id, lambda run: run.having(workshop=workshop))
    step = StageRecord(
        stage=2,
        step="rewriting",
        status="transformed",
        input=text,
        output=text[::-1],
        model=text[:9],
    )
    storage.save_transformed_text(run_id, text[::-1], [step])
    by = MadeBy(backend="comfyui", config="a_config", seed=7, model="a model", license="CC0")
    for data in media:
        storage.add_media_from_data(run_id, data, by)
    storage.finish_run(run_id, "success")
    return run_id


def exported(folders: RunFolders, run_ids: list[str]) -> Iterator[ExportedRun]:
    """The runs as they lie in their folders, metadata.json first."""
    for run_id in run_ids:
        run = folders.read(run_id)
        outputs = {output.filename: output for output in run.outputs}
        paths = sorted(folders.path(run_id).iterdir(), key=lambda p: (p.name != "metadata.json", p))
        yield ExportedRun(
            run,
            tuple(
                ExportedFile(path.name, path, path.stat().st_size, outputs.get(path.name))
                for path in paths
            ),
        )
