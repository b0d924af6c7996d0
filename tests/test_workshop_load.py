"""A workshop at the real server and a slow ComfyUI: everyone gets a picture, in a fair order."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from devserver.my_app.services.run_folders import TRANSFORMED_TEXT
from devserver.my_app.services.run_metadata import FINAL_STATUSES
from tests.comfyui_graphs import write_all
from tests.event_stream import Event, event_stream
from tests.fake_comfyui import FakeComfyUI
from tests.honest_folders import check_folder
from tests.running_server import RunningServer
from tests.test_server import run_folders, wait_for

pytestmark = pytest.mark.skipif(os.name == "nt", reason="starts and stops a server by signals")

SECONDS_A_PROMPT = 0.02


@pytest.fixture
def comfy() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as comfy:
        comfy.behaviour.hold = SECONDS_A_PROMPT
        yield comfy


@pytest.fixture
def workshop(tmp_path: Path, comfy: FakeComfyUI) -> Iterator[RunningServer]:
    write_all(tmp_path / "configs")
    server = RunningServer(
        tmp_path,
        COMFYUI_URLS=comfy.url,
        DEVSERVER_OUTPUT_CONFIGS_DIR=str(tmp_path / "configs"),
    )
    server.start()
    yield server
    comfy.behaviour.hold = None
    server.stop()


def new_device() -> dict[str, str]:
    return {"device": secrets.token_urlsafe(16)}


def start(server: RunningServer, device: dict[str, str], seed: int) -> str:
    answer = requests.post(
        f"{server.url}/api/schema/pipeline/execute",
        json=body(seed),
        headers={"Prefer": "respond-async"},
        cookies=device,
        timeout=60,
    )
    assert answer.status_code == 202
    return str(answer.json()["run_id"])


def body(seed: int) -> dict[str, Any]:
    return {
        "schema": "passthrough",
        "input_text": f"Eine Katze, Nummer {seed}",
        "output_config": "image",
        "seed": seed,
    }


def follow(server: RunningServer, run_id: str, *, reconnects: bool) -> list[Event]:
    """The events of a run to its end; with `reconnects` each one over a new connection."""
    seen: list[Event] = []
    while not seen or seen[-1].data["status"] not in FINAL_STATUSES:
        last = seen[-1].id if seen else None
        # The places it left are only found to be free a second later.
        with event_stream(
            f"{server.url}/api/runs/{run_id}/events", last, comes_back=reconnects
        ) as coming:
            for event in coming:
                if not event.comment:
                    seen.append(event)
                    if reconnects:
                        break
    return seen


def check_events(seen: list[Event]) -> None:
    """No event twice, none before an older one, and every state of the run in its order."""
    assert len({event.id for event in seen}) == len(seen)
    revisions = [event.data["revision"] for event in seen]
    assert revisions == sorted(revisions)
    steps = [len(event.data["stages"]) for event in seen]
    assert steps == sorted(steps)
    statuses = list(dict.fromkeys(event.data["status"] for event in seen))
    assert statuses == [s for s in ("queued", "running", "success") if s in statuses]
    assert statuses[-1] == "success"


def check_one_result_each(server: RunningServer, comfy: FakeComfyUI, run_ids: list[str]) -> None:
    assert len(set(run_ids)) == len(run_ids)
    assert {folder.name for folder in run_folders(server)} == set(run_ids)
    for run_id in run_ids:
        run = check_folder(server.runs / run_id)
        assert (run.status, len(run.outputs), run.attempts) == ("success", 1, 1)
    assert sorted(runs_sent(comfy)) == sorted(run_ids)


def runs_sent(comfy: FakeComfyUI) -> list[str]:
    """The runs of the prompts, in the order in which they came."""
    return [prompt.graph["4"]["inputs"]["filename_prefix"][:36] for prompt in comfy.prompts]


@pytest.mark.parametrize("children", [15, 150])
def test_every_child_gets_one_picture(
    workshop: RunningServer, comfy: FakeComfyUI, children: int
) -> None:
    def child(number: int) -> str:
        if number % 3 == 0:
            answer = workshop.post_text(**body(number))
            assert answer.status_code == 200
            [output] = answer.json()["outputs"]
            assert requests.get(workshop.url + output["url"], timeout=60).status_code == 200
            return str(answer.json()["run_id"])
        run_id = start(workshop, new_device(), number)
        seen = follow(workshop, run_id, reconnects=number % 10 == 1)
        check_events(seen)
        assert seen[-1].data["input_text"] == body(number)["input_text"]
        return run_id

    with ThreadPoolExecutor(children) as threads:
        run_ids = list(threads.map(child, range(children)))
    check_one_result_each(workshop, comfy, run_ids)


def test_ten_runs_of_one_child_do_not_hold_up_fourteen_others(
    workshop: RunningServer, comfy: FakeComfyUI
) -> None:
    first = threading.Event()
    comfy.behaviour.hold = [first]
    eager = new_device()
    many = [start(workshop, eager, number) for number in range(10)]
    comfy.wait_until_running(timeout=30)
    others = [start(workshop, new_device(), 10 + number) for number in range(14)]
    wait_for(lambda: all(has_its_text(workshop, one) for one in [*many, *others]))
    first.set()
    comfy.wait_until(lambda: len(comfy.worked) == 24, timeout=60)
    sent = runs_sent(comfy)
    last_other = max(sent.index(run_id) for run_id in others)
    # Those that were there already, one a turn, and what went ahead while an other was between its
    # text and the line; in the order of arrival it were ten.
    assert len(set(sent[:last_other]) & set(many)) <= 7
    wait_for(lambda: all(is_over(workshop, run_id) for run_id in [*many, *others]))
    check_one_result_each(workshop, comfy, [*many, *others])


def has_its_text(server: RunningServer, run_id: str) -> bool:
    return (server.runs / run_id / TRANSFORMED_TEXT).is_file()


def is_over(server: RunningServer, run_id: str) -> bool:
    state = requests.get(f"{server.url}/api/runs/{run_id}", timeout=30).json()
    return state["status"] in FINAL_STATUSES


def test_those_who_hang_up_lose_nothing(workshop: RunningServer, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    posting = [post_and_say_nothing_more(workshop, number) for number in range(15)]
    folders = wait_for(lambda: len(found := run_folders(workshop)) == 15 and found)
    for connection in posting:
        connection.close()
    comfy.wait_until_running(timeout=30)
    comfy.behaviour.hold = SECONDS_A_PROMPT
    hold.set()
    run_ids = [folder.name for folder in folders or ()]
    wait_for(lambda: all(is_over(workshop, run_id) for run_id in run_ids))
    check_one_result_each(workshop, comfy, run_ids)


def post_and_say_nothing_more(server: RunningServer, number: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    sent = json.dumps(body(number)).encode()
    connection.sendall(
        b"POST /api/schema/pipeline/execute HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(sent), sent)
    )
    return connection


def test_events_go_on_where_a_connection_broke(workshop: RunningServer, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    run_id = start(workshop, new_device(), 1)
    comfy.wait_until_running(timeout=30)
    behind = [start(workshop, new_device(), 2 + number) for number in range(3)]
    url = f"{workshop.url}/api/runs/{behind[-1]}/events"
    with event_stream(url) as coming:
        before = next(coming)
    with ThreadPoolExecutor(4) as threads:
        broken = threads.submit(follow, workshop, run_id, reconnects=True)
        hold.set()
        check_events(broken.result(timeout=60))
    with event_stream(url, before.id) as coming:
        after = [event for event in coming if not event.comment]
    check_events([before, *after])
    wait_for(lambda: all(is_over(workshop, one) for one in behind))
    check_one_result_each(workshop, comfy, [run_id, *behind])
