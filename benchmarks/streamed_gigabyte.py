"""How much the memory grows while a file of 1 GiB arrives as a stream and is stored."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure
from devserver.config import Settings
from devserver.my_app.services import media_probe
from devserver.my_app.services.comfyui.files import ComfyUIFiles
from devserver.my_app.services.media_intake import MediaIntake
from devserver.my_app.services.media_sources import Delivery
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot

_GIBIBYTE = 1024**3
_LIMIT_MIB = 32.0
_HEADER_BYTES = 44


def measure() -> Figure:
    """Measured in a process of its own, since the peak of a process never falls."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        grown = subprocess.run(
            [sys.executable, "-m", "benchmarks.streamed_gigabyte", folder],
            check=True,
            capture_output=True,
            text=True,
        )
    return Figure(
        "memory while 1 GiB arrives as a stream",
        float(grown.stdout) / 1024,
        _LIMIT_MIB,
        "MiB more",
        "a WAV in pieces of 64 KiB; probing runs in the worker processes and is not counted",
    )


def wav(total: int) -> Iterator[bytes]:
    """A WAV of `total` bytes, one piece after the other."""
    data = total - _HEADER_BYTES
    yield b"RIFF" + (total - 8).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    yield b"\x01\x00\x01\x00" + (44100).to_bytes(4, "little") + (88200).to_bytes(4, "little")
    yield b"\x02\x00\x10\x00data" + data.to_bytes(4, "little")
    piece = bytes(range(256)) * 256
    for _ in range(data // len(piece)):
        yield piece
    yield piece[: data % len(piece)]


def peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(folder: str) -> None:
    """Store a small file, then the large one; print by how many KiB the peak has risen."""

    @contextmanager
    def fetch(url: str) -> Iterator[Delivery]:
        yield Delivery(wav(int(url)))

    folders = RunFolders(StorageRoot(Settings.model_validate({"exports_dir": folder}).exports_dir))
    small = Path(folder) / "small.wav"
    small.write_bytes(b"".join(wav(2**16)))
    facts = media_probe.measure(small)
    storage = MediaStorageService(
        folders,
        MediaIntake(folders, measure=lambda _: facts, max_bytes=2 * _GIBIBYTE),
        fetch_url=fetch,
        list_comfyui_files=ComfyUIFiles([]).list_urls,
    )
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    storage.add_media_from_url(run_id, str(2**20))
    before = peak_kib()
    storage.add_media_from_url(run_id, str(_GIBIBYTE))
    print(peak_kib() - before)


if __name__ == "__main__":
    main(sys.argv[1])
