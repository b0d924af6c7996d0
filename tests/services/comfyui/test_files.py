from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from devserver.config import Settings
from devserver.my_app.services.backends.port import BackendUnreachable
from devserver.my_app.services.comfyui.files import ComfyUIFiles
from devserver.my_app.services.comfyui.waiting import PromptLost
from devserver.my_app.services.media_fetch import FetchFailed
from devserver.my_app.wiring import build_media_storage
from tests.comfyui_graphs import GRAPHS
from tests.fake_comfyui import FakeComfyUI


@pytest.fixture
def comfy() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as comfy:
        yield comfy


def finished(comfy: FakeComfyUI, name: str) -> str:
    answer = requests.post(f"{comfy.url}/prompt", json={"prompt": GRAPHS[name][1]}, timeout=10)
    prompt_id = str(answer.json()["prompt_id"])
    comfy.wait_until_done(prompt_id)
    return prompt_id


def test_addresses_of_all_files(comfy: FakeComfyUI) -> None:
    prompt_id = finished(comfy, "batch")
    urls = ComfyUIFiles([comfy.url]).list_urls(None, prompt_id)
    assert len(urls) == 3
    bodies = [requests.get(url, timeout=10).content for url in urls]
    assert bodies == [data for _, data in sorted(comfy.folder("output").items())]


def test_a_prompt_that_is_not_there(comfy: FakeComfyUI) -> None:
    with pytest.raises(PromptLost):
        ComfyUIFiles([comfy.url]).list_urls(comfy.url, "unknown")


def test_servers_that_are_not_configured_are_not_asked(comfy: FakeComfyUI) -> None:
    for servers, server in (([], None), ([], comfy.url), (["http://other"], comfy.url)):
        with pytest.raises(BackendUnreachable):
            ComfyUIFiles(servers).list_urls(server, "x")
    assert comfy.requests == []


def test_the_storage_stores_every_file_of_a_prompt(comfy: FakeComfyUI, tmp_path: Path) -> None:
    settings = Settings.model_validate({"exports_dir": tmp_path, "comfyui_urls": comfy.url})
    storage = build_media_storage(settings)
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    outputs = storage.add_media_from_comfyui(run_id, finished(comfy, "mixed"))
    stored = [storage.get_media_path(run_id, o.filename).read_bytes() for o in outputs]
    assert sorted(stored) == sorted(comfy.folder("output").values())
    assert {output.backend for output in outputs} == {"comfyui"}


def test_a_file_that_is_gone_from_the_server_leaves_nothing(
    comfy: FakeComfyUI, tmp_path: Path
) -> None:
    settings = Settings.model_validate({"exports_dir": tmp_path, "comfyui_urls": comfy.url})
    storage = build_media_storage(settings)
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    prompt_id = finished(comfy, "image")
    comfy.behaviour.view_status = 404
    with pytest.raises(FetchFailed):
        storage.add_media_from_comfyui(run_id, prompt_id)
    assert storage.get_metadata(run_id).outputs == ()
