from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import responses

from devserver.my_app.services.backends.port import BackendUnreachable
from devserver.my_app.services.comfyui.client import ComfyUIClient, WorkflowRefused
from tests.services.comfyui.recordings import steps

URL = "http://comfy:8188"
REFUSALS = [s for s in steps("fail_01_invalid_graphs") if s["response"]["status"] in (400, 500)]


def answer(path: str, step: dict[str, Any], method: str = "GET") -> None:
    response = step["response"]
    body = response.get("body_json")
    text = json.dumps(body) if body is not None else response.get("body_text", "")
    responses.add(method, f"{URL}{path}", body=text, status=response["status"])


@pytest.mark.parametrize("step", REFUSALS, ids=range(len(REFUSALS)))
@responses.activate
def test_every_recorded_refusal_becomes_a_sentence(step: dict[str, Any]) -> None:
    answer("/prompt", step, "POST")
    with ComfyUIClient(URL) as client, pytest.raises(WorkflowRefused) as caught:
        client.submit({}, prompt_id="id", client_id="me")
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "xecut" not in sentence
    assert "Traceback" not in sentence
    assert 'File "' not in sentence


@responses.activate
def test_a_missing_model_is_named() -> None:
    [step] = [s for s in REFUSALS if "missing.safetensors" in json.dumps(s["request"])]
    answer("/prompt", step, "POST")
    with ComfyUIClient(URL) as client, pytest.raises(WorkflowRefused) as caught:
        client.submit({}, prompt_id="id", client_id="me")
    assert "missing.safetensors is not on this ComfyUI" in str(caught.value)


@responses.activate
def test_what_is_left_out_of_a_partly_valid_graph_is_told() -> None:
    answer("/prompt", steps("fail_02_partly_valid")[0], "POST")
    with ComfyUIClient(URL) as client:
        [sentence] = client.submit({"1": {}}, prompt_id="id", client_id="me")
    assert "Node 3 (SaveImage), input filename_prefix" in sentence
    sent = json.loads(responses.calls[0].request.body or "")
    assert sent == {"prompt": {"1": {}}, "prompt_id": "id", "client_id": "me"}


@responses.activate
def test_the_queue_is_told_in_its_order() -> None:
    queues = [
        s
        for s in steps("queue_07_running_pending_delete")
        if s["request"] == {"method": "GET", "path": "/queue"}
    ]
    body = queues[0]["response"]["body_json"]
    answer("/queue", queues[0])
    with ComfyUIClient(URL) as client:
        queue = client.queue()
    running, pending = body["queue_running"], sorted(body["queue_pending"])
    assert queue.running == tuple(item[1] for item in running)
    assert queue.pending == tuple(item[1] for item in pending)
    assert len(queue) == len(running) + len(pending) == 4
    assert queue.ahead_of(queue.running[0]) == 0
    assert [queue.ahead_of(prompt) for prompt in queue.pending] == [1, 2, 3]
    assert queue.pending[0] in queue
    assert "unknown" not in queue


@responses.activate
def test_the_history_of_an_unknown_prompt_is_none() -> None:
    responses.get(f"{URL}/history/unknown", json={})
    responses.get(f"{URL}/history/..%2Fx", json={})
    with ComfyUIClient(URL) as client:
        assert client.history("unknown") is None
        assert client.history("../x") is None


@responses.activate
def test_the_version_is_told() -> None:
    [step] = [
        s for s in steps("http_04_system_stats_features") if s["request"]["path"] == "/system_stats"
    ]
    answer("/system_stats", step)
    with ComfyUIClient(URL) as client:
        assert client.version() == "0.3.64"


@pytest.mark.parametrize(
    "body",
    [
        {"body": "<html>", "status": 200},
        {"body": "[]", "status": 200},
        {"body": "{}", "status": 200},
        {"body": "{}", "status": 500},
        {"body": "", "status": 302},
        {"body": requests.ConnectionError("refused")},
        {"body": requests.ReadTimeout("slow")},
    ],
    ids=str,
)
@responses.activate
def test_what_is_no_comfyui_is_unreachable(body: dict[str, Any]) -> None:
    responses.get(f"{URL}/system_stats", **body)
    with ComfyUIClient(URL) as client, pytest.raises(BackendUnreachable):
        client.version()


@responses.activate
def test_cancelling_names_our_prompt_only() -> None:
    responses.post(f"{URL}/queue")
    responses.post(f"{URL}/interrupt")
    with ComfyUIClient(URL) as client:
        client.cancel("ours")
    bodies = [json.loads(call.request.body or "") for call in responses.calls]
    assert bodies == [{"delete": ["ours"]}, {"prompt_id": "ours"}]
