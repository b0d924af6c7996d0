from __future__ import annotations

import errno
import shutil
import threading
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from devserver.my_app.services import media_probe
from devserver.my_app.services.comfyui.forgetting import HistoryNotForgotten
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.errors import MediaRejected, ServerError
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.last_words import LastWords
from devserver.my_app.services.media_intake import MediaIntake, RunIsOver
from devserver.my_app.services.media_probe import MediaFacts
from devserver.my_app.services.media_sources import Delivery
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.pipeline import Pipeline
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import RunIdInvalid, new_run_id
from devserver.my_app.services.run_index import IndexNotWiped
from devserver.my_app.services.run_metadata import Job, RunMetadata
from devserver.my_app.services.runs_at_work import RunsAtWork
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.tombstones import Reason, Tombstone, Tombstones
from devserver.my_app.services.unfinished_deletions import UnfinishedDeletions
from tests.media_samples import png_bytes
from tests.stored_run import contents, everything_under, put_run


def forgetting_of(storage: MediaStorageService, **more: Any) -> Forgetting:
    return Forgetting(
        storage.folders, cancel=partial(storage.finish_run, status="cancelled"), **more
    )


def test_what_is_left_is_a_tombstone(storage: MediaStorageService, root: StorageRoot) -> None:
    run_id = put_run(storage.folders, text="Quarzwimpelbär")
    size = sum(map(len, contents(storage.folders.path(run_id)).values()))
    told: list[str] = []
    receipt = forgetting_of(storage, holders={"cache": told.append}).delete(run_id)
    assert told == [run_id]
    assert (receipt.files, receipt.bytes, receipt.reason) == (4, size, "deleted")
    assert (receipt.was_under_way, receipt.faults, receipt.is_complete) == (False, {}, True)
    assert "Quarzwimpelbär".encode() not in everything_under(root.path)
    assert storage.folders.tombstones.of(run_id) is not None
    with pytest.raises(RunNotFound):
        storage.get_metadata(run_id)


def test_there_has_to_be_such_a_run(storage: MediaStorageService) -> None:
    with pytest.raises(RunNotFound):
        forgetting_of(storage).delete(new_run_id())
    with pytest.raises(RunIdInvalid):
        forgetting_of(storage).delete("../x")


def test_a_link_is_no_run(storage: MediaStorageService) -> None:
    run_id = put_run(storage.folders)
    link = storage.folders.path(run_id)
    elsewhere = link.rename(link.with_name("elsewhere"))
    link.symlink_to(elsewhere)
    with pytest.raises(RunNotFound):
        forgetting_of(storage).delete(run_id)
    assert link.is_symlink()
    assert (elsewhere / "metadata.json").exists()
    assert not storage.folders.tombstones.is_tombstoned(run_id)


def test_an_archived_run_and_one_that_cannot_be_read_go_too(storage: MediaStorageService) -> None:
    from devserver.my_app.services.archive import Archive

    folders = storage.folders
    archived, broken = put_run(folders), put_run(folders)
    Archive(folders).archive(archived)
    (folders.path(broken) / "metadata.json").write_text("{")
    receipt = forgetting_of(storage).delete(archived)
    assert (receipt.files, receipt.is_complete) == (1, True)
    assert not folders.sealed_path(archived).exists()
    receipt = forgetting_of(storage).delete(broken)
    assert receipt.faults.keys() == {"comfyui"}  # nobody knows what to ask it for
    assert not folders.path(broken).exists()


def test_a_holder_that_fails_stops_nobody_and_is_named(
    storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = put_run(storage.folders)
    told: list[str] = []
    works = False

    def fails(run_id: str) -> None:
        if not works:
            raise ZeroDivisionError("a detail for the engineer")

    forgetting = forgetting_of(storage, holders={"index": fails, "cache": told.append})
    receipt = forgetting.delete(run_id)
    assert (told, list(receipt.faults), receipt.is_complete) == ([run_id], ["index"], False)
    assert not storage.folders.path(run_id).exists()
    assert "engineer" not in str(receipt.faults)
    assert "ZeroDivisionError: a detail for the engineer" in caplog.text
    works = True
    again = forgetting.delete(run_id)
    assert (told, again.faults, again.files, again.time) == ([run_id] * 2, {}, 0, receipt.time)


def test_a_holder_that_failed_is_asked_again_though_the_folder_is_gone(
    storage: MediaStorageService,
) -> None:
    run_id = put_run(storage.folders)
    told: list[str] = []

    def fails(_: str) -> None:
        raise StorageFull("No room.")

    failing = forgetting_of(storage, holders={"exports": fails, "cache": told.append})
    failing.delete(run_id)
    assert failing.complete() == {run_id: {"exports": "No room."}}
    assert forgetting_of(storage, holders={"exports": told.append}).complete() == {}
    assert told == [run_id] * 3
    assert forgetting_of(storage, holders={"exports": told.append}).complete() == {}
    assert told == [run_id] * 3


def test_one_that_came_back_and_failed_is_not_done_with_by_its_first_deletion(
    storage: MediaStorageService, tmp_path: Path
) -> None:
    run_id = put_run(storage.folders)
    shutil.copytree(storage.folders.path(run_id), tmp_path / "backup")
    works = True

    def may_fail(_: str) -> None:
        if not works:
            raise StorageFull("No room.")

    forgetting = forgetting_of(storage, holders={"exports": may_fail})
    assert forgetting.delete(run_id, more_follow=True).is_complete
    shutil.copytree(tmp_path / "backup", storage.folders.path(run_id))
    works = False
    assert forgetting.delete(run_id).faults == {"exports": "No room."}
    assert forgetting.complete() == {run_id: {"exports": "No room."}}


def test_one_that_fails_while_words_are_wiped_is_not_done_with_by_that(
    storage: MediaStorageService,
) -> None:
    run_id = put_run(storage.folders)
    works = True

    def may_fail(_: str) -> None:
        if not works:
            raise StorageFull("No room.")

    def wipe() -> None:
        nonlocal works
        if works:
            works = False
            assert forgetting.delete(run_id, more_follow=True).faults

    forgetting = forgetting_of(storage, holders={"exports": may_fail}, wipers={"index": wipe})
    forgetting.delete(run_id)
    assert forgetting.complete() == {run_id: {"exports": "No room."}}


def test_a_kill_before_the_tombstone_leaves_the_run_as_it_was(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    run_id = put_run(storage.folders)
    with monkeypatch.context() as patch:
        patch.setattr(Tombstones, "put", kill)
        with pytest.raises(Killed):
            forgetting_of(storage).delete(run_id)
    assert storage.folders.unfinished_deletions.ids() == {run_id}
    assert forgetting_of(storage).complete() == {}
    assert storage.folders.unfinished_deletions.ids() == frozenset()
    assert storage.get_metadata(run_id).status == "success"


def test_a_deletion_that_another_begins_just_now_keeps_its_mark(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script deletes a run, and the server, which alone can tell its holders, looks for marks."""
    run_id = put_run(storage.folders)
    stands_or_ended = threading.Event()
    put, holding = Tombstones.put, RunFolders.holding

    def complete() -> None:
        forgetting_of(storage).complete()
        stands_or_ended.set()

    def stand_in_line(folders: RunFolders, run_id: str) -> AbstractContextManager[None]:
        if threading.current_thread() is server:
            stands_or_ended.set()
        return holding(folders, run_id)

    def late(stones: Tombstones, run_id: str, reason: Reason) -> Tombstone:
        server.start()
        stands_or_ended.wait()
        monkeypatch.undo()
        assert storage.folders.unfinished_deletions.ids() == {run_id}
        return put(stones, run_id, reason)

    server = threading.Thread(target=complete)
    monkeypatch.setattr(RunFolders, "holding", stand_in_line)
    monkeypatch.setattr(Tombstones, "put", late)
    storage.delete_run(run_id)
    server.join()


def test_a_kill_at_any_step_is_made_up_for(storage: MediaStorageService, root: StorageRoot) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    for steps in (
        {"holders": {"cache": kill}},
        {"holders": {"cache": lambda _: None}, "wipers": {"index": kill}},
    ):
        run_id = put_run(storage.folders, text="Quarzwimpelbär")
        with pytest.raises(Killed):
            forgetting_of(storage, **steps).delete(run_id)
        told: list[str] = []
        wipers = {"index": lambda told=told: told.append("index")}
        later = forgetting_of(storage, holders={"cache": told.append}, wipers=wipers)
        assert later.complete() == {}
        assert told == [run_id, "index"]
        assert "Quarzwimpelbär".encode() not in everything_under(root.path)
        assert storage.folders.unfinished_deletions.ids() == frozenset()


def test_what_runs_have_left_that_were_removed_by_hand_is_swept(
    storage: MediaStorageService,
) -> None:
    from devserver.my_app.services.archive import Archive

    everyone = here, sealed, by_hand, deleted = tuple(put_run(storage.folders) for _ in range(4))
    Archive(storage.folders).archive(sealed)
    shutil.rmtree(storage.folders.path(by_hand))
    there: list[str] = []

    def fails(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    def sweep(ids: Container[str]) -> None:
        there.extend(run_id for run_id in everyone if run_id in ids)

    forgetting = forgetting_of(storage, sweepers={"broken": fails, "cache": sweep})
    forgetting.delete(deleted)
    assert list(forgetting.sweep()) == ["broken"]
    assert there == [here, sealed]


def test_words_that_could_not_be_wiped_are_named_and_wiped_later(
    storage: MediaStorageService, caplog: pytest.LogCaptureFixture
) -> None:
    wiped: list[str] = []
    problem: Exception | None = ZeroDivisionError("a detail for the engineer")

    def wipe() -> None:
        if problem:
            raise problem
        wiped.append("index")

    run_id, other = put_run(storage.folders), put_run(storage.folders)
    forgetting = forgetting_of(
        storage, wipers={"index": wipe, "cache": lambda: wiped.append("cache")}
    )
    receipt = forgetting.delete(run_id)
    assert (wiped, list(receipt.faults), receipt.is_complete) == (["cache"], ["index"], False)
    assert "engineer" not in str(receipt.faults)
    assert "ZeroDivisionError: a detail for the engineer" in caplog.text
    problem = IndexNotWiped("Try again soon.")
    assert forgetting.delete(other).faults == {"index": "Try again soon."}
    unfinished = storage.folders.unfinished_deletions
    assert unfinished.ids() == {run_id, other}
    assert forgetting.complete() == {one: {"index": "Try again soon."} for one in (run_id, other)}
    problem = None
    assert forgetting.complete() == {}
    assert wiped == ["cache", "cache", "cache", "index", "cache"]
    assert unfinished.ids() == frozenset()


def test_a_folder_that_cannot_be_removed_is_gone_all_the_same(
    storage: MediaStorageService, root: StorageRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put_run(storage.folders, text="Quarzwimpelbär")
    with monkeypatch.context() as patch:

        def fails(*_: object) -> None:
            raise OSError(errno.EACCES, "Permission denied")

        patch.setattr(shutil, "rmtree", fails)
        receipt = forgetting_of(storage).delete(run_id)
    assert list(receipt.faults) == ["folder"]
    with pytest.raises(RunNotFound):
        storage.get_metadata(run_id)
    assert "Quarzwimpelbär".encode() in everything_under(root.path)
    assert forgetting_of(storage).complete() == {}
    assert "Quarzwimpelbär".encode() not in everything_under(root.path)
    assert forgetting_of(storage).delete(run_id).is_complete
    assert "Quarzwimpelbär".encode() not in everything_under(root.path)


def test_on_a_disk_without_room_for_a_tombstone_the_run_stays(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put_run(storage.folders)

    def full(*_: object) -> None:
        raise StorageFull("full")

    monkeypatch.setattr(Tombstones, "put", full)
    with pytest.raises(StorageFull):
        forgetting_of(storage).delete(run_id)
    assert storage.get_metadata(run_id).status == "success"


def test_on_a_disk_without_room_for_a_lock_it_is_gone_all_the_same(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put_run(storage.folders)

    def full(*_: object) -> None:
        raise StorageFull("No room.")

    with monkeypatch.context() as patch:
        patch.setattr(RunFolders, "remove_remains", full)
        assert forgetting_of(storage).delete(run_id).faults == {"folder": "No room."}
    assert not storage.folders.exists(run_id)
    assert forgetting_of(storage).complete() == {}
    assert not storage.folders.path(run_id).exists()


def test_what_came_back_and_fails_on_a_full_disk_keeps_no_server_down(
    storage: MediaStorageService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, other = put_run(storage.folders), put_run(storage.folders)
    for one in (run_id, other):
        shutil.copytree(storage.folders.path(one), tmp_path / one)
        forgetting_of(storage).delete(one)
        shutil.copytree(tmp_path / one, storage.folders.path(one))

    def full(*_: object) -> None:
        raise StorageFull("No room.")

    monkeypatch.setattr(UnfinishedDeletions, "begin", full)
    failing = forgetting_of(storage, holders={"share_links": full})
    assert failing.complete() == {one: {"share_links": "No room."} for one in (run_id, other)}
    assert not storage.folders.path(other).exists()


def test_a_run_under_way_is_cancelled_and_left_first(storage: MediaStorageService) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    at_work = RunsAtWork()
    order: list[str] = []
    working, leave = threading.Event(), threading.Event()
    storage.watch(lambda run: order.append(run.status))

    def work() -> None:
        with at_work.on(run_id):
            working.set()
            leave.wait()
            order.append("left")

    worker = threading.Thread(target=work)
    worker.start()
    working.wait()

    def wait(run_id: str, seconds: float) -> bool:
        leave.set()
        return at_work.wait_until_left(run_id, 60)

    def history(jobs: Any) -> int:
        order.append("comfyui")
        return 0

    receipt = forgetting_of(
        storage,
        wait_until_left=wait,
        forget_jobs=history,
        holders={"cache": lambda _: order.append("cache")},
    ).delete(run_id)
    worker.join()
    assert receipt.was_under_way
    assert order == ["cancelled", "left", "comfyui", "cache"]


def test_a_worker_that_does_not_leave_holds_nothing_up() -> None:
    at_work = RunsAtWork()
    with at_work.on("a"):
        assert not at_work.wait_until_left("a", 0)
        assert at_work.wait_until_left("b", 0)
    assert at_work.wait_until_left("a", 0)


def test_what_comfyui_keeps_is_named(storage: MediaStorageService) -> None:
    job = Job(backend="comfyui", server="http://127.0.0.1:1", job_id="x")
    run_id = put_run(storage.folders, jobs=(job,))
    asked: list[Job] = []

    def history(jobs: Any) -> int:
        asked.extend(jobs)
        raise HistoryNotForgotten("It does not answer.")

    receipt = forgetting_of(storage, forget_jobs=history).delete(run_id)
    assert asked == [job]
    assert receipt.faults == {"comfyui": "It does not answer."}
    assert not storage.folders.path(run_id).exists()


def test_what_came_back_is_removed_at_the_next_start(
    storage: MediaStorageService, root: StorageRoot, tmp_path: Path
) -> None:
    folders = storage.folders
    told: list[str] = []
    run_id, other = put_run(folders), put_run(folders)
    shutil.copytree(folders.path(run_id), tmp_path / "backup")
    forgetting = forgetting_of(storage, holders={"cache": told.append})
    forgetting.delete(run_id)
    assert forgetting.complete() == {}
    shutil.copytree(tmp_path / "backup", folders.path(run_id))
    root.archive.mkdir()
    folders.sealed_path(run_id).write_bytes(b"an old archive")
    assert forgetting.complete() == {}
    assert told == [run_id] * 2
    assert [path.name for path in root.runs.iterdir()] == [other]
    assert list(root.archive.iterdir()) == []


def test_two_deletions_of_one_run_both_come_to_the_end(storage: MediaStorageService) -> None:
    for _ in range(10):
        run_id = put_run(storage.folders)
        deletions = [partial(forgetting_of(storage).delete, run_id)] * 4
        with ThreadPoolExecutor(len(deletions)) as threads:
            receipts = list(threads.map(lambda delete: delete(), deletions))
        assert [receipt.faults for receipt in receipts] == [{}] * 4
        assert not storage.folders.path(run_id).exists()


def test_a_file_that_is_open_is_read_to_its_end(storage: MediaStorageService) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    data = png_bytes(200, 200)
    output = storage.add_media_from_data(run_id, data)
    storage.finish_run(run_id, "success")
    with storage.get_media_path(run_id, output.filename).open("rb") as file:
        first = file.read(10)
        assert forgetting_of(storage).delete(run_id).is_complete
        assert first + file.read() == data


class Slow:
    """Media that come in pieces, with something happening in between."""

    def __init__(self, happens: Any) -> None:
        self._happens = happens

    def __iter__(self) -> Iterator[bytes]:
        data = png_bytes(64, 64)
        yield data[:100]
        self._happens()
        yield data[100:]


@pytest.mark.parametrize("moment", ["arriving", "measured", "listed"])
def test_deleted_while_its_worker_writes_a_file(
    root: StorageRoot, folders: RunFolders, moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = ""

    def happens(when: str) -> None:
        if when == moment:
            assert forgetting_of(storage).delete(run_id).is_complete

    def measure(path: Path) -> MediaFacts:
        happens("measured")
        return media_probe.measure(path)

    def inspect(*_: object) -> None:
        happens("listed")

    storage = MediaStorageService(
        folders,
        MediaIntake(folders, measure=measure, max_bytes=10**7, inspect=inspect),
        fetch_url=lambda _: pytest.fail("no address"),
        list_comfyui_files=lambda *_, **__: pytest.fail("no ComfyUI"),
    )
    run_id = storage.create_run(schema="dada", input_text="Quarzwimpelbär").run_id

    def make(run: RunMetadata) -> list[Any]:
        pieces = Slow(partial(happens, "arriving"))
        storage._store(run.run_id, Delivery(iter(pieces), lambda: None), _by(), None)
        return []

    last_words = LastWords(storage.finish_run)
    Pipeline(storage, lambda run: run, make, {}, last_words).work(run_id)
    assert list(root.runs.iterdir()) == []
    assert "Quarzwimpelbär".encode() not in everything_under(root.path)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def _by() -> Any:
    from devserver.my_app.services.media_sources import MadeBy

    return MadeBy(backend="atelier")


def test_cancelled_deleted_and_written_to_at_once(storage: MediaStorageService) -> None:
    for _ in range(10):
        run_id = storage.create_run(schema="dada", input_text="x").run_id
        calls: list[Callable[[], object]] = [
            partial(storage.finish_run, run_id, "cancelled"),
            partial(forgetting_of(storage).delete, run_id),
            partial(storage.add_media_from_data, run_id, png_bytes()),
            partial(storage.save_transformed_text, run_id, "y"),
            partial(storage.record_submission, run_id, Job(backend="comfyui"), {"1": {}}),
        ]
        with ThreadPoolExecutor(len(calls)) as threads:
            failures = list(threads.map(what_it_raises, calls))
        # A file that was just being written or measured is missing then, which looks like damage
        # to who measures it; the pipeline finds the run gone, whichever it hears.
        known = (type(None), RunNotFound, RunIsOver, FileNotFoundError, MediaRejected)
        assert [failure for failure in failures if not isinstance(failure, known)] == []
        assert not storage.folders.path(run_id).exists()


def what_it_raises(call: Callable[[], object]) -> BaseException | None:
    try:
        call()
    except (ServerError, OSError) as error:
        return error
    return None
