from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import LanguageModelTimedOut
from tests.services.language.rig import NotWanted


class Line:
    """Threads that want a place, one after the other, and what each is told."""

    def __init__(self, places: CallPlaces, threads: ThreadPoolExecutor) -> None:
        self.places = places
        self.threads = threads
        self.told: dict[str, list[int]] = {}
        self.served: list[str] = []

    def join(self, name: str, check_wanted: Callable[[], None] = lambda: None) -> Future[None]:
        """Put `name` at the end of the line, for sure behind those that joined before."""
        queued = threading.Event()
        told = self.told[name] = []

        def waiting(ahead: int) -> None:
            told.append(ahead)
            queued.set()

        def work() -> None:
            with self.places.place(
                60, check_wanted=check_wanted, waiting=waiting, look_seconds=0.01
            ):
                self.served.append(name)

        future = self.threads.submit(work)
        assert queued.wait(10)
        return future


def test_places_are_given_in_the_order_of_coming() -> None:
    places = CallPlaces(1)
    with ThreadPoolExecutor(4) as threads:
        line = Line(places, threads)
        with places.place(60):
            futures = [line.join(name) for name in "abcd"]
            assert len(places._queue) == 4
        for future in futures:
            future.result(10)
    assert line.served == ["a", "b", "c", "d"]
    assert line.told["a"] == [0]
    assert line.told["d"][0] == 3
    assert all(told == sorted(told, reverse=True) for told in line.told.values())
    assert len(places._queue) == 0


def test_nobody_overtakes_who_is_about_to_take_a_free_place() -> None:
    places = CallPlaces(1)
    told, go_on = threading.Event(), threading.Event()

    def dawdle(ahead: int) -> None:
        told.set()
        assert go_on.wait(10)

    def work() -> None:
        with places.place(60, waiting=dawdle):
            pass

    with ThreadPoolExecutor(1) as threads:
        with places.place(60):
            first = threads.submit(work)
            assert told.wait(10)
        with pytest.raises(LanguageModelTimedOut), places.place(0):
            pass
        go_on.set()
        first.result(10)


def test_as_many_hold_a_place_as_there_are() -> None:
    places = CallPlaces(3)
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(places.place(0))
        with pytest.raises(LanguageModelTimedOut), places.place(0):
            pass
    with places.place(0):
        assert len(places._queue) == 0


def test_who_is_not_wanted_any_more_leaves_the_line() -> None:
    places = CallPlaces(1)
    cancelled = threading.Event()

    def check_wanted() -> None:
        if cancelled.is_set():
            raise NotWanted("The run was cancelled.")

    with ThreadPoolExecutor(2) as threads:
        line = Line(places, threads)
        with places.place(60):
            first = line.join("first", check_wanted)
            second = line.join("second")
            cancelled.set()
            with pytest.raises(NotWanted):
                first.result(10)
        second.result(10)
    assert line.served == ["second"]


def test_a_place_comes_back_whatever_happens() -> None:
    places = CallPlaces(1)

    def fail() -> None:
        with places.place(0):
            raise NotWanted("x")

    for _ in range(3):
        with pytest.raises(NotWanted):
            fail()


def test_a_broken_listener_loses_no_place() -> None:
    places = CallPlaces(1)

    def waiting(ahead: int) -> None:
        raise NotWanted("x")

    def ask() -> None:
        with places.place(60, waiting=waiting):
            pytest.fail("a place that somebody else has")

    with places.place(0), pytest.raises(NotWanted):
        ask()
    assert len(places._queue) == 0
    with places.place(0):
        pass
