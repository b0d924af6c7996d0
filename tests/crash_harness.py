"""Kill the real server, or end it in order, at random moments of many runs, and see whether any
folder lies.

More than the tests do: `python -m tests.crash_harness --kills 500 --seed 1`.

The runs go to `atelier`, to a fake ComfyUI and to fake paid services, which live in this process
and so through every kill. Children wait or watch, tap twice, cancel, and edit their texts. The
server is killed while it works and while it starts.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from devserver.my_app.services.backends.comfyui import MAX_SUBMISSIONS
from devserver.my_app.services.pipeline import MAX_ATTEMPTS
from devserver.my_app.services.run_id import is_run_id
from devserver.my_app.services.run_metadata import RunMetadata, parse_metadata
from devserver.my_app.services.text_stages import EDIT
from tests.crash_clients import PAID, Child, Told, Wish
from tests.fake_api_services import FakeApiServices
from tests.fake_comfyui import Behaviour, FakeComfyUI
from tests.honest_folders import check_all, check_folder
from tests.running_server import RunningServer

_CHILDREN = 8
_LONGEST_LIFE_SECONDS = 2.5
_LONG_LIVES = 0.15
_LONGEST_LONG_LIFE_SECONDS = 10.0
_LONGEST_START_SECONDS = 1.5
_KILLED_WHILE_STARTING = 0.25
_ENDED_IN_ORDER = 0.2
_SETTLE_SECONDS = 300
_UNFINISHED = ("queued", "running")


@dataclass
class Findings:
    """What was seen of the folders while the server was dead, and by a reader while it lived."""

    kills: int = 0
    kills_while_starting: int = 0
    orderly_ends: int = 0
    """How often it was asked to end, beside the kills."""
    interrupted: Counter[str] = field(default_factory=Counter)
    """How many kills each run was hit by while it was `running`."""
    final: dict[str, bytes] = field(default_factory=dict)
    """The metadata of runs that are over, as first seen."""
    ends: Counter[str] = field(default_factory=Counter)
    """How the runs ended, by status and code."""

    def look(self, runs: Path, *, in_order: bool = False) -> None:
        """Read every unfinished run's folder of a dead server, and check those now over.

        One that ended `in_order` leaves no run behind as if somebody worked on it.
        """
        for folder in runs.iterdir():
            if not is_run_id(folder.name) or folder.name in self.final:
                continue
            data = (folder / "metadata.json").read_bytes()
            run = parse_metadata(data)
            if run.is_final:
                check_folder(folder)
                self.final[folder.name] = data
            elif run.status == "running":
                assert not in_order, run
                self.interrupted[run.run_id] += 1


def crash(folder: Path, *, kills: int, seed: int, runs: int = 0) -> Findings:
    """Kill the server `kills` times while children post at least `runs` wishes.

    Asserts that at every kill, and after the last start: every run comes to an end, no folder lies,
    none that is over changes, each run of which a client was told is there, a key stands for one
    run, nothing is paid for twice, and ComfyUI makes each picture once.
    """
    with FakeComfyUI(behaviour=Behaviour(hold=0.1)) as comfy, FakeApiServices() as services:
        server = RunningServer(
            folder,
            DEVSERVER_LOG_LEVEL="WARNING",
            COMFYUI_URLS=comfy.url,
            **services.environment(),
        )
        told, found = Told(), Findings()
        numbers, enough = itertools.count(), threading.Event()

        def play() -> None:
            child = Child(server, services, told)
            while (number := next(numbers)) < runs or not enough.is_set():
                child.want(Wish.of(seed, number))

        server.start()
        try:
            with ThreadPoolExecutor(_CHILDREN) as threads, reading(server.runs):
                children = [threads.submit(play) for _ in range(_CHILDREN)]
                try:
                    kill_again_and_again(server, found, kills, random.Random(seed), children)
                except BaseException:
                    told.given_up.set()  # else they would wait for the next start
                    raise
                finally:
                    enough.set()
                for child in children:
                    child.result()
            stored = all_at_rest(server)
        finally:
            server.stop()
        found.look(server.runs)
        assert len(check_all(server.runs)) == len(stored)
        check_told(told, stored)
        check_ends(found, stored, server.runs)
        check_payments(services, stored)
        check_prompts(comfy, stored)
    found.ends = Counter(end_of(run) for run in stored.values())
    return found


def kill_again_and_again(
    server: RunningServer,
    found: Findings,
    kills: int,
    chance: random.Random,
    children: Sequence[Future[None]],
) -> None:
    """Kill and start the server; some kills come before it answers. Ends when a child fails.

    Now and then it is asked to end instead, which is no kill.
    """
    while found.kills < kills and not any(child.done() and child.exception() for child in children):
        is_long = chance.random() < _LONG_LIVES  # so that work gets done on a slow machine too
        time.sleep(
            chance.uniform(0.0, _LONGEST_LONG_LIFE_SECONDS if is_long else _LONGEST_LIFE_SECONDS)
        )
        if chance.random() < _ENDED_IN_ORDER:
            server.stop()
            found.orderly_ends += 1
            found.look(server.runs, in_order=True)
        else:
            server.kill()
            found.kills += 1
            found.look(server.runs)
        while found.kills < kills and chance.random() < _KILLED_WHILE_STARTING:
            server.launch()
            time.sleep(chance.uniform(0.0, _LONGEST_START_SECONDS))
            server.kill()
            found.kills += 1
            found.kills_while_starting += 1
            found.look(server.runs)
        server.start()


@contextmanager
def reading(runs: Path) -> Iterator[None]:
    """Read all folders again and again, as a backup or a researcher does, until the block ends."""
    ended = threading.Event()

    def read() -> None:
        final: set[str] = set()
        while not ended.wait(0.05):
            for folder in runs.iterdir():
                if not is_run_id(folder.name) or folder.name in final:
                    continue
                run = parse_metadata((folder / "metadata.json").read_bytes())
                for output in run.outputs:
                    assert (folder / output.filename).stat().st_size == output.file_size_bytes
                if run.is_final:
                    final.add(run.run_id)

    with ThreadPoolExecutor(1) as thread:
        reader = thread.submit(read)
        try:
            yield
        finally:
            ended.set()
        reader.result()


def all_at_rest(server: RunningServer) -> dict[str, RunMetadata]:
    """Every run on the server, once all have ended or wait for an edit."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    left = {folder.name for folder in server.runs.iterdir()}
    while left and time.monotonic() < deadline:
        for run_id in list(left):
            answer = requests.get(f"{server.url}/api/runs/{run_id}", timeout=30)
            if answer.json()["status"] not in _UNFINISHED:
                left.remove(run_id)
        time.sleep(0.1)
    assert not left, f"Some runs did not come to an end: {left}"
    return {
        folder.name: parse_metadata((folder / "metadata.json").read_bytes())
        for folder in server.runs.iterdir()
    }


def check_told(told: Told, stored: dict[str, RunMetadata]) -> None:
    """What a child heard is so."""
    assert told.runs <= stored.keys()
    assert all(len(runs) == 1 for runs in told.by_key.values()), told.by_key
    # Each wish with a key has a text of its own, and each attempt without one.
    texts = Counter(run.input_text for run in stored.values())
    assert texts.most_common(1)[0][1] == 1, texts.most_common(3)
    for run_id in told.cancelled:
        assert stored[run_id].status == "cancelled", stored[run_id]
    for run_id, text in told.edited.items():
        run = stored[run_id]
        assert run.transformed_text == text
        assert [record.output for record in run.stages if record.step == EDIT] == [text]


def check_ends(found: Findings, stored: dict[str, RunMetadata], runs: Path) -> None:
    """A run that is over stays as it is; it is given up only when it was cut off three times.

    Waiting in line, and a server that ends in order, cost no attempt.
    """
    for run_id, data in found.final.items():
        assert (runs / run_id / "metadata.json").read_bytes() == data
    for run in stored.values():
        assert run.attempts <= min(MAX_ATTEMPTS, found.interrupted[run.run_id] + 1), run
        if run.error and run.error.code == "too_many_attempts":
            assert found.interrupted[run.run_id] >= MAX_ATTEMPTS, run
        if run.status == "success":
            made = Counter(output.config for output in run.outputs)
            assert made == Counter(run.request.output_configs), run
        # Steps that are on record are not repeated.
        steps = Counter((record.stage, record.step, record.config) for record in run.stages)
        assert not steps or steps.most_common(1)[0][1] == 1, run


def check_payments(services: FakeApiServices, stored: dict[str, RunMetadata]) -> None:
    """No job that costs money is sent twice, and none without being on record."""
    for run in stored.values():
        jobs = [job for job in run.jobs if job.config in PAID]
        assert len(jobs) <= 1
        sent = services.asked_for(run.transformed_text or "") if run.transformed_text else []
        assert len(sent) <= len(jobs), run
        if run.status == "success" and jobs:
            assert len(sent) == 1
    created = [one for one in services.received_by("api") if one.method == "POST"]
    assert sum(not one.path.endswith("/cancel") for one in created) <= sum(
        job.config in PAID for run in stored.values() for job in run.jobs
    )


def check_prompts(comfy: FakeComfyUI, stored: dict[str, RunMetadata]) -> None:
    """ComfyUI never restarted: each prompt is on record, and none was made a second time."""
    sent = Counter(prompt.prompt_id for prompt in comfy.prompts)
    assert not sent or sent.most_common(1)[0][1] == 1
    known: set[str] = set()
    for run in stored.values():
        jobs = [job for job in run.jobs if job.backend == "comfyui"]
        assert len(jobs) <= MAX_SUBMISSIONS
        assert sum(sent[job.job_id or ""] for job in jobs) <= 1, run
        known |= {job.job_id or "" for job in jobs}
    assert sent.keys() <= known


def end_of(run: RunMetadata) -> str:
    """Its status, and the code of its error if it has one."""
    return " ".join(filter(None, (run.status, run.error.code if run.error else "")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--runs", type=int, default=0, help="at least so many; else while killing")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    print(f"{folder} stays when something is found")
    found = crash(folder, runs=asked.runs, kills=asked.kills, seed=asked.seed)
    shutil.rmtree(folder)
    print(
        f"{found.kills} kills, {found.kills_while_starting} of them while starting, "
        f"and {found.orderly_ends} ends in order; "
        f"{len(found.interrupted)} of {found.ends.total()} runs cut off, "
        f"none of them lies: {dict(found.ends)}"
    )


if __name__ == "__main__":
    main()
