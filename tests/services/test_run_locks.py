from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.run_locks import RunLocks

RUN = "0c2f1a7e-6f0e-4c7c-9c55-1d1f6d2f9a10"
OTHER = "1d2f1a7e-6f0e-4c7c-9c55-1d1f6d2f9a11"
# Counts up in a file, each time by reading and then writing it: without a lock some are lost.
COUNTING = """
import sys
from pathlib import Path
from devserver.my_app.services.run_locks import RunLocks

folder, run_id, times, forgets = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
locks, counter = RunLocks(folder / "locks"), folder / "counter"
for number in range(times):
    with locks.holding(run_id):
        counter.write_text(str(int(counter.read_text()) + 1))
        if forgets == "forgets" and number % 3 == 0:
            locks.forget(run_id)
"""


@pytest.fixture(name="locks")
def _locks(tmp_path: Path) -> RunLocks:
    return RunLocks(tmp_path / "locks")


@pytest.mark.parametrize("forgets", ["keeps", "forgets"])
def test_nothing_is_lost_between_processes(tmp_path: Path, forgets: str) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "counter").write_text("0")
    arguments = [str(tmp_path), RUN, "100", forgets]
    counting = [
        subprocess.Popen([sys.executable, "-c", COUNTING, *arguments], cwd=PROJECT_FOLDER)
        for _ in range(3)
    ]
    assert [process.wait() for process in counting] == [0, 0, 0]
    assert (tmp_path / "counter").read_text() == "300"


def test_nothing_is_lost_between_threads(locks: RunLocks) -> None:
    counted = 0

    def count() -> None:
        nonlocal counted
        for _ in range(100):
            with locks.holding(RUN):
                before = counted
                locks.forget(RUN)
                counted = before + 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == 400


def test_one_run_does_not_wait_for_another(locks: RunLocks) -> None:
    with locks.holding(RUN), locks.holding(OTHER):
        pass


def test_no_file_is_left_of_what_is_forgotten(locks: RunLocks, tmp_path: Path) -> None:
    with locks.holding(RUN):
        locks.forget(RUN)
        locks.forget(RUN)
    assert list((tmp_path / "locks").iterdir()) == [] or os.name == "nt"


def test_a_folder_that_was_taken_away_is_made_again(locks: RunLocks, tmp_path: Path) -> None:
    with locks.holding(RUN):
        pass
    shutil.rmtree(tmp_path / "locks")
    with locks.holding(RUN):
        assert (tmp_path / "locks").is_dir()


def test_what_fails_inside_lets_go(locks: RunLocks) -> None:
    with pytest.raises(ValueError, match="inside"), locks.holding(RUN):
        raise ValueError("inside")
    with locks.holding(RUN):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such links for everybody")
def test_a_link_in_place_of_the_file_is_not_followed(locks: RunLocks, tmp_path: Path) -> None:
    with locks.holding(OTHER):
        pass
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "locks" / f"{RUN}.lock").symlink_to(elsewhere)
    with pytest.raises(OSError), locks.holding(RUN):
        pass
    assert not elsewhere.exists()
