from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.worker_pool import (
    PoolClosed,
    WorkerDied,
    WorkerPool,
    WorkTookTooLong,
    WorkTooLarge,
)


def add(a: int, b: int) -> int:
    return a + b


def fail() -> None:
    raise MediaRejected("This is no picture.")


def use_memory(size: int) -> int:
    return len(bytearray(size))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def never_end() -> None:
    while True:
        pass


def call_and_never_end(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)):
        never_end()


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool(2, memory_bytes=512 * 1024**2)
    yield pool
    pool.close()


def test_runs_functions_in_other_processes(pool: WorkerPool) -> None:
    assert pool.run(60, add, 1, 2) == 3
    assert pool.run(60, os.getpid) != os.getpid()


def test_failures_come_back_as_they_are(pool: WorkerPool) -> None:
    with pytest.raises(MediaRejected, match="no picture"):
        pool.run(60, fail)


def test_work_that_never_ends_is_stopped(pool: WorkerPool) -> None:
    with pytest.raises(WorkTookTooLong):
        pool.run(0.2, never_end)
    assert pool.run(60, add, 1, 2) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="the memory limit is enforced on Linux")
def test_work_that_takes_too_much_memory_is_stopped(pool: WorkerPool) -> None:
    with pytest.raises(WorkTooLarge):
        pool.run(60, use_memory, 1024**3)
    assert pool.run(60, use_memory, 1024) == 1024


def test_a_process_that_dies_takes_only_its_own_work_with_it(pool: WorkerPool) -> None:
    with ThreadPoolExecutor(8) as threads:
        deaths = [threads.submit(pool.run, 60, die) for _ in range(3)]
        others = [threads.submit(pool.run, 60, add, number, 1) for number in range(5)]
        for death in deaths:
            assert isinstance(death.exception(), WorkerDied)
        assert [other.result() for other in others] == [1, 2, 3, 4, 5]
    assert pool.run(60, add, 1, 2) == 3


PARENT = """
import os
from devserver.my_app.services.worker_pool import WorkerPool

if __name__ == "__main__":
    pool = WorkerPool(1, memory_bytes=512 * 1024**2)
    print(pool.run(60, os.getpid), flush=True)
    os.kill(os.getpid(), 9)
"""


SCRIPT = """
import os
from devserver.my_app.services.worker_pool import WorkerPool

print("begun", flush=True)
pool = WorkerPool(1, memory_bytes=512 * 1024**2)
print(pool.run(60, os.getpid) != os.getpid(), flush=True)
pool.close()
"""


def test_a_script_need_not_guard_its_beginning(tmp_path: Path) -> None:
    """Else each worker would run the script once more."""
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"],
        env={**os.environ, "PYTHONPATH": str(PROJECT_FOLDER)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["begun", "True"]), done.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_pool_that_broke_is_made_anew_and_one_that_was_closed_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = WorkerPool(1, memory_bytes=512 * 1024**2)

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("Unexpected error within the Pool")

    monkeypatch.setattr(pool._pool, "schedule", refuse)
    with pytest.raises(WorkerDied):
        pool.run(30, add, 1, 2)
    assert pool.run(30, add, 1, 2) == 3
    pool.close()
    for _ in range(2):
        with pytest.raises(PoolClosed):
            pool.run(30, add, 1, 2)


def test_work_after_the_closing_is_told_apart_from_a_death() -> None:
    pool = WorkerPool(1, memory_bytes=512 * 1024**2)
    pool.close()
    with pytest.raises(PoolClosed):
        pool.run(60, os.getpid)


@pytest.mark.parametrize("forgets", [True, False])
def test_nobody_waits_for_work_of_a_closed_pool(
    monkeypatch: pytest.MonkeyPatch, forgets: bool
) -> None:
    """Pebble mostly ends the work of a pool that is stopped, when it notices its closed pipes."""
    pool = WorkerPool(1, memory_bytes=512 * 1024**2)
    if forgets:
        tasks = pool._pool._pool_manager.task_manager
        monkeypatch.setattr(tasks, "tasks_abort", lambda _: None)
    ends: Queue[BaseException] = Queue()

    def work(function: Callable[..., object], *args: object) -> None:
        try:
            pool.run(600, function, *args)
        except WorkerDied as error:
            ends.put(error)

    with socket.create_server(("127.0.0.1", 0)) as called:
        called.settimeout(60)
        port = called.getsockname()[1]
        # Threads that a hanging test leaves behind must not keep the others from ending.
        threading.Thread(target=work, args=(call_and_never_end, port), daemon=True).start()
        called.accept()[0].close()
        threading.Thread(target=work, args=(add, 1, 2), daemon=True).start()
        pool.close()
        assert [type(ends.get(timeout=60)) for _ in range(2)] == [PoolClosed, PoolClosed]


def test_no_process_outlives_its_parent() -> None:
    # The worker inherits the pipe: reading it to its end waits for the worker's end too.
    parent = subprocess.run(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # Python's resource tracker complains about the kill
        cwd=PROJECT_FOLDER,
        timeout=60,
        check=False,
    )
    assert parent.returncode == -signal.SIGKILL
    assert ends_soon(int(parent.stdout))


def ends_soon(pid: int) -> bool:
    """Whether a process ends, or has ended: it closes its pipe a moment before that."""
    try:
        if not hasattr(os, "pidfd_open"):  # only Linux tells when
            os.kill(pid, 0)
            return False
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 30)[0])
    finally:
        os.close(process)
