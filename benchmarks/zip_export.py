"""A ZIP of 1 GiB of media: its time beside `cat` of the same files to a file; its memory.

Ours goes the way of every export: out of the folders by run_id, with checksums of its own (CRC-32)
and a manifest. Neither waits for the disk at its end.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.beside_peer import Took, in_own_process, most_memory, speed_beside
from benchmarks.figure import Figure, NotMeasured
from benchmarks.peak_memory import forget_peak, needs_linux, peak_kib
from devserver.config import Settings
from devserver.my_app.export_wiring import manager_without_server
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import Output, RunMetadata
from devserver.my_app.services.storage_root import StorageRoot

_MEBIBYTE = 1024**2
RUNS = 64
_FILE_BYTES = 16 * _MEBIBYTE
_ROUNDS = 5
_LEAST_SHARE = 0.35
_LIMIT_MIB = 8.0


def measure() -> list[Figure]:
    """The medians of rounds that take turns; the memory is the worst of them."""
    needs_linux()
    if shutil.which("cat") is None:
        raise NotMeasured("cat is not installed")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        files = store_runs(folder / "exports", RUNS)
        rounds = [(ours(folder), by_cat(folder, files)) for _ in range(_ROUNDS)]
    works = [mine for mine, _ in rounds]
    return [
        speed_beside("export 1 GiB as ZIP", rounds, least=_LEAST_SHARE, peer="cat", unit="cat"),
        most_memory(
            "memory while 1 GiB is exported as ZIP",
            works,
            limit_mib=_LIMIT_MIB,
            detail=f"{RUNS} runs of {_FILE_BYTES // _MEBIBYTE} MiB, "
            "after an export of one small run",
        ),
    ]


def store_runs(exports: Path, number: int) -> list[Path]:
    """Runs with a large medium each, and a small one; returns every file of the large ones."""
    folders = RunFolders(StorageRoot(exports))
    noise = random.Random(1).randbytes(_FILE_BYTES)
    files: list[Path] = []
    for one in range(number + 1):
        data = noise if one else b"small"
        output = Output(
            type="video",
            filename="output_video.mp4",
            file_size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        run = RunMetadata(
            run_id=new_run_id(), status="success", input_text="Eine Blume", outputs=(output,)
        )
        folders.create(run)
        path = folders.path(run.run_id)
        (path / output.filename).write_bytes(data)
        if one:
            files += sorted(path.iterdir())
        else:
            (exports / "small").write_text(run.run_id)
    return files


def ours(folder: Path, format_name: str = "zip") -> Took:
    """What the export of all runs but the small one takes."""
    took = in_own_process("benchmarks.zip_export", str(folder), format_name)
    (folder / "ours.zip").unlink()
    return took


def by_cat(folder: Path, files: list[Path]) -> float:
    os.sync()
    target = folder / "cat"
    started = time.perf_counter()
    with target.open("wb") as out:
        subprocess.run(["cat", *map(str, files)], check=True, stdout=out)
    seconds = time.perf_counter() - started
    target.unlink()
    return seconds


def main(folder: str, format_name: str) -> None:
    """Export the small run, then all others; print seconds and growth of the latter."""
    exports = Path(folder) / "exports"
    settings = Settings.model_validate({"exports_dir": exports})
    with manager_without_server(settings) as manager:
        print(json.dumps(_measured(manager, Path(folder), ExportWish(format_name))))


def _measured(manager: ExportManager, folder: Path, wish: ExportWish) -> list[float]:
    exports = folder / "exports"
    small = (exports / "small").read_text()
    ids = [run_id for run_id in RunFolders(StorageRoot(exports)).ids() if run_id != small]
    target = folder / "ours.zip"
    with target.open("wb") as file:
        manager.write([small], wish, file)
    target.unlink()
    before = forget_peak()
    started = time.perf_counter()
    with target.open("wb") as file:
        manager.write(ids, wish, file)
    seconds = time.perf_counter() - started
    grown = peak_kib() - before
    if target.stat().st_size < len(ids) * _FILE_BYTES:
        raise RuntimeError(f"{target.stat().st_size} bytes were exported")
    return [seconds, grown]


if __name__ == "__main__":
    main(*sys.argv[1:])
