"""A disk under one folder that fills up, or a process that is killed, at a chosen step of writing.

A step is one call that changes the disk: a file is opened to be written, bytes are written (half of
them arrive), a file is synced, a name is changed or removed, a folder is made or removed (half of
it is gone). Nothing is really synced, which makes this fast.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, Self

import pytest

from devserver.my_app.services import durable_files


class Killed(BaseException):
    """As sudden as SIGKILL: from then on nothing of the process reaches the disk any more."""


@dataclass(frozen=True)
class Fault:
    """What happens at the step `at`, counted from 0: a kill, one failure, or failures from then."""

    what: Literal["kill", "full once", "full from then on"]
    at: int


class FailingDisk:
    """Patched into `pathlib`, `os` and `shutil` for everything under `folder`.

    `look` is called before each step, for whoever reads at just that moment.
    """

    def __init__(self, folder: Path, look: Callable[[], None]) -> None:
        self._folder = folder
        self._look = look
        self._fault: Fault | None = None
        self._steps = 0
        self._files: set[int] = set()
        self._patch = pytest.MonkeyPatch()
        self._install()

    def undo(self) -> None:
        """Give everything back as it was."""
        self._patch.undo()

    @contextmanager
    def failing(self, fault: Fault | None) -> Iterator[None]:
        """Let `fault` happen in the block, if it has so many steps."""
        self._fault, self._steps = fault, 0
        try:
            yield
        finally:
            self._fault = None

    def step(self, *, takes_room: bool, half: Callable[[], object] = lambda: None) -> None:
        """One more step; raises what is due, after `half` of it is done when it is cut off in it.

        A process that was killed takes no further step at all.
        """
        self._look()
        number, fault = self._steps, self._fault
        self._steps += 1
        if fault is None or number < fault.at:
            return
        if fault.what == "kill":
            if number == fault.at:
                half()
            raise Killed
        if takes_room and (fault.what == "full from then on" or number == fault.at):
            half()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def opened(self, descriptor: int) -> None:
        """From now on syncing this file is a step."""
        self._files.add(descriptor)

    def closed(self, descriptor: int) -> None:
        self._files.discard(descriptor)

    def _install(self) -> None:
        for name, takes_room in (
            ("replace", True),
            ("rename", True),
            ("mkdir", True),
            ("unlink", False),
        ):
            self._patch.setattr(Path, name, self._as_step(getattr(Path, name), takes_room))
        rmtree, fsync = shutil.rmtree, os.fsync

        def opening(really_open: Callable[..., Any]) -> Callable[..., Any]:
            def open_file(path: Path, mode: str = "r", *args: Any, **more: Any) -> Any:
                if not self._is_ours(path) or not set(mode) & set("xwa"):
                    return really_open(path, mode, *args, **more)
                self.step(takes_room=True)
                return _File(self, really_open(path, mode, *args, **more))

            return open_file

        def remove(path: Path, *args: Any, **more: Any) -> None:
            if self._is_ours(path):
                self.step(takes_room=False, half=lambda: _remove_one_of(path))
            rmtree(path, *args, **more)

        def sync(descriptor: int) -> None:
            if descriptor in self._files:
                self.step(takes_room=True)
            else:
                fsync(descriptor)

        self._patch.setattr(Path, "open", opening(Path.open))
        self._patch.setattr(durable_files, "open", opening(open), raising=False)
        self._patch.setattr(shutil, "rmtree", remove)
        self._patch.setattr(os, "fsync", sync)

    def _as_step(self, call: Callable[..., Any], takes_room: bool) -> Callable[..., Any]:
        def patched(path: Path, *args: Any, **more: Any) -> Any:
            if self._is_ours(path):
                self.step(takes_room=takes_room)
                if path.name == "reserve" and not takes_room and self._fault:
                    self._fault = None  # there is room again
            return call(path, *args, **more)

        return patched

    def _is_ours(self, path: Path) -> bool:
        return self._folder in Path(path).parents


class _File:
    """A file being written; each write is a step of which half may arrive."""

    def __init__(self, disk: FailingDisk, file: IO[bytes]) -> None:
        self._disk = disk
        self._file = file
        disk.opened(file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._disk.closed(self._file.fileno())
        self._file.close()

    def write(self, data: bytes | memoryview) -> int:
        self._disk.step(
            takes_room=True, half=lambda: self._file.write(bytes(data[: len(data) // 2]))
        )
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


def _remove_one_of(folder: Path) -> None:
    for entry in sorted(folder.iterdir())[:1]:
        os.unlink(entry)  # noqa: PTH108 — Path's own is a step
