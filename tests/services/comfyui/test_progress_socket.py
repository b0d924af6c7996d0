from __future__ import annotations

import logging
import ssl
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import trustme

from devserver.my_app.services.comfyui import progress_socket
from devserver.my_app.services.comfyui.progress_socket import (
    NodeProgress,
    Preview,
    ProgressSocket,
)
from tests.comfyui_graphs import ONE, graph, node, save_image
from tests.fake_comfyui import FakeComfyUI

WAIT = 20.0
SLOW = node("RecSleep", images=["3", 0], seconds=0.2, steps=4, preview=True, seed=["1", 0])
GRAPH = graph(n3=ONE, n4=SLOW, n5=save_image("4"))


class Listener:
    """A socket for one prompt, and what it heard."""

    def __init__(self, url: str) -> None:
        self.prompt_id = str(uuid.uuid4())
        self.client_id = uuid.uuid4().hex
        self.look = threading.Event()
        self.progress: list[NodeProgress] = []
        self.previews: list[Preview] = []
        self.socket = ProgressSocket(
            url,
            client_id=self.client_id,
            prompt_id=self.prompt_id,
            look=self.look,
            on_progress=self.progress.append,
            on_preview=self.previews.append,
        )

    def send(self, comfy: FakeComfyUI, authority: Path | None = None) -> None:
        body = {"prompt": GRAPH, "client_id": self.client_id, "prompt_id": self.prompt_id}
        answer = requests.post(
            f"{comfy.url}/prompt", json=body, timeout=WAIT, verify=str(authority or True)
        )
        assert answer.status_code == 200, answer.text


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure_comfy(authority: trustme.CA) -> Iterator[FakeComfyUI]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FakeComfyUI(tls=context) as comfy:
        yield comfy


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setattr(progress_socket, "DEFAULT_CA_BUNDLE_PATH", str(path))
    return path


def check_it_hears(listener: Listener, comfy: FakeComfyUI, authority: Path | None = None) -> None:
    with listener.socket:
        listener.socket.wait_until_tried()
        assert listener.socket.is_connected
        listener.send(comfy, authority)
        assert listener.look.wait(WAIT)
    steps = [heard.step for heard in listener.progress if heard.step is not None]
    assert steps == [1, 2, 3, 4]
    assert {heard.node for heard in listener.progress} >= {"3", "4", "5"}
    assert len(listener.previews) == 4
    assert {preview.data[:2] for preview in listener.previews} == {b"\xff\xd8"}


def test_steps_previews_and_the_end_are_heard() -> None:
    with FakeComfyUI() as comfy:
        check_it_hears(Listener(comfy.url), comfy)


def test_they_are_heard_over_tls(secure_comfy: FakeComfyUI, trusted: Path) -> None:
    check_it_hears(Listener(secure_comfy.url), secure_comfy, trusted)


def test_a_server_nobody_vouches_for_is_not_listened_to(
    secure_comfy: FakeComfyUI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    listener = Listener(secure_comfy.url)
    with listener.socket:
        assert listener.look.wait(WAIT)
        assert not listener.socket.is_connected
    assert "certificate verify failed" in caplog.text
    assert secure_comfy.count("/ws") == 0


@pytest.mark.parametrize("is_secure", [False, True])
def test_leaving_ends_a_silent_one_at_once(
    is_secure: bool, secure_comfy: FakeComfyUI, trusted: Path
) -> None:
    with FakeComfyUI() as plain:
        comfy = secure_comfy if is_secure else plain
        comfy.behaviour.deaf_websocket = True
        listener = Listener(comfy.url)
        with listener.socket:
            listener.socket.wait_until_tried()
            assert listener.socket.is_connected
            assert not listener.look.is_set()
        assert listener.look.wait(WAIT)
        assert not listener.socket.is_connected


def test_a_proxy_that_knows_no_websocket_is_no_fault() -> None:
    with FakeComfyUI() as comfy:
        comfy.behaviour.refuse_websocket = True
        listener = Listener(comfy.url)
        with listener.socket:
            assert listener.look.wait(WAIT)
            assert not listener.socket.is_connected
