"""Storing a file of 1 GiB from a URL: its time beside `curl`, `sha256sum` and `sync`; its memory.

Both fetch the same WAV from the same server on this machine, and both end with the file durable on
disk and its checksum known. Ours is opened and measured too, by a worker process as in the server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.beside_peer import Took, in_own_process, most_memory, speed_beside
from benchmarks.figure import Figure, NotMeasured
from benchmarks.file_server import a_file_server
from benchmarks.peak_memory import forget_peak, needs_linux, peak_kib
from devserver.config import Settings
from devserver.my_app.services import media_probe
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.worker_pool import WorkerPool
from devserver.my_app.wiring import build_media_storage

_GIBIBYTE = 1024**3
_SMALL = 2**20
_ROUNDS = 3
_LEAST_SHARE = 0.75
_LIMIT_MIB = 8.0
_HEADER_BYTES = 44
_TOOLS = ("curl", "sha256sum", "sync")


def measure() -> list[Figure]:
    """The medians of rounds that take turns; the memory is the worst of them."""
    needs_linux()
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise NotMeasured(f"{', '.join(missing)} is not installed")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        for size in (_SMALL, _GIBIBYTE):
            write_wav(folder / f"{size}.wav", size)
        with a_file_server(folder) as url:
            rounds = [(ours(folder, url), by_hand(folder, url)) for _ in range(_ROUNDS)]
    works = [mine for mine, _ in rounds]
    return [
        speed_beside(
            "store 1 GiB from a URL",
            rounds,
            least=_LEAST_SHARE,
            peer="by hand",
            unit="curl, sha256sum, sync",
        ),
        most_memory(
            "memory while 1 GiB arrives from a URL",
            works,
            limit_mib=_LIMIT_MIB,
            detail="the server's process; opening the file is the work of another, which is "
            "bounded",
        ),
    ]


def write_wav(path: Path, size: int) -> None:
    """Silence of `size` bytes, which takes no room on the disk it is served from."""
    with path.open("wb") as file:
        file.write(b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt \x10\x00\x00\x00")
        file.write(b"\x01\x00\x01\x00" + (44100).to_bytes(4, "little"))
        file.write((88200).to_bytes(4, "little") + b"\x02\x00\x10\x00data")
        file.write((size - _HEADER_BYTES).to_bytes(4, "little"))
        file.truncate(size)


def ours(folder: Path, url: str) -> Took:
    """What storing the large file takes."""
    took = in_own_process("benchmarks.stored_gigabyte", str(folder), url)
    shutil.rmtree(folder / "exports")
    return took


def by_hand(folder: Path, url: str) -> float:
    os.sync()
    file = str(folder / "by_hand.wav")
    started = time.perf_counter()
    for command in (
        ["curl", "--silent", "--fail", "--output", file, f"{url}/{_GIBIBYTE}.wav"],
        ["sha256sum", file],
        ["sync", file],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    Path(file).unlink()
    return seconds


def main(folder: str, url: str) -> None:
    """Store a small file, then the large one; print seconds and growth of the latter."""
    settings = Settings.model_validate(
        {"exports_dir": Path(folder) / "exports", "trusted_media_origins": url}
    )
    root = StorageRoot(settings.exports_dir)
    pool = WorkerPool(1, memory_bytes=settings.pool_memory_bytes)
    try:
        storage = build_media_storage(settings, root, partial(pool.run, 60.0, media_probe.measure))
        run_id = storage.create_run(schema="dada", input_text="x").run_id
        storage.add_media_from_url(run_id, f"{url}/{_SMALL}.wav")
        before = forget_peak()
        started = time.perf_counter()
        output = storage.add_media_from_url(run_id, f"{url}/{_GIBIBYTE}.wav")
        seconds = time.perf_counter() - started
        print(json.dumps([seconds, peak_kib() - before]))
    finally:
        pool.close()
    if output.file_size_bytes != _GIBIBYTE:
        raise RuntimeError(f"{output.file_size_bytes} bytes were stored")


if __name__ == "__main__":
    main(*sys.argv[1:])
