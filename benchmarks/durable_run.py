"""A run with a 1 MiB picture, stored durably, beside the same bytes written by a bare script."""

from __future__ import annotations

import io
import os
import random
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from PIL import Image

from benchmarks.figure import Figure
from devserver.config import Settings
from devserver.my_app.services import media_probe
from devserver.my_app.services.durable_files import sync_folder
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.worker_pool import WorkerPool
from devserver.my_app.wiring import build_media_storage

_ROUNDS = 60
_LIMIT = 1.5


def measure() -> Figure:
    """The median of the ratios of rounds that take turns, so that a noisy disk hits both."""
    picture = picture_of_a_mebibyte()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        settings = Settings.model_validate({"exports_dir": Path(folder) / "exports"})
        root = StorageRoot(settings.exports_dir)
        pool = WorkerPool(2, memory_bytes=settings.pool_memory_bytes)
        try:
            storage = build_media_storage(
                settings, root, partial(pool.run, 60.0, media_probe.measure)
            )
            bare = Path(folder) / "bare"
            bare.mkdir()
            store_run(storage, picture)
            rounds = [
                (timed(store_run, storage, picture), timed(store_bare, bare / str(n), picture))
                for n in range(_ROUNDS)
            ]
        finally:
            pool.close()
    ours, peer = (statistics.median(column) * 1000 for column in zip(*rounds, strict=True))
    ratio = statistics.median(a / b for a, b in rounds)
    detail = f"ours {ours:.1f} ms, bare script {peer:.1f} ms, median of {_ROUNDS} rounds"
    return Figure("create a run and store 1 MiB durably", ratio, _LIMIT, "x bare", detail)


def picture_of_a_mebibyte() -> bytes:
    """A PNG of about 1 MiB: soft colours with grain, as a made picture has."""
    grain = random.Random(1)
    picture = Image.effect_mandelbrot((760, 760), (-2.0, -1.4, 1.0, 1.4), 80).convert("RGB")
    noise = Image.frombytes("RGB", picture.size, grain.randbytes(760 * 760 * 3))
    file = io.BytesIO()
    Image.blend(picture, noise, 0.08).save(file, "PNG")
    return file.getvalue()


def store_run(storage: MediaStorageService, picture: bytes) -> None:
    run = storage.create_run(schema="dada", input_text="Eine Blume auf der Wiese")
    storage.add_media_from_data(run.run_id, picture)


def store_bare(folder: Path, picture: bytes) -> None:
    """The same files by hand: written, fsynced, renamed, and the names synced, as durable means.

    metadata.json is written twice, as it changes when the picture comes.
    """
    folder.mkdir()
    sync_folder(folder.parent)
    text = b"Eine Blume auf der Wiese"
    metadata = b"x" * 1600
    for name, data in (
        ("input_text.txt", text),
        ("metadata.json", metadata),
        ("output_image.png", picture),
        ("metadata.json", metadata),
    ):
        part = folder / f"{name}.part"
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / name)
        sync_folder(folder)


def timed(function: object, *args: object) -> float:
    started = time.perf_counter()
    function(*args)  # type: ignore[operator]
    return time.perf_counter() - started
