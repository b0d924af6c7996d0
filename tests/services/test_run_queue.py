from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.config import Settings
from devserver.my_app.services.run_queue import EmbeddedRunQueue, QueueFull
from devserver.my_app.services.runs import NewRun
from devserver.my_app.wiring import Services, lane_limits


class Work:
    """Work that a test holds up and lets go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []
        self._progress = threading.Condition()

    def __call__(self, run_id: str) -> None:
        with self._progress:
            self.begun.append(run_id)
            self._progress.notify_all()
        self.go_on.wait(30)
        with self._progress:
            self.ended.append(run_id)
            self._progress.notify_all()
        if run_id == "bad":
            raise RuntimeError("a bug")

    def wait_for(self, *, begun: int = 0, ended: int = 0) -> None:
        with self._progress:
            reached = self._progress.wait_for(
                lambda: len(self.begun) >= begun and len(self.ended) >= ended, 30
            )
        assert reached


@contextmanager
def queue(work: Work, *, workers: int = 1, max_waiting: int = 10) -> Iterator[EmbeddedRunQueue]:
    queue = EmbeddedRunQueue(work, workers=workers, max_waiting=max_waiting)
    yield queue
    work.go_on.set()
    queue.close(30)


def test_works_in_order_and_tells_places() -> None:
    work = Work()
    with queue(work) as runs:
        for run_id in ("a", "b", "c"):
            runs.put(run_id)
        work.wait_for(begun=1)
        assert [runs.place_of(run_id) for run_id in ("a", "b", "c", "x")] == [None, 1, 2, None]
        work.go_on.set()
        work.wait_for(ended=3)
    assert work.ended == ["a", "b", "c"]


def test_as_many_at_once_as_there_are_workers() -> None:
    work = Work()
    with queue(work, workers=3) as runs:
        for number in range(5):
            runs.put(str(number))
        work.wait_for(begun=3)
        assert len(work.begun) == 3
        assert runs.place_of("4") == 2


def test_a_run_is_queued_once() -> None:
    work = Work()
    with queue(work) as runs:
        for run_id in ("a", "b", "b"):
            runs.put(run_id)
        work.wait_for(begun=1)
        work.go_on.set()
        work.wait_for(ended=2)
    assert work.ended == ["a", "b"]


def test_a_run_put_again_while_it_is_worked_on_is_worked_on_again() -> None:
    work = Work()
    with queue(work) as runs:
        runs.put("a")
        work.wait_for(begun=1)
        runs.put("a")
        runs.put("a")
        runs.put("b")
        work.go_on.set()
        work.wait_for(ended=3)
    assert work.ended == ["a", "b", "a"]


def test_is_full_at_its_limit() -> None:
    work = Work()
    with queue(work, max_waiting=2) as runs:
        runs.put("a")
        work.wait_for(begun=1)
        runs.put("b")
        runs.check_room()
        runs.put("c")
        with pytest.raises(QueueFull):
            runs.check_room()


def test_one_bad_run_ends_no_worker() -> None:
    work = Work()
    work.go_on.set()
    with queue(work) as runs:
        runs.put("bad")
        runs.put("good")
        work.wait_for(ended=2)


def test_closing_waits_for_what_is_under_way_and_starts_nothing() -> None:
    work = Work()
    with queue(work) as runs:
        runs.put("a")
        runs.put("b")
        work.wait_for(begun=1)
        threading.Timer(0.05, work.go_on.set).start()
        runs.close(30)
        assert (work.begun, work.ended) == (["a"], ["a"])
        with pytest.raises(QueueFull):
            runs.check_room()
        assert runs.place_of("b") == 1


class Steps:
    """Work whose runs, named lane/device/number, end one by one, when a test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: set[str] = set()
        self.most: Counter[str] = Counter()
        self._changed = threading.Condition()

    def __call__(self, run_id: str) -> None:
        with self._changed:
            self.begun.append(run_id)
            lane = lane_of(run_id)
            self.most[lane] = max(self.most[lane], self.under_way()[lane])
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: run_id in self.ended, 30)

    def under_way(self) -> Counter[str]:
        """How many runs are under way, by lane."""
        return Counter(lane_of(run_id) for run_id in self.begun if run_id not in self.ended)

    def end(self, run_id: str) -> None:
        with self._changed:
            self.ended.add(run_id)
            self._changed.notify_all()

    def wait_for(self, begun: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.begun) >= begun, 30)


def lane_of(run_id: str) -> str:
    return run_id.partition("/")[0]


def line_of(run_id: str) -> str:
    return run_id.rpartition("/")[0]


LIMITS = {"atelier": 2, "comfyui": 1, "openai": 3}
PUT = st.tuples(st.sampled_from([*LIMITS]), st.sampled_from("abcd"))
END = st.integers(min_value=0, max_value=9)


class Workshop:
    """A queue that is put to and worked from step by step, and what has to be true of it.

    After each step it is known how many runs have to have begun, so nothing is left to chance.
    """

    def __init__(self, workers: int) -> None:
        self.work = Steps()
        self.workers = workers
        self.queue = EmbeddedRunQueue(self.work, workers=workers, max_waiting=99, limits=LIMITS)
        self.waiting: list[str] = []
        self.put_in_all: list[str] = []
        self.may_pass: dict[str, int] = {}

    def put(self, lane: str, device: str) -> None:
        run_id = f"{lane}/{device}/{len(self.put_in_all)}"
        self.put_in_all.append(run_id)
        self.waiting.append(run_id)
        self.may_pass.setdefault(line_of(run_id), self._devices_in(lane) - 1)
        self.queue.put(run_id, device=device, lane=lane)
        self._settle()

    def end(self, number: int) -> None:
        under_way = [run_id for run_id in self.work.begun if run_id not in self.work.ended]
        if under_way:
            self.work.end(under_way[number % len(under_way)])
            self._settle()

    def places(self) -> dict[str, list[str]]:
        """The waiting runs of each lane in the order that the queue says they have."""
        lanes: dict[str, dict[int, str]] = {}
        for run_id in self.waiting:
            place = self.queue.place_of(run_id)
            assert place is not None
            lanes.setdefault(lane_of(run_id), {})[place] = run_id
        for places in lanes.values():
            assert sorted(places) == [*range(1, len(places) + 1)]
        assert sum(map(len, lanes.values())) == len(self.waiting)
        return {lane: [places[n] for n in sorted(places)] for lane, places in lanes.items()}

    def _devices_in(self, lane: str) -> int:
        return len({line_of(run_id) for run_id in self.waiting if lane_of(run_id) == lane})

    def _settle(self) -> None:
        """Wait until the one run has begun that can, if one can."""
        under_way = self.work.under_way()
        wanted = {lane_of(run_id) for run_id in self.waiting}
        if under_way.total() < self.workers and any(under_way[x] < LIMITS[x] for x in wanted):
            self.work.wait_for(len(self.put_in_all) - len(self.waiting) + 1)
            self._note_begun(self.work.begun[-1])

    def _note_begun(self, run_id: str) -> None:
        assert self.queue.place_of(run_id) is None
        self.waiting.remove(run_id)
        lane, own = lane_of(run_id), line_of(run_id)
        del self.may_pass[own]
        for line in self.may_pass:
            if lane_of(line) == lane:
                self.may_pass[line] -= 1
                assert self.may_pass[line] >= 0, f"{line} was passed over"
        if any(line_of(other) == own for other in self.waiting):
            self.may_pass[own] = self._devices_in(lane) - 1

    def drain(self) -> None:
        while self.work.under_way():
            self.end(0)
        assert not self.waiting


@settings(deadline=None)
@given(steps=st.lists(st.one_of(PUT, PUT, END), max_size=40), workers=st.integers(1, 6))
def test_devices_take_turns_and_lanes_keep_their_limits(
    steps: list[tuple[str, str] | int], workers: int
) -> None:
    workshop = Workshop(workers)
    for step in steps:
        if isinstance(step, int):
            workshop.end(step)
        else:
            workshop.put(*step)
    foretold = workshop.places()
    before = len(workshop.work.begun)
    workshop.drain()
    began: dict[str, list[str]] = {}
    for run_id in workshop.work.begun[before:]:
        began.setdefault(lane_of(run_id), []).append(run_id)
    workshop.queue.close(30)
    assert began == foretold
    assert sorted(workshop.work.begun) == sorted(workshop.put_in_all)
    assert all(most <= LIMITS[lane] for lane, most in workshop.work.most.items())


@settings(deadline=None, max_examples=50)
@given(puts=st.lists(PUT, max_size=60))
def test_everything_put_from_many_threads_is_worked_on_once(puts: list[tuple[str, str]]) -> None:
    names = [f"{lane}/{device}/{number}" for number, (lane, device) in enumerate(puts)]
    work = Work()
    work.go_on.set()
    runs = EmbeddedRunQueue(work, workers=5, max_waiting=99, limits=LIMITS)
    with ThreadPoolExecutor(3) as threads:
        for name in names:
            lane, device, _ = name.split("/")
            threads.submit(runs.put, name, device=device, lane=lane)
    work.wait_for(ended=len(names))
    runs.close(30)
    assert sorted(work.begun) == sorted(names)


def test_one_child_with_ten_runs_does_not_hold_up_fourteen_others() -> None:
    work = Work()
    with queue(work, max_waiting=99) as runs:
        for number in range(10):
            runs.put(f"a{number}", device="a")
        work.wait_for(begun=1)
        for child in range(14):
            runs.put(f"child{child}", device=f"child{child}")
        assert [runs.place_of(run_id) for run_id in ("a1", "child0", "child13", "a2")] == [
            *(1, 2, 15, 16)
        ]
        work.go_on.set()
        work.wait_for(ended=24)
    assert work.begun[:2] == ["a0", "a1"]
    assert work.begun[2:17] == [*(f"child{child}" for child in range(14)), "a2"]


def test_runs_without_a_device_are_devices_of_their_own() -> None:
    work = Work()
    with queue(work) as runs:
        runs.put("a", device="d")
        work.wait_for(begun=1)
        for run_id, device in (("b", "d"), ("c", "d"), ("x", ""), ("y", "")):
            runs.put(run_id, device=device)
        assert [runs.place_of(run_id) for run_id in "bxyc"] == [1, 2, 3, 4]


def test_a_full_lane_is_passed_over() -> None:
    workshop = Workshop(workers=6)
    for _ in range(3):
        workshop.put("comfyui", "a")
    workshop.put("atelier", "a")
    assert workshop.work.begun == ["comfyui/a/0", "atelier/a/3"]
    workshop.drain()
    workshop.queue.close(30)


def test_lanes_take_turns_when_workers_are_few() -> None:
    workshop = Workshop(workers=1)
    for lane in ("openai", "openai", "openai", "comfyui", "atelier", "atelier"):
        workshop.put(lane, "a")
    workshop.drain()
    workshop.queue.close(30)
    assert [lane_of(run_id) for run_id in workshop.work.begun] == [
        *("openai", "openai", "comfyui", "atelier", "openai", "atelier")
    ]


def test_a_lane_without_a_limit_has_all_workers() -> None:
    work = Work()
    with queue(work, workers=2) as runs:
        runs.put("a", lane="new")
        runs.put("b", lane="new")
        work.wait_for(begun=2)


def test_a_run_continued_before_its_worker_has_left_it_goes_into_its_new_lane() -> None:
    work = Steps()
    limits = {"text": 1, "comfyui": 1}
    runs = EmbeddedRunQueue(work, workers=6, max_waiting=99, limits=limits)
    for run_id in ("comfyui/a/0", "text/b/1", "text/c/2"):
        runs.put(run_id, lane=lane_of(run_id))
    work.wait_for(begun=2)
    runs.put("text/b/1", lane="comfyui")
    work.end("text/b/1")
    work.wait_for(begun=3)
    assert work.begun[2] == "text/c/2"
    assert runs.place_of("text/b/1") == 1
    work.end("comfyui/a/0")
    work.wait_for(begun=4)
    assert work.begun[3] == "text/b/1"
    work.end("text/c/2")
    runs.close(30)


class Recorder:
    """A queue that only notes what it is given."""

    def __init__(self) -> None:
        self.put_in: list[tuple[str, str, str]] = []

    def check_room(self) -> None:
        pass

    def put(self, run_id: str, *, device: str = "", lane: str = "") -> None:
        self.put_in.append((run_id, device, lane))

    def place_of(self, run_id: str) -> int | None:
        return None

    def close(self, patience_seconds: float) -> None:
        pass


def new_run(**wished: Any) -> NewRun:
    return NewRun(schema="passthrough", input_text="Eine Blume", device="a", **wished)


def test_a_run_queues_for_what_it_needs_and_a_restart_forgets_only_the_device(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    monkeypatch.setattr(services.runs, "_queue", recorder)
    picture = services.runs.start(new_run()).run_id
    text = services.runs.start(new_run(output_type="text")).run_id
    draft = services.runs.start(new_run(awaits_edit=True)).run_id
    started = [(picture, "a", "atelier"), (text, "a", "text"), (draft, "a", "text")]
    assert recorder.put_in == started
    services.runs.take_up_unfinished()
    taken_up = {run_id: rest for run_id, *rest in recorder.put_in[len(started) :]}
    for run_id, _, lane in started:
        assert taken_up[run_id] == ["", lane]
    services.storage.begin_attempt(draft)
    services.storage.await_edit(draft)
    services.runs.continue_with(draft, "Zwei Blumen", device="b")
    assert recorder.put_in[-1] == (draft, "b", "atelier")
    for run_id, _, _ in started:
        services.runs.cancel(run_id)


def test_every_backend_has_a_limit(services: Services) -> None:
    limits = lane_limits(
        Settings.model_validate(
            {"comfyui_urls": "http://a:1,http://b:1", "pool_processes": 3, "api_runs": 5}
        )
    )
    assert (limits["comfyui"], limits["atelier"], limits["openai"]) == (4, 4, 5)
    assert lane_limits(Settings())["comfyui"] > 0  # so that runs of before come to an end, too
    backends = {config.backend for config in services.catalogue.output_configs.values()}
    assert backends <= limits.keys()
