from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from functools import partial
from typing import IO, Any

import pytest

from devserver.my_app.services import sealed_run
from devserver.my_app.services.archive import Archive, NotArchived, RunFolderLies, RunUnderWay
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.media_intake import RunIsOver
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunArchived, RunFolders, RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.sealed_run import SealBroken
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.verification import faults_of
from tests.stored_run import contents, put_run


@pytest.fixture
def archive(folders: RunFolders) -> Archive:
    return Archive(folders)


def test_archived_and_restored_to_the_byte(
    archive: Archive, folders: RunFolders, root: StorageRoot
) -> None:
    run_id = put_run(folders, files={"my notes.txt": b"by hand"})
    before = contents(folders.path(run_id))
    archive.archive(run_id)
    assert not folders.path(run_id).exists()
    assert [path.name for path in root.archive.iterdir()] == [f"{run_id}.zip"]
    assert archive.ids() == [run_id]
    assert [run.input_text for run in archive.runs()] == ["Eine Blume"]
    assert archive.metadata(run_id).archived
    assert folders.ids() == []
    assert faults_of(folders, run_id) == []
    archive.restore(run_id)
    assert contents(folders.path(run_id)) == before
    assert list(root.archive.iterdir()) == []
    assert [path.name for path in root.runs.iterdir()] == [run_id]
    assert archive.ids() == []


def test_who_keeps_an_index_is_told(folders: RunFolders) -> None:
    told: list[tuple[str, bool]] = []
    archive = Archive(folders, moved=lambda run: told.append((run.run_id, run.archived)))
    run_id = put_run(folders)
    archive.archive(run_id)
    archive.restore(run_id)
    with pytest.raises(NotArchived):
        archive.restore(run_id)
    assert told == [(run_id, True), (run_id, False)]


def test_an_archived_run_is_read_but_its_files_are_not(
    archive: Archive, storage: MediaStorageService
) -> None:
    run_id = put_run(storage.folders)
    archive.archive(run_id)
    run = storage.get_metadata(run_id)
    assert (run.input_text, run.archived, run.status) == ("Eine Blume", True, "success")
    with pytest.raises(RunArchived):
        storage.get_media_path(run_id, "output_image.png")
    with pytest.raises(RunArchived):
        storage.finish_run(run_id, "cancelled")
    with pytest.raises(RunArchived):
        storage.add_warning(run_id, "x")
    assert storage.folders.exists(run_id)
    archive.restore(run_id)
    with pytest.raises(RunIsOver):
        storage.add_warning(run_id, "x")


def test_what_cannot_be_archived(archive: Archive, storage: MediaStorageService) -> None:
    folders = storage.folders
    with pytest.raises(RunNotFound):
        archive.archive(new_run_id())
    with pytest.raises(RunUnderWay):
        archive.archive(storage.create_run(schema="dada", input_text="x").run_id)
    lying = put_run(folders)
    (folders.path(lying) / "output_image.png").unlink()
    with pytest.raises(RunFolderLies):
        archive.archive(lying)
    run_id = put_run(folders)
    with pytest.raises(NotArchived):
        archive.restore(run_id)
    with pytest.raises(NotArchived):
        archive.metadata(run_id)
    archive.archive(run_id)
    with pytest.raises(RunArchived):
        archive.archive(run_id)
    with pytest.raises(RunNotFound):
        archive.restore(new_run_id())


def test_a_damaged_archive_is_found_and_not_restored(archive: Archive, folders: RunFolders) -> None:
    run_id = put_run(folders)
    archive.archive(run_id)
    sealed = folders.sealed_path(run_id)
    data = sealed.read_bytes()
    sealed.write_bytes(data.replace(b"not really a picture", b"not really a PICTURE", 1))
    [fault] = faults_of(folders, run_id)
    assert sealed.name in fault
    with pytest.raises(SealBroken):
        archive.restore(run_id)
    assert sealed.exists()
    assert list(folders.path(run_id).parent.iterdir()) == []


class FullDisk:
    """Every write of a piece fails after the first so many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        copy = sealed_run._copy
        self.left = after

        def full(source: IO[bytes], target: IO[bytes] | None = None) -> str:
            if target is not None:
                if self.left == 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                self.left -= 1
            return copy(source, target)

        monkeypatch.setattr(sealed_run, "_copy", full)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_full_disk_changes_nothing(
    archive: Archive, folders: RunFolders, root: StorageRoot, after: int
) -> None:
    run_id = put_run(folders)
    before = contents(folders.path(run_id))
    with pytest.MonkeyPatch.context() as patch:
        FullDisk(patch, after)
        with pytest.raises(StorageFull):
            archive.archive(run_id)
    assert contents(folders.path(run_id)) == before
    assert list(root.archive.iterdir()) == []
    archive.archive(run_id)
    sealed = folders.sealed_path(run_id).read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        FullDisk(patch, after)
        with pytest.raises(StorageFull):
            archive.restore(run_id)
    assert folders.sealed_path(run_id).read_bytes() == sealed
    assert list(root.runs.iterdir()) == []


def both(archive: Archive, folders: RunFolders) -> str:
    """A run that is there as a folder and in the archive."""
    run_id = put_run(folders)
    archive.archive(run_id)
    sealed = folders.sealed_path(run_id).read_bytes()
    archive.restore(run_id)
    folders.sealed_path(run_id).write_bytes(sealed)
    return run_id


def test_the_folder_wins_when_it_holds_everything(archive: Archive, folders: RunFolders) -> None:
    run_id = both(archive, folders)
    archive.settle()
    assert not folders.sealed_path(run_id).exists()
    assert faults_of(folders, run_id) == []


def test_nothing_goes_when_they_differ(archive: Archive, folders: RunFolders) -> None:
    run_id = both(archive, folders)
    (folders.path(run_id) / "output_image.png").unlink()  # an rsync that was cut off, say
    archive.settle()
    assert folders.sealed_path(run_id).exists()
    assert folders.path(run_id).exists()


def test_a_damaged_copy_of_a_whole_folder_goes(archive: Archive, folders: RunFolders) -> None:
    run_id = both(archive, folders)
    folders.sealed_path(run_id).write_bytes(b"cut off")
    archive.settle()
    assert not folders.sealed_path(run_id).exists()
    assert folders.path(run_id).exists()


def test_a_link_makes_no_archived_copy_superfluous(archive: Archive, folders: RunFolders) -> None:
    run_id = both(archive, folders)
    link = folders.path(run_id)
    link.symlink_to(link.rename(link.with_name("elsewhere")))
    archive.settle()
    assert folders.sealed_path(run_id).exists()
    assert [run.run_id for run in archive.runs()] == [run_id]


def at_once(*calls: Callable[[], Any]) -> list[BaseException | None]:
    """Call all of them at the same time; what each raised."""
    raised: list[BaseException | None] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def call(number: int) -> None:
        start.wait()
        try:
            calls[number]()
        except (ServerError, OSError) as error:
            raised[number] = error

    threads = [threading.Thread(target=call, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_archived_and_deleted_at_once(archive: Archive, folders: RunFolders) -> None:
    forgetting = Forgetting(folders, cancel=lambda *_: pytest.fail("it is over"))
    for _ in range(10):
        run_id = put_run(folders)
        archiving, deleting = at_once(
            partial(archive.archive, run_id), partial(forgetting.delete, run_id)
        )
        assert deleting is None
        assert archiving is None or isinstance(archiving, RunNotFound)
        assert not folders.path(run_id).exists()
        assert not folders.sealed_path(run_id).exists()
        assert not folders.exists(run_id)


def test_archived_twice_and_restored_twice_at_once(archive: Archive, folders: RunFolders) -> None:
    run_id = put_run(folders)
    before = contents(folders.path(run_id))
    assert sorted(map(type, at_once(*[lambda: archive.archive(run_id)] * 3)), key=str) == [
        type(None),
        RunArchived,
        RunArchived,
    ]
    outcomes = at_once(*[lambda: archive.restore(run_id)] * 3)
    assert outcomes.count(None) == 1
    assert {type(one) for one in outcomes} == {type(None), NotArchived}
    assert contents(folders.path(run_id)) == before


def test_no_new_run_gets_the_id_of_an_archived_one(archive: Archive, folders: RunFolders) -> None:
    run_id = put_run(folders)
    run = folders.read(run_id)
    archive.archive(run_id)
    with pytest.raises(FileExistsError):
        folders.create(run)
