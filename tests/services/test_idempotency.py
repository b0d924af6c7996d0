from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.idempotency import (
    REMEMBERED,
    IdempotencyKeyReused,
    IdempotencyKeys,
    Note,
    RequestKey,
)
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.storage_root import StorageRoot

TAP = RequestKey("a-key", "a picture of a flower")


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


class Starting:
    """Starts real runs, and counts them."""

    def __init__(self, storage: MediaStorageService) -> None:
        self._storage = storage
        self.started: list[str] = []

    def __call__(self, note: Note) -> None:
        run_id = new_run_id()
        note(run_id)
        self._storage.create_run(schema="dada", input_text="Eine Blume", run_id=run_id)
        self.started.append(run_id)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(root: StorageRoot, clock: Clock) -> IdempotencyKeys:
    return IdempotencyKeys(root, now=clock)


@pytest.fixture
def start(storage: MediaStorageService) -> Starting:
    return Starting(storage)


def notes(root: StorageRoot) -> list[str]:
    return [path.read_text() for path in (root.state / "idempotency").iterdir()]


def test_the_same_request_gives_the_same_run(keys: IdempotencyKeys, start: Starting) -> None:
    assert [keys.once(TAP, start) for _ in range(3)] == start.started * 3
    other = keys.once(RequestKey("another-key", TAP.asked), start)
    assert start.started[1:] == [other]


def test_another_request_under_the_key_is_refused(keys: IdempotencyKeys, start: Starting) -> None:
    keys.once(TAP, start)
    with pytest.raises(IdempotencyKeyReused):
        keys.once(RequestKey(TAP.key, "something else"), start)
    assert len(start.started) == 1


def test_of_many_at_once_one_starts(keys: IdempotencyKeys, start: Starting) -> None:
    together = threading.Barrier(16)

    def tap(_: int) -> str:
        together.wait(30)
        return keys.once(TAP, start)

    with ThreadPoolExecutor(16) as threads:
        run_ids = list(threads.map(tap, range(16)))
    assert run_ids == start.started * 16


def test_a_restart_remembers(root: StorageRoot, start: Starting, clock: Clock) -> None:
    first = IdempotencyKeys(root, now=clock).once(TAP, start)
    assert IdempotencyKeys(root, now=clock).once(TAP, start) == first
    assert start.started == [first]


class Killed(BaseException):
    """The end of the process."""


def test_a_kill_before_the_folder_appears_leaves_the_key_free(
    root: StorageRoot, start: Starting, clock: Clock
) -> None:
    def killed_on_the_way(note: Note) -> None:
        note(new_run_id())
        raise Killed

    with pytest.raises(Killed):
        IdempotencyKeys(root, now=clock).once(TAP, killed_on_the_way)
    assert len(notes(root)) == 1
    after = IdempotencyKeys(root, now=clock)
    assert [after.once(TAP, start), after.once(TAP, start)] == start.started * 2


def test_a_kill_after_the_folder_appeared_loses_nothing(
    root: StorageRoot, start: Starting, clock: Clock
) -> None:
    def killed_at_the_end(note: Note) -> None:
        start(note)
        raise Killed

    with pytest.raises(Killed):
        IdempotencyKeys(root, now=clock).once(TAP, killed_at_the_end)
    assert [IdempotencyKeys(root, now=clock).once(TAP, start)] == start.started


def test_a_refused_request_binds_no_key(
    root: StorageRoot, keys: IdempotencyKeys, start: Starting
) -> None:
    def refused(note: Note) -> None:
        raise ServerError("There is no room.")

    with pytest.raises(ServerError):
        keys.once(TAP, refused)
    assert notes(root) == []
    assert keys.once(RequestKey(TAP.key, "something else"), start) == start.started[0]


def test_the_key_of_a_deleted_run_is_free(
    keys: IdempotencyKeys, start: Starting, storage: MediaStorageService
) -> None:
    first = keys.once(TAP, start)
    storage.delete_run(first)
    assert keys.once(RequestKey(TAP.key, "something else"), start) != first


def test_a_key_is_forgotten_after_a_day(
    root: StorageRoot, keys: IdempotencyKeys, start: Starting, clock: Clock
) -> None:
    first = keys.once(TAP, start)
    clock.time += REMEMBERED - timedelta(seconds=1)
    assert keys.once(TAP, start) == first
    clock.time += timedelta(seconds=1)
    assert keys.once(TAP, start) != first


def test_old_keys_are_removed_at_start_and_now_and_then(
    root: StorageRoot, keys: IdempotencyKeys, start: Starting, clock: Clock
) -> None:
    keys.once(TAP, start)
    clock.time += REMEMBERED
    keys.once(RequestKey("new", "x"), start)
    [left] = notes(root)
    assert start.started[1] in left
    (root.state / "idempotency" / f".{TAP.name}.json.0011aabb.part").touch()
    IdempotencyKeys(root, now=clock)
    assert notes(root) == [left]
    clock.time += REMEMBERED
    IdempotencyKeys(root, now=clock)
    assert notes(root) == []


@pytest.mark.parametrize(
    "damaged", ["", "{", "[]", "null", '{"run_id": "../../x"}', '{"run_id": 1, "time": 2}']
)
def test_a_damaged_note_is_as_good_as_none(
    root: StorageRoot, keys: IdempotencyKeys, start: Starting, damaged: str
) -> None:
    keys.once(TAP, start)
    (root.state / "idempotency" / f"{TAP.name}.json").write_text(damaged)
    assert keys.once(TAP, start) == start.started[1]


@given(key=st.text(min_size=1), asked=st.text(), other=st.text())
def test_hashes_tell_keys_and_requests_apart(key: str, asked: str, other: str) -> None:
    one, two = RequestKey(key, asked), RequestKey(key, other)
    assert one.name == two.name
    assert (one.asked_sha256 == two.asked_sha256) == (asked == other)
    assert RequestKey(key + "x", asked).name != one.name
    assert RequestKey(key + "x", asked).asked_sha256 != one.asked_sha256


def test_neither_key_nor_text_is_stored(
    root: StorageRoot, keys: IdempotencyKeys, start: Starting
) -> None:
    run_id = keys.once(TAP, start)
    [note] = notes(root)
    assert json.loads(note).keys() == {"run_id", "asked_sha256", "time"}
    assert run_id in note
    assert TAP.key not in note
    assert TAP.asked not in note


def test_forgets_the_keys_of_a_run_and_no_others(
    root: StorageRoot, clock: Clock, start: Starting, storage: MediaStorageService
) -> None:
    keys = IdempotencyKeys(root, now=clock)
    other_tap = RequestKey("b-key", TAP.asked)
    first, other = keys.once(TAP, start), keys.once(other_tap, start)
    restarted = IdempotencyKeys(root, now=clock)  # knows them from the disk
    files = list((root.state / "idempotency").iterdir())
    assert len(files) == 2
    storage.delete_run(first)
    restarted.forget(first)
    [left] = (root.state / "idempotency").iterdir()
    assert other in left.read_text()
    again = restarted.once(TAP, start)
    assert again not in (first, other)
    restarted.forget(first)  # the key stands for another run by now
    restarted.tidy()
    assert restarted.once(TAP, start) == again
    assert restarted.once(other_tap, start) == other
    restarted.forget(other)
    assert restarted.once(TAP, start) == again
