from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from devserver.config import Settings
from devserver.my_app import create_app
from devserver.my_app.services.access import Limits, ResearcherAccess, WorkshopCodes
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.wiring import Services
from tests.conftest import TOKEN, BufferingClient, Refit

EXECUTE = "/api/schema/pipeline/execute"
TEXT = {"schema": "passthrough", "input_text": "Eine Blume", "output_type": "text"}
CODES = (("rot-3", "Klasse 3b"), ("blau-7", "Ferienkurs"))


@pytest.fixture(autouse=True)
def _fresh_access(services: Services, refit: Refit) -> Services:
    """Wrong attempts of one test are not counted in another; codes are set."""
    access = ResearcherAccess(services.access.tokens, services.audit)
    return refit(access=access, workshops=WorkshopCodes(services.root, CODES))


def log_in(client: FlaskClient, token: str = TOKEN, **headers: str) -> TestResponse:
    return client.post("/api/login", json={"token": token}, headers=headers)


def lines(services: Services) -> list[tuple[str, str, str | None]]:
    return [(one.action, one.who, one.run_id) for one in services.audit.read()]


def test_logging_in_and_out(client: FlaskClient, services: Services) -> None:
    nobody = {"name": None, "csrf_token": None}
    assert client.get("/api/login").get_json() == nobody
    answer = log_in(client)
    assert answer.get_json()["name"] == "environment"
    assert client.get("/api/login").get_json() == answer.get_json()
    assert client.get("/api/runs").status_code == 200
    word = {"X-CSRF-Token": answer.get_json()["csrf_token"]}
    assert client.post("/api/logout").status_code == 403
    assert client.post("/api/logout", headers=word).get_json() == nobody
    assert client.get_cookie("researcher") is None
    assert client.get("/api/runs").status_code == 401
    assert [line[:2] for line in lines(services)[-2:]] == [
        ("searched", "environment"),
        ("logged_out", "environment"),
    ]


def test_an_old_cookie_opens_nothing_after_logging_out(client: FlaskClient) -> None:
    word = {"X-CSRF-Token": log_in(client).get_json()["csrf_token"]}
    cookie = client.get_cookie("researcher")
    assert cookie is not None
    client.post("/api/logout", headers=word)
    client.set_cookie("researcher", cookie.value)
    assert client.get("/api/runs").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    answer = log_in(client)
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("researcher=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(attributes)
    assert not any(one.startswith(("Domain", "Secure")) for one in attributes)
    assert TOKEN not in str(answer.headers)
    assert answer.headers["Cache-Control"] == "no-store"


def test_over_https_the_cookies_are_secure(client: FlaskClient) -> None:
    for path, body in (("/api/login", {"token": TOKEN}), ("/api/workshop", {"code": "rot-3"})):
        answer = client.post(path, json=body, base_url="https://localhost")
        cookies = answer.headers.getlist("Set-Cookie")
        ours = [one for one in cookies if not one.startswith("device=")]
        assert ours
        assert all("; Secure" in one for one in ours)


def test_a_wrong_token_is_401_and_written_down(
    client: FlaskClient, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = log_in(client, "ein-falscher-Token")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "login_failed")
    assert "Set-Cookie" not in answer.headers
    assert lines(services)[-1][:2] == ("login_failed", "nobody")
    assert "falscher" not in caplog.text


def test_a_token_of_the_wrong_form_is_not_repeated(client: FlaskClient) -> None:
    for body in ({"token": ""}, {"token": "geheim" * 500}, {"token": ["geheim"]}, {}):
        answer = client.post("/api/login", json=body)
        assert answer.status_code == 400
        assert "geheim" not in answer.text


def test_guessing_gets_slower_and_keeps_no_bearer_out(
    client: FlaskClient, researcher: dict[str, str]
) -> None:
    statuses = [log_in(client, f"guess-{number}").status_code for number in range(10)]
    assert statuses == [401] * 6 + [429] * 4
    refused = log_in(client)
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_guesses")
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get("/api/runs", headers=researcher).status_code == 200


def test_a_revoked_token_closes_its_sessions(client: FlaskClient, services: Services) -> None:
    token = services.access.tokens.add("for-a-while")
    log_in(client, token)
    assert client.get("/api/runs").status_code == 200
    services.access.tokens.revoke("for-a-while")
    assert client.get("/api/runs").status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/runs", headers=headers).status_code == 401


def test_a_form_of_another_page_can_not_log_anybody_in(client: FlaskClient) -> None:
    for path in ("/api/login", "/api/workshop", EXECUTE):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = client.post(
                path, data='{"token": "x"}', content_type=kind, headers={"X-Workshop-Code": "rot-3"}
            )
            assert answer.status_code == 415, (path, kind)


def test_what_researchers_do_is_written_down_without_words(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    run = services.storage.create_run(schema="dada", input_text="Geheimnis", user_id="DOE_J")
    before = len(lines(services))
    client.get(f"/api/media/run/{run.run_id}")
    client.get(f"/api/runs/{run.run_id}/journey")
    assert len(lines(services)) == before  # whoever knows the id may look
    client.get("/api/runs?limit=1", headers=researcher)
    client.get(f"/api/media/run/{run.run_id}", headers=researcher)
    client.get(f"/api/runs/{run.run_id}/journey", headers=researcher)
    client.delete(f"/api/runs/{run.run_id}", headers=researcher)
    client.delete(f"/api/runs/{run.run_id}", headers=researcher)  # once more
    who = "environment"
    assert lines(services)[before:] == [
        ("searched", who, None),
        ("viewed", who, run.run_id),
        ("viewed", who, run.run_id),
        *[("deleted", who, run.run_id)] * 2,
    ]
    everything = "".join(path.read_text() for path in (services.root.state / "audit").iterdir())
    assert not any(word in everything for word in ("Geheimnis", "DOE_J", "127.0.0.1"))


def test_with_codes_a_run_needs_one_and_belongs_to_its_workshop(
    client: FlaskClient, services: Services
) -> None:
    before = set(services.root.runs.iterdir())
    refused = client.post(EXECUTE, json=TEXT)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "workshop_code_required")
    assert refused.headers["WWW-Authenticate"].startswith("Workshop-Code")
    assert set(services.root.runs.iterdir()) == before
    assert client.get("/api/workshop").get_json() == {"code_needed": True, "workshop": None}
    typed = client.post("/api/workshop", json={"code": "ROT 3"})
    assert typed.get_json() == {"code_needed": True, "workshop": "Klasse 3b"}
    assert client.get("/api/workshop").get_json() == typed.get_json()
    run_id = client.post(EXECUTE, json=TEXT).get_json()["run_id"]
    assert services.storage.get_metadata(run_id).workshop == "Klasse 3b"
    again = client.post(f"/api/runs/{run_id}/rerun").get_json()["run_id"]
    assert services.storage.get_metadata(again).workshop == "Klasse 3b"
    assert "workshop" not in client.get(f"/api/media/run/{run_id}").get_json()


def test_the_code_may_come_in_a_header(app: Flask, services: Services) -> None:
    client = BufferingClient(app, app.response_class, use_cookies=False)
    headers = {"X-Workshop-Code": "blau-7"}
    stopped = client.post("/api/schema/pipeline/interception", json=TEXT, headers=headers)
    run_id = stopped.get_json()["run_id"]
    assert services.storage.get_metadata(run_id).workshop == "Ferienkurs"
    body = {"text": "Zwei Blumen"}
    assert client.post(f"/api/runs/{run_id}/continue", json=body).status_code == 401
    answer = client.post(f"/api/runs/{run_id}/continue", json=body, headers=headers)
    assert answer.status_code == 200
    assert client.get(f"/api/runs/{run_id}").status_code == 200  # whoever knows the id


def test_a_wrong_code_is_said_and_guessing_gets_slower(client: FlaskClient) -> None:
    statuses = [
        client.post("/api/workshop", json={"code": f"rot-{number}"}).status_code
        for number in range(10, 20)
    ]
    assert statuses == [403] * 6 + [429] * 4
    answer = client.post(EXECUTE, json=TEXT, headers={"X-Workshop-Code": "rot-3"})
    assert (answer.status_code, answer.get_json()["code"]) == (429, "too_many_guesses")
    assert int(answer.headers["Retry-After"]) >= 1


def test_who_is_in_is_not_kept_out_by_somebody_who_guesses(app: Flask) -> None:
    inside = BufferingClient(app, app.response_class)
    inside.post("/api/workshop", json={"code": "rot-3"})
    guessing = BufferingClient(app, app.response_class, use_cookies=False)
    for number in range(70):
        guessing.post("/api/workshop", json={"code": f"grün-{number}"})
    assert inside.post(EXECUTE, json=TEXT).status_code == 200


def test_a_researcher_needs_no_code_and_repeats_a_run_where_it_belongs(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    made = client.post(EXECUTE, json=TEXT, headers=researcher)
    assert services.storage.get_metadata(made.get_json()["run_id"]).workshop is None
    headers = {**researcher, "X-Workshop-Code": "rot-3"}
    made = client.post(EXECUTE, json=TEXT, headers=headers)
    run_id = made.get_json()["run_id"]
    again = client.post(f"/api/runs/{run_id}/rerun", headers=researcher)
    assert services.storage.get_metadata(again.get_json()["run_id"]).workshop == "Klasse 3b"


def test_a_cookie_alone_makes_no_researchers_run(client: FlaskClient) -> None:
    """A page that a logged-in researcher opens can't use the login for a run."""
    word = log_in(client).get_json()["csrf_token"]
    assert client.post(EXECUTE, json=TEXT).status_code == 401
    headers = {"X-CSRF-Token": word}
    assert client.post(EXECUTE, json=TEXT, headers=headers).status_code == 200


def test_without_codes_nobody_is_asked(
    client: FlaskClient, services: Services, refit: Refit
) -> None:
    refit(workshops=WorkshopCodes(services.root, ()))
    free = {"code_needed": False, "workshop": None}
    assert client.get("/api/workshop").get_json() == free
    assert client.post("/api/workshop", json={"code": "rot-3"}).get_json() == free
    headers = {"X-Workshop-Code": "whatever"}
    run_id = client.post(EXECUTE, json=TEXT, headers=headers).get_json()["run_id"]
    assert services.storage.get_metadata(run_id).workshop is None


@pytest.fixture(name="limited")
def _limited(services: Services, refit: Refit) -> Callable[..., None]:
    """Sets these limits, and no others; nobody needs a code."""

    def with_limits(**limits: int) -> None:
        limiter = Limits(Settings.model_validate(limits))
        refit(request_limits=limiter, workshops=WorkshopCodes(services.root, ()))

    return with_limits


def test_too_many_runs_are_refused_and_nothing_of_them_is_stored(
    client: FlaskClient, app: Flask, services: Services, limited: Callable[..., None]
) -> None:
    limited(device_runs_per_minute=4)
    statuses = [client.post(EXECUTE, json=TEXT).status_code for _ in range(2)]
    before = set(services.root.runs.iterdir())
    refused = client.post(EXECUTE, json=TEXT)
    assert (statuses, refused.status_code) == ([200, 200], 429)
    assert refused.get_json()["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 15
    assert set(services.root.runs.iterdir()) == before
    other = BufferingClient(app, app.response_class)
    assert other.post(EXECUTE, json=TEXT).status_code == 200


def test_a_repeated_tap_gets_its_run_whatever_the_limit(
    client: FlaskClient, limited: Callable[..., None]
) -> None:
    limited(device_runs_per_minute=1)
    key = {"Idempotency-Key": new_run_id()}
    first = client.post(EXECUTE, json=TEXT, headers=key)
    again = client.post(EXECUTE, json=TEXT, headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.get_json()["run_id"] == first.get_json()["run_id"]
    assert client.post(EXECUTE, json=TEXT).status_code == 429


def test_what_makes_no_run_costs_none(client: FlaskClient, limited: Callable[..., None]) -> None:
    limited(device_runs_per_minute=1)
    assert client.post(EXECUTE, json={}).status_code == 400
    assert client.post(EXECUTE, json={**TEXT, "schema": "nowhere"}).status_code == 404
    assert client.post(EXECUTE, json=TEXT).status_code == 200


def test_every_way_to_a_run_is_counted(client: FlaskClient, limited: Callable[..., None]) -> None:
    limited()
    started = "/api/schema/pipeline/interception"
    waiting = client.post(started, json=TEXT).get_json()["run_id"]
    limited(device_runs_per_minute=1)
    over = client.post(EXECUTE, json=TEXT).get_json()["run_id"]
    refused = [
        client.post(EXECUTE, json=TEXT),
        client.post(started, json=TEXT),
        client.post(f"/api/runs/{waiting}/continue", json={"text": "Ein Hund"}),
        client.post(f"/api/runs/{over}/rerun"),
    ]
    assert {answer.status_code for answer in refused} == {429}


def test_the_defaults_let_a_class_of_thirty_begin_at_once(
    app: Flask, limited: Callable[..., None]
) -> None:
    limited()
    answers = []
    for _ in range(30):
        tablet = BufferingClient(app, app.response_class)
        answers += [tablet.get("/api/schema/schemas").status_code]
        answers += [tablet.post(EXECUTE, json=TEXT).status_code for _ in range(2)]
    assert answers == [200] * 90


def test_a_researcher_has_a_limit_of_their_own(
    client: FlaskClient, limited: Callable[..., None], researcher: dict[str, str]
) -> None:
    limited(token_requests_per_minute=4, device_runs_per_minute=2)
    statuses = [client.get("/api/runs", headers=researcher).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert client.get("/api/schema/info").status_code == 200


def test_health_is_not_counted(client: FlaskClient, limited: Callable[..., None]) -> None:
    limited(address_requests_per_minute=2)
    looked = [client.get("/api/schema/info").status_code for _ in range(2)]
    assert looked == [200, 429]
    assert {client.get(f"/api/{path}").status_code for path in ("health", "ready")} == {200}
    assert client.get("/").status_code == 200


def test_proxies_are_believed_only_where_the_settings_say_so(tmp_path: Path) -> None:
    said = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    for proxies, secure in ((0, False), (1, True)):
        app = create_app(
            Settings.model_validate(
                {
                    "exports_dir": tmp_path / str(proxies),
                    "researcher_token": TOKEN,
                    "pool_processes": 1,
                    "trusted_proxies": proxies,
                }
            )
        )
        try:
            client = BufferingClient(app, app.response_class)
            answer = log_in(client, **said)
            assert ("; Secure" in answer.headers["Set-Cookie"]) is secure
            statuses = [
                log_in(client, "wrong", **{**said, "X-Forwarded-For": f"203.0.113.{n}"}).status_code
                for n in range(8)
            ]
            assert (429 in statuses) is not secure
        finally:
            app.extensions["devserver"].close()


def test_a_run_that_is_not_there_is_no_secret(
    client: FlaskClient, researcher: dict[str, str]
) -> None:
    path = f"/api/runs/{new_run_id()}"
    assert client.delete(path).status_code == 401
    assert client.delete(path, headers=researcher).status_code == 404
