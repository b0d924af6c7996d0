from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from devserver.config import Settings, SettingsInvalid
from devserver.my_app import create_app
from devserver.my_app.services.operator_key import OperatorKey, read_operator_key
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import Services
from tests.media_samples import png_bytes
from tests.running_server import RunningServer
from tests.stored_run import contents, put_run

NO_RUN = uuid.UUID(int=0, version=4)
POSTS = (
    "/api/erasures",
    "/api/retention",
    f"/api/runs/{NO_RUN}/archive",
    f"/api/runs/{NO_RUN}/restore",
)


@pytest.fixture
def run_id(services: Services) -> str:
    run_id = services.storage.create_run(schema="dada", input_text="Eine Blume").run_id
    services.storage.add_media_from_data(run_id, png_bytes(64, 64))
    services.storage.finish_run(run_id, "success")
    return run_id


def last_line(services: Services) -> tuple[str, dict[str, Any]]:
    *_, line = services.audit.read()
    return line.action, dict(line.facts)


@pytest.mark.parametrize("path", POSTS)
def test_only_for_researchers(client: FlaskClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
        answer = client.post(path, json={"user_id": "x"}, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "researcher_token_required")


def test_an_archived_run_is_found_and_its_media_come_back(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    url, media = f"/api/runs/{run_id}", f"/api/media/image/{run_id}"
    picture = client.get(media).data
    assert client.get(f"/api/media/thumbnail/{run_id}").status_code == 200
    before = contents(services.storage.folders.path(run_id))
    answer = client.post(f"{url}/archive", headers=researcher)
    assert answer.get_json() == {"status": "archived", "run_id": run_id}
    state = client.get(url).get_json()
    assert (state["archived"], state["status"], state["input_text"]) == (
        True,
        "success",
        "Eine Blume",
    )
    assert client.get(f"/api/media/run/{run_id}").get_json()["archived"] is True
    assert client.get(f"/api/media/info/{run_id}").status_code == 200
    assert client.get(f"{url}/journey").status_code == 200
    for path in (media, f"/api/media/thumbnail/{run_id}"):
        refused = client.get(path)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "run_archived")
        assert "archive" in refused.get_json()["error"]
    assert client.post(f"{url}/archive", headers=researcher).status_code == 409
    assert client.post(f"{url}/cancel").status_code == 409
    answer = client.post(f"{url}/restore", headers=researcher)
    assert answer.get_json() == {"status": "restored", "run_id": run_id}
    assert contents(services.storage.folders.path(run_id)) == before
    assert client.get(media).data == picture
    assert client.get(url).get_json()["archived"] is False
    again = client.post(f"{url}/restore", headers=researcher)
    assert (again.status_code, again.get_json()["code"]) == (409, "not_archived")


def test_a_run_under_way_is_not_archived(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    run_id = services.storage.create_run(schema="dada", input_text="x").run_id
    answer = client.post(f"/api/runs/{run_id}/archive", headers=researcher)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "run_not_over")


def test_a_key_stands_for_a_run_also_when_it_is_archived(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"schema": "passthrough", "input_text": "Blume", "output_type": "text"}
    path = "/api/schema/pipeline/execute"
    run_id = client.post(path, json=body, headers=headers).get_json()["run_id"]
    client.post(f"/api/runs/{run_id}/archive", headers=researcher)
    assert client.post(path, json=body, headers=headers).get_json()["run_id"] == run_id
    notes = services.root.state / "idempotency"
    assert run_id.encode() in b"".join(contents(notes).values())
    client.delete(f"/api/runs/{run_id}", headers=researcher)
    assert run_id.encode() not in b"".join(contents(notes).values())
    assert client.post(path, json=body, headers=headers).get_json()["run_id"] != run_id


def test_erases_a_person(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    label = f"DOE_{uuid.uuid4()}"
    ids = {put_run(services.storage.folders, user_id=label) for _ in range(3)}
    body = {"user_id": label, "dry_run": True}
    planned = client.post("/api/erasures", json=body, headers=researcher).get_json()
    assert (set(planned["run_ids"]), planned["is_complete"]) == (ids, False)
    assert last_line(services) == ("searched", {"found": 3, "filters": ["user"]})
    assert ids <= set(services.storage.folders.ids())
    receipt = client.post("/api/erasures", json={"user_id": label}, headers=researcher).get_json()
    assert (set(receipt["run_ids"]), receipt["is_complete"], receipt["files"]) == (ids, True, 12)
    assert last_line(services) == ("erased", {"runs": 3})
    assert receipt["out_of_reach"][-1]["kind"] == "copies"
    assert not ids & set(services.storage.folders.ids())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user_id": ""},
        {"user_id": None},
        {"user_id": 7},
        {"user_id": "x", "dryrun": True},
        {"user_id": "x", "dry_run": "no"},
        {"user_id": "a\0b"},
        {"user_id": "x" * 201},
    ],
)
def test_erases_nobody_by_mistake(
    client: FlaskClient, researcher: dict[str, str], body: dict[str, object]
) -> None:
    assert client.post("/api/erasures", json=body, headers=researcher).status_code == 400


def test_retention_is_tried_first(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    workshop = str(uuid.uuid4())
    run_id = put_run(
        services.storage.folders, workshop=workshop, finished_at="2020-01-01T00:00:00+00:00"
    )
    rule = {"name": "x", "action": "delete", "older_than_days": 30, "workshop": [workshop]}

    def post(**body: object) -> dict[str, Any]:
        answer = client.post("/api/retention", json=body, headers=researcher)
        assert answer.status_code == 200, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    assert post() == {"applied": False, "rules": []}
    planned = post(rules=[rule])
    assert planned["applied"] is False
    [report] = planned["rules"]
    assert (report["run_ids"], report["done"]) == ([run_id], 0)
    assert last_line(services) == ("retention_planned", {"rules": 1, "found": 1})
    assert services.storage.folders.exists(run_id)
    [report] = post(rules=[rule], apply=True)["rules"]
    assert (report["run_ids"], report["done"]) == ([run_id], 1)
    applied = {"rules": 1, "deleted": 1, "archived": 0}
    assert last_line(services) == ("retention_applied", applied)
    assert not services.storage.folders.exists(run_id)


@pytest.mark.parametrize(
    "body",
    [
        {"apply": "yes"},
        {"rules": []},
        {"rules": [{}]},
        {"aply": True},
        {"rules": [{"name": "x", "action": "delete", "older_than_days": 0}]},
    ],
)
def test_rules_that_are_none_are_refused(
    client: FlaskClient, researcher: dict[str, str], body: dict[str, object]
) -> None:
    assert client.post("/api/retention", json=body, headers=researcher).status_code == 400


def test_the_operators_key_opens_and_ends_with_the_server(tmp_path: Path) -> None:
    assert read_operator_key(tmp_path) is None
    old = OperatorKey(tmp_path)
    stale = read_operator_key(tmp_path)
    key = OperatorKey(tmp_path)  # after a kill
    assert key.allows(read_operator_key(tmp_path))
    for wrong in (None, "", stale, "ä", "\ud800"):
        assert not key.allows(wrong)
    assert (tmp_path / "operator_key").stat().st_mode & 0o077 == 0
    key.remove()
    assert read_operator_key(tmp_path) is None
    assert not key.allows("")
    assert old.allows(stale)


def test_the_server_accepts_its_operators_key(server: RunningServer) -> None:
    key = read_operator_key(server.exports / "state")
    answer = requests.get(
        f"{server.url}/api/runs", headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    assert answer.status_code == 200


def test_a_wrong_rule_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"rules": [{"name": "old ones", "action": "burn", "older_than_days": 9}]}')
    with pytest.raises(SettingsInvalid, match=r"DEVSERVER_RETENTION: .*old ones.* action"):
        create_app(settings.model_copy(update={"retention": rules}))
    root = StorageRoot(settings.exports_dir)
    root.claim("it is free")
    root.release()
