"""Packages: asked for, made, cancelled, expired, forgotten; on full disks and after kills."""

from __future__ import annotations

import errno
import json
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.export_manager import (
    ExportFormatUnknown,
    ExportManager,
    ExportWish,
)
from devserver.my_app.services.exports.formats.json_lines import JsonLines
from devserver.my_app.services.exports.formats.zip_folders import ZipFolders
from devserver.my_app.services.exports.package import Package, PackageFolders, PackageNotFound
from devserver.my_app.services.exports.packages import (
    PackageExpired,
    PackageIsOver,
    PackageNotReady,
    Packages,
    SelectionEmpty,
)
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import RunIdInvalid, new_run_id
from devserver.my_app.services.storage_root import StorageRoot
from tests.exported_runs import a_stored_run, contents

ZIP = ExportWish("zip")
_PATIENCE = 30.0


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 4, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


class Held(JsonLines):
    """Writes the first run and then waits until it may go on; says when it has begun."""

    name = "held"

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.fail_with: BaseException | None = None

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        def held() -> Iterator[ExportedRun]:
            for run in runs:
                yield run
                self.begun.release()
                assert self.go_on.wait(_PATIENCE)
                if self.fail_with:
                    failure, self.fail_with = self.fail_with, None
                    raise failure

        super().write(held(), out, options)


class Rig:
    """Packages on a root, that can be started again."""

    def __init__(self, root: StorageRoot, folders: RunFolders) -> None:
        self.root, self.folders = root, folders
        self.clock = Clock()
        self.held = Held()
        self.free = 10**12
        self.queries: list[Mapping[str, Any]] = []
        self.packages = self.fresh()
        self.packages.start()

    def fresh(self) -> Packages:
        manager = ExportManager(
            ExportSource(self.folders, scratch=self.root.packages),
            (ZipFolders(), JsonLines(), self.held),
            auto_folder=self.root.packages / "auto",
        )
        return Packages(
            self.root.packages,
            manager,
            select=self.select,
            free_bytes=lambda: self.free,
            kept_free_bytes=1000,
            keep=timedelta(days=7),
            now=self.clock,
        )

    def select(self, query: Mapping[str, Any]) -> Iterable[str]:
        self.queries.append(query)
        return sorted(self.folders.ids())

    def restart(self) -> None:
        self.packages.close()
        self.packages = self.fresh()
        self.packages.start()

    def ask(self, run_ids: Iterable[str] | None = None, wish: ExportWish = ZIP) -> Package:
        query: dict[str, Any] | None = None if run_ids is not None else {}
        return self.packages.ask(wish, run_ids=run_ids, query=query)[0]

    def being_made(self, run_ids: Iterable[str]) -> Package:
        """A package whose making has begun and waits until `held.go_on` is set."""
        package = self.ask(run_ids, ExportWish("held"))
        assert self.held.begun.acquire(timeout=_PATIENCE)
        return package

    def ended(self, package: Package) -> Package:
        """The package when it is no more under way."""
        return self.until(package, lambda one: one.state not in ("waiting", "making"))

    def until(self, package: Package, holds: Callable[[Package], bool]) -> Package:
        waiting = threading.Event()
        for _ in range(3000):
            found = self.packages.get(package.package_id).package
            if holds(found):
                return found
            waiting.wait(0.01)
        raise AssertionError(found)

    def files(self) -> set[str]:
        """Everything below packages/ but the records."""
        return {
            str(path.relative_to(self.root.packages))
            for path in self.root.packages.rglob("*")
            if path.is_file() and path.name not in ("package.json", "runs.txt")
        }


@pytest.fixture
def rig(root: StorageRoot, folders: RunFolders) -> Iterator[Rig]:
    rig = Rig(root, folders)
    yield rig
    rig.held.go_on.set()
    rig.packages.close()


def test_makes_a_package_of_what_is_asked_for(
    rig: Rig, storage: MediaStorageService, folders: RunFolders
) -> None:
    ids = [a_stored_run(storage) for _ in range(3)]
    package = rig.ended(rig.ask([ids[2], ids[0], ids[2]]))
    assert (package.state, package.runs, package.left_out) == ("ready", 2, ())
    status = rig.packages.get(package.package_id)
    assert (status.runs_done, status.bytes_written) == (2, package.size_bytes)
    _, path = rig.packages.file(package.package_id)
    assert path.stat().st_size == package.size_bytes
    with zipfile.ZipFile(path) as opened:
        folders_in_it = list(dict.fromkeys(name.partition("/")[0] for name in opened.namelist()))
        assert folders_in_it[:2] == [ids[2], ids[0]]
        for name, data in contents(folders, ids[0]).items():
            assert opened.read(f"{ids[0]}/{name}") == data


def test_a_query_selects(rig: Rig, storage: MediaStorageService) -> None:
    ids = {a_stored_run(storage) for _ in range(3)}
    package, is_new = rig.packages.ask(ExportWish("jsonl"), query={"schema": "dada"})
    assert is_new
    assert rig.queries == [{"schema": "dada"}]
    package = rig.ended(package)
    lines = rig.packages.file(package.package_id)[1].read_text().splitlines()
    assert {json.loads(line)["run_id"] for line in lines} == ids


def test_what_can_not_be_asked_for_is_named(rig: Rig, storage: MediaStorageService) -> None:
    known, unknown = a_stored_run(storage), new_run_id()
    with pytest.raises(RunNotFound) as failure:
        rig.ask([known, unknown])
    assert failure.value.details == {"unknown": [unknown]}
    with pytest.raises(RunIdInvalid):
        rig.ask(["../x"])
    with pytest.raises(SelectionEmpty):
        rig.ask([])
    with pytest.raises(ExportFormatUnknown) as other:
        rig.ask([known], ExportWish("docx"))
    assert other.value.details == {"known": ["zip", "jsonl", "held"]}
    for call in (rig.packages.get, rig.packages.file, rig.packages.cancel, rig.packages.delete):
        for package_id in ("0" * 32, "../../json", ""):
            with pytest.raises(PackageNotFound):
                call(package_id)
    assert rig.files() == set()


def test_runs_that_are_not_over_are_left_out_and_named(
    rig: Rig, storage: MediaStorageService
) -> None:
    over, running = a_stored_run(storage), a_stored_run(storage, is_over=False)
    package = rig.ended(rig.ask([running, over]))
    assert (package.state, package.runs) == ("ready", 1)
    assert [(one.run_id, one.code) for one in package.left_out] == [(running, "run_not_over")]


def test_the_same_is_made_once_until_a_run_changes(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage), a_stored_run(storage, is_over=False)]
    first = rig.ended(rig.ask(ids))
    again, is_new = rig.packages.ask(ZIP, run_ids=ids)
    assert (again, is_new) == (first, False)
    others = [
        rig.ask(list(reversed(ids))),
        rig.ask(ids[:1]),
        rig.ask(ids, ExportWish("jsonl")),
        rig.ask(ids, ExportWish("zip", options=ExportOptions(title="x"))),
    ]
    storage.finish_run(ids[1], "success")
    others.append(rig.ask(ids))
    assert len({first.package_id, *(one.package_id for one in others)}) == 6
    assert rig.ended(others[-1]).runs == 2


def test_a_file_that_somebody_removed_is_made_again(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage)]
    first = rig.ended(rig.ask(ids))
    rig.packages.file(first.package_id)[1].unlink()
    second = rig.ended(rig.ask(ids))
    assert second.package_id != first.package_id
    assert second.state == "ready"


def test_two_at_once_get_one_package(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage) for _ in range(2)]
    together = threading.Barrier(8)

    def ask(_: int) -> str:
        together.wait(_PATIENCE)
        return rig.ask(ids).package_id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1


def test_packages_are_made_one_after_the_other(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage) for _ in range(2)]
    first, second = rig.being_made(ids), rig.ask(ids)
    assert rig.packages.get(first.package_id).package.state == "making"
    assert rig.packages.get(second.package_id).package.state == "waiting"
    with pytest.raises(PackageNotReady):
        rig.packages.file(second.package_id)
    assert [one.package.package_id for one in rig.packages.all()] == [
        second.package_id,
        first.package_id,
    ]
    rig.held.go_on.set()
    assert {rig.ended(first).state, rig.ended(second).state} == {"ready"}


def test_one_that_is_being_made_can_be_cancelled(rig: Rig, storage: MediaStorageService) -> None:
    package = rig.being_made([a_stored_run(storage), a_stored_run(storage)])
    assert rig.packages.get(package.package_id).bytes_written > 0
    with ThreadPoolExecutor(1) as thread:
        cancelled = thread.submit(rig.packages.cancel, package.package_id)
        rig.held.go_on.set()
        assert cancelled.result(_PATIENCE).state == "cancelled"
    assert rig.files() == set()
    with pytest.raises(PackageIsOver):
        rig.packages.cancel(package.package_id)
    with pytest.raises(PackageNotReady):
        rig.packages.file(package.package_id)


def test_one_that_waits_can_be_cancelled_and_any_deleted(
    rig: Rig, storage: MediaStorageService
) -> None:
    ids = [a_stored_run(storage)]
    rig.being_made(ids)
    waiting, other = rig.ask(ids), rig.ask(ids, ExportWish("jsonl"))
    assert rig.packages.cancel(waiting.package_id).state == "cancelled"
    rig.packages.delete(other.package_id)
    rig.packages.delete(waiting.package_id)
    rig.held.go_on.set()
    for gone in (waiting, other):
        with pytest.raises(PackageNotFound):
            rig.packages.get(gone.package_id)
    assert rig.ended(rig.ask(ids)).state == "ready"


def test_a_deleted_run_is_in_no_package(rig: Rig, storage: MediaStorageService) -> None:
    kept, gone = a_stored_run(storage), a_stored_run(storage)
    with_it, without = rig.ended(rig.ask([kept, gone])), rig.ended(rig.ask([kept]))
    rig.packages.forget(new_run_id())
    storage.delete_run(gone)
    rig.packages.forget(gone)
    rig.packages.forget(gone)
    with pytest.raises(PackageNotFound):
        rig.packages.get(with_it.package_id)
    assert rig.packages.file(without.package_id)
    assert not any(gone in path.read_text() for path in rig.root.packages.rglob("runs.txt"))


def test_a_run_that_is_deleted_while_its_package_is_made_is_not_in_it(
    rig: Rig, storage: MediaStorageService
) -> None:
    kept, gone, waiting_too = (a_stored_run(storage) for _ in range(3))
    package = rig.being_made([gone, kept])
    waiting = rig.ask([gone, waiting_too])
    only_it = rig.ask([gone], ExportWish("jsonl"))
    storage.delete_run(gone)
    with ThreadPoolExecutor(1) as thread:
        forgotten = thread.submit(rig.packages.forget, gone)
        rig.until(
            package, lambda _: rig.packages._making is None or bool(rig.packages._making.stopped)
        )
        rig.held.go_on.set()
        forgotten.result(_PATIENCE)
    for one, left in ((package, kept), (waiting, waiting_too)):
        made = rig.ended(one)
        assert (made.state, made.runs) == ("ready", 1)
        data = rig.packages.file(one.package_id)[1].read_bytes()
        assert left.encode() in data
        assert gone.encode() not in data
    with pytest.raises(PackageNotFound):
        rig.packages.get(only_it.package_id)
    everything = [path.read_bytes() for path in rig.root.packages.rglob("*") if path.is_file()]
    assert not any(gone.encode() in data for data in everything)


def test_a_run_that_vanishes_under_its_package_is_left_out(
    rig: Rig, storage: MediaStorageService
) -> None:
    """Deleted between the reading of its metadata and of its files, before anybody is told."""
    kept, gone = a_stored_run(storage), a_stored_run(storage)
    rig.held.fail_with = FileNotFoundError()
    package = rig.being_made([gone, kept])
    storage.delete_run(gone)
    rig.held.go_on.set()
    made = rig.ended(package)
    assert (made.state, made.runs) == ("ready", 1)
    assert [(one.run_id, one.code) for one in made.left_out] == [(gone, "run_not_found")]
    assert gone.encode() not in rig.packages.file(package.package_id)[1].read_bytes()


def test_a_run_that_is_archived_under_its_package_is_in_it(
    rig: Rig, storage: MediaStorageService
) -> None:
    ids = [a_stored_run(storage), a_stored_run(storage)]
    before = contents(rig.folders, ids[0])
    rig.held.fail_with = FileNotFoundError()
    package = rig.being_made(ids)
    Archive(rig.folders).archive(ids[0])
    rig.held.go_on.set()
    made = rig.ended(package)
    assert (made.state, made.runs, made.left_out) == ("ready", 2, ())
    lines = rig.packages.file(package.package_id)[1].read_text().splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == ids
    zipped = rig.ended(rig.ask(ids))
    with zipfile.ZipFile(rig.packages.file(zipped.package_id)[1]) as opened:
        for name, data in before.items():
            assert opened.read(f"{ids[0]}/{name}") == data
    assert not any(".part" in name for name in rig.files())


def test_a_run_that_is_deleted_while_its_picture_is_drawn_is_left_out(
    rig: Rig, storage: MediaStorageService
) -> None:
    kept, gone = a_stored_run(storage), a_stored_run(storage)
    rig.held.fail_with = RunNotFound("It was deleted.")
    package = rig.being_made([gone, kept])
    storage.delete_run(gone)
    rig.held.go_on.set()
    made = rig.ended(package)
    assert (made.state, made.runs) == ("ready", 1)


def test_a_file_that_vanishes_from_a_run_that_is_there_fails_its_package(
    rig: Rig, storage: MediaStorageService
) -> None:
    rig.held.fail_with = FileNotFoundError()
    rig.held.go_on.set()
    package = rig.ended(rig.ask([a_stored_run(storage)], ExportWish("held")))
    assert (package.state, package.error and package.error.code) == ("failed", "media_not_found")


def test_a_file_is_kept_for_its_time(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage)]
    package = rig.ended(rig.ask(ids))
    rig.clock.time += timedelta(days=6, hours=23)
    rig.packages.tidy()
    assert rig.packages.file(package.package_id)
    rig.clock.time += timedelta(hours=2)
    rig.packages.tidy()
    with pytest.raises(PackageExpired):
        rig.packages.file(package.package_id)
    assert rig.files() == set()
    anew = rig.ask(ids)
    assert anew.package_id != package.package_id
    rig.clock.time += timedelta(days=7)
    rig.packages.tidy()
    with pytest.raises(PackageNotFound):
        rig.packages.get(package.package_id)


def test_a_restart_knows_what_was_made(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage)]
    package = rig.ended(rig.ask(ids))
    rig.restart()
    assert rig.packages.get(package.package_id).package == package
    assert rig.ask(ids) == package
    (rig.root.packages / package.package_id / "export.zip").unlink()
    rig.restart()
    assert rig.packages.get(package.package_id).package.state == "expired"
    (rig.root.packages / package.package_id / "package.json").write_text("{")
    rig.restart()
    assert rig.packages.all() == []
    assert not (rig.root.packages / package.package_id).exists()


def test_what_a_stop_cut_off_is_made_again(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage), a_stored_run(storage)]
    package = rig.being_made(ids)
    with ThreadPoolExecutor(1) as thread:
        closed = thread.submit(rig.packages.close)
        rig.until(
            package, lambda _: rig.packages._making is None or bool(rig.packages._making.stopped)
        )
        rig.held.go_on.set()
        closed.result(_PATIENCE)
    assert rig.files() == set()
    rig.restart()
    assert rig.ended(package).state == "ready"


def test_what_cuts_off_the_server_three_times_is_given_up(
    rig: Rig, storage: MediaStorageService
) -> None:
    package = rig.ended(rig.ask([a_stored_run(storage)]))
    rig.packages.close()
    record = rig.root.packages / package.package_id / "package.json"
    cut_off = package.having(state="making", attempts=3, finished_at=None, expires_at=None)
    record.write_text(cut_off.model_dump_json())
    stray = rig.root.packages / package.package_id / ".export.zip.abc.part"
    stray.write_text("half")
    rig.restart()
    ended = rig.ended(package)
    assert (ended.state, ended.error and ended.error.code) == ("failed", "too_many_attempts")
    assert not stray.exists()


def test_a_disk_without_room_is_said_before(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage)]
    rig.free = 5500  # room for texts, not for media beside what runs need
    package = rig.ended(rig.ask([a_stored_run(storage, "x" * 4000)]))
    assert (package.state, package.error and package.error.code) == ("failed", "storage_full")
    assert package.error
    assert "MB" in package.error.message
    assert rig.files() == set()
    rig.free = 10**12
    assert rig.ended(rig.ask(ids)).state == "ready"


def test_a_disk_that_fills_up_in_between_leaves_nothing(
    rig: Rig, storage: MediaStorageService
) -> None:
    ids = [a_stored_run(storage), a_stored_run(storage)]
    rig.held.fail_with = OSError(errno.ENOSPC, "No space left on device")
    package = rig.being_made(ids)
    rig.held.go_on.set()
    package = rig.ended(package)
    assert (package.state, package.error and package.error.code) == ("failed", "storage_full")
    assert rig.files() == set()
    anew = rig.ask(ids, ExportWish("held"))
    assert anew.package_id != package.package_id
    assert rig.ended(anew).state == "ready"


def test_a_disk_that_others_fill_up_stops_it(rig: Rig, storage: MediaStorageService) -> None:
    run_id = a_stored_run(storage)
    large = rig.folders.path(run_id) / "large.bin"
    with large.open("wb") as file:
        file.truncate(64 * 1024**2)
    asked = iter([10**9, 10**9])

    def free() -> int:
        return next(asked, 500)

    rig.packages._free_bytes = free
    package = rig.ended(rig.ask([run_id]))
    assert (package.state, package.error and package.error.code) == ("failed", "storage_full")
    assert rig.files() == set()


def test_a_format_that_fails_fails_its_package_alone(
    rig: Rig, storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [a_stored_run(storage)]
    rig.held.fail_with = RuntimeError("a detail for the engineer")
    package = rig.ask(ids, ExportWish("held"))
    rig.held.go_on.set()
    package = rig.ended(package)
    assert (package.state, package.error and package.error.code) == ("failed", "export_failed")
    assert "engineer" not in package.model_dump_json()
    assert "RuntimeError: a detail for the engineer" in caplog.text
    assert rig.ended(rig.ask(ids)).state == "ready"


def test_a_disk_that_fails_after_the_making_fails_one_package_and_stops_no_other(
    rig: Rig,
    storage: MediaStorageService,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ids = [a_stored_run(storage)]
    package = rig.being_made(ids)
    with monkeypatch.context() as patch:

        def broken(*_: object) -> None:
            raise OSError(errno.EIO, "Input/output error")

        patch.setattr(PackageFolders, "write_run_ids", broken)
        patch.setattr(PackageFolders, "write", broken)
        rig.held.go_on.set()
        package = rig.ended(package)
    assert (package.state, package.error and package.error.code) == ("failed", "export_failed")
    assert "OSError: [Errno 5] Input/output error" in caplog.text
    assert rig.ended(rig.ask(ids)).state == "ready"


def test_nothing_is_answered_that_is_not_on_disk(
    rig: Rig, storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [a_stored_run(storage)]

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StorageFull):
            rig.ask(ids)
    assert rig.packages.all() == []
    assert [path.name for path in rig.root.packages.iterdir()] == []


def test_a_thousand_runs(rig: Rig, root: StorageRoot, storage: MediaStorageService) -> None:
    pattern = root.runs / a_stored_run(storage)
    whole = (pattern / "metadata.json").read_bytes()
    for _ in range(999):
        run_id = new_run_id()
        folder = root.runs / run_id
        folder.mkdir()
        for file in pattern.iterdir():
            (folder / file.name).hardlink_to(file)
        (folder / "metadata.json").unlink()
        (folder / "metadata.json").write_bytes(
            whole.replace(pattern.name.encode(), run_id.encode())
        )
    package = rig.ended(rig.ask())
    assert (package.state, package.runs) == ("ready", 1000)
    with zipfile.ZipFile(rig.packages.file(package.package_id)[1]) as opened:
        assert opened.testzip() is None
        assert len(opened.namelist()) == 5002


def test_where_it_lies(rig: Rig, storage: MediaStorageService) -> None:
    package = rig.ended(rig.ask([a_stored_run(storage)]))
    assert rig.files() == {str(Path(package.package_id) / "export.zip")}
