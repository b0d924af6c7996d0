from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from devserver.my_app.services.backends.port import (
    BackendTimedOut,
    BackendUnreachable,
    NotWanted,
)
from devserver.my_app.services.comfyui.client import ComfyUIClient, QueueState
from devserver.my_app.services.comfyui.waiting import PromptLost, wait_for_end

ENTRY = {"status": {"status_str": "success"}}
HERE = QueueState(running=("other",), pending=("before", "ours"))
EMPTY = QueueState((), ())
DOWN = BackendUnreachable("down")


class Scripted(ComfyUIClient):
    """Answers look by look; the last answer is repeated."""

    def __init__(self, *looks: tuple[Any, Any], job: str | None = None) -> None:
        super().__init__("http://comfy")
        self.looks = list(looks)
        self.job = job
        self.now: tuple[Any, Any] = looks[0]

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        self.now = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(self.now[0], Exception):
            raise self.now[0]
        found: dict[str, Any] | None = self.now[0]
        return found

    def queue(self) -> QueueState:
        if isinstance(self.now[1], Exception):
            raise self.now[1]
        queue: QueueState = self.now[1]
        return queue

    def job_status(self, prompt_id: str) -> str | None:
        return self.job


def wait(
    client: ComfyUIClient,
    *,
    timeout_seconds: float = 30,
    unreachable_seconds: float = 30,
    check_wanted: Callable[[], None] = lambda: None,
) -> tuple[dict[str, Any], list[int]]:
    places: list[int] = []
    entry = wait_for_end(
        client,
        "ours",
        look=threading.Event(),
        timeout_seconds=timeout_seconds,
        check_wanted=check_wanted,
        on_place=places.append,
        unreachable_seconds=unreachable_seconds,
    )
    return entry, places


def test_the_place_is_told_until_the_end() -> None:
    running = QueueState(("ours",), ())
    assert wait(Scripted((None, HERE), (None, running), (ENTRY, EMPTY))) == (ENTRY, [2, 0])


def test_between_queue_and_history_it_is_not_lost() -> None:
    assert wait(Scripted((None, EMPTY), (ENTRY, EMPTY)))[0] == ENTRY


def test_absent_from_both_twice_is_lost() -> None:
    with pytest.raises(PromptLost):
        wait(Scripted((None, EMPTY)))


def test_a_newer_servers_job_keeps_it_from_being_lost() -> None:
    client = Scripted(
        (None, EMPTY), (None, EMPTY), (None, EMPTY), (ENTRY, EMPTY), job="in_progress"
    )
    assert wait(client)[0] == ENTRY


def test_a_short_silence_is_borne() -> None:
    assert wait(Scripted((DOWN, None), (None, DOWN), (ENTRY, EMPTY)))[0] == ENTRY


def test_a_long_silence_is_not() -> None:
    with pytest.raises(BackendUnreachable):
        wait(Scripted((DOWN, None)), unreachable_seconds=0)


def test_too_long_is_too_long() -> None:
    with pytest.raises(BackendTimedOut):
        wait(Scripted((None, HERE)), timeout_seconds=0)


def test_nobody_wants_it_any_more() -> None:
    def check() -> None:
        raise NotWanted("cancelled")

    with pytest.raises(NotWanted):
        wait(Scripted((None, HERE)), check_wanted=check)
