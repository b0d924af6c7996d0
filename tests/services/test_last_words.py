from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.last_words import LastWords
from devserver.my_app.services.media_intake import RunIsOver
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.metadata_files import MetadataFiles
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_metadata import RunError, RunMetadata, RunStatus
from devserver.my_app.services.stored_runs import MediaNotFound
from tests.media_samples import png_bytes

LONG = 600.0
FULL = StorageFull("The server's disk is full.")
BROKEN = OSError(errno.EIO, "Input/output error")
WENT_WRONG = RunError(code="backend_failed", message="It went wrong.", stage=4)


class Disk:
    """Ends runs, and refuses to with each of the failures first."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.tries: list[tuple[str, str, str | None]] = []
        self.one_ended = threading.Event()

    def __call__(
        self, run_id: str, status: RunStatus, error: RunError | None = None
    ) -> RunMetadata:
        self.tries.append((run_id, status, error.code if error else None))
        if self.failures:
            raise self.failures.pop(0)
        self.one_ended.set()
        return RunMetadata(run_id=run_id, status=status, error=error)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def words(disk: Disk) -> Iterator[LastWords]:
    with closing(LastWords(disk, pause_seconds=LONG)) as words:
        yield words


def thread_of(words: LastWords) -> threading.Thread | None:
    return next((one for one in threading.enumerate() if one is words._thread), None)


@pytest.mark.parametrize("failure", [FULL, BROKEN])
def test_what_can_not_be_said_is_said_again_until_it_is(
    words: LastWords, disk: Disk, failure: Exception
) -> None:
    disk.failures = [failure] * 3
    words.say("a", "failed", WENT_WRONG)
    for _ in range(4):
        words.say_again()
    assert disk.tries == [("a", "failed", "backend_failed")] * 4


def test_what_is_said_at_once_needs_no_thread(words: LastWords, disk: Disk) -> None:
    words.say("a", "success")
    words.say_again()
    assert disk.tries == [("a", "success", None)]
    assert thread_of(words) is None


def test_it_tries_by_itself_and_no_longer_than_it_has_to(disk: Disk) -> None:
    disk.failures = [FULL, BROKEN, FULL]
    with closing(LastWords(disk, pause_seconds=0.001)) as words:
        words.say("a", "success")
        thread = thread_of(words)
        assert disk.one_ended.wait(30)
        if thread is not None:
            thread.join(30)
        assert thread_of(words) is None
        disk.one_ended.clear()
        disk.failures = [FULL]
        words.say("b", "success")  # it begins anew
        assert disk.one_ended.wait(30)


@pytest.mark.parametrize("gone", [RunIsOver("It has ended."), RunNotFound("There is none.")])
def test_one_that_is_over_or_gone_meanwhile_is_forgotten_and_holds_up_no_other(
    words: LastWords, disk: Disk, gone: Exception
) -> None:
    disk.failures = [FULL, FULL, gone]
    words.say("a", "success")
    words.say("b", "success")
    words.say_again()
    words.say_again()
    assert [run_id for run_id, *_ in disk.tries] == ["a", "b", "a", "b"]


def test_one_that_can_not_be_a_success_any_more_is_failed(words: LastWords, disk: Disk) -> None:
    disk.failures = [FULL, MediaNotFound("A file is gone.")]
    words.say("a", "success")
    for _ in range(3):
        words.say_again()
    assert disk.tries == [*[("a", "success", None)] * 2, ("a", "failed", "media_not_found")]


def test_other_refusals_are_for_who_said_it(words: LastWords, disk: Disk) -> None:
    disk.failures = [RunIsOver("It has ended.")]
    with pytest.raises(RunIsOver):
        words.say("a", "success")
    words.say_again()
    assert len(disk.tries) == 1


def test_closing_ends_the_trying(disk: Disk) -> None:
    disk.failures = [FULL]
    words = LastWords(disk, pause_seconds=LONG)
    words.say("a", "success")
    assert thread_of(words)
    words.close()
    assert thread_of(words) is None
    assert len(disk.tries) == 1


def test_the_folder_says_it_once_there_is_room(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = storage.create_run(schema="dada", input_text="Eine Blume").run_id
    storage.add_media_from_data(run_id, png_bytes())

    def refuse(*_: object) -> RunMetadata:
        raise FULL

    with closing(LastWords(storage.finish_run, pause_seconds=LONG)) as words:
        with monkeypatch.context() as full:
            full.setattr(storage.folders, "change_at_last", refuse)
            words.say(run_id, "success")
            assert storage.get_metadata(run_id).status == "queued"
        words.say_again()
    assert storage.get_metadata(run_id).status == "success"


def test_the_folder_says_it_once_it_can_be_read(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = storage.create_run(schema="dada", input_text="Eine Blume").run_id

    def refuse(*_: object) -> RunMetadata:
        raise OSError(errno.EMFILE, "Too many open files")

    with closing(LastWords(storage.finish_run, pause_seconds=LONG)) as words:
        with monkeypatch.context() as failing:
            failing.setattr(MetadataFiles, "read", refuse)
            words.say(run_id, "failed", WENT_WRONG)
            words.say_again()
        words.say_again()
    assert storage.get_metadata(run_id).error == WENT_WRONG
