from __future__ import annotations

import json
import uuid

import pytest
from flask.testing import FlaskClient

from devserver.my_app.services.run_metadata import RunError, StageRecord
from devserver.my_app.services.run_progress import PreviewPicture
from devserver.my_app.wiring import Services


@pytest.fixture
def run_id(services: Services) -> str:
    return services.storage.create_run(
        schema="dada", input_text="Eine Blume", user_id="DOE_J"
    ).run_id


def test_tells_how_a_run_stands(client: FlaskClient, services: Services, run_id: str) -> None:
    body = client.get(f"/api/runs/{run_id}").get_json()
    assert (body["status"], body["revision"], body["attempts"]) == ("queued", 1, 0)
    assert "user_id" not in body
    services.storage.finish_run(run_id, "cancelled")
    body = client.get(f"/api/runs/{run_id}").get_json()
    assert (body["status"], body["revision"]) == ("cancelled", 2)
    assert body["finished_at"]


def test_what_a_child_was_told_is_said_in_both_languages(
    client: FlaskClient, services: Services, run_id: str
) -> None:
    told = "There is blood in your text. That can frighten others. Try it without blood: "
    told += "what else could be exciting?"
    # By the code alone, which a guard gives for any of its reasons, nobody would know the message.
    error = RunError(code="guard", message=told, stage=1)
    services.storage.finish_run(run_id, "blocked", error)
    body = client.get(f"/api/runs/{run_id}").get_json()
    assert body["error"] == {"code": "guard", "message": told, "stage": 1}
    assert body["error_message"]["en"] == told
    assert body["error_message"]["de"].startswith("In deinem Text kommt Blut vor.")
    [state] = client.get(f"/api/runs/{run_id}/events").get_data(as_text=True).split("data: ")[1:]
    assert json.loads(state)["error_message"] == body["error_message"]


def test_what_is_known_in_one_language_is_not_said_to_be_known_in_both(
    client: FlaskClient, services: Services, run_id: str
) -> None:
    assert client.get(f"/api/runs/{run_id}").get_json()["error_message"] is None
    error = RunError(code="comfyui_unreachable", message="ComfyUI does not answer.", stage=4)
    services.storage.finish_run(run_id, "failed", error)
    body = client.get(f"/api/runs/{run_id}").get_json()
    assert (body["error"]["code"], body["error_message"]) == ("comfyui_unreachable", None)


def test_what_was_sent_to_models_is_for_researchers(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    details = {"messages": ["secret"], "terms": ["secret"], "seed": 1}
    services.storage.record_stage(
        run_id, StageRecord(stage=2, step="x", status="transformed", details=details)
    )
    for url in (f"/api/runs/{run_id}", f"/api/media/run/{run_id}"):
        assert client.get(url).get_json()["stages"][0]["details"] == {"seed": 1}
    whole = client.get(f"/api/media/run/{run_id}", headers=researcher).get_json()
    assert whole["stages"][0]["details"] == details


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/runs"), ("DELETE", "/api/runs/{}")])
@pytest.mark.parametrize(
    "authorization", [None, "Bearer wrong", "Bearer ", "Basic dTpw", "Bearer ü", "nonsense"]
)
def test_researchers_routes_need_the_token(
    client: FlaskClient, run_id: str, method: str, path: str, authorization: str | None
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = client.open(path.format(run_id), method=method, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "researcher_token_required")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get(f"/api/runs/{run_id}").status_code == 200


def test_lists_runs_page_by_page(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    for _ in range(3):
        services.storage.create_run(schema="dada", input_text="x")
    services.index.look_through()  # other tests put runs here by hand, which are noticed in a while
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = client.get(f"/api/runs?limit=2&after={after}", headers=researcher).get_json()
        assert len(page["runs"]) <= 2
        seen += [run["run_id"] for run in page["runs"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) == page["total"]
    assert {entry.name for entry in services.root.runs.iterdir()} == set(seen)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "after=-1", "limit=²", "lmit=1"]
)
def test_bad_pages_are_400(client: FlaskClient, researcher: dict[str, str], query: str) -> None:
    assert client.get(f"/api/runs?{query}", headers=researcher).status_code == 400


def test_deletes_a_run(client: FlaskClient, run_id: str, researcher: dict[str, str]) -> None:
    answer = client.delete(f"/api/runs/{run_id}", headers=researcher)
    receipt = answer.get_json()
    assert (receipt["status"], receipt["run_id"], receipt["reason"]) == (
        "deleted",
        run_id,
        "deleted",
    )
    assert (receipt["was_under_way"], receipt["files"], receipt["complete"]) == (True, 3, True)
    assert client.get(f"/api/runs/{run_id}").status_code == 404
    again = client.delete(f"/api/runs/{run_id}", headers=researcher)
    assert (again.status_code, again.get_json()["files"]) == (200, 0)
    assert again.get_json()["time"] == receipt["time"]
    unknown = client.delete(f"/api/runs/{uuid.uuid4()}", headers=researcher)
    assert unknown.status_code == 404


def test_deleting_tells_nothing_to_strangers(client: FlaskClient) -> None:
    assert client.delete(f"/api/runs/{uuid.uuid4()}").status_code == 401


def test_cancels_a_run_that_is_not_over(
    client: FlaskClient, services: Services, run_id: str
) -> None:
    answer = client.post(f"/api/runs/{run_id}/cancel")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "cancelled")
    again = client.post(f"/api/runs/{run_id}/cancel")
    assert (again.status_code, again.get_json()["code"]) == (409, "run_is_over")
    assert client.post(f"/api/runs/{uuid.uuid4()}/cancel").status_code == 404
    assert client.post("/api/runs/../cancel").status_code == 400


def test_tells_how_far_the_backend_is(client: FlaskClient, services: Services, run_id: str) -> None:
    assert client.get(f"/api/runs/{run_id}").get_json()["progress"] is None
    services.progress.report(run_id, config="sd35_large", ahead=2)
    assert client.get(f"/api/runs/{run_id}").get_json()["progress"] == {
        "config": "sd35_large",
        **{"ahead": 2, "node": None, "step": None, "steps": None, "preview": None},
    }
    assert client.get(f"/api/runs/{run_id}/preview").status_code == 404
    services.progress.show(run_id, PreviewPicture(b"\xff\xd8\xff", "image/jpeg"))
    progress = client.get(f"/api/runs/{run_id}").get_json()["progress"]
    picture = client.get(progress["preview"])
    assert (picture.data, picture.content_type) == (b"\xff\xd8\xff", "image/jpeg")
    assert picture.headers["Cache-Control"] == "no-store"
    services.storage.finish_run(run_id, "cancelled")
    assert client.get(progress["preview"]).status_code == 404
    assert client.get(f"/api/runs/{run_id}").get_json()["progress"] is None
