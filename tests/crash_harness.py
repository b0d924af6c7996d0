"""Kill the real server at random moments of many runs, and see whether any folder lies.

More than the tests do: `python -m tests.crash_harness --runs 200 --kills 40`.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import requests

from devserver.my_app.services.run_id import is_run_id
from tests.honest_folders import check_all
from tests.running_server import RunningServer

TEXTS = ("Eine Blume auf der Wiese", "a cat on the moon at night", "drei Hunde am Meer")
SCHEMAS = ("dada", "passthrough", "bauhaus", "piglatin")
_CLIENTS = 6
_SETTLE_SECONDS = 300


def crash(folder: Path, *, runs: int, kills: int, seed: int) -> Counter[str]:
    """Post `runs` texts while the server is killed `kills` times; count how the runs ended.

    Asserts after the last start that every run comes to an end, that no folder lies, and that each
    run of which a client was told is there.
    """
    chance = random.Random(seed)
    server = RunningServer(folder, DEVSERVER_LOG_LEVEL="WARNING")
    told: set[str] = set()
    left = iter(range(runs))
    guard = threading.Lock()

    def post() -> None:
        while True:
            with guard:
                number = next(left, None)
            if number is None:
                return
            while True:
                try:
                    answer = server.post_text(
                        schema=SCHEMAS[number % len(SCHEMAS)],
                        input_text=TEXTS[number % len(TEXTS)],
                        seed=number,
                    )
                    with guard:
                        told.add(answer.json()["run_id"])
                    break
                except requests.RequestException:
                    time.sleep(0.1)  # the server is being killed or started again

    server.start()
    clients = [threading.Thread(target=post) for _ in range(_CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.0, 1.5))
        server.kill()
        server.start()
    for client in clients:
        client.join()
    ended = all_ended(server, told)
    server.stop()
    assert told <= ended.keys()
    assert len(check_all(server.runs)) == len(ended)
    return Counter(ended.values())


def all_ended(server: RunningServer, told: set[str]) -> dict[str, str]:
    """How every run on the server ended, once all have, those of `told` among them."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    ended: dict[str, str] = {}
    while time.monotonic() < deadline:
        for folder in server.runs.iterdir():
            if is_run_id(folder.name) and folder.name not in ended:
                state = requests.get(f"{server.url}/api/runs/{folder.name}", timeout=30).json()
                if state["status"] not in ("queued", "running"):
                    code = state["error"]["code"] if state["error"] else ""
                    ended[folder.name] = " ".join(filter(None, (state["status"], code)))
        if told <= ended.keys() and len(ended) == sum(1 for _ in server.runs.iterdir()):
            return ended
        time.sleep(0.1)
    raise AssertionError(f"Some runs did not come to an end: {told - ended.keys()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = crash(Path(folder), runs=asked.runs, kills=asked.kills, seed=asked.seed)
    print(f"{asked.kills} kills; {sum(counts.values())} runs, none of them lies: {dict(counts)}")


if __name__ == "__main__":
    main()
