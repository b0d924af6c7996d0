from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree

from devserver.my_app.routes import export_routes
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.wiring import Services
from tests.exported_runs import a_stored_run, contents


@pytest.fixture
def run_id(services: Services) -> str:
    return a_stored_run(services.storage)


def made(client: FlaskClient, headers: dict[str, str], url: str) -> dict[str, Any]:
    """The package when it is no more under way."""
    for _ in range(3000):
        body: dict[str, Any] = client.get(url, headers=headers).get_json()
        if body["state"] not in ("waiting", "making"):
            return body
        threading.Event().wait(0.01)
    raise AssertionError(body)


def test_exports_one_run_in_each_format(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    for name in services.exports.manager.format_names:
        answer = client.get(f"/api/runs/{run_id}/export.{name}", headers=researcher)
        known = services.exports.manager.format(name)
        assert answer.status_code == 200
        assert answer.content_type == known.mime_type
        assert answer.content_length == len(answer.data) > 0
        said = answer.headers["Content-Disposition"]
        assert said == f"attachment; filename={run_id}.{known.extension}"
        assert "no-store" in answer.headers["Cache-Control"]


def test_what_comes_is_the_run(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    folders = services.exports.manager.source._folders
    data = client.get(f"/api/runs/{run_id}/export.zip", headers=researcher).data
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name, content in contents(folders, run_id).items():
            assert package.read(f"{run_id}/{name}") == content
    document = client.get(f"/api/runs/{run_id}/export.json", headers=researcher).get_json()
    assert document["runs"][0]["user_id"] == "DOE_J"
    xml = client.get(f"/api/runs/{run_id}/export.xml?language=en", headers=researcher).data
    assert etree.fromstring(xml).findtext("run/run_id") == run_id


def test_an_archived_run_is_exported_to_the_bit(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    folders = services.storage.folders
    before = contents(folders, run_id)
    services.keeping.archive.archive(run_id)
    answer = client.get(f"/api/runs/{run_id}/export.zip", headers=researcher)
    assert answer.status_code == 200
    body = {"format": "zip", "ids": [run_id]}
    asked = client.post("/api/packages", json=body, headers=researcher)
    package = made(client, researcher, asked.headers["Location"])
    whole = client.get(package["file_url"], headers=researcher)
    for data in (answer.data, whole.data):
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            for name, content in before.items():
                assert opened.read(f"{run_id}/{name}") == content
    assert not folders.path(run_id).exists()
    services.keeping.archive.restore(run_id)  # the other tests count folders


def test_a_licence_is_said_for_this_export_alone(
    client: FlaskClient, run_id: str, researcher: dict[str, str]
) -> None:
    url = f"/api/runs/{run_id}/export.json?licence=CC%20BY%204.0&title=Ein%20Titel"
    document = client.get(url, headers=researcher).get_json()
    assert (document["licence"], document["title"]) == ("CC BY 4.0", "Ein Titel")
    document = client.get(f"/api/runs/{run_id}/export.json", headers=researcher).get_json()
    assert document["licence"] is None
    body = {"format": "json", "ids": [run_id], "licence": "CC0"}
    asked = client.post("/api/packages", json=body, headers=researcher)
    package = made(client, researcher, asked.headers["Location"])
    assert package["licence"] == "CC0"
    document = client.get(package["file_url"], headers=researcher).get_json()
    assert document["licence"] == "CC0"
    other = client.post("/api/packages", json={**body, "licence": "CC BY 4.0"}, headers=researcher)
    assert other.status_code == 202
    for url in (f"/api/runs/{run_id}/export.json?licence={'x' * 501}",):
        answer = client.get(url, headers=researcher)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")


def test_a_head_has_no_body(client: FlaskClient, run_id: str, researcher: dict[str, str]) -> None:
    answer = client.head(f"/api/runs/{run_id}/export.zip", headers=researcher)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.content_length


def test_what_can_not_be_exported_is_named(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    running = a_stored_run(services.storage, is_over=False)
    for path, status, code in (
        (f"{run_id}/export.nope", 404, "export_format_unknown"),
        (f"{new_run_id()}/export.zip", 404, "run_not_found"),
        (f"{running}/export.zip", 409, "run_not_over"),
        ("x/export.zip", 400, "run_id_invalid"),
    ):
        answer = client.get(f"/api/runs/{path}", headers=researcher)
        assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    unknown = client.get(f"/api/runs/{run_id}/export.nope", headers=researcher).get_json()
    assert unknown["details"]["known"] == services.exports.manager.format_names
    services.storage.finish_run(running, "cancelled")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/runs/{run_id}/export.zip"),
        ("GET", "/api/runs/{run_id}/export.nope"),
        ("POST", "/api/packages"),
        ("GET", "/api/packages"),
        ("GET", "/api/packages/{package_id}"),
        ("GET", "/api/packages/{package_id}/file"),
        ("POST", "/api/packages/{package_id}/cancel"),
        ("DELETE", "/api/packages/{package_id}"),
    ],
)
def test_all_of_it_is_for_researchers(
    client: FlaskClient, run_id: str, method: str, path: str
) -> None:
    url = path.format(run_id=run_id, package_id="0" * 32)
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = client.open(
            url, method=method, headers=headers, json={} if method == "POST" else None
        )
        assert (answer.status_code, answer.get_json()["code"]) == (401, "researcher_token_required")


def test_a_package_from_the_wish_to_the_file(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    body = {"format": "zip", "ids": [run_id], "title": "Fünfzig Läufe", "language": "en"}
    asked = client.post("/api/packages", json=body, headers=researcher)
    assert asked.status_code == 202
    url = asked.headers["Location"]
    assert url == f"/api/packages/{asked.get_json()['package_id']}"
    package = made(client, researcher, url)
    assert (package["state"], package["runs"], package["runs_done"]) == ("ready", 1, 1)
    again = client.post("/api/packages", json=body, headers=researcher)
    assert (again.status_code, again.headers["Location"]) == (200, url)
    listed = client.get("/api/packages", headers=researcher).get_json()["packages"]
    assert package in listed

    whole = client.get(package["file_url"], headers=researcher)
    assert whole.status_code == 200
    assert len(whole.data) == package["bytes_written"]
    assert whole.headers["Content-Disposition"].startswith("attachment; filename=runs_")
    with zipfile.ZipFile(io.BytesIO(whole.data)) as opened:
        assert opened.testzip() is None
        assert "Fünfzig Läufe" in opened.read("README.txt").decode()
    part = client.get(package["file_url"], headers={**researcher, "Range": "bytes=2-5"})
    assert (part.status_code, part.data) == (206, whole.data[2:6])
    tag = {"If-None-Match": whole.headers["ETag"]}
    assert client.get(package["file_url"], headers={**researcher, **tag}).status_code == 304

    done = client.post(f"{url}/cancel", headers=researcher)
    assert (done.status_code, done.get_json()["code"]) == (409, "package_is_over")
    assert client.delete(url, headers=researcher).get_json()["status"] == "deleted"
    *_, line = services.audit.read()
    assert (line.action, line.facts) == ("package_deleted", {"runs": 1, "format": "zip"})
    for gone in (url, f"{url}/file"):
        answer = client.get(gone, headers=researcher)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "package_not_found")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"format": "zip"}, 400, "invalid_request"),
        ({"format": "zip", "ids": [], "title": 1}, 400, "invalid_request"),
        ({"format": "zip", "ids": ["x"], "query": {}}, 400, "invalid_request"),
        ({"format": "zip", "ids": ["x"]}, 400, "run_id_invalid"),
        ({"format": "zip", "ids": ["../../x"]}, 400, "run_id_invalid"),
        ({"format": "zip", "ids": [new_run_id()]}, 404, "run_not_found"),
        ({"format": "nope", "query": {}}, 404, "export_format_unknown"),
        ({"format": "zip", "query": {"nope": "dada"}}, 400, "query_invalid"),
        ({"format": "zip", "query": {"schema": 1}}, 400, "query_invalid"),
        ({"format": "zip", "query": {}, "leave_out": ["x"]}, 400, "run_id_invalid"),
        ({"format": "zip", "query": {}, "user": "x"}, 400, "invalid_request"),
        ({"format": "zip", "query": {}, "licence": ""}, 400, "invalid_request"),
    ],
)
@pytest.mark.usefixtures("run_id")
def test_wrong_wishes_are_named(
    client: FlaskClient,
    researcher: dict[str, str],
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    answer = client.post("/api/packages", json=body, headers=researcher)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_deleted_run_takes_its_packages_along(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    everything = client.post(
        "/api/packages", json={"format": "jsonl", "query": {}}, headers=researcher
    )
    package = made(client, researcher, everything.headers["Location"])
    lines = client.get(package["file_url"], headers=researcher).data.splitlines()
    assert run_id in {json.loads(line)["run_id"] for line in lines}
    assert client.delete(f"/api/runs/{run_id}", headers=researcher).status_code == 200
    answer = client.get(package["file_url"], headers=researcher)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "package_not_found")


def test_exports_with_pseudonyms_and_marked_copies(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    other = a_stored_run(services.storage)
    users = set()
    for one in (run_id, other):
        url = f"/api/runs/{one}/export.json?pseudonyms=1&marked=1"
        run = client.get(url, headers=researcher).get_json()["runs"][0]
        users.add(run["user_id"])
        assert run["outputs"][0]["marking"]["digital_source_type"].endswith("AlgorithmicMedia")
        url = f"/api/runs/{one}/export.zip?pseudonyms=1&marked=1"
        data = client.get(url, headers=researcher).data
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            picture = package.read(f"{one}/output_image.png")
            assert hashlib.sha256(picture).hexdigest() == run["outputs"][0]["sha256"]
            assert b"trainedAlgorithmicMedia" in picture
            assert b"DOE_J" not in b"".join(map(package.read, package.namelist()))
    assert len(users) == 1
    assert users.pop().startswith("P-")


def test_a_package_has_the_type_of_its_format(
    client: FlaskClient, run_id: str, researcher: dict[str, str]
) -> None:
    body = {"format": "html", "ids": [run_id]}
    asked = client.post("/api/packages", json=body, headers=researcher)
    package = made(client, researcher, asked.headers["Location"])
    answer = client.get(package["file_url"], headers=researcher)
    assert answer.content_type == "text/html; charset=utf-8"
    part = client.get(package["file_url"], headers={**researcher, "Range": "bytes=0-3"})
    assert (part.status_code, part.content_type) == (206, "text/html; charset=utf-8")


@pytest.mark.parametrize("set_by", ["1", "true"])
def test_both_ways_to_set_a_flag_hide_the_name(
    client: FlaskClient, run_id: str, researcher: dict[str, str], set_by: str
) -> None:
    url = f"/api/runs/{run_id}/export.json?pseudonyms={set_by}"
    assert b"DOE_J" not in client.get(url, headers=researcher).data
    for unset in ("0", "false"):
        url = f"/api/runs/{run_id}/export.json?pseudonyms={unset}"
        assert b"DOE_J" in client.get(url, headers=researcher).data


@pytest.mark.parametrize(
    ("query", "field", "possible"),
    [
        ("pseudonyms=yes", "pseudonyms", "1, true, 0, false"),
        ("pseudonyms=True", "pseudonyms", "1, true, 0, false"),
        ("pseudonyms=", "pseudonyms", "1, true, 0, false"),
        ("pseudonyms=0&pseudonyms=1", "pseudonyms", "1, true, 0, false"),
        ("marked=on", "marked", "1, true, 0, false"),
        ("language=fr", "language", "de, en"),
        ("pseudonym=1", "pseudonym", "pseudonyms, marked, language, title, licence"),
    ],
)
def test_what_a_query_says_wrongly_is_refused(
    *,
    client: FlaskClient,
    run_id: str,
    researcher: dict[str, str],
    query: str,
    field: str,
    possible: str,
) -> None:
    answer = client.get(f"/api/runs/{run_id}/export.json?{query}", headers=researcher)
    body = answer.get_json()
    assert (answer.status_code, body["status"], body["code"]) == (400, "error", "invalid_request")
    assert field in body["error"]
    assert possible in body["error"]
    assert body["details"]["fields"][0]["field"] == field


def test_the_other_routes_of_exports_take_no_query(
    client: FlaskClient, run_id: str, researcher: dict[str, str]
) -> None:
    known = "0" * 32
    for method, path in (
        ("GET", "packages"),
        ("POST", "packages"),
        ("POST", "packages/review"),
        ("GET", f"packages/{known}"),
        ("GET", f"packages/{known}/file"),
        ("POST", f"packages/{known}/cancel"),
        ("DELETE", f"packages/{known}"),
    ):
        body = {"format": "json", "ids": [run_id]} if method == "POST" else None
        url = f"/api/{path}?pseudonyms=1"
        answer = client.open(url, method=method, json=body, headers=researcher)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    assert client.get("/api/packages?pseudonyms=1").status_code == 401


def test_a_selection_is_looked_through_before_it_is_taken_away(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    said = "Ich heiße Lena Müller und wohne in der Bäckerstraße 12"
    told, clean = (a_stored_run(services.storage, text) for text in (said, "Eine Blume"))
    body = {"ids": [told, clean]}
    answer = client.post("/api/packages/review", json=body, headers=researcher)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    *_, line = services.audit.read()
    assert (line.action, line.facts) == ("reviewed", {"runs": 2})
    review = answer.get_json()
    assert (review["runs"], review["unread"], review["complete"]) == (2, [], True)
    assert {one["run_id"] for one in review["findings"]} == {told}
    first = review["findings"][0]
    assert (first["field"], first["kind"], first["text"]) == (
        "input_text",
        "introduced_name",
        "Lena Müller",
    )
    assert said[first["start"] : first["end"]] == "Lena Müller"
    wish = {"format": "jsonl", **body, "leave_out": [told]}
    url = client.post("/api/packages", json=wish, headers=researcher).get_json()["url"]
    assert made(client, researcher, url)["runs"] == 1
    lines = client.get(f"{url}/file", headers=researcher).data.splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == [clean]


def test_a_review_that_takes_too_long_says_that_it_is_incomplete(
    client: FlaskClient, run_id: str, researcher: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_routes, "MOST_SECONDS", 0)
    answer = client.post("/api/packages/review", json={"ids": [run_id]}, headers=researcher)
    review = answer.get_json()
    assert (answer.status_code, review["runs"], review["complete"]) == (200, 0, False)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"ids": ["x"], "query": {}}, 400, "invalid_request"),
        ({"ids": [new_run_id()]}, 404, "run_not_found"),
        ({"query": {}, "format": "zip"}, 400, "invalid_request"),
    ],
)
def test_a_review_of_nothing_is_named(
    client: FlaskClient, researcher: dict[str, str], body: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post("/api/packages/review", json=body, headers=researcher)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_review_of_runs_that_are_all_left_out_is_empty(
    client: FlaskClient, run_id: str, researcher: dict[str, str]
) -> None:
    body = {"ids": [run_id], "leave_out": [run_id]}
    for url in ("/api/packages/review", "/api/packages"):
        wish = body if url.endswith("review") else {**body, "format": "zip"}
        answer = client.post(url, json=wish, headers=researcher)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "selection_empty")


def test_reviews_are_for_researchers(client: FlaskClient, run_id: str) -> None:
    assert client.post("/api/packages/review", json={"ids": [run_id]}).status_code == 401
