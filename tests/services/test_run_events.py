from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_events import RunEvent, RunEvents, RunStream, TooManyWatchers
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.run_progress import PreviewPicture, RunProgress
from devserver.my_app.services.run_queue import Moved, Outlook
from devserver.my_app.services.waiting_room import WaitingRoom

LONG = 60.0


class Line:
    """A line of runs, as a queue would tell of it."""

    def __init__(self) -> None:
        self.run_ids: list[str] = []

    def outlook(self, run_id: str) -> Outlook | None:
        if run_id not in self.run_ids:
            return None
        place = self.run_ids.index(run_id) + 1
        return Outlook(place, place * 10.0)

    def leave(self, run_id: str) -> Moved:
        behind = self.run_ids[self.run_ids.index(run_id) + 1 :]
        self.run_ids.remove(run_id)
        return Moved(run_id, "lane", tuple(behind), 0.0)


@pytest.fixture
def progress(storage: MediaStorageService) -> RunProgress:
    progress = RunProgress()
    storage.watch(progress.heard)
    return progress


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def events(storage: MediaStorageService, progress: RunProgress, line: Line) -> RunEvents:
    return connected(storage, progress, line)


def connected(
    storage: MediaStorageService, progress: RunProgress, line: Line, first_number: int | None = 0
) -> RunEvents:
    events = RunEvents(
        storage.get_metadata,
        progress,
        line.outlook,
        WaitingRoom(20),
        heartbeat_seconds=LONG,
        first_number=first_number,
    )
    storage.watch(events.heard)
    progress.listen(events.progressed)
    return events


def new_run(storage: MediaStorageService) -> str:
    return storage.create_run(schema="dada", input_text="x").run_id


def next_event(stream: Iterator[RunEvent | None]) -> RunEvent:
    event = next(stream)
    assert event is not None
    return event


def to_the_end(stream: RunStream) -> list[RunEvent]:
    with closing(stream):
        return [event for event in stream if event]


def test_a_stream_begins_with_how_the_run_stands_and_ends_with_its_end(
    storage: MediaStorageService, events: RunEvents
) -> None:
    run_id = new_run(storage)
    with closing(events.open(run_id)) as stream:
        coming = iter(stream)
        assert next_event(coming).id == "1-0"
        storage.begin_attempt(run_id)
        running = next_event(coming)
        assert (running.id, running.run.status, running.changes_state("1-0")) == (
            *("2-0", "running"),
            True,
        )
        storage.finish_run(run_id, "cancelled")
        assert next_event(coming).run.status == "cancelled"
        with pytest.raises(StopIteration):
            next(coming)
    assert [event.id for event in to_the_end(events.open(run_id))] == ["3-0"]
    assert to_the_end(events.open(run_id, "3-0")) == []


def test_progress_is_an_event_and_only_the_newest_of_it(
    storage: MediaStorageService, progress: RunProgress, events: RunEvents
) -> None:
    run_id = new_run(storage)
    with closing(events.open(run_id, "1-0")) as stream:
        coming = iter(stream)
        for step in range(5):
            progress.report(run_id, step=step, steps=5)
        progress.report(run_id, step=4)  # nothing new
        event = next_event(coming)
        assert event.id == "1-5"
        assert event.progress is not None
        assert (event.progress.step, event.has_preview) == (4, False)
        assert not event.changes_state("1-0")
        progress.show(run_id, PreviewPicture(b"x", "image/png"))
        event = next_event(coming)
        assert (event.id, event.has_preview) == ("1-6", True)
        storage.finish_run(run_id, "cancelled")
        progress.report(run_id, step=5)  # a worker that has not heard of it yet
        event = next_event(coming)
        assert (event.id, event.progress, event.has_preview) == ("2-0", None, False)


def test_those_in_line_hear_when_it_moves(
    storage: MediaStorageService, events: RunEvents, line: Line
) -> None:
    first, second = new_run(storage), new_run(storage)
    line.run_ids += [first, second]
    with closing(events.open(second)) as stream, ThreadPoolExecutor(1) as thread:
        coming = iter(stream)
        event = next_event(coming)
        assert (event.id, event.place_in_queue, event.seconds) == ("1-0", 2, 20.0)
        moved = thread.submit(next_event, coming)
        events.moved(line.leave(first))
        event = moved.result()
        assert (event.id, event.place_in_queue, event.seconds) == ("1-1", 1, 10.0)
        assert not event.changes_state("1-0")


def test_no_time_is_told_while_the_backend_works_on_others(
    storage: MediaStorageService, events: RunEvents, line: Line, progress: RunProgress
) -> None:
    run_id = new_run(storage)
    line.run_ids.append(run_id)
    progress.report(run_id, ahead=3)
    assert events.newest(run_id).seconds is None
    progress.report(run_id, ahead=0)
    assert events.newest(run_id).seconds == 10.0


def test_those_who_hear_much_hear_of_a_change_at_once_and_of_the_rest_now_and_then(
    storage: MediaStorageService, events: RunEvents, progress: RunProgress
) -> None:
    events.pause_seconds = LONG
    run_id = new_run(storage)
    with closing(events.open(run_id)) as stream, ThreadPoolExecutor(2) as threads:
        coming = iter(stream)
        assert next_event(coming).id == "1-0"
        hearing = threads.submit(next_event, coming)
        waiting = threads.submit(events.wait, run_id, "1-0", LONG)
        for step in range(5):
            progress.report(run_id, step=step)
        assert not hearing.done()
        assert not waiting.done()
        storage.finish_run(run_id, "cancelled")
        assert hearing.result(60).id == waiting.result(60).id == "2-0"


def test_who_asks_for_less_than_a_change_gets_it_after_a_moment(
    storage: MediaStorageService, events: RunEvents, progress: RunProgress
) -> None:
    events.pause_seconds = 0.05
    run_id = new_run(storage)
    progress.report(run_id, step=1)
    assert events.wait(run_id, "1-0", LONG).id == "1-1"


@pytest.mark.parametrize("change", ["heard", "from another process"])
def test_a_change_between_looking_and_waiting_is_not_missed(
    storage: MediaStorageService, progress: RunProgress, line: Line, change: str
) -> None:
    run_id = new_run(storage)
    looks = 0

    def look(run_id: str) -> RunMetadata:
        nonlocal looks
        looks += 1
        run = storage.get_metadata(run_id)
        if looks == 2:
            storage.finish_run(run_id, "cancelled")
        return run

    heartbeat = LONG if change == "heard" else 0.01
    events = RunEvents(look, progress, line.outlook, WaitingRoom(1), heartbeat_seconds=heartbeat)
    if change == "heard":
        storage.watch(events.heard)
    assert [event.run.status for event in to_the_end(events.open(run_id))] == [
        "queued",
        "cancelled",
    ]


def test_heartbeats_come_while_nothing_happens(
    storage: MediaStorageService, events: RunEvents
) -> None:
    events.heartbeat_seconds = 0.01
    with closing(events.open(new_run(storage), "1-0")) as stream:
        coming = iter(stream)
        assert [next(coming), next(coming)] == [None, None]


def test_a_run_that_is_deleted_ends_its_streams_and_waits(
    storage: MediaStorageService, events: RunEvents
) -> None:
    run_id = new_run(storage)
    with closing(events.open(run_id)) as stream, ThreadPoolExecutor(2) as threads:
        coming = iter(stream)
        next_event(coming)
        hearing = threads.submit(next, coming)
        waiting = threads.submit(events.wait, run_id, "1-0", LONG)
        storage.delete_run(run_id)
        events.deleted(run_id)
        for future in (hearing, waiting):
            with pytest.raises(RunNotFound):
                future.result()
    with pytest.raises(RunNotFound):
        events.open(new_run_id())
    assert events.room.taken == 0


def test_the_room_is_shared_and_given_back(storage: MediaStorageService, events: RunEvents) -> None:
    run_id = new_run(storage)
    events.room.places = 2
    streams = [events.open(run_id), events.open(run_id)]
    with pytest.raises(TooManyWatchers):
        events.open(run_id)
    assert events.wait(run_id, "1-0", LONG).id == "1-0"  # at once
    streams[0].close()  # never begun
    streams[0].close()
    assert events.room.taken == 1
    events.open(run_id).close()
    streams[1].close()
    assert events.room.taken == 0


def test_waiting_for_what_is_new(
    storage: MediaStorageService, progress: RunProgress, events: RunEvents
) -> None:
    run_id = new_run(storage)
    assert events.wait(run_id, "0-0", LONG).id == "1-0"
    assert events.wait(run_id, "1-0", 0.01).id == "1-0"
    with ThreadPoolExecutor(10) as threads:
        waiting = [threads.submit(events.wait, run_id, "1-0", LONG) for _ in range(10)]
        progress.report(run_id, ahead=1)
        assert {future.result().id for future in waiting} == {"1-1"}
    storage.finish_run(run_id, "cancelled")
    assert events.wait(run_id, "2-0", LONG).id == "2-0"  # nothing more will come
    assert events.room.taken == 0


def test_at_the_servers_end_all_are_let_go(storage: MediaStorageService, events: RunEvents) -> None:
    run_id = new_run(storage)
    with ThreadPoolExecutor(2) as threads:
        hearing = threads.submit(to_the_end, events.open(run_id))
        waiting = threads.submit(events.wait, run_id, "1-0", LONG)
        events.close()
        assert waiting.result().id == "1-0"
        assert {event.id for event in hearing.result()} <= {"1-0"}
    with pytest.raises(TooManyWatchers):
        events.open(run_id)


def test_after_a_restart_a_client_gets_a_snapshot(
    storage: MediaStorageService, progress: RunProgress, events: RunEvents, line: Line
) -> None:
    """Also when just as much has happened to the run as before, which numbers alone can't tell."""
    ahead, run_id = new_run(storage), new_run(storage)
    line.run_ids += [ahead, run_id]
    before, after = (connected(storage, progress, line, first_number=None) for _ in range(2))
    with closing(before.open(run_id)) as stream:
        seen = next_event(iter(stream))
    line.leave(ahead)
    with closing(after.open(run_id, seen.id)) as stream:
        event = next_event(iter(stream))
    assert (seen.place_in_queue, event.place_in_queue) == (2, 1)
    assert seen.run == event.run
    storage.finish_run(run_id, "cancelled")
    assert before.newest(run_id).id == after.newest(run_id).id  # nothing more will come


STEPS = st.lists(st.sampled_from(["state", "progress", "take", "reconnect"]), max_size=25)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_a_client_does_it_misses_no_state_and_sees_nothing_twice(
    storage: MediaStorageService, progress: RunProgress, events: RunEvents, steps: list[str]
) -> None:
    run_id = new_run(storage)
    events.heartbeat_seconds = 0.0  # a stream that has nothing to say says so at once
    seen: list[RunEvent] = []
    stream = events.open(run_id)
    coming = iter(stream)
    for number, step in enumerate(steps):
        if step == "state":
            storage.add_warning(run_id, str(number))
        elif step == "progress":
            progress.report(run_id, step=number)
        elif step == "take":
            event = next(coming)
            seen += [event] if event else []
            assert seen[-1].run == storage.get_metadata(run_id)
        else:
            stream.close()
            stream = events.open(run_id, seen[-1].id if seen else None)
            coming = iter(stream)
    storage.finish_run(run_id, "cancelled")
    stream.close()
    seen += to_the_end(events.open(run_id, seen[-1].id if seen else None))
    order = [(event.run.revision, event.number) for event in seen[:-1]]
    assert all(earlier < later for earlier, later in pairwise(order))
    assert len({event.id for event in seen}) == len(seen)
    assert seen[-1].run == storage.get_metadata(run_id)


def test_many_writers_and_watchers_at_once(
    storage: MediaStorageService, progress: RunProgress, events: RunEvents
) -> None:
    run_id = new_run(storage)
    streams = [events.open(run_id) for _ in range(8)]
    begin = threading.Barrier(3)

    def write() -> None:
        begin.wait()
        for number in range(10):
            storage.add_warning(run_id, str(number))

    def report() -> None:
        begin.wait()
        for number in range(200):
            progress.report(run_id, step=number)

    with ThreadPoolExecutor(10) as threads:
        heard = [threads.submit(to_the_end, stream) for stream in streams]
        working = [threads.submit(write), threads.submit(report)]
        begin.wait()
        for work in working:
            work.result()
        storage.finish_run(run_id, "cancelled")
        for future in heard:
            seen = future.result()
            assert len({event.id for event in seen}) == len(seen)
            revisions = [event.run.revision for event in seen]
            assert revisions == sorted(revisions)
            assert seen[-1].id == "12-0"


def test_a_run_that_is_over_has_no_progress_even_before_that_is_forgotten(
    storage: MediaStorageService, line: Line
) -> None:
    progress = RunProgress()  # not told of the end
    events = connected(storage, progress, line)
    run_id = new_run(storage)
    line.run_ids.append(run_id)
    progress.report(run_id, step=1)
    storage.finish_run(run_id, "cancelled")
    event = events.newest(run_id)
    assert (event.id, event.progress, event.place_in_queue) == ("2-0", None, None)


def test_who_is_gone_is_not_waited_for(events: RunEvents, storage: MediaStorageService) -> None:
    run_id = new_run(storage)
    looks: list[bool] = []

    def is_gone() -> bool:
        looks.append(True)
        assert len(looks) < 10, "it looks again and again"
        return len(looks) > 1

    seen = events.newest(run_id).id
    assert events.wait(run_id, seen, LONG, is_gone).id == seen


@pytest.mark.parametrize("end", ["over", "deleted"])
def test_what_is_told_of_a_run_after_its_end_is_not_kept(
    storage: MediaStorageService, events: RunEvents, line: Line, end: str
) -> None:
    """A move that was noticed before the end of a run behind it, and told afterwards."""
    first, second = new_run(storage), new_run(storage)
    line.run_ids += [first, second]
    moved = line.leave(first)
    if end == "over":
        storage.finish_run(second, "cancelled")
    else:
        storage.delete_run(second)
        events.deleted(second)
    events.moved(moved)
    events.moved(Moved(second, "lane"))
    events.progressed(second)
    assert second not in events._numbers
    assert first in events._numbers


def test_only_so_many_runs_are_known_to_be_over(events: RunEvents) -> None:
    for number in range(1500):
        events.deleted(str(number))
    assert len(events._over) == 1000
