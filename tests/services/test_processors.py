from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services import processors
from devserver.my_app.services.processors import PROCESSORS, keep_threads_on_one_processor

pytestmark = pytest.mark.skipif(len(PROCESSORS) < 2, reason="there is no choice of processors here")

# In a process of its own: threads of the tests would be kept, too.
KEEPS = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
from devserver.my_app.services import processors
from devserver.my_app.services.worker_pool import WorkerPool

def where():
    return sorted(os.sched_getaffinity(0))

def freed():
    processors.use_processors()
    return where()

if __name__ == "__main__":
    all_of_them = where()
    with ThreadPoolExecutor(1) as early, ThreadPoolExecutor(1) as late:
        early.submit(where).result()
        chosen = processors.keep_threads_on_one_processor()
        assert chosen in all_of_them
        assert where() == early.submit(where).result() == late.submit(where).result() == [chosen]
        assert late.submit(freed).result() == all_of_them
        assert where() == [chosen]
    pool = WorkerPool(1, memory_bytes=2**31)
    assert sorted(pool.run(60, os.sched_getaffinity, 0)) == all_of_them
    pool.close()
    print("as it should be")
"""


def test_threads_stay_on_one_and_worker_processes_use_all(tmp_path: Path) -> None:
    script = tmp_path / "keeps.py"
    script.write_text(KEEPS)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT_FOLDER)},
    )
    assert done.stdout == "as it should be\n", done.stderr


def test_the_fastest_that_is_interrupted_least_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[set[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, chosen: kept.append(chosen))
    monkeypatch.setattr(processors, "_speed_of", [400, 1024, 1024, 1024].__getitem__)
    monkeypatch.setattr(processors, "_interrupted_times", lambda: {0: 1, 1: 500, 2: 90, 3: 400})
    assert keep_threads_on_one_processor() == 2
    assert {2} in kept
    assert all(chosen == {2} for chosen in kept)


def test_where_it_is_not_allowed_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.sched_getaffinity(0)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    keep_threads_on_one_processor()
    processors.use_processors()
    assert before == os.sched_getaffinity(0)


def test_speeds_are_read_where_they_are_told(tmp_path: Path) -> None:
    (tmp_path / "cpu0").mkdir()
    (tmp_path / "cpu0" / "cpu_capacity").write_text("1024\n")
    (tmp_path / "cpu1" / "cpufreq").mkdir(parents=True)
    (tmp_path / "cpu1" / "cpufreq" / "cpuinfo_max_freq").write_text("2400000\n")
    assert [processors._speed_of(n, tmp_path) for n in range(3)] == [1024, 2400000, 0]


def test_interrupts_are_read_where_they_are_told(tmp_path: Path) -> None:
    told = tmp_path / "stat"
    told.write_text("cpu 3 0 3 9 1 5 7 3\ncpu0 1 0 1 4 1 5 6 0\ncpu1 2 0 2 5 0 0 1 3\nintr 5\n")
    assert processors._interrupted_times(told) == {0: 11, 1: 1}
    told.write_text("cpu0 1\n")
    assert processors._interrupted_times(told) == {}
    assert processors._interrupted_times(tmp_path / "absent") == {}
