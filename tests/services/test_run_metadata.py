from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


HALF_CHARACTERS = [
    rb'{"run_id": "x", "user_id": "a\ud800"}',
    rb'{"run_id": "x", "user_id": "a\uDfFf"}',
    rb'{"run_id": "x", "input_text": "\ude00\ud83d"}',
    rb'{"run_id": "x", "outputs": [{"type": "image", "filename": "a", "model": "\ud83d"}]}',
    rb'{"run_id": "x", "request": {"\udc00": 1}}',
    b'{"run_id": "x", "user_id": "a\xed\xa0\x80"}',
    '{"run_id": "x", "user_id": "a\ud800"}'.encode("utf-16", "surrogatepass"),
]


@pytest.mark.parametrize("data", HALF_CHARACTERS)
def test_half_a_character_is_refused(data: bytes) -> None:
    with pytest.raises(MetadataUnreadable):
        parse_metadata(data)


def test_half_a_character_is_named() -> None:
    with pytest.raises(MetadataUnreadable, match="half a character"):
        parse_metadata(HALF_CHARACTERS[0])


@given(text=st.text(), other=st.text(alphabet="\\ud8D\ud83d\ude00", max_size=6))
def test_what_is_read_can_be_written(text: str, other: str) -> None:
    written = json.dumps({**SEED_FORM, "input_text": text, "a_key_of_tomorrow": {other: [other]}})
    try:
        run = parse_metadata(written.encode())
    except MetadataUnreadable:
        with pytest.raises(UnicodeEncodeError):
            json.loads(written)["a_key_of_tomorrow"].popitem()[0].encode()
    else:
        assert parse_metadata(run.to_json()) == run
        assert run.input_text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_reads_what_json_may_be_written_in(encoding: str) -> None:
    text = json.dumps({**SEED_FORM, "input_text": "Ä🌸"}, ensure_ascii=False)
    assert parse_metadata(text.encode(encoding)).input_text == "Ä🌸"


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
