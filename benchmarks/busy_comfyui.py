"""A fake ComfyUI in a process of its own, which says how busy it was."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple

from tests.fake_comfyui import FakeComfyUI, Worked

_ANSWER_SECONDS = 60.0


class Busy(NamedTuple):
    """How long the fake worked, and the time from its first prompt to the end of its last."""

    prompts: int
    worked_seconds: float
    wall_seconds: float

    @property
    def share(self) -> float:
        """1 when it never waited for a prompt."""
        return self.worked_seconds / self.wall_seconds


class ComfyUIProcess:
    """The other side of the process."""

    def __init__(self, url: str, line: Connection) -> None:
        self.url = url
        self._line = line

    def worked(self) -> list[Worked]:
        """Every prompt it has worked on, in order."""
        self._line.send("worked")
        if not self._line.poll(_ANSWER_SECONDS):
            raise RuntimeError("the fake ComfyUI does not answer")
        worked: list[Worked] = self._line.recv()
        return worked


@contextmanager
def comfyui_process(seconds_a_prompt: float) -> Iterator[ComfyUIProcess]:
    """A fake whose GPU takes `seconds_a_prompt` for each prompt, one at a time."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(theirs, seconds_a_prompt))
    process.start()
    theirs.close()
    try:
        yield ComfyUIProcess(ours.recv(), ours)
    finally:
        ours.close()  # ends it
        process.join()


def busy(worked: list[Worked]) -> Busy:
    """Of prompts that were worked on one after the other."""
    return Busy(
        len(worked),
        sum(one.ended - one.began for one in worked),
        worked[-1].ended - worked[0].began,
    )


def _serve(line: Connection, seconds_a_prompt: float) -> None:
    with FakeComfyUI() as comfy:
        comfy.behaviour.hold = seconds_a_prompt
        line.send(comfy.url)
        while True:
            try:
                line.recv()
            except EOFError:
                return
            line.send(list(comfy.worked))
