from __future__ import annotations

import subprocess
import sys
import threading
from contextvars import ContextVar

import pytest

from devserver.my_app.services.side_by_side import side_by_side


def test_all_are_done_at_once_in_the_context_of_the_caller() -> None:
    word: ContextVar[str] = ContextVar("word")
    word.set("known")
    together = threading.Barrier(3)
    heard: list[str] = []

    def meet() -> None:
        together.wait(30)
        heard.append(word.get())

    side_by_side([meet] * 3)
    assert heard == ["known"] * 3


def test_what_fails_is_told_when_all_are_over() -> None:
    failed = threading.Event()
    done: list[str] = []

    def fail() -> None:
        failed.set()
        raise KeyboardInterrupt  # as sudden as a kill

    def go_on() -> None:
        failed.wait(30)
        done.append("done")

    with pytest.raises(KeyboardInterrupt):
        side_by_side([fail, go_on])
    assert done == ["done"]


def test_nothing_to_do_is_done() -> None:
    side_by_side([])


ENDLESS = """
import threading
from devserver.my_app.services.side_by_side import side_by_side

begun = threading.Barrier(3)

def work():
    begun.wait()
    threading.Event().wait()

threading.Thread(target=side_by_side, args=([work, work],), daemon=True).start()
begun.wait()
"""


def test_a_process_ends_without_waiting_for_it() -> None:
    subprocess.run([sys.executable, "-c", ENDLESS], check=True, timeout=60)
