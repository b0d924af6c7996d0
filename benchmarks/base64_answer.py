"""How much memory a run takes whose picture comes as 25 MiB of base64 from an API service.

Through the real parts: the OpenAI adapter reads the answer of a server on this machine, the
pipeline decodes and stores it.
"""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.figure import Figure
from benchmarks.file_server import a_file_server
from benchmarks.peak_memory import forget_peak, needs_linux, peak_kib
from devserver.config import Settings
from devserver.my_app.services.runs import NewRun
from devserver.my_app.wiring import Services, build_services

_SMALL_SIDE = 64
_LARGE_SIDE = 2560  # 18.75 MiB of noise, which no packing makes smaller: 25 MiB in base64
_LIMIT = 4.0
_WAIT_SECONDS = 60.0


def measure() -> Figure:
    """Measured in a process of its own, after a run with a small answer."""
    needs_linux()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        answers = Path(name) / "images"
        answers.mkdir()
        write_answer(answers / "generations", _SMALL_SIDE)
        write_answer(answers / "large", _LARGE_SIDE)
        size = (answers / "large").stat().st_size
        with a_file_server(Path(name)) as url:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.base64_answer", name, url],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
    grown = int(done.stdout) * 1024
    return Figure(
        "memory for a picture in base64",
        grown / size,
        _LIMIT,
        "x the body",
        f"{grown / 2**20:.1f} MiB more for a body of {size / 2**20:.1f} MiB",
    )


def write_answer(path: Path, side: int) -> None:
    """What the OpenAI Images API answers, with a picture of noise."""
    picture = io.BytesIO()
    noise = Image.frombytes("RGB", (side, side), os.urandom(side * side * 3))
    noise.save(picture, "PNG", compress_level=0)
    with path.open("wb") as file:
        file.write(b'{"created": 1, "data": [{"b64_json": "')
        file.write(base64.b64encode(picture.getvalue()))
        file.write(b'"}]}')


def main(folder: str, url: str) -> None:
    """Make a run with the small answer, then one with the large; print the KiB of the latter."""
    services = build_services(
        Settings.model_validate(
            {
                "exports_dir": Path(folder) / "exports",
                "openai_base_url": url,
                "pool_processes": 1,
            }
        )
    )
    try:
        make_run(services)
        (Path(folder) / "images" / "large").replace(Path(folder) / "images" / "generations")
        before = forget_peak()
        make_run(services)
        print(peak_kib() - before)
    finally:
        services.close()


def make_run(services: Services) -> None:
    new = NewRun(
        schema="passthrough",
        input_text="Eine Blume auf der Wiese",
        execution_mode="fast",
        output_configs=("gpt_image_1",),
    )
    run = services.runs.wait(services.runs.start(new).run_id, _WAIT_SECONDS)
    if run.status != "success":
        raise RuntimeError(f"{run.status}: {run.error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
