from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devserver.my_app.services.run_queue import EmbeddedRunQueue, QueueFull


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
