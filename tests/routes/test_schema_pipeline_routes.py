from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_metadata import RunError
from devserver.my_app.services.runs import MAX_SEED
from devserver.my_app.wiring import Services

URL = "/api/schema/pipeline/execute"
GOOD = {"schema": "dada", "input_text": "Eine Blume auf der Wiese"}


def run_folders(services: Services) -> set[str]:
    return {entry.name for entry in services.root.runs.iterdir()}


def test_a_prompt_becomes_a_run(client: FlaskClient, services: Services) -> None:
    answer = client.post(URL, json={**GOOD, "seed": 42, "user_id": "DOE_J"})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    assert body["status"] == "success"
    assert (body["schema"], body["execution_mode"], body["safety_level"]) == ("dada", "eco", "kids")
    assert body["input_text"] == GOOD["input_text"]
    assert body["transformed_text"] == body["final_output"] != GOOD["input_text"]
    assert body["warnings"] == []
    run_id = body["run_id"]
    [output] = body["outputs"]
    assert (output["type"], output["filename"], output["index"]) == ("image", "output_image.png", 1)
    assert (output["backend"], output["config"], output["seed"]) == ("atelier", "atelier_image", 42)
    assert output["license"] == "CC BY-SA 4.0"
    assert output["model"] is None
    assert body["media_output"] == body["media_outputs"][0]
    assert (
        body["media_output"].items()
        >= {
            "config": "atelier_image",
            "status": "success",
            "run_id": run_id,
            "media_type": "image",
            "url": output["url"],
            "output": run_id,
            "media_stored": True,
        }.items()
    )
    folder = services.root.runs / run_id
    assert {entry.name for entry in folder.iterdir()} == {
        *("metadata.json", "input_text.txt", "transformed_text.txt", "output_image.png"),
        "ro-crate-metadata.json",
    }
    picture = client.get(output["url"])
    assert picture.data == (folder / "output_image.png").read_bytes()
    metadata = json.loads((folder / "metadata.json").read_bytes())
    assert metadata["status"] == "success"
    assert {stage["stage"] for stage in metadata["stages"]} == {1, 2, 3, 4}
    assert "user_id" not in body


def test_the_record_says_what_was_checked_and_by_what(client: FlaskClient) -> None:
    stages = client.post(URL, json=GOOD).get_json()["stages"]
    checks = [stage for stage in stages if stage["step"] == "word_lists"]
    assert [check["stage"] for check in checks] == [1, 3]
    for check in checks:
        assert check["status"] == "passed"
        assert check["details"]["level"] == "kids"
        assert "legal" in check["details"]["lists"]
        assert check["duration_seconds"] > 0


def test_the_same_seed_gives_the_same_picture(client: FlaskClient) -> None:
    first, second, other = (
        client.post(URL, json={**GOOD, "seed": seed}).get_json() for seed in (1, 1, 2)
    )
    assert first["outputs"][0]["sha256"] == second["outputs"][0]["sha256"]
    assert first["outputs"][0]["sha256"] != other["outputs"][0]["sha256"]
    assert first["run_id"] != second["run_id"]


def test_a_seed_that_was_not_given_is_made_and_recorded(
    client: FlaskClient, services: Services
) -> None:
    body = client.post(URL, json=GOOD).get_json()
    seed = services.storage.get_metadata(body["run_id"]).request.seed
    assert seed is not None
    assert 0 <= seed <= MAX_SEED
    assert body["outputs"][0]["seed"] == seed


def test_a_text_run_has_its_text_and_no_media(client: FlaskClient) -> None:
    body = client.post(URL, json={**GOOD, "output_type": "text"}).get_json()
    assert body["status"] == "success"
    assert body["outputs"] == body["media_outputs"] == []
    assert body["media_output"] is None
    assert body["transformed_text"]


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> & <script>alert(1)</script>",
        "$(reboot); `ls`",
        "🌸👩‍👩‍👧",
        "مرحبا",
        "e\u0301",
        "a\n\n\nb",
    ],
)
def test_hard_texts_come_back_as_they_were(
    client: FlaskClient, services: Services, text: str
) -> None:
    body = client.post(URL, json={**GOOD, "schema": "passthrough", "input_text": text}).get_json()
    assert body["status"] == "success"
    assert body["input_text"] == body["transformed_text"] == text
    folder = services.root.runs / body["run_id"]
    assert (folder / "input_text.txt").read_bytes() == text.encode()
    assert (folder / "transformed_text.txt").read_bytes() == text.encode()


@pytest.mark.parametrize(
    ("said", "stored"), [("", None), (" \n\t", None), (None, None), (" DOE J", " DOE J")]
)
def test_a_blank_label_is_none(
    client: FlaskClient, services: Services, said: str | None, stored: str | None
) -> None:
    body = client.post(URL, json={**GOOD, "output_type": "text", "user_id": said}).get_json()
    assert services.storage.get_metadata(body["run_id"]).user_id == stored


def test_all_wrong_fields_are_named_at_once(client: FlaskClient, services: Services) -> None:
    before = run_folders(services)
    answer = client.post(URL, json={"seed": -1, "execution_mode": "slow", "language": "fr"})
    assert answer.status_code == 400
    body = answer.get_json()
    assert (body["status"], body["code"]) == ("error", "invalid_request")
    fields = {problem["field"] for problem in body["details"]["fields"]}
    assert fields == {"schema", "input_text", "seed", "execution_mode", "language"}
    assert all(field in body["error"] for field in fields)
    assert run_folders(services) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"input_text": ""},
        {"input_text": "  \n\t "},
        {"input_text": "x" * 8001},
        {"input_text": "NUL \0 inside"},
        {"input_text": 5},
        {"input_text": None},
        {"input_text": ["a"]},
        {"schema": ""},
        {"schema": None},
        {"schema": {"id": "dada"}},
        {"seed": "42"},
        {"seed": 1.5},
        {"seed": True},
        {"seed": MAX_SEED + 1},
        {"safety_level": "none"},
        {"output_type": "smell"},
        {"output_configs": []},
        {"output_configs": "atelier_image"},
        {"output_configs": ["atelier_image"] * 9},
        {"user_id": "x" * 201},
        {"context": "\0"},
        {"output_type": "audio", "output_config": "atelier_image"},
    ],
    ids=str,
)
def test_bad_fields_are_400(
    client: FlaskClient, services: Services, changes: dict[str, object]
) -> None:
    before = run_folders(services)
    answer = client.post(URL, json={**GOOD, **changes})
    assert answer.status_code == 400
    assert answer.get_json()["status"] == "error"
    assert run_folders(services) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"schema": "dada", "input_text": "\xe4"}',
        b'{"schema": "dada", "input_text": "\\ud800"}',
        b'{"schema": "dada", "input_text": "x", "seed": ' + b"9" * 5000 + b"}",
        b'{"schema": "dada", "input_text": "x", "seed": NaN}',
        b'{"schema": "dada", "input_text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"schema": "dada", "input_text": "x", "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda body: repr(body[:60]),
)
def test_bad_bodies_are_400(client: FlaskClient, services: Services, body: bytes) -> None:
    before = run_folders(services)
    answer = client.post(URL, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["status"] == "error"
    assert run_folders(services) == before


def test_what_is_not_json_is_415(client: FlaskClient) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = client.post(URL, data=json.dumps(GOOD), content_type=content_type)
        assert answer.status_code == 415
        assert answer.get_json()["code"] == "unsupported_media_type"


def test_a_large_body_is_413(client: FlaskClient) -> None:
    answer = client.post(URL, data=b" " * (256 * 1024 + 1), content_type="application/json")
    assert answer.status_code == 413
    assert answer.get_json()["code"] == "body_too_large"
    assert client.post(URL, json={**GOOD, "input_text": "x" * 100_000}).status_code == 400


@pytest.mark.parametrize(
    ("changes", "code", "known"),
    [
        ({"schema": "dadaa"}, "schema_not_found", "dada"),
        ({"schema": "../dada"}, "schema_not_found", "dada"),
        ({"output_config": "sd99"}, "output_config_not_found", "atelier_image"),
    ],
)
def test_unknown_names_are_404_with_the_known_ones(
    client: FlaskClient, changes: dict[str, str], code: str, known: str
) -> None:
    answer = client.post(URL, json={**GOOD, **changes})
    assert answer.status_code == 404
    assert answer.get_json()["code"] == code
    assert known in answer.get_json()["details"]["known"]


@pytest.mark.parametrize(
    "changes",
    [{"execution_mode": "fast"}, {"execution_mode": "fast", "output_type": "video"}],
)
def test_what_nobody_makes_is_503_and_stores_nothing(
    client: FlaskClient, services: Services, changes: dict[str, str]
) -> None:
    before = run_folders(services)
    answer = client.post(URL, json={**GOOD, **changes})
    assert answer.status_code == 503
    assert answer.get_json()["code"] == "backend_not_configured"
    assert run_folders(services) == before


@pytest.mark.parametrize("output_type", ["audio", "video", "3d"])
def test_every_type_of_media_is_made_without_any_model(
    client: FlaskClient, output_type: str
) -> None:
    body = client.post(URL, json={**GOOD, "output_type": output_type}).get_json()
    assert body["status"] == "success"
    [output] = body["outputs"]
    assert (output["type"], output["config"]) == (output_type, f"atelier_{output_type}")
    answer = client.get(output["url"])
    assert answer.mimetype == output["mime_type"]
    assert len(answer.data) == output["file_size_bytes"]


def test_unknown_fields_are_named_in_a_warning(client: FlaskClient) -> None:
    body = client.post(URL, json={**GOOD, "ouput_type": "text"}).get_json()
    assert body["status"] == "success"
    assert any("ouput_type" in warning for warning in body["warnings"])


def test_a_level_below_the_floor_is_raised_with_a_warning(
    client: FlaskClient, researcher: dict[str, str]
) -> None:
    body = client.post(URL, json={**GOOD, "safety_level": "adult"}).get_json()
    assert body["safety_level"] == "youth"
    assert len(body["warnings"]) == 1
    off = client.post(URL, json={**GOOD, "safety_level": "off"}).get_json()
    assert off["safety_level"] == "youth"
    asked = client.post(URL, json={**GOOD, "safety_level": "off"}, headers=researcher).get_json()
    assert (asked["safety_level"], asked["warnings"]) == ("off", [])


@pytest.mark.parametrize(
    "prefer",
    [
        *("respond-async", "Respond-Async", "wait=0", 'x, wait="0"', "wait=0; x"),
        *("respond-async;foo=1", 'x="a, b; c", respond-async ; foo="1, 2"'),
    ],
)
def test_respond_async_is_202_and_the_run_goes_on(
    client: FlaskClient, services: Services, prefer: str
) -> None:
    answer = client.post(URL, json=GOOD, headers={"Prefer": prefer})
    assert answer.status_code == 202
    body = answer.get_json()
    assert body["status"] in ("queued", "running")
    assert answer.headers["Location"] == f"/api/runs/{body['run_id']}"
    assert services.runs.wait(body["run_id"], 60).status == "success"
    assert client.get(answer.headers["Location"]).get_json()["status"] == "success"


def test_a_preference_that_can_not_be_read_is_not_a_failure(client: FlaskClient) -> None:
    answer = client.post(URL, json=GOOD, headers={"Prefer": "wait=soon, ,;="})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("code", "status"),
    [("backend_unreachable", 502), ("nothing_produced", 502), ("backend_timed_out", 504)],
)
def test_a_failed_run_is_answered_in_the_error_shape(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    failure = RunError(code=code, message="The backend does not answer.", stage=4)
    end_runs_with(services.storage, monkeypatch, "failed", failure)
    answer = client.post(URL, json=GOOD)
    assert answer.status_code == status
    body = answer.get_json()
    assert (
        body.items()
        >= {
            "status": "error",
            "code": code,
            "error": "The backend does not answer.",
        }.items()
    )
    assert (services.root.runs / body["run_id"] / "metadata.json").is_file()


def test_a_blocked_run_is_403_in_its_own_shape(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = RunError(code="word_list", message="Try another word.", stage=1)
    end_runs_with(services.storage, monkeypatch, "blocked", reason)
    answer = client.post(URL, json=GOOD)
    assert answer.status_code == 403
    body = answer.get_json()
    run_id = body.pop("run_id")
    assert body == {
        "status": "blocked",
        "blocked": {"stage": 1, "code": "word_list", "message": "Try another word."},
        "error": "Try another word.",
        "code": "blocked",
    }
    assert services.storage.get_metadata(run_id).status == "blocked"


def test_a_cancelled_run_is_409(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_runs_with(services.storage, monkeypatch, "cancelled", None)
    assert client.post(URL, json=GOOD).status_code == 409


def end_runs_with(
    storage: MediaStorageService,
    monkeypatch: pytest.MonkeyPatch,
    status: Any,
    error: RunError | None,
) -> None:
    """Let every new run be over before a worker takes it."""
    create = storage.create_run

    def create_and_end(**fields: Any) -> Any:
        run = create(**fields)
        return storage.finish_run(run.run_id, status, error)

    monkeypatch.setattr(storage, "create_run", create_and_end)


def test_nothing_secret_is_answered(
    client: FlaskClient, services: Services, tmp_path: Path
) -> None:
    text = client.post(URL, json={**GOOD, "user_id": "A NAME"}).get_data(as_text=True)
    assert "A NAME" not in text
    assert str(services.root.path) not in text
