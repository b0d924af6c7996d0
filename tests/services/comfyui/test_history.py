from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.comfyui.history import Outcome, files_of, outcome_of
from tests.services.comfyui.recordings import NAMES, history_entries

ENDINGS = {
    "fail_03_execution_error": "failed",
    "fail_04_execution_error_partial_outputs": "failed",
    "fail_08_execution_blocked": "success",
    "fail_09_execution_blocked_silent": "success",
    "queue_01_interrupt_global": "interrupted",
    "img_01_saveimage_batch1": "success",
}
FILES = {
    "img_01_saveimage_batch1": 1,
    "img_02_saveimage_batch3": 3,
    "img_03_two_saveimage": 2,
    "img_04_previewimage": 1,
    "img_05_preview_and_save": 1,
    "img_09_animated_webp": 1,
    "video_01_savevideo_mp4": 1,
    "video_03_savewebm_vp9": 1,
    "audio_01_flac": 1,
    "audio_03_opus": 1,
    "mesh_01_saveglb": 1,
    "latent_01_savelatent": 1,
    "text_01_previewany": 0,
    "fail_09_execution_blocked_silent": 0,
    "fail_04_execution_error_partial_outputs": 1,
}


@pytest.mark.parametrize(("name", "ending"), ENDINGS.items())
def test_how_recorded_prompts_ended(name: str, ending: str) -> None:
    [outcome] = [outcome_of(entry) for entry in list(history_entries(name))[:1]]
    assert outcome.ending == ending


@pytest.mark.parametrize(("name", "count"), FILES.items())
def test_how_many_files_recorded_prompts_made(name: str, count: int) -> None:
    entry = next(history_entries(name))
    assert len(files_of(entry)) == count


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_entry_can_be_read_and_tells_no_secret(name: str) -> None:
    for entry in history_entries(name):
        sentence = outcome_of(entry).sentence
        assert "deliberate" not in sentence
        assert "/" not in sentence
        for file in files_of(entry, with_temporary=True):
            assert file.filename
            assert file.type in ("output", "temp")


def test_a_failed_node_is_named() -> None:
    outcome = outcome_of(next(history_entries("fail_03_execution_error")))
    assert outcome == Outcome("failed", "RecRaise", "ValueError")
    assert "RecRaise" in outcome.sentence


def test_too_little_memory_has_a_sentence_of_its_own() -> None:
    assert "memory" in Outcome("failed", "KSampler", "torch.OutOfMemoryError").sentence


def entry_of(outputs: object, graph: object = None, meta: object = None) -> dict[str, Any]:
    return {"prompt": [1, "id", graph, {}, []], "outputs": outputs, "meta": meta}


def file(name: str, type: str = "output") -> dict[str, str]:
    return {"filename": name, "subfolder": "", "type": type}


def test_files_come_in_the_order_of_the_graph() -> None:
    outputs = {"2": {"images": [file("c")]}, "10": {"audio": [file("a"), file("b")]}}
    files = files_of(entry_of(outputs, {"10": {}, "2": {}}))
    assert [found.filename for found in files] == ["a", "b", "c"]


def test_nodes_made_by_expansion_stand_at_the_node_they_came_from() -> None:
    outputs = {"5": {"images": [file("b")]}, "3.0.0.1": {"images": [file("a")]}}
    meta = {"3.0.0.1": {"display_node": "3"}}
    for known in (meta, None):
        files = files_of(entry_of(outputs, {"3": {}, "5": {}}, known))
        assert [found.filename for found in files] == ["a", "b"]


def test_temporary_files_count_only_when_asked_for_or_alone() -> None:
    outputs = {"1": {"images": [file("t", "temp")]}, "2": {"gifs": [file("s")]}}
    entry = entry_of(outputs, {"1": {}, "2": {}})
    assert [f.filename for f in files_of(entry)] == ["s"]
    assert [f.filename for f in files_of(entry, with_temporary=True)] == ["t", "s"]
    assert [f.filename for f in files_of(entry_of({"1": outputs["1"]}))] == ["t"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_can_be_walked(value: object) -> None:
    for entry in (value, entry_of(value), {"outputs": {"1": value}, "status": value}):
        if isinstance(entry, dict):
            files_of(entry)
            outcome_of(entry)
