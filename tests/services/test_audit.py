from __future__ import annotations

import errno
import json
import logging
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.audit import COMMAND_LINE, Audit
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.storage_root import StorageRoot

NOVEMBER = datetime(2025, 11, 30, 23, 59, 59, tzinfo=UTC)
DECEMBER = datetime(2025, 12, 1, tzinfo=UTC)


def files(root: StorageRoot) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root.state / "audit").iterdir()}


def test_what_is_recorded_is_read(root: StorageRoot) -> None:
    audit, run_id = Audit(root, now=lambda: NOVEMBER), new_run_id()
    audit.record("searched", "Anna", filters=("q", "schema"), found=12)
    audit.record("deleted", COMMAND_LINE, run_id)
    search, deletion = audit.read()
    assert (search.time, search.action, search.who) == (NOVEMBER, "searched", "Anna")
    assert (search.run_id, search.facts) == (None, {"filters": ["q", "schema"], "found": 12})
    assert (deletion.action, deletion.who, deletion.run_id) == ("deleted", "command line", run_id)


def test_each_month_has_a_file_and_can_be_asked_for(root: StorageRoot) -> None:
    Audit(root, now=lambda: NOVEMBER).record("viewed", "Anna", new_run_id())
    audit = Audit(root, now=lambda: DECEMBER)
    audit.record("viewed", "Ben", new_run_id())
    audit.record("logged_in", "Ben")
    assert audit.months() == ["2025-11", "2025-12"]
    assert [entry.who for entry in audit.read(month="2025-11")] == ["Anna"]
    assert [entry.who for entry in audit.read(action="viewed")] == ["Anna", "Ben"]
    assert list(audit.read(month="2025-11", action="logged_in")) == []


@pytest.mark.parametrize(
    "value", ["Mein Name", "Jürgen", "", "a\nb", "x" * 81, ("q", "Eine Katze")]
)
def test_texts_are_refused(root: StorageRoot, value: str | tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="word of ours"):
        Audit(root).record("searched", "Anna", what=value)
    assert list(Audit(root).read()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_the_owner_can_read_it(root: StorageRoot) -> None:
    Audit(root).record("logged_in", "Anna")
    folder = root.state / "audit"
    [file] = folder.iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, file)] == [0o700, 0o600]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can write for others"
)
def test_what_root_wrote_the_server_goes_on_writing(root: StorageRoot) -> None:
    os.chown(root.state, 12345, 12345)
    Audit(root).record("deleted", COMMAND_LINE, new_run_id())
    folder = root.state / "audit"
    made = (folder, *folder.iterdir(), root.locks / "audit.lock")
    assert {path.stat().st_uid for path in made} == {12345}


def test_threads_and_processes_lose_no_line(root: StorageRoot) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from devserver.my_app.services.audit import Audit\n"
        "from devserver.my_app.services.storage_root import StorageRoot\n"
        "audit = Audit(StorageRoot(Path(sys.argv[1])))\n"
        "for n in range(50): audit.record('verified', sys.argv[2], number=n)\n"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", program, str(root.path), name], cwd=PROJECT_FOLDER)
        for name in ("one", "two")
    ]
    audit = Audit(root)

    def view() -> None:
        for _ in range(25):
            audit.record("viewed", "thread")

    threads = [Thread(target=view) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait() for other in others] == [0, 0]
    lines = b"".join(files(root).values()).splitlines()
    assert len(lines) == 200
    assert all(json.loads(line) for line in lines)


def test_a_full_disk_stops_nobody_and_the_line_is_in_the_log(
    root: StorageRoot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    audit, run_id = Audit(root), new_run_id()
    audit.record("viewed", "Anna", run_id)

    def write_half(descriptor: int, data: bytes) -> int:
        return real(descriptor, data[: len(data) // 2])

    def write_none(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    real = os.write
    for broken in (write_half, write_none):
        with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
            patch.setattr(os, "write", broken)
            audit.record("deleted", "Anna", run_id)
        assert f'"action": "deleted", "who": "Anna", "run_id": "{run_id}"' in caplog.text
        caplog.clear()
    audit.record("exported", "Ben", run_id, format="pdf")
    assert [entry.action for entry in audit.read()] == ["viewed", "exported"]


def test_files_of_others_in_the_folder_are_left_alone(root: StorageRoot, tmp_path: Path) -> None:
    audit = Audit(root)
    assert (list(audit.read()), audit.months()) == ([], [])
    audit.record("logged_in", "Anna")
    (root.state / "audit" / "notes.jsonl").write_text("mine")
    assert [entry.who for entry in audit.read()] == ["Anna"]
