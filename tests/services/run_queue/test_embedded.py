from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.config import Settings
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord
from devserver.my_app.services.run_queue import EmbeddedRunQueue, Leg, LegEnd, Moved, QueueFull, Way
from devserver.my_app.services.run_queue.port import Outlook
from devserver.my_app.services.runs import NewRun
from devserver.my_app.wiring import Services, lane_limits


def way(*lanes: str) -> Way:
    return tuple(Leg(lane, f"kind of {lane}") for lane in lanes)


ONE_LEG = way("lane")


def place_of(queue: EmbeddedRunQueue, run_id: str) -> int | None:
    outlook = queue.outlook(run_id)
    return outlook.place if outlook else None


class Work:
    """Work that a test holds up and lets go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []
        self._progress = threading.Condition()

    def __call__(self, run_id: str, lane: str) -> LegEnd:
        with self._progress:
            self.begun.append(run_id)
            self._progress.notify_all()
        self.go_on.wait(30)
        with self._progress:
            self.ended.append(run_id)
            self._progress.notify_all()
        if run_id == "bad":
            raise RuntimeError("a bug")
        return LegEnd.DONE

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
            runs.put(run_id, ONE_LEG)
        work.wait_for(begun=1)
        assert [place_of(runs, run_id) for run_id in ("a", "b", "c", "x")] == [None, 1, 2, None]
        work.go_on.set()
        work.wait_for(ended=3)
    assert work.ended == ["a", "b", "c"]


def test_as_many_at_once_as_there_are_workers() -> None:
    work = Work()
    with queue(work, workers=3) as runs:
        for number in range(5):
            runs.put(str(number), ONE_LEG)
        work.wait_for(begun=3)
        assert len(work.begun) == 3
        assert place_of(runs, "4") == 2


def test_a_run_is_queued_once() -> None:
    work = Work()
    with queue(work) as runs:
        for run_id in ("a", "b", "b"):
            runs.put(run_id, ONE_LEG)
        work.wait_for(begun=1)
        work.go_on.set()
        work.wait_for(ended=2)
    assert work.ended == ["a", "b"]


def test_a_run_put_again_while_it_is_worked_on_is_worked_on_again() -> None:
    work = Work()
    with queue(work) as runs:
        runs.put("a", ONE_LEG)
        work.wait_for(begun=1)
        runs.put("a", ONE_LEG)
        runs.put("a", ONE_LEG)
        runs.put("b", ONE_LEG)
        work.go_on.set()
        work.wait_for(ended=3)
    assert work.ended == ["a", "b", "a"]


def test_is_full_at_its_limit() -> None:
    work = Work()
    with queue(work, max_waiting=2) as runs:
        runs.put("a", ONE_LEG)
        work.wait_for(begun=1)
        runs.put("b", ONE_LEG)
        runs.check_room()
        runs.put("c", ONE_LEG)
        with pytest.raises(QueueFull):
            runs.check_room()


def test_one_bad_run_ends_no_worker() -> None:
    work = Work()
    work.go_on.set()
    with queue(work) as runs:
        runs.put("bad", ONE_LEG)
        runs.put("good", ONE_LEG)
        work.wait_for(ended=2)


def test_stopping_starts_nothing_more_and_does_not_wait() -> None:
    work = Work()
    with queue(work) as runs:
        runs.put("a", ONE_LEG)
        runs.put("b", ONE_LEG)
        work.wait_for(begun=1)
        runs.stop()
        assert work.ended == []
        with pytest.raises(QueueFull):
            runs.check_room()
        work.go_on.set()
        runs.close(30)
        assert (work.begun, work.ended) == (["a"], ["a"])
        assert place_of(runs, "b") == 1


def test_closing_waits_for_what_is_under_way_and_starts_nothing() -> None:
    work = Work()
    with queue(work) as runs:
        runs.put("a", ONE_LEG)
        runs.put("b", ONE_LEG)
        work.wait_for(begun=1)
        threading.Timer(0.05, work.go_on.set).start()
        runs.close(30)
        assert (work.begun, work.ended) == (["a"], ["a"])
        with pytest.raises(QueueFull):
            runs.check_room()
        assert place_of(runs, "b") == 1


class Steps:
    """Work whose runs, named lane/device/number, end one by one, when a test says so.

    Where they `stay`, each has to be in the lane of its name.
    """

    def __init__(self, *, stay: bool = True) -> None:
        self._stay = stay
        self.begun: list[str] = []
        self.ended: set[str] = set()
        self.most: Counter[str] = Counter()
        self._changed = threading.Condition()

    def __call__(self, run_id: str, lane: str) -> LegEnd:
        with self._changed:
            self.begun.append(run_id)
            assert lane == lane_of(run_id) or not self._stay
            self.most[lane] = max(self.most[lane], self.under_way()[lane])
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: run_id in self.ended, 30)
        return LegEnd.DONE

    def under_way(self) -> Counter[str]:
        """How many runs are under way, by lane."""
        return Counter(lane_of(run_id) for run_id in self.begun if run_id not in self.ended)

    def end(self, run_id: str) -> None:
        with self._changed:
            self.ended.add(run_id)
            self._changed.notify_all()

    def wait_for_begin(self, run_id: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: run_id in self.begun, 30)

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
        self.queue.put(run_id, way(lane), device=device)
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
            place = place_of(self.queue, run_id)
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
        assert place_of(self.queue, run_id) is None
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


def test_no_run_is_left_waiting_between_its_legs() -> None:
    """Each wakes one worker only; where a waking got lost, the last runs would never be ended."""
    ended: Counter[str] = Counter()
    all_ended = threading.Event()
    names = [str(number) for number in range(200)]

    def work(run_id: str, lane: str) -> LegEnd:
        if lane == "atelier":
            runs.let_go(run_id)
        ended[lane] += 1
        if ended["comfyui"] == len(names):
            all_ended.set()
        return LegEnd.GOES_ON

    runs = EmbeddedRunQueue(work, workers=8, max_waiting=999, limits=LIMITS)
    for name in names:
        runs.put(name, way("openai", "atelier", "comfyui"), device=name[-1])
    assert all_ended.wait(60)
    runs.close(30)
    assert set(runs.lengths().values()) == {0}


def test_a_listener_that_fails_ends_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    work.go_on.set()
    heard: list[str] = []

    def fail(moved: Moved) -> None:
        raise RuntimeError(f"a bug in hearing of {moved.run_id}")

    with queue(work) as runs:
        runs.listen(fail)
        runs.listen(lambda moved: heard.append(moved.run_id))
        runs.put("a", ONE_LEG)
        runs.put("b", ONE_LEG)
        work.wait_for(ended=2)
    assert {"a", "b"} == set(heard)
    assert "a bug in hearing of a" in caplog.text


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
            threads.submit(runs.put, name, way(lane), device=device)
    work.wait_for(ended=len(names))
    runs.close(30)
    assert sorted(work.begun) == sorted(names)


def test_one_child_with_ten_runs_does_not_hold_up_fourteen_others() -> None:
    work = Work()
    with queue(work, max_waiting=99) as runs:
        for number in range(10):
            runs.put(f"a{number}", ONE_LEG, device="a")
        work.wait_for(begun=1)
        for child in range(14):
            runs.put(f"child{child}", ONE_LEG, device=f"child{child}")
        assert [place_of(runs, run_id) for run_id in ("a1", "child0", "child13", "a2")] == [
            *(1, 2, 15, 16)
        ]
        work.go_on.set()
        work.wait_for(ended=24)
    assert work.begun[:2] == ["a0", "a1"]
    assert work.begun[2:17] == [*(f"child{child}" for child in range(14)), "a2"]


def test_runs_without_a_device_are_devices_of_their_own() -> None:
    work = Work()
    with queue(work) as runs:
        runs.put("a", ONE_LEG, device="d")
        work.wait_for(begun=1)
        for run_id, device in (("b", "d"), ("c", "d"), ("x", ""), ("y", "")):
            runs.put(run_id, ONE_LEG, device=device)
        assert [place_of(runs, run_id) for run_id in "bxyc"] == [1, 2, 3, 4]


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
        runs.put("a", way("new"))
        runs.put("b", way("new"))
        work.wait_for(begun=2)


def test_a_run_continued_before_its_worker_has_left_it_goes_into_its_new_lane() -> None:
    work = Steps(stay=False)
    limits = {"text": 1, "comfyui": 1}
    runs = EmbeddedRunQueue(work, workers=6, max_waiting=99, limits=limits)
    for run_id in ("comfyui/a/0", "text/b/1", "text/c/2"):
        runs.put(run_id, way(lane_of(run_id)))
    work.wait_for(begun=2)
    runs.put("text/b/1", way("comfyui"))
    work.end("text/b/1")
    work.wait_for(begun=3)
    assert work.begun[2] == "text/c/2"
    assert place_of(runs, "text/b/1") == 1
    work.end("comfyui/a/0")
    work.wait_for(begun=4)
    assert work.begun[3] == "text/b/1"
    work.end("text/c/2")
    assert runs.close(30) == []


def goes_on(steps: Steps) -> Callable[[str, str], LegEnd]:
    """Work on runs that all go on to their next leg; the steps are named lane/run."""

    def work(run_id: str, lane: str) -> LegEnd:
        steps(f"{lane}/{run_id}", lane)
        return LegEnd.GOES_ON

    return work


def test_a_run_passes_its_lanes_one_after_the_other() -> None:
    work = Steps()
    runs = EmbeddedRunQueue(goes_on(work), workers=6, max_waiting=99, limits={"b": 1})
    moves: list[Moved] = []
    runs.listen(moves.append)
    for run_id in ("1", "2"):
        runs.put(run_id, way("a", "b"))
    work.wait_for(begun=2)
    work.end("a/1")
    work.wait_for(begun=3)
    work.end("a/2")  # goes into a line that is full
    work.end("b/1")
    work.wait_for(begun=4)
    work.end("b/2")
    runs.close(30)
    assert work.begun == ["a/1", "a/2", "b/1", "b/2"]
    assert [move.lane for move in moves if move.run_id == "2"] == ["a", "a", "b", "b"]
    waited = [move.waited_seconds is not None for move in moves if move.run_id == "2"]
    assert waited == [False, True, False, True]
    assert runs.outlook("1") is None


def test_one_that_lets_go_makes_room_and_is_still_under_way() -> None:
    work = Steps()
    runs = EmbeddedRunQueue(work, workers=6, max_waiting=99, limits={"a": 1})
    for run_id in ("a/1", "a/2", "a/3"):
        runs.put(run_id, way("a"))
    work.wait_for(begun=1)
    runs.let_go("a/3")  # waits: it has no place
    runs.let_go("unknown")
    assert work.begun == ["a/1"]
    for _ in range(2):  # once or more often
        runs.let_go("a/1")
    work.wait_for(begun=2)
    assert work.begun == ["a/1", "a/2"]
    assert runs.outlook("a/1") == Outlook(None, None)
    assert place_of(runs, "a/3") == 1
    work.end("a/2")
    work.wait_for(begun=3)
    for run_id in ("a/3", "a/1"):
        work.end(run_id)
    runs.close(30)
    assert runs.outlook("a/1") is None


@pytest.mark.parametrize("end", [LegEnd.DONE, LegEnd.FAILED, RuntimeError("a bug")])
def test_a_run_that_ends_early_goes_no_further(end: LegEnd | Exception) -> None:
    begun: list[tuple[str, str]] = []
    last = threading.Event()

    def work(run_id: str, lane: str) -> LegEnd:
        begun.append((run_id, lane))
        if run_id == "last":
            last.set()
            return LegEnd.DONE
        if isinstance(end, Exception):
            raise end
        return end

    runs = EmbeddedRunQueue(work, workers=1, max_waiting=9)
    runs.put("first", way("a", "b"))
    runs.put("last", way("a"))
    assert last.wait(30)
    runs.close(30)
    assert begun == [("first", "a"), ("last", "a")]


def test_places_are_told_where_the_way_ends() -> None:
    work = Steps()
    runs = EmbeddedRunQueue(goes_on(work), workers=6, max_waiting=99, limits={"a": 1, "b": 1})
    for run_id in ("1", "2"):
        runs.put(run_id, way("b"), device="long")
    runs.put("3", way("a", "b"))
    work.wait_for(begun=2)
    for run_id, device in (("4", "x"), ("5", "y")):
        runs.put(run_id, way("a", "b"), device=device)
    runs.put("6", way("a", "c"))
    # "2" waits for b, and "4" will be before "5" there; "6" will have c for itself.
    assert [place_of(runs, run_id) for run_id in "123456"] == [None, 1, None, 2, 3, 1]
    for step in ("a/3", "b/1", "a/4", "b/2", "a/5", "a/6", "b/3", "b/4", "b/5", "c/6"):
        work.wait_for_begin(step)
        work.end(step)
    runs.close(30)


def test_a_run_that_is_withdrawn_gives_up_its_place() -> None:
    work = Work()
    with queue(work) as runs:
        for run_id in "abc":
            runs.put(run_id, ONE_LEG)
        work.wait_for(begun=1)
        moves: list[Moved] = []
        runs.listen(moves.append)
        runs.withdraw("b")
        runs.withdraw("a")  # it has begun, and isn't in line
        assert [(move.run_id, move.behind) for move in moves] == [("b", ("c",))]
        assert [place_of(runs, run_id) for run_id in "bc"] == [None, 1]
        assert runs.lengths() == {"lane": 1}
        work.go_on.set()
        work.wait_for(ended=2)
    assert work.ended == ["a", "c"]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_closing_tells_who_is_left() -> None:
    work = Work()
    runs = EmbeddedRunQueue(work, workers=1, max_waiting=9)
    for run_id in "abc":
        runs.put(run_id, ONE_LEG)
    work.wait_for(begun=1)
    assert runs.close(0) == ["a", "b", "c"]
    work.go_on.set()
    assert runs.close(30) == ["b", "c"]


def test_how_long_it_takes_is_learnt_from_runs_of_the_kind() -> None:
    clock, work = Clock(), Steps()
    runs = EmbeddedRunQueue(work, workers=6, max_waiting=99, limits={"gpu": 1}, clock=clock)

    def seconds(run_id: str) -> float | None:
        outlook = runs.outlook(run_id)
        return outlook.seconds if outlook else None

    runs.put("gpu/a/0", way("gpu"))
    work.wait_for(begun=1)
    runs.put("gpu/b/1", way("gpu"))
    assert (seconds("gpu/a/0"), seconds("gpu/b/1")) == (None, None)
    clock.now = 10.0
    work.end("gpu/a/0")
    work.wait_for(begun=2)
    runs.put("gpu/c/2", way("gpu"))
    runs.put("gpu/d/3", (Leg("gpu", "another kind"),))
    assert [seconds(f"gpu/{run}") for run in ("b/1", "c/2", "d/3")] == [10, 20, 30]
    clock.now = 14.0
    assert [seconds(f"gpu/{run}") for run in ("b/1", "c/2", "d/3")] == [6, 16, 26]
    clock.now = 21.0
    assert [seconds(f"gpu/{run}") for run in ("b/1", "c/2", "d/3")] == [None, 10, 20]
    for step in ("gpu/b/1", "gpu/c/2", "gpu/d/3"):
        work.wait_for_begin(step)
        work.end(step)
    runs.close(30)


def test_what_failed_teaches_nothing() -> None:
    ended = threading.Event()

    def work(run_id: str, lane: str) -> LegEnd:
        if run_id == "last":
            ended.wait(30)
        return LegEnd.FAILED

    runs = EmbeddedRunQueue(work, workers=1, max_waiting=9)
    runs.put("first", ONE_LEG)
    runs.put("last", ONE_LEG)
    outlook = runs.outlook("last")
    assert outlook is not None
    assert outlook.seconds is None
    ended.set()
    runs.close(30)


class Recorder:
    """A queue that only notes what it is given."""

    def __init__(self) -> None:
        self.put_in: list[tuple[str, str, tuple[str, ...]]] = []
        self.outlooks: dict[str, Outlook] = {}

    def check_room(self) -> None:
        pass

    def put(self, run_id: str, way: Way, *, device: str = "") -> None:
        self.put_in.append((run_id, device, tuple(leg.lane for leg in way)))

    def learn(self, leg: Leg, seconds: float) -> None:
        pass

    def outlook(self, run_id: str) -> Outlook | None:
        return self.outlooks.get(run_id)

    def let_go(self, run_id: str) -> None:
        pass

    def withdraw(self, run_id: str) -> None:
        pass

    def close(self, patience_seconds: float) -> list[str]:
        return [run_id for run_id, *_ in self.put_in]


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
    whole = ("text", "atelier")
    started = [(picture, "a", whole), (text, "a", ("text",)), (draft, "a", ("text",))]
    assert recorder.put_in == started
    services.runs.take_up_unfinished()
    taken_up = {run_id: rest for run_id, *rest in recorder.put_in[len(started) :]}
    for run_id, _, lanes in started:
        assert taken_up[run_id] == ["", lanes]
    services.storage.begin_attempt(draft)
    services.storage.await_edit(draft)
    services.runs.continue_with(draft, "Zwei Blumen", device="b")
    assert recorder.put_in[-1] == (draft, "b", whole)
    for run_id, _, _ in started:
        services.runs.cancel(run_id)


def test_a_run_with_its_texts_on_record_waits_for_its_backend_only(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    monkeypatch.setattr(services.runs, "_queue", recorder)
    run_id = services.runs.start(new_run()).run_id
    passed = StageRecord(stage=3, step="word_lists", status="passed", input="Eine Blume")
    services.storage.begin_attempt(run_id)
    services.storage.save_transformed_text(run_id, "Eine Blume", [passed])
    for _ in range(4):
        services.runs.take_up_unfinished()
        assert recorder.put_in[-1] == (run_id, "", ("atelier",))
    services.runs.cancel(run_id)


def test_a_disk_too_full_to_put_a_run_right_keeps_no_server_from_starting(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settle(_: str) -> RunMetadata:
        raise StorageFull("The server's disk is full.")

    recorder = Recorder()
    monkeypatch.setattr(services.runs, "_queue", recorder)
    run_id = services.runs.start(new_run()).run_id
    services.storage.begin_attempt(run_id)
    with monkeypatch.context() as full:
        full.setattr(services.storage, "settle", settle)
        services.runs.take_up_unfinished()
    # By its texts, so that an attempt is counted.
    assert recorder.put_in[-1] == (run_id, "", ("text", "atelier"))
    services.runs.cancel(run_id)


def test_at_the_end_those_left_are_set_down(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.runs, "_queue", Recorder())
    under_way, over, in_line = (services.runs.start(new_run()).run_id for _ in range(3))
    for run_id in (under_way, over):
        services.storage.begin_attempt(run_id)
    services.runs.cancel(over)
    services.runs.close(0)
    stood = [services.storage.get_metadata(one) for one in (under_way, over, in_line)]
    assert [(run.status, run.attempts) for run in stood] == [
        *(("queued", 0), ("cancelled", 1), ("queued", 0))
    ]
    for run_id in (under_way, in_line):
        services.runs.cancel(run_id)


def test_every_backend_has_a_limit(services: Services) -> None:
    limits = lane_limits(
        Settings.model_validate(
            {"comfyui_urls": "http://a:1,http://b:1", "pool_processes": 3, "api_runs": 5}
        )
    )
    assert (limits["comfyui"], limits["atelier"], limits["openai"]) == (6, 4, 7)
    assert lane_limits(Settings())["comfyui"] > 0  # so that runs of before come to an end, too
    backends = {config.backend for config in services.catalogue.output_configs.values()}
    assert backends <= limits.keys()


def test_a_run_that_is_gone_when_it_is_taken_up_keeps_no_server_from_starting(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    monkeypatch.setattr(services.runs, "_queue", recorder)
    gone, there = (services.runs.start(new_run()).run_id for _ in range(2))
    settle = services.storage.settle

    def removed_in_between(run_id: str) -> RunMetadata:
        if run_id == gone:
            shutil.rmtree(services.storage.folders.path(gone))
        return settle(run_id)

    monkeypatch.setattr(services.storage, "settle", removed_in_between)
    assert services.runs.take_up_unfinished() == 1
    assert recorder.put_in[2:] == [(there, "", ("text", "atelier"))]
    services.runs.cancel(there)


@pytest.mark.parametrize("how", ["cancelled", "deleted"])
def test_jobs_of_a_run_given_up_are_ended_where_no_worker_does_it(
    services: Services, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    give_up: Callable[[str], object] = services.keeping.forgetting.delete
    if how == "cancelled":
        give_up = services.runs.cancel
    recorder = Recorder()
    ended: list[str] = []
    monkeypatch.setattr(services.runs, "_queue", recorder)
    monkeypatch.setattr(services.runs, "_cancel_jobs", lambda run: ended.append(run.run_id))
    in_line, under_way, unknown = (services.runs.start(new_run()).run_id for _ in range(3))
    recorder.outlooks = {in_line: Outlook(3, None), under_way: Outlook(None, 5.0)}
    for run_id in (in_line, under_way, unknown):
        give_up(run_id)
    assert ended == [in_line]
