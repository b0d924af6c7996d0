from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.run_watch import RunWatch
from devserver.my_app.services.waiting_room import WaitingRoom


@pytest.fixture
def watch(storage: MediaStorageService) -> RunWatch:
    watch = RunWatch(storage.get_metadata, WaitingRoom(20))
    storage.watch(watch.heard)
    return watch


def new_run(storage: MediaStorageService) -> str:
    return storage.create_run(schema="dada", input_text="x").run_id


def test_all_who_wait_are_woken_at_the_end(storage: MediaStorageService, watch: RunWatch) -> None:
    run_id = new_run(storage)
    with ThreadPoolExecutor(20) as threads:
        waiting = [threads.submit(watch.wait, run_id, 60) for _ in range(20)]
        storage.begin_attempt(run_id)
        storage.finish_run(run_id, "cancelled")
        assert {future.result().status for future in waiting} == {"cancelled"}


def test_an_end_that_was_there_before_is_seen_at_once(
    storage: MediaStorageService, watch: RunWatch
) -> None:
    run_id = new_run(storage)
    storage.finish_run(run_id, "cancelled")
    assert watch.wait(run_id, 60).status == "cancelled"


def test_an_end_between_looking_and_waiting_is_not_missed(storage: MediaStorageService) -> None:
    run_id = new_run(storage)

    def look_slowly(run_id: str) -> RunMetadata:
        run = storage.get_metadata(run_id)
        if not run.is_final:
            storage.finish_run(run_id, "cancelled")
        return run

    watch = RunWatch(look_slowly, WaitingRoom(1))
    storage.watch(watch.heard)
    assert watch.wait(run_id, 60).status == "cancelled"


def test_time_runs_out(storage: MediaStorageService, watch: RunWatch) -> None:
    assert watch.wait(new_run(storage), 0.01).status == "queued"
    assert watch.wait(new_run(storage), 0).status == "queued"


def test_when_the_room_is_taken_nobody_waits(storage: MediaStorageService) -> None:
    run_id = new_run(storage)
    inside, go_on = threading.Event(), threading.Event()

    def look(run_id: str) -> RunMetadata:
        inside.set()
        go_on.wait(30)
        return storage.get_metadata(run_id)

    watch = RunWatch(look, WaitingRoom(1))
    storage.watch(watch.heard)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(watch.wait, run_id, 60)
        inside.wait(30)
        second = threads.submit(watch.wait, run_id, 60)
        go_on.set()
        assert second.result().status == "queued"
        storage.finish_run(run_id, "cancelled")
        assert first.result().status == "cancelled"
    assert watch.wait(run_id, 0).status == "cancelled"


def test_an_unknown_run_is_not_waited_for(watch: RunWatch) -> None:
    with pytest.raises(RunNotFound):
        watch.wait(new_run_id(), 60)


def test_nobody_waits_for_a_server_that_ends(storage: MediaStorageService, watch: RunWatch) -> None:
    run_id = new_run(storage)
    with ThreadPoolExecutor(20) as threads:
        waiting = [threads.submit(watch.wait, run_id, 3600) for _ in range(20)]
        watch.close()
        assert {future.result().status for future in waiting} == {"queued"}
    assert watch.wait(run_id, 3600).status == "queued"
