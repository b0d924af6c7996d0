from __future__ import annotations

import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from devserver.my_app.routes import openapi, wire


def test_the_description_is_valid(client: FlaskClient) -> None:
    validate(client.get("/api/openapi.json").get_json())


def test_every_route_of_the_api_is_described(app: Flask, client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").get_json()["paths"]
    operations = sum(len(methods) for methods in described.values())
    routes = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/metrics", "/s/"))
    ]
    assert operations == sum(len((r.methods or set()) - {"HEAD", "OPTIONS"}) for r in routes)
    assert all(op["summary"] for methods in described.values() for op in methods.values())


def test_the_request_is_described_from_the_model_that_checks_it(client: FlaskClient) -> None:
    schemas = client.get("/api/openapi.json").get_json()["components"]["schemas"]
    request = schemas["NewRunRequest"]
    assert set(request["required"]) == {"schema", "input_text"}
    assert request["properties"]["input_text"]["maxLength"] == wire.MAX_TEXT_CHARACTERS


def test_what_may_come_without_its_body(client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").get_json()["paths"]
    needed = {
        path: operation["requestBody"]["required"]
        for path, methods in described.items()
        for operation in methods.values()
        if "requestBody" in operation
    }
    assert [path for path, is_needed in needed.items() if not is_needed] == [
        "/api/runs/{run_id}/rerun",
        "/api/verifications",
    ]
    assert len(needed) > 3


def test_the_metrics_are_for_researchers_and_no_json(client: FlaskClient) -> None:
    metrics = client.get("/api/openapi.json").get_json()["paths"]["/metrics"]["get"]
    assert metrics["security"] == [{"researcher": []}, {"login": []}]
    assert list(metrics["responses"]["200"]["content"]) == ["*/*"]
    assert set(metrics["responses"]) == {"200", "401", "429", "default"}


def test_the_page_shows_every_route_and_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/api/docs").text
    for path in client.get("/api/openapi.json").get_json()["paths"]:
        assert path in page
    assert "://" not in page


def test_the_headers_that_are_read_are_described(client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").get_json()["paths"]
    told = {
        parameter["name"]
        for methods in described.values()
        for operation in methods.values()
        for parameter in operation["parameters"]
        if parameter["in"] == "header"
    }
    routes = Path(openapi.__file__).parent.glob("*.py")
    read = set(
        re.findall(r'headers\.get(?:list)?\("([\w-]+)"', "".join(map(Path.read_text, routes)))
    )
    of_browsers = {"Origin", "Sec-Fetch-Site"}
    assert read - of_browsers <= told
    assert told - read == {"X-CSRF-Token", "X-Workshop-Code"}  # read by the names they have there


def test_links_fail_on_pages(client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").get_json()["paths"]
    failures = described["/s/{code}"]["get"]["responses"]
    said = client.get("/s/aaaaaaaaaaaaaaaa")
    assert list(failures[str(said.status_code)]["content"]) == [said.mimetype]
