from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from devserver.config import Settings
from devserver.my_app.services.comfyui_files import (
    ComfyUIFiles,
    ComfyUIPromptNotFinished,
    ComfyUIUnreachable,
)
from devserver.my_app.services.media_fetch import FetchFailed
from devserver.my_app.wiring import build_media_storage
from tests.http_server import Answer, body, serving
from tests.media_samples import glb_bytes, mp4_bytes, png_bytes

ID = "0c6fa0f8-4d49-4f2c-9a57-6f5cf7f6a111"
# The shapes are those of the recordings img_05, video_01, mesh_01, text_01, mesh_03, latent_01.
OUTPUTS = {
    "3": {"images": [{"filename": "preview_0.png", "subfolder": "", "type": "temp"}]},
    "9": {"images": [{"filename": "a b&c.png", "subfolder": "run/1", "type": "output"}]},
    "11": {
        "images": [{"filename": "v_00001_.mp4", "subfolder": "", "type": "output"}],
        "animated": [True],
    },
    "12": {"3d": [{"filename": "mesh.glb", "subfolder": "", "type": "output"}]},
    "13": {"text": ["42"], "result": ["a.glb", None], "odd": [1, None, {"deep": [[True]]}]},
}


@contextmanager
def comfyui(outputs: object, **more: Answer) -> Iterator[str]:
    history = {ID: {"outputs": outputs, "status": {"status_str": "success", "completed": True}}}
    answers = {
        f"/history/{ID}": body(json.dumps(history).encode()),
        "/history/unknown": body(b"{}"),
        "/history/broken": body(b"<html>"),
        **more,
    }
    with serving(answers) as address:
        yield address


def test_lists_saved_files_of_every_key_and_no_temporary_ones() -> None:
    with comfyui(OUTPUTS) as address:
        urls = ComfyUIFiles([address]).list_urls(None, ID)
    queries = [{k: v[0] for k, v in parse_qs(urlsplit(url).query).items()} for url in urls]
    assert [query["filename"] for query in queries] == ["a b&c.png", "v_00001_.mp4", "mesh.glb"]
    assert queries[0] == {"filename": "a b&c.png", "subfolder": "run/1", "type": "output"}
    assert all(url.startswith(f"{address}/view?") for url in urls)


def test_temporary_files_count_when_nothing_was_saved() -> None:
    with comfyui({"3": OUTPUTS["3"]}) as address:
        [url] = ComfyUIFiles([address]).list_urls(address, ID)
    assert "type=temp" in url


def test_a_prompt_that_is_not_over_is_told_from_one_that_made_nothing() -> None:
    with comfyui({"13": OUTPUTS["13"]}) as address:
        assert ComfyUIFiles([address]).list_urls(address, ID) == []
        with pytest.raises(ComfyUIPromptNotFinished):
            ComfyUIFiles([address]).list_urls(address, "unknown")


def test_what_is_no_comfyui_is_unreachable() -> None:
    with comfyui(OUTPUTS) as address:
        for server, prompt_id in (
            (address, "broken"),
            (address, "../x"),
            ("http://127.0.0.1:9", ID),
        ):
            with pytest.raises(ComfyUIUnreachable):
                ComfyUIFiles([address]).list_urls(server, prompt_id)
    with pytest.raises(ComfyUIUnreachable):
        ComfyUIFiles([address]).list_urls(address, ID)
    with pytest.raises(ComfyUIUnreachable):
        ComfyUIFiles([]).list_urls(None, ID)


def test_the_storage_stores_every_file_of_a_prompt(tmp_path: Path) -> None:
    files = {"a b&c.png": png_bytes(), "v_00001_.mp4": mp4_bytes(), "mesh.glb": glb_bytes()}

    def view(handler: object) -> None:
        name = parse_qs(urlsplit(handler.path).query)["filename"][0]  # type: ignore[attr-defined]
        body(files[name], Content_Type="text/html")(handler)  # type: ignore[arg-type]

    with comfyui(OUTPUTS, **{"/view": view}) as address:
        settings = Settings.model_validate({"exports_dir": tmp_path, "comfyui_urls": address})
        storage = build_media_storage(settings)
        run_id = storage.create_run(schema="dada", input_text="x").run_id
        outputs = storage.add_media_from_comfyui(run_id, ID)
    assert [(output.filename, output.backend) for output in outputs] == [
        ("output_image.png", "comfyui"),
        ("output_video.mp4", "comfyui"),
        ("output_3d.glb", "comfyui"),
    ]
    for output, data in zip(outputs, files.values(), strict=True):
        assert storage.get_media_path(run_id, output.filename).read_bytes() == data


def test_a_file_that_is_gone_from_the_server_leaves_nothing(tmp_path: Path) -> None:
    with comfyui(OUTPUTS) as address:
        settings = Settings.model_validate({"exports_dir": tmp_path, "comfyui_urls": address})
        storage = build_media_storage(settings)
        run_id = storage.create_run(schema="dada", input_text="x").run_id
        with pytest.raises(FetchFailed):
            storage.add_media_from_comfyui(run_id, ID)
    assert storage.get_metadata(run_id).outputs == ()
    assert {entry.name for entry in (tmp_path / "json" / run_id).iterdir()} == {
        *("metadata.json", "input_text.txt")
    }
