from __future__ import annotations

import json

import pytest

from devserver.my_app.services.run_id import RunIdInvalid, checked_run_id, is_run_id, new_run_id
from devserver.my_app.services.run_metadata import (
    MetadataUnreadable,
    RunMetadata,
    parse_metadata,
    utc_now,
)

SEED_FORM = {
    "run_id": "7d1b9f3e-5a0c-4e0c-9f3a-0a4f5c1d2e3f",
    "user_id": "DOE_J",
    "timestamp": "2025-11-04T10:15:30",
    "schema": "dada",
    "execution_mode": "eco",
    "input_text": "Eine Blume",
    "transformed_text": "Blume eine",
    "outputs": [
        {
            "type": "image",
            "filename": "output_image.png",
            "backend": "comfyui",
            "config": "sd35_large",
            "file_size_bytes": 1048576,
            "format": "png",
            "width": 1024,
            "height": 1024,
        }
    ],
}


def test_reads_metadata_with_only_the_seeds_keys() -> None:
    run = parse_metadata(json.dumps(SEED_FORM).encode())
    assert run.status == "success"
    assert run.schema_id == "dada"
    assert run.outputs[0].width == 1024
    assert run.outputs[0].sha256 is None


def test_without_outputs_the_seeds_form_is_a_failed_run() -> None:
    run = parse_metadata(json.dumps({**SEED_FORM, "outputs": []}).encode())
    assert run.status == "failed"


def test_keeps_keys_it_does_not_know() -> None:
    written = parse_metadata(json.dumps({**SEED_FORM, "workshop": "Köln"}).encode()).to_json()
    assert json.loads(written)["workshop"] == "Köln"


def test_writing_and_reading_give_the_same() -> None:
    run = RunMetadata(run_id=new_run_id(), schema_id="dada", status="queued", input_text="Ä\n\n🌸")
    assert parse_metadata(run.to_json()) == run
    assert "schema" in json.loads(run.to_json())


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b"null", b'{"run_id": 1}', b"\xff", b"[" * 9999]
)
def test_names_what_can_not_be_read(data: bytes) -> None:
    with pytest.raises(MetadataUnreadable):
        parse_metadata(data)


def test_times_are_utc() -> None:
    assert utc_now().endswith("+00:00")


def test_run_ids_are_canonical() -> None:
    assert is_run_id(new_run_id())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "../../etc/passwd",
        "7D1B9F3E-5A0C-4E0C-9F3A-0A4F5C1D2E3F",
        "7d1b9f3e-5a0c-1e0c-9f3a-0a4f5c1d2e3f",
        "7d1b9f3e-5a0c-4e0c-9f3a-0a4f5c1d2e3f\n",
        "7d1b9f3e5a0c4e0c9f3a0a4f5c1d2e3f",
        "7d1b9f3e-5a0c-4e0c-9f3a-0a4f5c1d2e3f/..",
        "７d1b9f3e-5a0c-4e0c-9f3a-0a4f5c1d2e3f",
    ],
)
def test_nothing_else_is_a_run_id(text: str) -> None:
    with pytest.raises(RunIdInvalid):
        checked_run_id(text)
