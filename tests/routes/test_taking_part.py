"""Stopping after stage 2, editing, going on; and the journey that tells of it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from devserver.my_app.services.run_metadata import StageRecord
from devserver.my_app.wiring import Services

START = "/api/schema/pipeline/interception"
IDEA = {"schema": "overdrive", "input_text": "Eine Katze auf dem Dach", "seed": 7}


def started(client: FlaskClient, **more: object) -> dict[str, Any]:
    answer = client.post(START, json={**IDEA, **more})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


def test_the_text_is_rewritten_edited_and_made(client: FlaskClient, services: Services) -> None:
    waiting = started(client)
    assert waiting["status"] == "awaiting_edit"
    assert waiting["transformed_text"] not in (None, IDEA["input_text"])
    run_id = waiting["run_id"]
    assert waiting["continue_url"] == f"/api/runs/{run_id}/continue"
    assert client.get(f"/api/runs/{run_id}").get_json()["status"] == "awaiting_edit"

    answer = client.post(waiting["continue_url"], json={"text": "Ein Hund im Garten"})
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["run_id"], body["status"]) == (run_id, "success")
    assert body["transformed_text"] == body["final_output"] == "Ein Hund im Garten"
    assert body["outputs"][0]["details"]["things"][0]["name"] == "dog"
    folder = services.root.runs / run_id
    assert (folder / "transformed_text.txt").read_text() == "Ein Hund im Garten"
    edits = [record for record in body["stages"] if record["status"] == "edited"]
    assert [(edit["input"], edit["output"]) for edit in edits] == [
        (waiting["transformed_text"], "Ein Hund im Garten")
    ]


def test_the_edited_text_is_checked_like_any_text(client: FlaskClient) -> None:
    waiting = started(client, output_type="text")
    client.post(waiting["continue_url"], json={"text": "Meine Worte"})
    steps = client.get(f"/api/runs/{waiting['run_id']}/journey").get_json()["steps"]
    checks = [step["input"] for step in steps if step["step"] == "word_lists"]
    assert checks == [IDEA["input_text"], "Meine Worte"]


def test_nothing_is_changed_by_going_on_as_it_is(client: FlaskClient) -> None:
    waiting = started(client, output_type="text")
    answer = client.post(waiting["continue_url"], json={"text": waiting["transformed_text"]})
    body = answer.get_json()
    assert body["transformed_text"] == waiting["transformed_text"]
    assert [r["status"] for r in body["stages"] if r["step"] == "edit"] == ["passed"]


@pytest.mark.parametrize("state", ["over", "cancelled"])
def test_going_on_in_any_other_state_is_409(client: FlaskClient, state: str) -> None:
    waiting = started(client, output_type="text")
    if state == "over":
        client.post(waiting["continue_url"], json={"text": "Erst ich"})
    else:
        client.post(f"/api/runs/{waiting['run_id']}/cancel")
    answer = client.post(waiting["continue_url"], json={"text": "Dann ich"})
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "not_awaiting_edit"
    run = client.get(f"/api/runs/{waiting['run_id']}").get_json()
    assert run["transformed_text"] != "Dann ich"


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": "  "}, {"text": "x" * 8001}, {"text": 5}, {"text": "\0"}]
)
def test_a_text_is_needed(client: FlaskClient, body: dict[str, object]) -> None:
    waiting = started(client, output_type="text")
    answer = client.post(waiting["continue_url"], json=body)
    assert answer.status_code == 400
    [problem] = answer.get_json()["details"]["fields"]
    assert problem["field"] == "text"
    assert client.get(f"/api/runs/{waiting['run_id']}").get_json()["status"] == "awaiting_edit"


def test_going_on_with_an_unknown_run_is_404(client: FlaskClient) -> None:
    url = "/api/runs/5f0c0a39-2b2f-4c0e-9a06-3c2f6ff4b8f5/continue"
    assert client.post(url, json={"text": "x"}).status_code == 404


def test_a_style_with_rules_of_ones_own_needs_them(client: FlaskClient) -> None:
    url = "/api/schema/pipeline/execute"
    rules = {"schema": "user_defined", "input_text": "Eine Katze", "output_type": "text"}
    for context in (None, "", "  "):
        answer = client.post(url, json={**rules, "context": context})
        assert answer.status_code == 400
        assert answer.get_json()["code"] == "context_required"
    body = client.post(url, json={**rules, "context": "Ersetze Katze durch Maus"}).get_json()
    assert "Maus" in body["transformed_text"]


def test_the_journey_tells_every_step_and_its_words(client: FlaskClient) -> None:
    run_id = client.post(
        "/api/schema/pipeline/execute", json={**IDEA, "output_type": "text"}
    ).get_json()["run_id"]
    journey = client.get(f"/api/runs/{run_id}/journey").get_json()
    assert (journey["run_id"], journey["status"]) == (run_id, "success")
    assert journey["steps"][0]["stage"] == 1
    for step in journey["steps"]:
        if step["stage"] == 2:
            kept = [change["text"] for change in step["changes"] if change["kind"] != "removed"]
            assert "".join(kept) == step["output"]
            assert step["seed"] == 7
            assert step["model"].startswith("technique:")


def test_what_was_sent_to_a_model_is_for_researchers(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    run_id = services.storage.create_run(schema="dada", input_text="Eine Blume").run_id
    details = {"messages": [{"role": "system", "content": "Geheim"}], "temperature": 1.0}
    record = StageRecord(stage=2, step="rewriting", status="transformed", details=details)
    services.storage.record_stages(run_id, [record])
    services.storage.finish_run(run_id, "cancelled")
    for url in (f"/api/runs/{run_id}/journey", f"/api/runs/{run_id}"):
        assert "Geheim" not in client.get(url).text
    assert "Geheim" in client.get(f"/api/runs/{run_id}/journey", headers=researcher).text
