"""Who may call which route: one test over all there are, so that a new one can't slip through."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from devserver.my_app.routes.http import CHANGES_NOTHING
from devserver.my_app.routes.openapi import documentation_of
from devserver.my_app.services.access import WorkshopCodes
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.wiring import Services
from tests.conftest import TOKEN, BufferingClient, Refit

MAKES_RUNS = {
    "schema_pipeline.start_run",
    "schema_pipeline.start_interception",
    "runs.go_on",
    "runs.rerun",
}
OPEN = {
    "static",
    "pages.workshop_page",
    "pages.gallery_page",
    "docs.openapi",
    "docs.docs",
    "operations.health",
    "operations.ready",
    "schema.info",
    "schema.schemas",
    "access.who_am_i",
    "access.log_in",
    "access.which_workshop",
    "access.enter_workshop",
}
BY_RUN_ID = {
    "media.first_output",
    "media.numbered_output",
    "media.first_thumbnail",
    "media.numbered_thumbnail",
    "media.info",
    "media.whole_run",
    "runs.state",
    "runs.preview",
    "runs.journey",
    "runs.cancel",
    "run_events.events",
    "sharing.make_link",
}
"""Whoever knows the unguessable id of a run may see it."""

BY_LINK = {"shared.page", "shared.qr_code", "shared.media", "shared.picture"}
"""Whoever knows the unguessable code of a link may look at its run."""

CODE = "rot-3"


@dataclass(frozen=True)
class Call:
    """One method of one route, with a run that isn't there where it names one."""

    endpoint: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def all_calls(app: Flask) -> list[Call]:
    calls = []
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for argument in rule.arguments:
            value = {"run_id": new_run_id(), "media_type": "image"}.get(argument, "1")
            path = re.sub(rf"<([^<>]*:)?{argument}>", value, path)
        for method in (rule.methods or set()) - {"OPTIONS"}:
            calls.append(Call(rule.endpoint, method, path))
    return calls


def calls_for_researchers(app: Flask) -> list[Call]:
    marked = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if (said := documentation_of(view)) and said.for_researchers
    }
    return [call for call in all_calls(app) if call.endpoint in marked]


@pytest.fixture(autouse=True)
def _with_codes(services: Services, refit: Refit) -> None:
    refit(workshops=WorkshopCodes(services.root, [(CODE, "Klasse 3b")]))


def ask(client: FlaskClient, call: Call, **headers: str) -> tuple[int, str | None]:
    answer = client.open(call.path, method=call.method, headers=headers)
    return answer.status_code, (answer.get_json(silent=True) or {}).get("code")


def logged_in(app: Flask) -> tuple[FlaskClient, str]:
    client = BufferingClient(app, app.response_class)
    answer = client.post("/api/login", json={"token": TOKEN})
    assert answer.status_code == 200
    return client, answer.get_json()["csrf_token"]


def test_every_route_is_classified(app: Flask) -> None:
    marked = {call.endpoint for call in calls_for_researchers(app)}
    known = [marked, MAKES_RUNS, OPEN, BY_RUN_ID, BY_LINK]
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == set().union(*known)
    assert sum(map(len, known)) == len(endpoints)


def test_what_makes_runs_is_marked(app: Flask) -> None:
    marked = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if (said := documentation_of(view)) and said.makes_runs
    }
    assert marked == MAKES_RUNS


def test_no_route_for_researchers_opens_without_a_token(app: Flask) -> None:
    calls = calls_for_researchers(app)
    assert {"runs.all_runs", "runs.delete", "operations.metrics", "access.log_out"} <= {
        call.endpoint for call in calls
    }
    child = BufferingClient(app, app.response_class)
    child.post("/api/workshop", json={"code": CODE})
    child.set_cookie("device", "a" * 22)
    stranger = BufferingClient(app, app.response_class)
    forged = BufferingClient(app, app.response_class)
    forged.set_cookie("researcher", "a" * 43)
    for call in calls:
        refused = (401, None if call.method == "HEAD" else "researcher_token_required")
        assert ask(stranger, call) == refused, call
        assert ask(child, call) == refused, call
        assert ask(forged, call) == refused, call
        assert ask(stranger, call, **{"X-Workshop-Code": CODE}) == refused, call
        assert ask(stranger, call, **{"X-CSRF-Token": "x"}) == refused, call
        for wrong in ("Bearer wrong", "Bearer ", "Bearer", f"Basic {TOKEN}", TOKEN, "Bearer \xff"):
            assert ask(stranger, call, Authorization=wrong) == refused, (call, wrong)
            assert ask(child, call, Authorization=wrong) == refused, (call, wrong)


def test_every_route_for_researchers_opens_with_a_token(app: Flask) -> None:
    client = BufferingClient(app, app.response_class)
    for call in calls_for_researchers(app):
        status, _ = ask(client, call, Authorization=f"Bearer {TOKEN}")
        assert status not in (401, 403), call


def test_a_login_opens_what_changes_nothing_and_the_rest_only_with_its_word(app: Flask) -> None:
    for call in calls_for_researchers(app):
        client, word = logged_in(app)
        if call.method in CHANGES_NOTHING:
            assert ask(client, call)[0] not in (401, 403), call
        else:
            _, word_of_another = logged_in(app)
            assert ask(client, call) == (403, "csrf_token_required"), call
            for wrong in ("", "x", word_of_another):
                refused = ask(client, call, **{"X-CSRF-Token": wrong})
                assert refused == (403, "csrf_token_required"), call
            assert ask(client, call, **{"X-CSRF-Token": word})[0] not in (401, 403), call


def test_a_wrong_bearer_is_not_made_good_by_a_cookie(app: Flask) -> None:
    client, word = logged_in(app)
    for call in calls_for_researchers(app):
        headers = {"Authorization": "Bearer wrong", "X-CSRF-Token": word}
        assert ask(client, call, **headers)[0] == 401, call


def test_pages_of_other_sites_change_nothing(app: Flask) -> None:
    client, word = logged_in(app)
    for call in all_calls(app):
        if call.method not in CHANGES_NOTHING:
            for headers in (
                {"Origin": "https://evil.example"},
                {"Origin": "null"},
                {"Sec-Fetch-Site": "cross-site"},
                {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
            ):
                answer = ask(client, call, **{"X-CSRF-Token": word, **headers})
                assert answer == (403, "origin_not_allowed"), call


def test_only_runs_need_a_code(app: Flask) -> None:
    child = BufferingClient(app, app.response_class)
    for call in all_calls(app):
        status, code = ask(child, call)
        if call.endpoint in MAKES_RUNS:
            assert (status, code) == (401, "workshop_code_required"), call
        else:
            assert code != "workshop_code_required", call


def test_a_stylesheet_or_a_script_of_the_pages_needs_nothing(app: Flask) -> None:
    client = BufferingClient(app, app.response_class)
    for path in ("/", "/gallery", "/static/js/gallery.js", "/static/css/workshop.css"):
        assert client.get(path).status_code == 200


def test_over_https_pages_are_kept_apart_from_who_opened_them(app: Flask) -> None:
    client = BufferingClient(app, app.response_class)
    headers = client.get("/gallery", base_url="https://localhost").headers
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_every_answer_carries_the_headers(app: Flask) -> None:
    client = BufferingClient(app, app.response_class)
    for call in all_calls(app):
        headers = client.open(call.path, method=call.method).headers
        assert headers["X-Content-Type-Options"] == "nosniff", call
        assert headers["Referrer-Policy"] == "no-referrer", call
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"] or (
            "sandbox" in headers["Content-Security-Policy"]
        ), call
        assert "camera=()" in headers["Permissions-Policy"], call
        assert headers["Cross-Origin-Resource-Policy"] in ("same-origin", "same-site"), call
