"""One error shape, everywhere."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from devserver.my_app.routes.errors import STATUS_OF_CODE
from devserver.my_app.services.errors import ServerError
from devserver.my_app.wiring import Services
from tests.routes.test_every_route import all_calls


def all_failures(base: type[ServerError] = ServerError) -> set[type[ServerError]]:
    """Every failure of the server; those that tests make up are not among them."""
    below = {cls for direct in base.__subclasses__() for cls in all_failures(direct)}
    return {cls for cls in {base, *below} if cls.__module__.startswith("devserver.")}


def test_every_failure_has_its_status() -> None:
    elsewhere = {"root_taken", "root_not_lockable"}  # at the start, as these:
    elsewhere |= {"schema_file_invalid", "retention_rules_invalid"}
    elsewhere |= {"token_file_unreadable"}  # at the start, and on the command line as these:
    elsewhere |= {"token_name_taken", "token_not_found", "token_not_revocable"}
    codes = {failure.code for failure in all_failures()}
    assert codes - elsewhere <= STATUS_OF_CODE.keys()
    ends_of_runs = {"cancelled", "too_many_attempts"}  # in a run's metadata, no exceptions
    assert STATUS_OF_CODE.keys() - codes == ends_of_runs


def test_every_failure_is_named_by_a_code_of_its_own() -> None:
    assert [f for f in all_failures() if f.code == "internal_error"] == [ServerError]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_every_route_answers_other_methods_in_the_one_shape(
    app: Flask, client: FlaskClient, method: str
) -> None:
    adapter = app.url_map.bind("localhost")
    paths = {call.path: adapter.allowed_methods(call.path) for call in all_calls(app)}
    refused = [path for path, allowed in paths.items() if method not in allowed]
    assert refused
    for path in refused:
        answer = client.open(path, method=method)
        body = answer.get_json()
        assert answer.status_code == 405, path
        assert (body["status"], body["code"]) == ("error", "method_not_allowed")
        assert answer.headers["Allow"]


def test_unknown_addresses_are_404_in_the_one_shape(client: FlaskClient) -> None:
    for path in ("/nothing", "/api/nothing", "/static/nothing", "/static/../config.py", "/%00"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.get_json()["code"] == "not_found"


def test_a_failure_nobody_thought_of_shows_no_trace(
    client: FlaskClient,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_id = services.storage.create_run(schema="dada", input_text="Geheimnis").run_id

    def fail(_: str) -> None:
        raise RuntimeError("a detail for the engineer")

    monkeypatch.setattr(services.storage, "get_metadata", fail)
    with caplog.at_level(logging.ERROR):
        answer = client.get(f"/api/runs/{run_id}?q=Geheimnis")
    assert answer.status_code == 500
    body = answer.get_json()
    assert (body["code"], body["run_id"]) == ("internal_error", run_id)
    assert "engineer" not in answer.text
    assert "a detail for the engineer" in caplog.text
    assert run_id in caplog.text
    assert "Geheimnis" not in caplog.text
