"""What small answers cost while hostile media pass through the server, and right afterwards.

A second process holds the corpus of the tests, hands each file out as a picture, by its address and
in base64, and posts the runs, so that nothing but the measuring is done in this one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from benchmarks.figure import Figure
from devserver.config import PROJECT_FOLDER
from tests.fake_api_services import FakeApiServices, Script
from tests.hostile_media import HOSTILE
from tests.running_server import RunningServer

_LIMIT_MS = 100.0
_AT_ONCE = 16
_BESIDES = 200
_SHAPES = ("url", "b64_json")


def measure() -> Figure:
    """The slowest answer of GET /api/health, asked for again and again on one connection."""
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.hostile_corpus"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT_FOLDER,
        ) as corpus,
    ):
        if corpus.stdout is None or corpus.stdin is None:
            raise RuntimeError("no pipe")
        server = RunningServer(Path(folder), **json.loads(corpus.stdout.readline()))
        server.start()
        try:
            answer = server.post_text(schema="passthrough")
            answer.raise_for_status()
            with requests.Session() as session:
                looked_at(server, session)
                before = [looked_at(server, session) for _ in range(_BESIDES)]
                print(server.url, file=corpus.stdin, flush=True)
                during = []
                while corpus.poll() is None:
                    during.append(looked_at(server, session))
                after = [looked_at(server, session) for _ in range(_BESIDES)]
        finally:
            server.stop()
        said = json.loads(corpus.stdout.readline())
    both = sorted([*during, *after])
    return Figure(
        "GET /api/health beside hostile media, the slowest",
        both[-1],
        _LIMIT_MS,
        "ms",
        f"{said['runs']} runs with {len(HOSTILE)} files in {said['seconds']:.1f} s, "
        f"{len(both)} answers: median {both[len(both) // 2]:.1f} ms, "
        f"99 % within {both[len(both) * 99 // 100]:.1f} ms; "
        f"the slowest afterwards {max(after):.1f} ms, before it all {max(before):.1f} ms",
    )


def looked_at(server: RunningServer, session: requests.Session) -> float:
    """Milliseconds until the server has said that it is alive."""
    started = time.perf_counter()
    session.get(f"{server.url}/api/health", timeout=60).raise_for_status()
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    """The second process: tells the settings it needs, is told the server's address, posts."""
    with FakeApiServices() as fake, ThreadPoolExecutor(_AT_ONCE) as threads:
        for name, file in HOSTILE.items():
            data = file.make()
            for shape in _SHAPES:
                fake.when(f"{name}, {shape}", Script([data], shape=shape))
        print(json.dumps(fake.plain_environment()), flush=True)
        url = sys.stdin.readline().strip() + "/api/schema/pipeline/execute"
        started = time.perf_counter()
        texts = [f"{name}, {shape}" for name in HOSTILE for shape in _SHAPES]
        statuses = list(threads.map(lambda text: _post(url, text), texts))
        seconds = time.perf_counter() - started
    print(json.dumps({"runs": len(statuses), "seconds": seconds}), flush=True)


def _post(url: str, text: str) -> int:
    body = {
        "schema": "passthrough",
        "input_text": text,
        "execution_mode": "fast",
        "output_config": "gpt_image_1",
    }
    answer = requests.post(url, json=body, timeout=300)
    if answer.status_code not in (200, 502):  # success, or failed for what the file is
        raise RuntimeError(f"{text}: {answer.status_code} {answer.text[:200]}")
    return answer.status_code


if __name__ == "__main__":
    main()
