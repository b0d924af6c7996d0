from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest

from devserver.my_app.services.comfyui.client import ComfyUIClient
from devserver.my_app.services.comfyui.forgetting import ComfyUIHistory, HistoryNotForgotten
from devserver.my_app.services.run_metadata import Job
from tests.comfyui_graphs import GRAPHS, SLEEPING
from tests.fake_comfyui import FakeComfyUI


@pytest.fixture
def comfy() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as comfy:
        yield comfy


def submit(comfy: FakeComfyUI, graph: object = None) -> Job:
    prompt_id = str(uuid.uuid4())
    with ComfyUIClient(comfy.url) as client:
        client.submit(graph or GRAPHS["mixed"][1], prompt_id=prompt_id, client_id="me")  # type: ignore[arg-type]
    return Job(backend="comfyui", server=comfy.url, job_id=prompt_id)


def in_history(comfy: FakeComfyUI, job: Job) -> bool:
    with ComfyUIClient(comfy.url) as client:
        return client.history(job.job_id or "") is not None


def test_forgets_its_own_entries_and_no_others(comfy: FakeComfyUI) -> None:
    job, other = submit(comfy), submit(comfy)
    for one in (job, other):
        comfy.wait_until_done(one.job_id or "")
    history = ComfyUIHistory([comfy.url])
    assert history.forget([job, Job(backend="openai", server="x", job_id="y")]) == 1
    assert (in_history(comfy, job), in_history(comfy, other)) == (False, True)
    assert history.forget([job]) == 1  # again, or after a restart of it: nothing there, all is well


def test_stops_what_is_still_running_and_waiting(comfy: FakeComfyUI) -> None:
    hold = threading.Event()
    comfy.behaviour.hold = hold
    running, waiting = submit(comfy, SLEEPING), submit(comfy)
    comfy.wait_until_running(running.job_id)

    def let_it_stop() -> None:
        comfy.wait_until(lambda: comfy.count("/interrupt", "POST") > 0)
        hold.set()

    stopped = threading.Thread(target=let_it_stop)
    stopped.start()
    assert ComfyUIHistory([comfy.url]).forget([waiting, running]) == 2
    stopped.join()
    comfy.wait_until_idle()
    assert not in_history(comfy, running)
    assert not in_history(comfy, waiting)


def test_a_server_that_is_not_ours_any_more_is_not_asked(comfy: FakeComfyUI) -> None:
    job = submit(comfy)
    comfy.wait_until_done(job.job_id or "")
    before = comfy.count("/history")
    with pytest.raises(HistoryNotForgotten, match="COMFYUI_URLS"):
        ComfyUIHistory(["http://127.0.0.1:1"]).forget([job])
    assert comfy.count("/history") == before
    assert in_history(comfy, job)


def test_a_silent_server_is_asked_once(comfy: FakeComfyUI) -> None:
    job = submit(comfy)
    comfy.wait_until_done(job.job_id or "")
    history = ComfyUIHistory([comfy.url])
    comfy.stop(forget=False)
    for _ in range(3):
        with pytest.raises(HistoryNotForgotten, match="does not answer"):
            history.forget([job])
    comfy.start()
    requests = len(comfy.requests)
    with pytest.raises(HistoryNotForgotten):
        history.forget([job])  # within a minute it isn't asked again
    assert len(comfy.requests) == requests
    assert ComfyUIHistory([comfy.url]).forget([job]) == 1
