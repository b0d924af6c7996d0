from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from devserver.my_app.services.backends.places import BackendPlaces
from devserver.my_app.services.backends.port import NotWanted


def wanted() -> None:
    pass


def test_no_more_at_once_than_there_are_places() -> None:
    places = BackendPlaces({"openai": 2})
    guard = threading.Lock()
    inside = most = 0
    together = threading.Barrier(2)

    def ask() -> None:
        nonlocal inside, most
        with places.place("openai", wanted):
            with guard:
                inside += 1
                most = max(most, inside)
            together.wait(30)  # only two at once get past here
            with guard:
                inside -= 1

    with ThreadPoolExecutor(6) as threads:
        for asked in [threads.submit(ask) for _ in range(6)]:
            asked.result()
    assert most == 2


def test_a_run_that_nobody_wants_any_more_waits_no_longer() -> None:
    places = BackendPlaces({"openai": 1})

    def unwanted() -> None:
        raise NotWanted("It was cancelled.")

    with places.place("openai", wanted), pytest.raises(NotWanted):  # noqa: SIM117 - the order is the point
        with places.place("openai", unwanted):
            pass
    with places.place("openai", unwanted):  # free again, so nobody is asked
        pass


def test_a_place_is_given_up_by_a_failure() -> None:
    places = BackendPlaces({"openai": 1})
    with pytest.raises(RuntimeError), places.place("openai", wanted):
        raise RuntimeError("no answer")
    with places.place("openai", wanted):
        pass


def test_backends_without_a_limit_have_none() -> None:
    places = BackendPlaces({})
    with places.place("atelier", wanted), places.place("atelier", wanted):
        pass
