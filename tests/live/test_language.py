"""The whole flow with a real language model, where LANGUAGE_BASE_URL and LANGUAGE_MODEL say so.

    LANGUAGE_BASE_URL=http://127.0.0.1:8080/v1 LANGUAGE_MODEL=smollm2 make test ARGS=tests/live

Any OpenAI-compatible server will do, with a model of any size: what it writes is not judged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from devserver.config import PROJECT_FOLDER
from tests.honest_folders import check_all
from tests.running_server import RunningServer

BASE_URL = os.environ.get("LANGUAGE_BASE_URL", "")
MODEL = os.environ.get("LANGUAGE_MODEL", "")
IDEA = "Eine Katze auf dem Mond"

pytestmark = pytest.mark.skipif(
    not (BASE_URL and MODEL), reason="LANGUAGE_BASE_URL and LANGUAGE_MODEL are not set"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose atelier wants English, so that translation is part of the flow."""
    folder = tmp_path_factory.mktemp("language")
    configs = folder / "output"
    configs.mkdir()
    atelier = PROJECT_FOLDER / "devserver/schemas/output/atelier_image.json"
    values = {**json.loads(atelier.read_text()), "prompt_language": "en"}
    (configs / "atelier_image.json").write_text(json.dumps(values))
    name = f"openai_compatible/{MODEL}"
    running = RunningServer(
        folder,
        token="a-token",
        DEVSERVER_OUTPUT_CONFIGS_DIR=str(configs),
        DEVSERVER_LANGUAGE_BASE_URL=BASE_URL,
        DEVSERVER_INTERCEPTION_MODEL=name,
        DEVSERVER_TRANSLATION_MODEL=name,
        DEVSERVER_LANGUAGE_TIMEOUT_SECONDS="300",
        DEVSERVER_MAX_WAIT_SECONDS="600",
    )
    running.start()
    yield running
    running.stop()


def metadata_of(server: RunningServer, run_id: str) -> dict[str, Any]:
    folder: Path = server.runs / run_id
    values: dict[str, Any] = json.loads((folder / "metadata.json").read_text())
    return values


@pytest.mark.parametrize("schema", ["dada", "bauhaus", "theopposite"])
def test_a_text_becomes_a_picture(server: RunningServer, schema: str) -> None:
    answer = server.post_text(timeout=600, schema=schema, input_text=IDEA, seed=7)
    assert answer.status_code == 200, answer.text
    run = metadata_of(server, answer.json()["run_id"])
    rewritten = [record for record in run["stages"] if record["stage"] == 2]
    assert [(one["backend"], one["model"]) for one in rewritten] == [("openai_compatible", MODEL)]
    assert rewritten[-1]["output"] == run["transformed_text"]
    assert rewritten[-1]["details"]["answer_tokens"] > 0
    assert rewritten[-1]["details"]["messages"][1]["content"].count(IDEA) == 1
    [translation] = [record for record in run["stages"] if record["step"] == "translation"]
    assert translation["status"] in ("passed", "transformed", "skipped")
    assert (server.runs / run["run_id"] / "output_image.png").stat().st_size > 0


def test_the_same_seed_gives_the_same_text(server: RunningServer) -> None:
    texts = set()
    for _ in range(2):
        answer = server.post_text(
            timeout=600, schema="dada", input_text=IDEA, seed=3, output_type="text"
        )
        record = metadata_of(server, answer.json()["run_id"])["stages"][1]
        texts.add(record["output"])
    assert len(texts) == 1


def test_eight_listeners_are_eight_steps(server: RunningServer) -> None:
    answer = server.post_text(
        timeout=600, schema="stillepost", input_text=IDEA, seed=1, output_type="text"
    )
    assert answer.status_code == 200, answer.text
    journey = requests.get(
        f"{server.url}/api/runs/{answer.json()['run_id']}/journey", timeout=30
    ).json()
    listeners = [step for step in journey["steps"] if step["stage"] == 2]
    assert len(listeners) == 8
    assert all(step["model"] == MODEL for step in listeners)
    assert "messages" not in listeners[0]["details"]


def test_the_text_is_edited_in_between(server: RunningServer) -> None:
    waiting = requests.post(
        f"{server.url}/api/schema/pipeline/interception",
        json={"schema": "materials", "input_text": IDEA},
        timeout=600,
    ).json()
    assert waiting["status"] == "awaiting_edit", waiting
    answer = requests.post(
        f"{server.url}{waiting['continue_url']}", json={"text": "Ein Hund im Garten"}, timeout=600
    )
    assert answer.json()["transformed_text"] == "Ein Hund im Garten"


def test_no_folder_lies(server: RunningServer) -> None:
    check_all(server.runs)
