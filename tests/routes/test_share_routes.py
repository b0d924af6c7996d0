from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from devserver.my_app.routes import own_address
from devserver.my_app.services.audit import Audit
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.share_links import MOST_OF_A_RUN, ShareLinks
from devserver.my_app.wiring import Services
from tests.conftest import Refit
from tests.stored_run import put_run


@pytest.fixture
def run_id(services: Services) -> str:
    return put_run(services.storage.folders)


def test_a_link_is_made_by_whoever_knows_the_run(client: FlaskClient, run_id: str) -> None:
    answer = client.post(f"/api/runs/{run_id}/links")
    assert answer.status_code == 201
    body = answer.get_json()
    assert body.keys() == {"url", "expires_at", "qr_url", "reach"}
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6) < left <= timedelta(days=7)
    code = body["url"].removeprefix("http://localhost/s/")
    assert body["qr_url"] == f"/s/{code}/qr.svg"
    assert run_id not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(f"/s/{code}").status_code == 200


def test_what_can_not_be_shared(client: FlaskClient, services: Services) -> None:
    running = services.storage.create_run(schema="dada", input_text="Eine Blume").run_id
    blocked = put_run(services.storage.folders, status="blocked", outputs=())
    for run_id, status, code in (
        (running, 409, "nothing_to_share"),
        (blocked, 409, "nothing_to_share"),
        (new_run_id(), 404, "run_not_found"),
        ("x", 400, "run_id_invalid"),
    ):
        answer = client.post(f"/api/runs/{run_id}/links")
        assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_run_has_so_many_links(client: FlaskClient, run_id: str) -> None:
    for _ in range(MOST_OF_A_RUN):
        assert client.post(f"/api/runs/{run_id}/links").status_code == 201
    answer = client.post(f"/api/runs/{run_id}/links")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "too_many_links")


def test_links_can_be_switched_off(
    client: FlaskClient, services: Services, run_id: str, refit: Refit
) -> None:
    code = client.post(f"/api/runs/{run_id}/links").get_json()["url"].rpartition("/")[2]
    refit(share_links=ShareLinks(services.root, days=0))
    answer = client.post(f"/api/runs/{run_id}/links")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "sharing_off")
    assert client.get(f"/s/{code}").status_code == 404


@pytest.mark.parametrize(
    ("listens", "asked", "address", "reach"),
    [
        ("0.0.0.0", "http://192.168.7.5:17801", "http://192.168.7.5:17801", "network"),
        ("127.0.0.1", "https://media.example", "https://media.example", "network"),
        ("0.0.0.0", "http://127.0.0.1:17801", "http://192.168.7.7:17801", "network"),
        ("::", "http://[::1]:17801", "http://192.168.7.7:17801", "network"),
        ("0.0.0.0", "http://localhost:9999", "http://192.168.7.7:17801", "network"),
        ("0.0.0.0", "http://0.0.0.0:17801", "http://192.168.7.7:17801", "network"),
        ("127.0.0.1", "http://127.0.0.1:17801", "http://127.0.0.1:17801", "this_machine"),
        ("localhost", "http://localhost:17801", "http://localhost:17801", "this_machine"),
    ],
)
def test_the_address_is_one_that_a_phone_in_the_room_reaches(
    *,
    client: FlaskClient,
    run_id: str,
    refit: Refit,
    monkeypatch: pytest.MonkeyPatch,
    listens: str,
    asked: str,
    address: str,
    reach: str,
) -> None:
    refit({"host": listens, "port": 17801, "allowed_hosts": ("media.example",)})
    monkeypatch.setattr(own_address, "network_address", lambda: "192.168.7.7")
    body = client.post(f"/api/runs/{run_id}/links", base_url=asked).get_json()
    assert body["url"].startswith(f"{address}/s/")
    assert body["reach"] == reach


def test_a_machine_without_a_network_says_so(
    client: FlaskClient, run_id: str, refit: Refit, monkeypatch: pytest.MonkeyPatch
) -> None:
    refit({"host": "0.0.0.0"})
    monkeypatch.setattr(own_address, "network_address", lambda: "127.0.0.1")
    body = client.post(f"/api/runs/{run_id}/links", base_url="http://127.0.0.1:17801").get_json()
    assert body["reach"] == "this_machine"


def test_a_researcher_who_shares_is_written_down(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    client.post(f"/api/runs/{run_id}/links")
    client.post(f"/api/runs/{run_id}/links", headers=researcher)
    shared = [one for one in Audit(services.root).read() if one.run_id == run_id]
    assert [(one.action, one.who) for one in shared] == [("shared", "environment")]
