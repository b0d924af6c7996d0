"""Hostile files through the real server: each is refused with a clear code or safely stored.

A server that speaks OpenAI's words hands every file out as the picture that was asked for, once by
its address and once in base64, all of them claimed to be PNG.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from devserver.my_app.services.media_kinds import KINDS
from devserver.my_app.services.run_metadata import RunMetadata
from tests.fake_api_services import FakeApiServices, Script
from tests.honest_folders import check_folder
from tests.hostile_media import HOSTILE
from tests.media_samples import png_bytes
from tests.running_server import RunningServer
from tests.test_server import wait_for

PROCESSES = 2
LOOKED_AT = ("/api/health", "/api/schema/schemas")
WAYS = {"by address": "url", "in base64": "b64_json"}
RUNS = [(name, way) for name in HOSTILE for way in WAYS]
STORED = [(name, way) for name, way in RUNS if HOSTILE[name].stored_as]


@dataclass
class Onlooker:
    """Somebody who goes on asking the server small things; `seconds` each answer took."""

    url: str
    seconds: list[float]
    statuses: list[int]

    def look(self) -> None:
        for path in LOOKED_AT:
            started = time.perf_counter()
            self.statuses.append(requests.get(self.url + path, timeout=60).status_code)
            self.seconds.append(time.perf_counter() - started)


@dataclass(frozen=True)
class Corpus:
    """All hostile files on their way through one server."""

    server: RunningServer
    files: Mapping[str, bytes]
    answers: Mapping[tuple[str, str], Future[requests.Response]]
    onlooker: Onlooker
    children_before: set[int]
    checked: dict[tuple[str, str], RunMetadata] = field(default_factory=dict)

    def wait(self) -> None:
        for answer in self.answers.values():
            answer.result()

    def run(self, name: str, way: str) -> RunMetadata:
        """What the run's folder says, which is checked against its files."""
        if (name, way) not in self.checked:
            run_id = self.answers[name, way].result().json()["run_id"]
            self.checked[name, way] = check_folder(self.server.runs / run_id)
        return self.checked[name, way]


@pytest.fixture(name="corpus", scope="module")
def _corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with FakeApiServices() as fake, ThreadPoolExecutor(24) as threads:
        server = RunningServer(
            tmp_path_factory.mktemp("hostile"),
            **fake.plain_environment(),
            DEVSERVER_RUN_WORKERS="24",
            DEVSERVER_POOL_PROCESSES=str(PROCESSES),
        )
        server.start()
        warm = [threads.submit(server.post_text, schema="passthrough") for _ in range(PROCESSES)]
        files = {name: file.make() for name, file in HOSTILE.items()}
        for name, way in RUNS:
            fake.when(prompt(name, way), Script([files[name]], shape=WAYS[way]))
        assert [one.result().status_code for one in warm] == [200] * PROCESSES
        onlooker = Onlooker(server.url, [], [])
        over = threading.Event()

        def look_on() -> None:
            while not over.is_set():
                onlooker.look()

        children = set(children_of(server.process.pid))
        watching = threading.Thread(target=look_on)
        watching.start()
        answers = {(name, way): threads.submit(ask, server, name, way) for name, way in RUNS}
        yield Corpus(server, files, answers, onlooker, children)
        over.set()
        watching.join()
        server.stop()


def prompt(name: str, way: str) -> str:
    return f"Ein Bild, Nummer {2 * list(HOSTILE).index(name) + list(WAYS).index(way)}"


def ask(server: RunningServer, name: str, way: str) -> requests.Response:
    return server.post_text(
        schema="passthrough",
        input_text=prompt(name, way),
        execution_mode="fast",
        output_config="gpt_image_1",
    )


def children_of(pid: int) -> dict[int, str]:
    """The state ("R", "S", …; proc_pid_stat(5)) of every process below `pid`."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:  # it has ended meanwhile
                continue
            parents[int(entry.name)] = (int(parent), state)
    below = {pid}
    while more := {one for one, (parent, _) in parents.items() if parent in below} - below:
        below |= more
    return {one: parents[one][1] for one in below if one in parents and one != pid}


@pytest.mark.parametrize(("name", "way"), RUNS)
def test_a_file_is_refused_or_stored_as_what_it_is(corpus: Corpus, name: str, way: str) -> None:
    answer, run = corpus.answers[name, way].result(), corpus.run(name, way)
    stored_as = HOSTILE[name].stored_as
    if stored_as is None:
        assert run.outputs == ()
        assert run.error is not None
        nothing = "nothing_produced" if name == "nothing" and way == "in base64" else None
        assert run.error.code in ("media_rejected", "not_media", nothing)
        assert (run.status, answer.status_code) == ("failed", 502)
        assert str(corpus.server.runs) not in answer.text
        return
    [output] = run.outputs
    assert output.format == stored_as
    assert (corpus.server.runs / run.run_id / output.filename).read_bytes() == corpus.files[name]
    assert run.status == ("success" if output.type == "image" else "failed")


@pytest.mark.parametrize(("name", "way"), STORED)
def test_what_is_stored_is_served_so_that_nothing_in_it_runs(
    corpus: Corpus, name: str, way: str
) -> None:
    run = corpus.run(name, way)
    [kind] = [one for one in KINDS if one.format == HOSTILE[name].stored_as]
    url = f"{corpus.server.url}/api/media/{kind.type}/{run.run_id}"
    for address in (url, f"{url}/1.{kind.format}", f"{url}?download=1"):
        served = requests.get(address, timeout=60)
        assert served.content == corpus.files[name]
        assert served.headers["Content-Type"] == kind.mime_type
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        policy = served.headers["Content-Security-Policy"].split("; ")
        assert "sandbox" in policy and "default-src 'none'" in policy


@pytest.mark.parametrize(("name", "way"), [one for one in STORED if one[1] == "by address"])
def test_a_small_picture_of_it_is_clean_or_not_made(corpus: Corpus, name: str, way: str) -> None:
    run = corpus.run(name, way)
    url = f"{corpus.server.url}/api/media/thumbnail/{run.run_id}"
    small = requests.get(url, timeout=60)
    if small.status_code == 200:
        assert small.headers["Content-Type"] == "image/webp"
        assert b"script" not in small.content and b"beacon" not in small.content
    else:
        assert small.status_code == 404


def test_the_server_goes_on_answering(
    corpus: Corpus, record_testsuite_property: Callable[[str, object], None]
) -> None:
    corpus.wait()
    during = len(corpus.onlooker.seconds)
    wait_for(lambda: len(corpus.onlooker.seconds) > during + 20)
    assert set(corpus.onlooker.statuses) == {200}
    record_testsuite_property(
        "slowest_answer_ms_beside_hostile_media", round(1000 * max(corpus.onlooker.seconds), 1)
    )


def test_every_folder_is_in_order_and_nothing_went_wrong_inside(corpus: Corpus) -> None:
    corpus.wait()
    folders = {entry.name for entry in corpus.server.runs.iterdir()}
    assert folders >= {corpus.run(name, way).run_id for name, way in RUNS}
    assert "failed inside the server" not in corpus.server.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_no_process_of_the_pool_is_left_hanging(corpus: Corpus) -> None:
    corpus.wait()
    pid = corpus.server.process.pid
    wait_for(lambda: "R" not in children_of(pid).values())
    assert set(children_of(pid)) == corpus.children_before  # none had to be ended
    with ThreadPoolExecutor(2 * PROCESSES) as threads:
        good = [
            threads.submit(corpus.server.post_text, schema="passthrough")
            for _ in range(2 * PROCESSES)
        ]
    assert [one.result().status_code for one in good] == [200] * (2 * PROCESSES)


def test_the_corpus_is_what_it_says(corpus: Corpus) -> None:
    assert len(HOSTILE) >= 40
    assert all(len(data) < 20 * 1024**2 for data in corpus.files.values())
    assert len(set(corpus.files.values())) == len(HOSTILE)
    assert png_bytes() not in corpus.files.values()
