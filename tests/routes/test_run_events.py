from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from devserver.my_app.routes import run_events
from devserver.my_app.services.run_events import RunStream
from devserver.my_app.services.run_metadata import FINAL_STATUSES
from devserver.my_app.services.waiting_room import WaitingRoom
from devserver.my_app.wiring import Services
from tests.conftest import TOKEN
from tests.event_stream import Event, event_stream
from tests.running_server import RunningServer

RESEARCHER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def run_id(services: Services) -> str:
    return services.storage.create_run(schema="dada", input_text="Eine Blume").run_id


@pytest.fixture
def room(services: Services, monkeypatch: pytest.MonkeyPatch) -> WaitingRoom:
    """A room with one place, for this test alone."""
    room = WaitingRoom(1)
    monkeypatch.setattr(services.events, "room", room)
    return room


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The app of the tests on a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def start(server: RunningServer, *, path: str = "execute") -> str:
    answer = requests.post(
        f"{server.url}/api/schema/pipeline/{path}",
        json={"schema": "dada", "input_text": "Eine Blume auf der Wiese"},
        headers={"Prefer": "respond-async"},
        timeout=60,
    )
    assert answer.status_code == 202
    return str(answer.json()["run_id"])


@pytest.fixture(autouse=True)
def numbers_from_zero(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that tests can name events."""
    monkeypatch.setattr(services.events, "first_number", 0)


def check_order(events: list[Event]) -> None:
    """One event a state, each once, in the order of the revisions."""
    assert len({event.id for event in events}) == len(events)
    revisions = [event.data["revision"] for event in events]
    assert revisions == sorted(revisions)
    for event in events:
        assert event.data["event"] == event.id
        assert event.id.startswith(f"{event.data['revision']}-")


def test_a_run_from_its_start_to_its_end_over_two_connections(server: RunningServer) -> None:
    run_id = start(server, path="interception")
    url = f"{server.url}/api/runs/{run_id}"
    seen: list[Event] = []
    with event_stream(f"{url}/events") as coming:
        for event in coming:
            seen.append(event)
            if event.data["status"] == "awaiting_edit":
                break
    gone_on = requests.post(
        f"{url}/continue",
        json={"text": "Eine Katze auf dem Mond"},
        headers={"Prefer": "respond-async"},
        timeout=60,
    )
    assert gone_on.status_code in (200, 202)
    with event_stream(f"{url}/events", seen[-1].id) as coming:
        for event in coming:
            if event.data["status"] == "success":
                # What it speaks of can be read at this moment.
                media = requests.get(server.url + event.data["outputs"][0]["url"], timeout=60)
                assert len(media.content) == event.data["outputs"][0]["file_size_bytes"]
            seen.append(event)
    check_order(seen)
    assert [event.data["status"] in FINAL_STATUSES for event in seen[:-1]].count(True) == 0
    assert (seen[-1].event, seen[-1].data["status"]) == ("state", "success")
    assert seen[-1].data == requests.get(url, timeout=60).json()
    again = requests.get(f"{url}/events", headers={"Last-Event-ID": seen[-1].id}, timeout=60)
    assert (again.status_code, again.content) == (204, b"")


def test_many_watch_many_runs_at_once(server: RunningServer) -> None:
    def watch(run_id: str) -> list[Event]:
        with event_stream(f"{server.url}/api/runs/{run_id}/events") as coming:
            return list(coming)

    run_ids = [start(server) for _ in range(6)]
    with ThreadPoolExecutor(12) as threads:
        for run_id, seen in zip(run_ids * 2, threads.map(watch, run_ids * 2), strict=True):
            check_order(seen)
            assert (seen[-1].data["run_id"], seen[-1].data["status"]) == (run_id, "success")


def test_a_deleted_run_ends_its_stream(server: RunningServer) -> None:
    run_id = start(server, path="interception")
    url = f"{server.url}/api/runs/{run_id}"
    with event_stream(f"{url}/events") as coming:
        while next(coming).data["status"] != "awaiting_edit":
            pass
        assert requests.delete(url, headers=RESEARCHER, timeout=60).status_code == 200
        [last] = coming
    # It is cancelled first, and who looks between the two sees just that.
    assert (last.event, last.data["status"]) in (("deleted", "deleted"), ("state", "cancelled"))
    assert last.data["run_id"] == run_id
    again = requests.get(f"{url}/events", timeout=60)
    assert (again.status_code, again.json()["code"]) == (404, "run_not_found")


def test_where_streams_cant_pass_one_asks_for_what_is_new(server: RunningServer) -> None:
    run_id = start(server)
    url = f"{server.url}/api/runs/{run_id}"
    states = [requests.get(url, timeout=60).json()]
    while states[-1]["status"] not in FINAL_STATUSES:
        query = {"after": states[-1]["event"], "wait": "20"}
        states.append(requests.get(url, params=query, timeout=60).json())
    assert states[-1]["status"] == "success"
    assert len({state["event"] for state in states}) == len(states)
    # When a run is over there is nothing to wait for.
    last = requests.get(url, params={"after": states[-1]["event"], "wait": "90"}, timeout=60)
    assert last.json() == states[-1]


def test_progress_comes_under_its_own_name(address: str, services: Services, run_id: str) -> None:
    with event_stream(f"{address}/api/runs/{run_id}/events") as coming:
        assert next(coming).id == "1-0"
        services.progress.report(run_id, config="sd35_large", step=3, steps=20)
        event = next(coming)
        assert (event.event, event.id, event.data["status"]) == ("progress", "1-1", "queued")
        assert event.data["progress"]["step"] == 3
        services.storage.finish_run(run_id, "cancelled")
        event = next(coming)
        assert (event.event, event.id, event.data["progress"]) == ("state", "2-0", None)


def test_a_heartbeat_comes_while_nothing_happens(
    address: str, services: Services, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.events, "heartbeat_seconds", 0.01)
    with event_stream(f"{address}/api/runs/{run_id}/events", "1-0") as coming:
        assert [next(coming), next(coming)] == [Event(comment="heartbeat")] * 2


def test_a_client_that_is_gone_gives_its_place_back(
    address: str,
    services: Services,
    room: WaitingRoom,
    run_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services.events, "heartbeat_seconds", 0.01)
    given_back = threading.Event()
    close = RunStream.close

    def closed(stream: RunStream) -> None:
        close(stream)
        if stream.run_id == run_id:
            given_back.set()

    monkeypatch.setattr(RunStream, "close", closed)
    with event_stream(f"{address}/api/runs/{run_id}/events") as coming:
        next(coming)
        assert room.taken == 1
    assert given_back.wait(30)
    assert room.taken == 0


def test_a_stream_ends_in_time_and_the_next_one_goes_on(
    address: str, services: Services, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.events, "heartbeat_seconds", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(run_events, "LONGEST_STREAM_SECONDS", 0.05)
        _check_that_it_ends_by_itself(f"{address}/api/runs/{run_id}/events")
    services.progress.report(run_id, config="sd35_large", step=3, steps=20)
    with event_stream(f"{address}/api/runs/{run_id}/events", "1-0") as coming:
        assert next(event.id for event in coming if not event.comment) == "1-1"
        services.storage.finish_run(run_id, "cancelled")
        assert [event.id for event in coming if not event.comment] == ["2-0"]


def _check_that_it_ends_by_itself(url: str) -> None:
    with event_stream(url) as coming:
        first, *others = coming
        assert first.id == "1-0"
        assert all(event == Event(comment="heartbeat") for event in others)


def test_when_the_room_is_taken(
    address: str,
    client: FlaskClient,
    services: Services,
    room: WaitingRoom,
    run_id: str,
) -> None:
    with event_stream(f"{address}/api/runs/{run_id}/events") as coming:
        next(coming)
        assert room.taken == room.places
        full = client.get(f"/api/runs/{run_id}/events")
        assert (full.status_code, full.get_json()["code"]) == (503, "too_many_watchers")
        assert int(full.headers["Retry-After"]) > 0
        # A request that would wait is answered at once.
        state = client.get(f"/api/runs/{run_id}?after=1-0&wait=3600").get_json()
        assert (state["event"], state["status"]) == ("1-0", "queued")
        services.storage.finish_run(run_id, "cancelled")
        assert [event.data["status"] for event in coming] == ["cancelled"]


def test_a_look_at_the_headers_alone_keeps_no_place(
    client: FlaskClient, room: WaitingRoom, run_id: str
) -> None:
    answer = client.head(f"/api/runs/{run_id}/events")
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert room.taken == 0


@pytest.mark.parametrize(
    "query", ["after=x", "after=1", "after=1-0-0", "wait=x", "wait=-1", "wait=00000000000000099999"]
)
def test_bad_questions_are_400(client: FlaskClient, run_id: str, query: str) -> None:
    answer = client.get(f"/api/runs/{run_id}?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")


def test_unknown_runs_have_no_events(client: FlaskClient) -> None:
    for query in ("/events", "?after=1-0"):
        assert client.get(f"/api/runs/{uuid.uuid4()}{query}").status_code == 404
    assert client.get("/api/runs/x/events").status_code == 400


def test_an_unreadable_last_event_id_counts_as_none(address: str, run_id: str) -> None:
    with event_stream(f"{address}/api/runs/{run_id}/events", "nonsense") as coming:
        event = next(coming)
        assert (event.id, event.event) == ("1-0", "state")
