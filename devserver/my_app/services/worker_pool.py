"""A small pool of processes for work that would hold the interpreter or touches untrusted files.

Each process is spawned, so it shares nothing with the server; it has a memory limit (on Linux),
each task a time limit, and none of them outlives its parent, however that ends.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.processors import PROCESSORS, use_processors

logger = logging.getLogger(__name__)

T = TypeVar("T")


_NICENESS = 10
"""Answers come before work: a request must not wait for a core that a picture is drawn on."""

_LOOK_SECONDS = 0.5
"""How often work that is waited for is asked whether its pool still lives."""


class WorkerDied(ServerError):
    """The process that did the work ended in the middle of it."""

    code = "worker_died"


class PoolClosed(WorkerDied):
    """The pool was closed before the work was done; nothing that was worked on is to blame."""


class WorkTookTooLong(ServerError):
    """The work was stopped at its time limit."""

    code = "work_took_too_long"


class WorkTooLarge(ServerError):
    """The work needed more memory than a worker process has."""

    code = "work_too_large"


class _Worker(SpawnProcess):
    """A process that does not run the program's own file a second time, as spawned ones usually do.

    Nothing that a worker calls lies in that file, and a script that asks for its work without
    `if __name__ == "__main__"` would begin again in each worker.
    """

    _starting = threading.Lock()

    def start(self) -> None:
        with self._starting:
            program = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")  # has no file to be run
            try:
                super().start()
            finally:
                sys.modules["__main__"] = program


class _Workers(SpawnContext):
    Process = _Worker


class WorkerPool:
    """Runs plain functions (importable, with picklable arguments) in worker processes."""

    def __init__(self, processes: int, *, memory_bytes: int) -> None:
        self._processes = processes
        self._memory_bytes = memory_bytes
        self._guard = threading.Lock()
        self._closed = False
        self._pool = self._new_pool()

    def run(self, timeout_seconds: float, function: Callable[..., T], *args: object) -> T:
        """Return `function(*args)`, or raise what it raised.

        The time limit counts from the moment a process takes the task. Raises WorkTookTooLong,
        WorkTooLarge, WorkerDied; the pool goes on with a fresh process. Raises PoolClosed when
        `close` came before the result.
        """
        pool = self._pool
        try:
            future = pool.schedule(function, args=args, timeout=timeout_seconds)
        except RuntimeError as error:
            # A fault among its own threads, or it was closed.
            raise self._death(pool) from error
        try:
            return _result(future, pool)
        except FutureTimeoutError as error:
            raise WorkTookTooLong("The work took too long and was stopped.") from error
        except ProcessExpired as error:
            raise self._death() from error
        except MemoryError as error:
            raise WorkTooLarge("The work needed too much memory and was stopped.") from error
        except (BrokenProcessPool, CancelledError) as error:
            raise self._death(pool) from error

    def warm_up(self, function: Callable[[], object]) -> None:
        """Start every process and let each call `function` once, without waiting for it."""
        for _ in range(self._processes):
            self._pool.schedule(function)

    def close(self) -> None:
        """Stop all processes at once; tasks under way are lost."""
        with self._guard:
            self._closed = True
            _stop(self._pool)

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._processes,
            initializer=_prepare_process,
            initargs=(self._memory_bytes, PROCESSORS),
            context=_Workers(),
        )

    def _death(self, broken: ProcessPool | None = None) -> WorkerDied:
        """What to raise when work was lost, perhaps with all of a pool that is `broken`."""
        if self._closed:
            return PoolClosed("The server is ending, and the work was stopped.")
        if broken is not None:
            self._replace(broken)
        return WorkerDied("The process that did the work came to a sudden end.")

    def _replace(self, broken: ProcessPool) -> None:
        with self._guard:
            if self._pool is broken and not self._closed:
                logger.warning("the pool of worker processes broke and is made anew")
                _stop(broken)
                self._pool = self._new_pool()


def _result(future: Future[T], pool: ProcessPool) -> T:
    """Wait for a result as long as the pool is there: pebble 5.2 ends none of a stopped pool's."""
    while not future.done():
        if not pool.active:
            raise BrokenProcessPool("The pool was stopped.")
        wait([future], timeout=_LOOK_SECONDS)
    return future.result()


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare_process(memory_bytes: int, processors: frozenset[int]) -> None:
    use_processors(processors)
    # Ctrl-C, and the closing of the terminal, are for the server to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - only there on Unix

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
