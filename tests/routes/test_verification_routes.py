from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient

from devserver.my_app.wiring import Services

URL = "/api/verifications"


@pytest.fixture
def lying(services: Services) -> str:
    """A run whose text was changed by hand."""
    run_id = services.storage.create_run(schema="dada", input_text="Eine Lüge").run_id
    services.storage.finish_run(run_id, "failed")
    (services.root.runs / run_id / "input_text.txt").write_text("x")
    return run_id


def ended(client: FlaskClient, services: Services, headers: dict[str, str], answer: Any) -> Any:
    """The check at its end."""
    assert answer.status_code == 202, answer.text
    thread = services.verifications._thread
    assert thread
    thread.join()
    check = client.get(answer.headers["Location"], headers=headers).get_json()
    assert check["id"] == answer.get_json()["id"]
    return check


def test_checks_all_runs_and_those_nobody_can_read(
    client: FlaskClient, services: Services, lying: str, researcher: dict[str, str]
) -> None:
    broken = services.storage.create_run(schema="dada", input_text="x").run_id
    path = services.root.runs / broken / "metadata.json"
    good = path.read_bytes()
    path.write_bytes(b"{")
    check = ended(client, services, researcher, client.post(URL, headers=researcher))
    path.write_bytes(good)
    assert check["status"] == "done"
    assert check["checked"] == len(list(services.root.runs.iterdir()))
    faults = {one["run_id"]: one["faults"] for one in check["faults"]}
    assert faults[lying] == ["input_text.txt is not the text of metadata.json."]
    assert faults[broken] == ["metadata.json: The metadata of this run can't be understood."]
    assert check["lying"] == len(faults)


@pytest.mark.parametrize("by", ["run_ids", "query"])
def test_checks_a_selection(
    client: FlaskClient, services: Services, lying: str, researcher: dict[str, str], by: str
) -> None:
    services.storage.create_run(schema="dada", input_text="Die Wahrheit")
    body = (
        {"run_ids": [lying]} if by == "run_ids" else {"query": {"q": "luege", "status": "failed"}}
    )
    check = ended(client, services, researcher, client.post(URL, json=body, headers=researcher))
    assert check["checked"] == check["of"] == check["lying"] >= 1
    assert lying in {one["run_id"] for one in check["faults"]}


@pytest.mark.parametrize(
    "body",
    [
        {"run_ids": ["../x"]},
        {"run_ids": []},
        {"run_ids": [str(uuid.uuid4())], "query": {}},
        {"query": {"colour": "red"}},
        {"query": {"status": ["done"]}},
        {"other": 1},
    ],
)
def test_bad_selections_are_400(
    client: FlaskClient, researcher: dict[str, str], body: dict[str, Any]
) -> None:
    assert client.post(URL, json=body, headers=researcher).status_code == 400


def test_is_for_researchers(client: FlaskClient) -> None:
    for method, path in (("POST", URL), ("GET", f"{URL}/x"), ("POST", f"{URL}/x/cancel")):
        assert client.open(path, method=method).status_code == 401


def test_an_unknown_check_is_404(client: FlaskClient, researcher: dict[str, str]) -> None:
    for method, path in (("GET", f"{URL}/x"), ("POST", f"{URL}/x/cancel")):
        answer = client.open(path, method=method, headers=researcher)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "verification_not_found")
