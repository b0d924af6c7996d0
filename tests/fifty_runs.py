"""Fifty runs of all kinds of media and ends, with texts of every kind, stored as by the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.media_sources import MadeBy
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_metadata import RunError, RunRequest, RunStatus, StageRecord
from tests.exported_runs import HOSTILE_TEXTS
from tests.media_samples import (
    flac_bytes,
    glb_bytes,
    jpeg_bytes,
    mp4_bytes,
    png_bytes,
    wav_bytes,
)
from tests.services.exports.report_samples import HOSTILE

NUMBER = 50
ARCHIVED_EACH = 7
"""Each so manieth run is sealed in the archive."""
LONGEST = 8000


@dataclass(frozen=True)
class Kind:
    """What is asked for and made, who made it, and how it ends."""

    output_type: str
    status: RunStatus
    media: tuple[Callable[[], bytes], ...] = ()
    backend: str = "comfyui"
    stage: int | None = None


KINDS = (
    Kind("image", "success", (png_bytes, jpeg_bytes)),
    Kind("audio", "success", (wav_bytes,), "atelier"),
    Kind("video", "success", (mp4_bytes,), "replicate"),
    Kind("3d", "success", (glb_bytes,), "atelier"),
    Kind("text", "success"),
    Kind("image", "blocked", stage=1),
    Kind("image", "blocked", stage=3),
    Kind("image", "failed", stage=4),
    Kind("image", "partial", (png_bytes, flac_bytes), stage=4),
    Kind("image", "cancelled"),
)


def texts() -> Iterable[str]:
    """The texts of the runs, in their order, without end; never longer than a request may be."""
    hurtful = [*HOSTILE_TEXTS.values(), *HOSTILE.values(), "Eine Blume auf der Wiese"]
    usable = (text[:LONGEST] for text in hurtful if text.strip() and "\ud83d" not in text)
    return cycle(list(usable))


def make_fifty(storage: MediaStorageService) -> list[str]:
    """The ids of the runs; some lie in the archive."""
    made = zip(range(NUMBER), cycle(KINDS), texts(), strict=False)
    ids = [_made(storage, kind, text, number) for number, kind, text in made]
    archive = Archive(storage.folders)
    for run_id in ids[::ARCHIVED_EACH]:
        archive.archive(run_id)
    return ids


def _made(storage: MediaStorageService, kind: Kind, text: str, number: int) -> str:
    run_id = storage.create_run(
        schema="dada",
        input_text=text,
        user_id=f"KIND_{number % 12}",
        request=RunRequest.model_validate({"seed": number, "output_type": kind.output_type}),
    ).run_id
    storage.record_stages(run_id, [_step(1, "word_lists", "passed", text)])
    if kind.stage != 1:
        step = _step(2, "cut_up", "transformed", text, f"{text[::-1]} {number}")
        storage.save_transformed_text(run_id, step.output or "", [step])
    by = MadeBy(backend=kind.backend, config="a_config", seed=number, model="a model")
    for make in kind.media:
        storage.add_media_from_data(run_id, make(), by)
    error = None
    if kind.stage:
        error = RunError(code=f"{kind.status}_here", message=f"Nein: {text[:99]}", stage=kind.stage)
    storage.finish_run(run_id, kind.status, error)
    return run_id


def _step(stage: int, name: str, status: str, text: str, output: str | None = None) -> StageRecord:
    return StageRecord.model_validate(
        {
            "stage": stage,
            "step": name,
            "status": status,
            "input": text,
            "output": output,
            "started_at": "2026-03-04T10:15:31+00:00",
            "duration_seconds": 0.25,
        }
    )
