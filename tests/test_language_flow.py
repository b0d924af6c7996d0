"""Runs with a language model, through the real server and a fake Ollama on a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fake_language_servers import FakeOllama, Says, status
from tests.running_server import RunningServer, free_port

MODEL = "llama3.2:3b"


def server_with(folder: Path, ollama_url: str, **more: str) -> RunningServer:
    return RunningServer(
        folder, OLLAMA_HOST=ollama_url, DEVSERVER_INTERCEPTION_MODEL=f"ollama/{MODEL}", **more
    )


@pytest.fixture(scope="module")
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(ollama: FakeOllama, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = server_with(tmp_path_factory.mktemp("language"), ollama.url)
    running.start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def fresh(ollama: FakeOllama) -> None:
    ollama.says = Says("Ein Walross im Ballkleid.")


def record_of(server: RunningServer, run_id: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((server.runs / run_id / "metadata.json").read_text())
    return values


def test_the_model_rewrites_and_the_start_says_so(
    server: RunningServer, ollama: FakeOllama
) -> None:
    answer = server.post_text(output_type="text").json()
    assert (answer["status"], answer["transformed_text"]) == (
        "success",
        "Ein Walross im Ballkleid.",
    )
    assert "messages" not in json.dumps(answer["stages"])
    [step] = [one for one in record_of(server, answer["run_id"])["stages"] if one["stage"] == 2]
    assert step["details"]["messages"] == ollama.chats[-1]["messages"]
    said = server.log.read_text()
    assert f"interception, eco: {MODEL} at Ollama ({ollama.url})" in said
    assert "Eine Blume auf der Wiese" not in said.partition("Try it")[2].partition("INFO")[2]


def test_the_model_is_loaded_at_the_start_and_stays(
    server: RunningServer, ollama: FakeOllama
) -> None:
    server.post_text(output_type="text")
    assert ollama.chats[0]["messages"] == []
    assert {chat["keep_alive"] for chat in ollama.chats} == {"24h"}
    assert ollama.state.loads == 1


def test_a_model_that_fails_is_told_of_and_not_replaced(
    server: RunningServer, ollama: FakeOllama
) -> None:
    ollama.fail(status(404, {"error": "model not found"}))
    answer = server.post_text(output_type="text")
    assert (answer.status_code, answer.json()["code"]) == (502, "language_model_failed")
    run = record_of(server, answer.json()["run_id"])
    assert (run["status"], run["transformed_text"]) == ("failed", None)
    assert run["error"]["stage"] == 2
    assert server.post_text(output_type="text").json()["status"] == "success"


def test_fifteen_children_at_once_get_their_own_texts(
    server: RunningServer, ollama: FakeOllama
) -> None:
    def echo(body: dict[str, Any]) -> Says:
        text = body["messages"][1]["content"].rpartition("BEGINS]\n")[2].rpartition("\n[")[0]
        return Says(f"{text}, ganz anders")

    ollama.says = echo
    answers: dict[int, dict[str, Any]] = {}

    def child(number: int) -> None:
        text = f"Idee Nummer {number} ist da"
        schema = ("dada", "bauhaus", "expressionism")[number % 3]
        answers[number] = server.post_text(
            schema=schema, input_text=text, output_type="text"
        ).json()

    children = [threading.Thread(target=child, args=(number,)) for number in range(15)]
    for thread in children:
        thread.start()
    for thread in children:
        thread.join()
    for number, answer in answers.items():
        assert answer["transformed_text"] == f"Idee Nummer {number} ist da, ganz anders"
    assert ollama.most_at_work <= 3


def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    server = server_with(tmp_path, f"127.0.0.1:{free_port()}")
    server.start()
    try:
        answer = server.post_text(output_type="text")
        assert (answer.status_code, answer.json()["code"]) == (502, "language_model_unreachable")
        # What no model is asked for goes on working.
        assert server.post_text(schema="piglatin", output_type="text").status_code == 200
    finally:
        server.stop()


def test_a_kill_in_the_middle_of_a_chain_repeats_no_step(tmp_path: Path) -> None:
    with FakeOllama() as ollama:
        fourth, gone = threading.Event(), threading.Event()

        def listener(body: dict[str, Any]) -> Says:
            asked = sum(1 for chat in ollama.chats if chat["messages"])
            if asked == 4 and not gone.is_set():
                fourth.set()
                gone.wait(60)
            return Says(f"Gehört {asked}")

        ollama.says = listener
        server = server_with(tmp_path, ollama.url)
        server.start()
        answer = requests.post(
            f"{server.url}/api/schema/pipeline/execute",
            json={"schema": "stillepost", "input_text": "Eine Katze", "output_type": "text"},
            headers={"Prefer": "respond-async"},
            timeout=60,
        ).json()
        assert fourth.wait(60)
        server.kill()
        gone.set()
        server.start()
        try:
            run = _at_its_end(server, answer["run_id"])
        finally:
            server.stop()
    listeners = [one for one in run["stages"] if one["stage"] == 2]
    assert [one["output"] for one in listeners][:3] == ["Gehört 1", "Gehört 2", "Gehört 3"]
    assert len(listeners) == 8
    assert (run["status"], run["attempts"]) == ("success", 2)


def _at_its_end(server: RunningServer, run_id: str) -> dict[str, Any]:
    """The run as it ends; the server holds the answer back until then."""
    run = requests.get(f"{server.url}/api/runs/{run_id}", timeout=30).json()
    for _ in range(100):
        if run["status"] in ("success", "failed"):
            return record_of(server, run_id)
        news = {"after": run["event"], "wait": 20}
        run = requests.get(f"{server.url}/api/runs/{run_id}", params=news, timeout=60).json()
    raise AssertionError("the run did not end")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"DEVSERVER_INTERCEPTION_MODEL": "ollama/x"}, "OLLAMA_HOST is not set"),
        ({"DEVSERVER_INTERCEPTION_MODEL": "gpt"}, "a model is named by one of"),
        (
            {"DEVSERVER_INTERCEPTION_MODEL": "openrouter/x", "OPENROUTER_API_KEY": "key"},
            "eco mode stays on one's own machines",
        ),
    ],
)
def test_a_wrong_model_stops_the_start_with_a_sentence(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    server = RunningServer(tmp_path, **settings)
    process = server.launch()
    assert process.wait(60) != 0
    said = server.log.read_text()
    assert sentence in said
    assert "Traceback" not in said
