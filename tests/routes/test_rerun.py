"""Runs that are made again on purpose, and requests that come twice by accident."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from devserver.my_app.services.runs import MAX_SEED
from devserver.my_app.wiring import Services
from tests.honest_folders import check_all, check_folder
from tests.running_server import RunningServer

URL = "/api/schema/pipeline/execute"
TEXT: dict[str, Any] = {"schema": "dada", "input_text": "Eine Blume", "output_type": "text"}


def run_folders(services: Services) -> set[str]:
    return {entry.name for entry in services.root.runs.iterdir()}


def made(client: FlaskClient, **fields: Any) -> str:
    answer = client.post(URL, json={**TEXT, **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["run_id"])


# Runs made again


def test_a_rerun_gives_the_same_picture_in_a_run_that_names_its_origin(
    client: FlaskClient, services: Services
) -> None:
    first = made(client, output_type="image", seed=7, user_id="DOE_J", language="de")
    answer = client.post(f"/api/runs/{first}/rerun")
    assert answer.status_code == 200
    second = answer.get_json()["run_id"]
    assert second != first
    old, new = (check_folder(services.root.runs / run_id) for run_id in (first, second))
    assert (old.origin, new.origin) == (None, first)
    assert new.request == old.request
    assert new.user_id == "DOE_J"
    assert (new.schema_id, new.input_text, new.transformed_text) == (
        *("dada", old.input_text, old.transformed_text),
    )
    assert new.outputs[0].sha256 == old.outputs[0].sha256
    assert client.get(f"/api/runs/{second}").get_json()["origin"] == first
    assert client.get(f"/api/media/run/{second}").get_json()["origin"] == first


@pytest.mark.parametrize(("seed", "kept"), [("same", True), ("new", False), (5, False)])
def test_the_seed_is_the_same_or_new_or_given(
    client: FlaskClient, services: Services, seed: object, kept: bool
) -> None:
    first = made(client)
    again = client.post(f"/api/runs/{first}/rerun", json={"seed": seed}).get_json()["run_id"]
    old, new = (services.storage.get_metadata(run_id).request.seed for run_id in (first, again))
    assert (old == new) == kept
    assert new is not None
    assert seed != 5 or new == 5


@pytest.mark.parametrize("seed", ["other", -1, MAX_SEED + 1, 1.5, True, None, []])
def test_other_seeds_are_refused(client: FlaskClient, services: Services, seed: object) -> None:
    first = made(client)
    before = run_folders(services)
    answer = client.post(f"/api/runs/{first}/rerun", json={"seed": seed})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    [field] = answer.get_json()["details"]["fields"]
    assert field["field"] == "seed"
    assert "same, new or a number" in field["problem"]
    assert run_folders(services) == before


def test_a_rerun_of_an_edited_run_begins_with_the_input_text(
    client: FlaskClient, services: Services
) -> None:
    waiting = client.post("/api/schema/pipeline/interception", json=TEXT).get_json()
    rewritten = waiting["transformed_text"]
    edited = client.post(waiting["continue_url"], json={"text": "Ein Haus am See"}).get_json()
    assert edited["transformed_text"] == "Ein Haus am See"
    again = client.post(f"/api/runs/{edited['run_id']}/rerun").get_json()
    assert (again["status"], again["input_text"]) == ("success", "Eine Blume")
    assert again["transformed_text"] == rewritten


def test_a_run_on_its_way_has_no_rerun(client: FlaskClient, services: Services) -> None:
    run_id = services.storage.create_run(schema="dada", input_text="x").run_id
    before = run_folders(services)
    answer = client.post(f"/api/runs/{run_id}/rerun")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "run_not_over")
    assert run_folders(services) == before


def test_an_unknown_run_has_no_rerun(client: FlaskClient) -> None:
    answer = client.post(f"/api/runs/{uuid.uuid4()}/rerun")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "run_not_found")


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_failed_can_be_done_again(
    client: FlaskClient, services: Services, status: Any
) -> None:
    """Also where a folder of another version names what is not known here, or nothing."""
    storage = services.storage
    first = storage.create_run(
        schema="passthrough", input_text="Eine Blume", execution_mode="x", safety_level="y"
    ).run_id
    storage.finish_run(first, status)
    answer = client.post(f"/api/runs/{first}/rerun", json={}).get_json()
    assert (answer["status"], answer["execution_mode"]) == ("success", "eco")
    assert answer["safety_level"] == "kids"


def test_the_seed_of_the_first_servers_is_found_at_the_output(
    client: FlaskClient, services: Services
) -> None:
    run_id = str(uuid.uuid4())
    folder = services.root.runs / run_id
    folder.mkdir()
    output = {"type": "image", "filename": "output_image.png", "seed": 11}
    old = {"run_id": run_id, "schema": "passthrough", "input_text": "x", "outputs": [output]}
    (folder / "metadata.json").write_text(json.dumps(old))
    answer = client.post(f"/api/runs/{run_id}/rerun").get_json()
    assert services.storage.get_metadata(answer["run_id"]).request.seed == 11


def test_a_rerun_can_be_had_at_once_and_once(client: FlaskClient, services: Services) -> None:
    first = made(client)
    headers = {"Prefer": "respond-async", "Idempotency-Key": str(uuid.uuid4())}
    before = run_folders(services)
    answers = [client.post(f"/api/runs/{first}/rerun", headers=headers) for _ in range(3)]
    assert answers[0].status_code == 202
    assert len({answer.get_json()["run_id"] for answer in answers}) == 1
    assert len(run_folders(services) - before) == 1


# Requests that come twice


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.mark.parametrize("url", [URL, "/api/schema/pipeline/interception"])
def test_a_repeated_tap_gives_the_same_run(
    client: FlaskClient, services: Services, key: dict[str, str], url: str
) -> None:
    before = run_folders(services)
    first = client.post(url, json=TEXT, headers=key)
    reordered = dict(reversed(TEXT.items())) | {"execution_mode": "eco", "seed": None}
    second = client.post(url, json=reordered, headers=key)
    assert first.get_json() == second.get_json()
    assert first.status_code == second.status_code == 200
    assert len(run_folders(services) - before) == 1


@pytest.mark.parametrize(
    "other", [{"input_text": "Ein Haus"}, {"seed": 1}, {"user_id": "x"}, {"new_field": 1}]
)
def test_another_request_with_the_key_is_refused(
    client: FlaskClient, services: Services, key: dict[str, str], other: dict[str, Any]
) -> None:
    client.post(URL, json=TEXT, headers=key)
    before = run_folders(services)
    answer = client.post(URL, json={**TEXT, **other}, headers=key)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "idempotency_key_reused")
    answer = client.post("/api/schema/pipeline/interception", json=TEXT, headers=key)
    assert answer.status_code == 409
    assert run_folders(services) == before


def test_a_refused_request_leaves_the_key_free(client: FlaskClient, key: dict[str, str]) -> None:
    answer = client.post(URL, json={**TEXT, "schema": "unknown"}, headers=key)
    assert answer.status_code == 404
    assert client.post(URL, json=TEXT, headers=key).status_code == 200


def test_a_blocked_run_is_answered_as_the_first_time(
    client: FlaskClient, key: dict[str, str]
) -> None:
    bad = {**TEXT, "input_text": "Der Mörder im Wald"}
    first, second = (client.post(URL, json=bad, headers=key) for _ in range(2))
    assert first.status_code == second.status_code == 403
    assert first.get_json() == second.get_json()


def test_the_key_of_a_deleted_run_is_free(
    client: FlaskClient, key: dict[str, str], researcher: dict[str, str]
) -> None:
    first = client.post(URL, json=TEXT, headers=key).get_json()["run_id"]
    assert client.delete(f"/api/runs/{first}", headers=researcher).status_code == 200
    second = client.post(URL, json=TEXT, headers=key).get_json()
    assert second["status"] == "success"
    assert second["run_id"] != first


@pytest.mark.parametrize("bad", ["", "x" * 201, "schlüssel", "a\tb"])
def test_a_key_that_is_none_is_refused(client: FlaskClient, services: Services, bad: str) -> None:
    before = run_folders(services)
    answer = client.post(URL, json=TEXT, headers={"Idempotency-Key": bad})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    assert run_folders(services) == before


def test_two_taps_at_the_same_instant_make_one_run(
    app: Flask, services: Services, key: dict[str, str]
) -> None:
    before = run_folders(services)
    together = threading.Barrier(6)

    def tap(_: int) -> str:
        together.wait(30)
        answer = app.test_client().post(URL, json=TEXT, headers=key)
        assert answer.status_code == 200
        return str(answer.get_json()["run_id"])

    with ThreadPoolExecutor(6) as threads:
        run_ids = set(threads.map(tap, range(6)))
    assert run_folders(services) - before == run_ids
    assert len(run_ids) == 1


def test_a_retry_after_a_kill_gives_the_same_run(tmp_path: Path, key: dict[str, str]) -> None:
    server = RunningServer(tmp_path)
    body = {"schema": "dada", "input_text": "Eine Blume"}

    def post(**more: str) -> dict[str, Any]:
        headers = {**key, **more}
        answer = requests.post(server.url + URL, json=body, headers=headers, timeout=120)
        found: dict[str, Any] = answer.json()
        return found

    try:
        server.start()
        first = post(Prefer="respond-async")["run_id"]
        server.kill()
        server.start()
        again = post()
        assert (again["run_id"], again["status"]) == (first, "success")
    finally:
        server.stop()
    assert [run.run_id for run in check_all(server.runs)] == [first]
