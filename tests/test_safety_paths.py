"""Every route and field that takes a text, tried with one that has to be stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from devserver.my_app.wiring import Services

BAD = "Der Mörder im Wald"
GOOD = "Eine Katze auf dem Mond"
NOT_TEXTS = {"schema", "user_id", "output_config", "output_configs", "seed", "language"} | {
    "execution_mode",
    "safety_level",
    "output_type",
}
"""Fields that no model and no picture is made from: ids, labels and choices."""


def _start(client: FlaskClient, field: str) -> TestResponse:
    body = {"schema": "user_defined", "input_text": GOOD, "context": "Alles blau", field: BAD}
    return client.post("/api/schema/pipeline/execute", json=body)


def _interception(client: FlaskClient, field: str) -> TestResponse:
    body = {"schema": "user_defined", "input_text": GOOD, "context": "Alles blau", field: BAD}
    return client.post("/api/schema/pipeline/interception", json=body)


def _continue(client: FlaskClient, field: str) -> TestResponse:
    body = {"schema": "passthrough", "input_text": GOOD, "output_type": "text"}
    waiting = client.post("/api/schema/pipeline/interception", json=body).get_json()
    return client.post(waiting["continue_url"], json={field: BAD})


PATHS: dict[tuple[str, str], Callable[[FlaskClient, str], TestResponse]] = {
    ("/api/schema/pipeline/execute", "input_text"): _start,
    ("/api/schema/pipeline/execute", "context"): _start,
    ("/api/schema/pipeline/interception", "input_text"): _interception,
    ("/api/schema/pipeline/interception", "context"): _interception,
    ("/api/runs/{run_id}/continue", "text"): _continue,
}


NO_RUN_COMES_OF_THEM = {
    "/api/login",
    "/api/workshop",
    "/api/erasures",
    "/api/retention",
    "/api/verifications",
    "/api/packages",
    "/api/packages/review",
}
"""What they take is compared with what is there, and goes to no model."""


def text_fields(client: FlaskClient) -> set[tuple[str, str]]:
    """The routes that take a body, and those of its fields that hold free text."""
    document = client.get("/api/openapi.json").get_json()
    schemas = document["components"]["schemas"]
    found = set()
    for path, item in document["paths"].items():
        for operation in item.values():
            body = operation.get("requestBody") if isinstance(operation, dict) else None
            if body:
                name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                fields = schemas[name]["properties"].keys() - NOT_TEXTS
                found |= {(path, field) for field in fields}
    return found


def test_every_route_and_field_that_takes_a_text_is_known_here(client: FlaskClient) -> None:
    fields = text_fields(client)
    assert {path for path, _ in fields} >= NO_RUN_COMES_OF_THEM
    assert {one for one in fields if one[0] not in NO_RUN_COMES_OF_THEM} == PATHS.keys()


@pytest.mark.parametrize(("path", "field"), PATHS)
def test_no_way_leads_past_the_gate(
    client: FlaskClient, services: Services, path: str, field: str
) -> None:
    answer = PATHS[path, field](client, field)
    body: dict[str, Any] = answer.get_json()
    assert (answer.status_code, body["status"]) == (403, "blocked")
    assert body["blocked"]["code"] == "killing"
    assert body["error"] == body["blocked"]["message"]
    run = services.storage.get_metadata(body["run_id"])
    assert (run.status, run.outputs) == ("blocked", ())
    assert run.error is not None
    assert (run.error.stage, run.error.code) == (body["blocked"]["stage"], "killing")
    assert any(record.status == "blocked" for record in run.stages)
    assert "Mörder" not in str(body["blocked"])


@pytest.mark.parametrize("output_type", ["image", "audio", "video", "3d", "text"])
def test_it_is_the_same_for_every_kind_of_output(client: FlaskClient, output_type: str) -> None:
    body = {"schema": "passthrough", "input_text": BAD, "output_type": output_type}
    assert client.post("/api/schema/pipeline/execute", json=body).status_code == 403


def test_it_is_the_same_for_an_output_config_that_is_named(client: FlaskClient) -> None:
    body = {"schema": "passthrough", "input_text": BAD, "output_config": "atelier_image"}
    assert client.post("/api/schema/pipeline/execute", json=body).status_code == 403


@pytest.mark.parametrize("field", ["input_text", "context"])
def test_a_repeated_run_is_checked_again(
    client: FlaskClient, services: Services, field: str
) -> None:
    first = _start(client, field).get_json()["run_id"]
    answer = client.post(f"/api/runs/{first}/rerun", json={"seed": "new"})
    body = answer.get_json()
    assert (answer.status_code, body["blocked"]["code"]) == (403, "killing")
    run = services.storage.get_metadata(body["run_id"])
    assert (run.status, run.outputs, run.origin) == ("blocked", (), first)


def test_a_text_that_was_never_checked_is_when_it_is_repeated(
    client: FlaskClient, services: Services
) -> None:
    first = services.storage.create_run(schema="passthrough", input_text=BAD).run_id
    services.storage.finish_run(first, "cancelled")
    answer = client.post(f"/api/runs/{first}/rerun")
    assert (answer.status_code, answer.get_json()["blocked"]["code"]) == (403, "killing")


def test_a_repeated_run_gets_no_lower_level_than_the_floor(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    """Only a researcher's run is checked at no level; whoever repeats it gets the floor."""
    body = {"schema": "passthrough", "input_text": BAD, "output_type": "text"}
    body["safety_level"] = "off"
    free = client.post("/api/schema/pipeline/execute", json=body, headers=researcher).get_json()
    assert free["safety_level"] == "off"
    again = client.post(f"/api/runs/{free['run_id']}/rerun", headers=researcher).get_json()
    assert again["safety_level"] == "off"
    run_id = client.post(f"/api/runs/{free['run_id']}/rerun").get_json()["run_id"]
    assert services.storage.get_metadata(run_id).safety_level == "youth"


def test_what_a_rewriting_makes_of_harmless_words_is_checked(client: FlaskClient) -> None:
    """The child's own rules write the bad word; every text on the way is harmless but the last."""
    body = {
        "schema": "user_defined",
        "input_text": "Der Maurer im Wald",
        "context": "Ersetze Maurer durch redröM rückwärts",
        "output_type": "text",
    }
    answer = client.post("/api/schema/pipeline/execute", json=body).get_json()
    text = answer.get("transformed_text") or ""
    assert answer["status"] == "blocked" or "Mörder" not in text


def test_the_terms_are_for_researchers(
    app: Flask, client: FlaskClient, researcher: dict[str, str]
) -> None:
    body = {"schema": "passthrough", "input_text": "Ein M-ö-r-d-e-r im Wald"}
    run_id = client.post("/api/schema/pipeline/execute", json=body).get_json()["run_id"]
    for url in (f"/api/runs/{run_id}", f"/api/runs/{run_id}/journey", f"/api/media/run/{run_id}"):
        assert "terms" not in client.get(url).text
    assert '"terms"' in client.get(f"/api/runs/{run_id}/journey", headers=researcher).text
