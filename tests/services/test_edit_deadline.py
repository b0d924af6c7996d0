from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.edit_deadline import EditDeadline
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_metadata import (
    MetadataOutOfReach,
    RunError,
    RunMetadata,
    RunStatus,
    StageRecord,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FAILURES = [
    StorageFull("The server's disk is full."),
    OSError(errno.EIO, "Input/output error"),
    MetadataOutOfReach("The metadata of this run can't be read: Input/output error."),
]


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


class Ended:
    """Remembers which runs were ended, and with what."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, str, str]] = []
        self.failures: list[Exception] = []
        self.one_ended = threading.Event()

    def __call__(
        self, run_id: str, status: RunStatus, error: RunError | None = None
    ) -> RunMetadata:
        if self.failures:
            raise self.failures.pop(0)
        if run_id == "gone":
            raise RunNotFound("There is no such run.")
        self.runs.append((run_id, status, error.code if error else ""))
        self.one_ended.set()
        return waiting(run_id)


def waiting(
    run_id: str, since: datetime = NOON, status: RunStatus = "awaiting_edit"
) -> RunMetadata:
    last = StageRecord(stage=2, step="x", status="transformed", started_at=since.isoformat())
    return RunMetadata(run_id=run_id, status=status, stages=(last,))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
def deadline(ended: Ended, clock: Clock) -> Iterator[EditDeadline]:
    deadline = EditDeadline(ended, patience=DAY, now=clock)
    yield deadline
    deadline.close()


def test_a_run_is_cancelled_after_a_day_and_not_before(
    deadline: EditDeadline, ended: Ended, clock: Clock
) -> None:
    deadline.heard(waiting("a"))
    deadline.heard(waiting("b", since=NOON + timedelta(hours=5)))
    clock.time = NOON + DAY - timedelta(seconds=1)
    deadline.cancel_overdue()
    assert ended.runs == []
    clock.time = NOON + DAY
    deadline.cancel_overdue()
    deadline.cancel_overdue()
    assert ended.runs == [("a", "cancelled", "edit_timed_out")]


def test_a_run_that_went_on_is_left_alone(
    deadline: EditDeadline, ended: Ended, clock: Clock
) -> None:
    deadline.heard(waiting("a"))
    deadline.heard(waiting("a", status="queued"))
    clock.time = NOON + 2 * DAY
    deadline.cancel_overdue()
    assert ended.runs == []


def test_one_run_that_can_not_be_ended_holds_up_no_other(
    deadline: EditDeadline, ended: Ended, clock: Clock
) -> None:
    deadline.heard(waiting("gone"))
    deadline.heard(waiting("a"))
    clock.time = NOON + DAY
    deadline.cancel_overdue()
    assert [run_id for run_id, *_ in ended.runs] == ["a"]


def test_it_watches_by_itself(deadline: EditDeadline, ended: Ended, clock: Clock) -> None:
    deadline.heard(waiting("a", since=NOON - DAY))
    assert ended.one_ended.wait(10)
    assert ended.runs == [("a", "cancelled", "edit_timed_out")]


@pytest.mark.parametrize("failure", FAILURES)
def test_what_the_disk_does_not_take_is_tried_again_later(
    deadline: EditDeadline, ended: Ended, clock: Clock, failure: Exception
) -> None:
    for run_id in ("a", "b"):
        deadline.heard(waiting(run_id))
    ended.failures = [failure]
    clock.time = NOON + DAY
    deadline.cancel_overdue()
    deadline.cancel_overdue()
    assert [run_id for run_id, *_ in ended.runs] == ["b"]
    clock.time += timedelta(minutes=1)
    deadline.cancel_overdue()
    assert [run_id for run_id, *_ in ended.runs] == ["b", "a"]


@pytest.mark.parametrize("failure", FAILURES)
def test_one_that_goes_on_while_the_disk_fails_is_left_alone(
    deadline: EditDeadline, ended: Ended, clock: Clock, failure: Exception
) -> None:
    deadline.heard(waiting("a"))
    ended.failures = [failure]
    clock.time = NOON + DAY
    deadline.cancel_overdue()
    deadline.heard(waiting("a", status="queued"))
    clock.time += timedelta(minutes=1)
    deadline.cancel_overdue()
    assert ended.runs == []


@pytest.mark.parametrize("failure", FAILURES)
def test_it_goes_on_watching_when_the_disk_failed(
    deadline: EditDeadline, ended: Ended, failure: Exception
) -> None:
    ended.failures = [failure]
    deadline.heard(waiting("a", since=NOON - DAY))
    deadline.heard(waiting("b", since=NOON - DAY))
    assert ended.one_ended.wait(10)
    deadline.cancel_overdue()
    assert len(ended.runs) == 1


@pytest.mark.parametrize("since", ["", "yesterday"])
def test_a_time_that_can_not_be_read_counts_as_now(
    deadline: EditDeadline, ended: Ended, clock: Clock, since: str
) -> None:
    run = waiting("a")
    broken = run.stages[0].model_copy(update={"started_at": since})
    deadline.heard(run.having(stages=(broken,)))
    deadline.heard(run.having(run_id="b", stages=()))
    clock.time = NOON + DAY - timedelta(seconds=1)
    deadline.cancel_overdue()
    assert ended.runs == []


def test_the_folder_says_why(storage: MediaStorageService) -> None:
    deadline = EditDeadline(storage.finish_run, patience=timedelta(0))
    storage.watch(deadline.heard)
    run_id = storage.create_run(schema="dada", input_text="Eine Blume").run_id
    storage.save_transformed_text(run_id, "Blume eine")
    storage.await_edit(run_id)
    deadline.cancel_overdue()
    deadline.close()
    run = storage.get_metadata(run_id)
    assert run.error is not None
    assert (run.status, run.error.code) == ("cancelled", "edit_timed_out")
    assert run.transformed_text == "Blume eine"
