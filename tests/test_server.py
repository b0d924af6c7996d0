"""The real server, as a newcomer starts it."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
import requests

from devserver.config import PROJECT_FOLDER, Settings
from devserver.my_app.services.run_id import is_run_id
from devserver.my_app.services.run_metadata import RunError
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import build_media_storage
from tests.conftest import TOKEN
from tests.event_stream import event_stream
from tests.fake_comfyui import FakeComfyUI
from tests.honest_folders import check_folder
from tests.http_server import body, serving
from tests.media_samples import png_bytes, wav_bytes
from tests.running_server import RunningServer, free_port

T = TypeVar("T")


def test_says_where_it_is_and_how_to_try_it(server: RunningServer) -> None:
    said = server.log.read_text()
    assert server.url in said
    assert str(server.runs) in said
    assert "atelier" in said
    [line] = re.findall(r"^curl .*$", said, re.MULTILINE)
    command = [*shlex.split(line), "--silent"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert answer["status"] == "success"
    run = check_folder(server.runs / answer["run_id"])
    assert run.input_text == "Eine Blume auf der Wiese"
    picture = requests.get(server.url + answer["media_output"]["url"], timeout=60)
    assert picture.content.startswith(b"\x89PNG")


def test_fifteen_children_at_once(server: RunningServer) -> None:
    def child(number: int) -> str:
        answer = server.post_text(input_text=f"Kind {number} malt eine Katze", schema="passthrough")
        assert answer.status_code == 200
        assert answer.json()["input_text"] == f"Kind {number} malt eine Katze"
        return str(answer.json()["run_id"])

    with ThreadPoolExecutor(15) as threads:
        run_ids = set(threads.map(child, range(15)))
    assert len(run_ids) == 15
    for run_id in run_ids:
        assert check_folder(server.runs / run_id).status == "success"


def test_a_client_that_hangs_up_loses_nothing(server: RunningServer) -> None:
    before = run_folders(server)
    body = json.dumps({"schema": "dada", "input_text": "Ein Kind legt auf"}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            b"POST /api/schema/pipeline/execute HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        folder = wait_for(lambda: next(iter(run_folders(server) - before), None))
    assert isinstance(folder, Path)
    url = f"{server.url}/api/runs/{folder.name}"
    wait_for(lambda: requests.get(url, timeout=60).json()["status"] == "success")
    check_folder(folder)


_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_WHOLE = b'{"schema": "dada", "input_text": "Ein Kind", "output_type": "text"}'


@pytest.mark.skipif(os.name == "nt", reason="another server runs there")
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (b"Content-Length: -1\r\n", _WHOLE, 400),
        (b"Content-Length: \xb2\r\n", _WHOLE, 400),
        (b"Content-Length: 67\r\nContent-Length: 3\r\n", _WHOLE, 400),
        (b"Content-Length: 5\r\n", _WHOLE, 400),
        (b"Content-Length: 500\r\n", _WHOLE, 408),
        (b"Content-Length: 300000\r\n", _WHOLE, 413),
        (b"Content-Length: 67\r\n" + _CHUNKED, b"43\r\n" + _WHOLE + b"\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding: gzip\r\n", _WHOLE, 400),
        (_CHUNKED, b"zz\r\n" + _WHOLE, 400),
        (_CHUNKED, b"43\r\n" + _WHOLE, 408),
        (_CHUNKED, b"43\r\n" + _WHOLE + b"\r\n0\r\n", 408),
        (_CHUNKED, b"50000\r\n" + _WHOLE + b" " * 0x50000 + b"\r\n0\r\n\r\n", 413),
        (b"Content-Length: 500\r\nContent-Type: multipart/form-data; boundary=b\r\n", b"--b", 415),
    ],
)
def test_a_body_that_is_not_what_was_announced_makes_no_run(
    server: RunningServer, headers: bytes, body: bytes, status: int
) -> None:
    before = run_folders(server)
    kind = b"" if b"Content-Type" in headers else b"Content-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(
            b"POST /api/schema/pipeline/execute HTTP/1.1\r\nHost: localhost\r\n"
            b"Prefer: respond-async\r\n%s%s\r\n%s" % (kind, headers, body)
        )
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            said, _, rest = answer.read().partition(b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(rest.partition(b"HTTP/1.1")[0])["status"] == "error"
    assert run_folders(server) == before


@pytest.mark.skipif(os.name == "nt", reason="an open file can't be deleted there")
def test_deleting_a_run_does_not_break_a_download_under_way(server: RunningServer) -> None:
    # Another process on the same root, as a researcher's script is one.
    storage = build_media_storage(Settings.model_validate({"exports_dir": server.exports}))
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    sound = wav_bytes(seconds=120, sample_rate=44100)
    storage.add_media_from_data(run_id, sound)
    storage.finish_run(run_id, "failed", RunError(code="x", message="x"))
    url = f"{server.url}/api/media/audio/{run_id}"
    with requests.get(url, stream=True, timeout=60) as download:
        pieces = download.iter_content(64 * 1024)
        first = next(pieces)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        deleted = requests.delete(f"{server.url}/api/runs/{run_id}", headers=headers, timeout=60)
        assert deleted.json()["status"] == "deleted"
        assert first + b"".join(pieces) == sound
    assert requests.get(url, timeout=60).status_code == 404


def test_a_second_server_on_the_same_root_refuses(server: RunningServer, tmp_path: Path) -> None:
    second = RunningServer(tmp_path, DEVSERVER_EXPORTS_DIR=str(server.exports))
    assert second.launch().wait(60) == 4
    said = second.log.read_text()
    [line] = said.splitlines()
    assert "Another server already works on" in line
    assert server.url in said
    assert requests.get(f"{server.url}/api/health", timeout=60).ok


def test_what_never_reaches_the_app_is_answered_in_json_too(server: RunningServer) -> None:
    answer = requests.get(f"{server.url}/api/runs?q={'x' * 10_000}", timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (414, "request_too_large")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_who_listens_everywhere_notes_an_address_that_works(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, DEVSERVER_HOST="::")
    server.start()
    owner = StorageRoot(server.exports).owner()
    assert owner == f"http://localhost:{server.port}"
    assert requests.get(f"{owner}/api/health", timeout=60).ok
    server.stop()


def test_a_port_that_is_taken_is_said(server: RunningServer, tmp_path: Path) -> None:
    second = RunningServer(tmp_path, DEVSERVER_PORT=str(server.port))
    process = second.launch()
    process.wait(60)
    assert process.returncode == 2
    assert f"Port {server.port}" in second.log.read_text()


@pytest.mark.parametrize(
    ("name", "value"), [("DEVSERVER_PORT", "many"), ("COMFYUI_URLS", "gpu:8188")]
)
def test_a_wrong_setting_is_said(tmp_path: Path, name: str, value: str) -> None:
    server = RunningServer(tmp_path, **{name: value})
    process = server.launch()
    process.wait(60)
    assert process.returncode == 2
    assert name in server.log.read_text()
    assert "Traceback" not in server.log.read_text()


def test_with_comfyui_set_and_none_answering_the_run_fails_and_says_so(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    server = RunningServer(tmp_path, token="token", COMFYUI_URLS=url)
    server.start()
    answer = server.post_text()
    assert (answer.status_code, answer.json()["code"]) == (502, "backend_unreachable")
    run = check_folder(server.runs / answer.json()["run_id"])
    assert (run.status, run.outputs) == ("failed", ())
    assert f"{url}: ComfyUI does not answer." in server.log.read_text()
    ready = requests.get(f"{server.url}/api/ready", timeout=60).json()
    assert f"{url}: ComfyUI does not answer." in ready["remarks"]
    server.stop()


def test_a_run_through_comfyui_and_its_cancelling(tmp_path: Path) -> None:
    with FakeComfyUI() as comfy:
        server = RunningServer(tmp_path, COMFYUI_URLS=comfy.url)
        server.start()
        answer = server.post_text(output_config="comfyui_test_card", seed=5)
        assert answer.json()["outputs"][0]["backend"] == "comfyui"
        run = check_folder(server.runs / answer.json()["run_id"])
        assert (server.runs / run.run_id / str(run.jobs[0].workflow)).is_file()
        comfy.behaviour.hold = threading.Event()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(server.post_text, output_config="comfyui_test_card", seed=6)
            comfy.wait_until_running(timeout=60)
            [run_id] = {entry.name for entry in run_folders(server)} - {run.run_id}
            cancelled = requests.post(f"{server.url}/api/runs/{run_id}/cancel", timeout=60)
            assert cancelled.json()["status"] == "cancelled"
            assert (waiting.result().status_code, waiting.result().json()["code"]) == (
                409,
                "cancelled",
            )
        comfy.wait_until_idle(timeout=60)
        assert comfy.count("/interrupt") == 1
        server.stop()


def test_fast_mode_through_an_openai_compatible_server(tmp_path: Path) -> None:
    picture = png_bytes(64, 48)
    answer = json.dumps({"data": [{"b64_json": base64.b64encode(picture).decode()}]}).encode()
    with serving({"/v1/images/generations": body(answer)}) as origin:
        server = RunningServer(
            tmp_path, OPENAI_BASE_URL=f"{origin}/v1", OPENAI_API_KEY="sk-a-secret-of-ours"
        )
        server.start()
        made = server.post_text(execution_mode="fast").json()
        server.stop()
    [output] = made["outputs"]
    assert (output["backend"], output["config"], output["width"]) == ("openai", "gpt_image_1", 64)
    folder = server.runs / made["run_id"]
    assert check_folder(folder).status == "success"
    assert (folder / output["filename"]).read_bytes() == picture
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"sk-a-secret" not in everything + server.log.read_bytes()


@contextmanager
def hangups(handler: signal.Handlers) -> Iterator[None]:
    """What SIGHUP does, also to processes that are started meanwhile: they inherit it."""
    before = signal.signal(signal.SIGHUP, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_ends_when_told_to_and_gives_its_root_back(tmp_path: Path, how: str) -> None:
    server = RunningServer(tmp_path)
    with hangups(signal.SIG_DFL):
        server.start()
    process = server.process
    process.send_signal(signal.Signals[how])
    process.wait(60)
    assert process.returncode == 0
    assert not (server.exports / "state" / "server.json").exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/api/health", timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_a_run_under_way_survives_the_closing_of_the_terminal(tmp_path: Path) -> None:
    with FakeComfyUI() as comfy:
        comfy.behaviour.hold = hold = threading.Event()
        server = RunningServer(tmp_path, COMFYUI_URLS=comfy.url)
        with hangups(signal.SIG_DFL):
            server.start()
        answer = requests.post(
            f"{server.url}/api/schema/pipeline/execute",
            json={
                "schema": "passthrough",
                "input_text": "Eine Katze",
                "output_config": "comfyui_test_card",
            },
            headers={"Prefer": "respond-async"},
            timeout=60,
        )
        comfy.wait_until_running(timeout=30)
        os.killpg(server.process.pid, signal.SIGHUP)  # all processes, as a terminal does
        hold.set()
        assert server.process.wait(60) == 0
    assert check_folder(server.runs / answer.json()["run_id"]).status == "success"
    said = server.log.read_text()
    assert "ERROR" not in said
    assert "can't start" not in said


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_a_server_started_to_outlive_its_terminal_does_so(tmp_path: Path) -> None:
    server = RunningServer(tmp_path)
    with hangups(signal.SIG_IGN):  # as nohup does
        server.start()
    os.killpg(server.process.pid, signal.SIGHUP)
    assert server.post_text(schema="passthrough").status_code == 200
    server.stop()
    assert server.process.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_an_open_stream_does_not_hold_up_the_end(tmp_path: Path) -> None:
    server = RunningServer(tmp_path)
    server.start()
    waiting = requests.post(
        f"{server.url}/api/schema/pipeline/interception",
        json={"schema": "passthrough", "input_text": "Eine Katze", "output_type": "text"},
        timeout=60,
    ).json()
    with event_stream(f"{server.url}/api/runs/{waiting['run_id']}/events") as events:
        assert next(events).data["status"] == "awaiting_edit"
        server.process.send_signal(signal.SIGTERM)
        assert all(event.comment for event in events)
    assert server.process.wait(60) == 0
    assert "leaked" not in server.log.read_text()


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_nobody_who_waits_holds_up_the_end(tmp_path: Path) -> None:
    with FakeComfyUI() as comfy, ThreadPoolExecutor(2) as threads:
        comfy.behaviour.hold = hold = threading.Event()
        server = RunningServer(tmp_path, COMFYUI_URLS=comfy.url)
        server.start()
        posted = threads.submit(server.post_text, output_config="comfyui_test_card")
        comfy.wait_until_running(timeout=30)
        [folder] = run_folders(server)
        url = f"{server.url}/api/runs/{folder.name}"
        state = requests.get(url, timeout=30).json()
        with socket.create_connection(("127.0.0.1", server.port)) as asking:
            asking.settimeout(60)
            path = f"/api/runs/{folder.name}?after={state['event']}&wait=90"
            asking.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            # Requests are taken in their order, so that both wait when this is answered.
            assert requests.get(f"{server.url}/api/health", timeout=30).ok
            server.process.send_signal(signal.SIGTERM)
            # Both are answered while the run is still held.
            answer = posted.result(timeout=60)
            assert (answer.status_code, answer.json()["status"]) == (202, "running")
            assert answer.headers["Location"] == f"/api/runs/{folder.name}"
            assert asking.recv(12) == b"HTTP/1.1 200"
        assert not hold.is_set()
        hold.set()
        assert server.process.wait(60) == 0
    assert check_folder(folder).status == "success"


def test_its_children_end_with_it(tmp_path: Path) -> None:
    server = RunningServer(tmp_path)
    server.start()
    assert server.post_text(schema="passthrough").status_code == 200
    os.kill(server.process.pid, signal.SIGKILL)  # the parent alone; its children must notice
    server.process.wait()
    again = RunningServer(tmp_path)
    again.start()
    assert again.post_text(schema="passthrough").status_code == 200
    again.stop()


def test_the_demo_makes_a_run_with_and_without_a_server(
    server: RunningServer, tmp_path: Path
) -> None:
    for exports in (server.exports, tmp_path / "exports"):
        demo = subprocess.run(
            [sys.executable, "-m", "devserver", "demo", "Ein Baum"],
            cwd=PROJECT_FOLDER,
            env={**os.environ, "DEVSERVER_EXPORTS_DIR": str(exports)},
            capture_output=True,
            text=True,
            check=True,
        )
        [folder] = [Path(line) for line in demo.stdout.splitlines() if line.startswith("/")]
        assert folder.parent == exports / "json"
        assert check_folder(folder).status == "success"
        assert "output_image.png" in demo.stdout


def run_folders(server: RunningServer) -> set[Path]:
    """The folders of runs; not those that are just being made."""
    return {entry for entry in server.runs.iterdir() if is_run_id(entry.name)}


def wait_for(condition: Callable[[], T]) -> T:
    """Poll until `condition()` is true; fails after half a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("It did not happen.")


def test_https_is_believed_only_of_a_trusted_proxy(tmp_path: Path) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    for proxies in ("0", "1"):
        server = RunningServer(
            tmp_path, token=TOKEN, DEVSERVER_TRUSTED_PROXIES=proxies, DEVSERVER_POOL_PROCESSES="1"
        )
        server.start()
        url = f"{server.url}/api/login"
        answer = requests.post(url, json={"token": TOKEN}, headers=headers, timeout=30)
        server.stop()
        assert ("; Secure" in answer.headers["Set-Cookie"]) is (proxies == "1")


def test_a_short_token_is_warned_of_and_a_damaged_file_stops_the_start(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, token="short", DEVSERVER_POOL_PROCESSES="1")
    server.start()
    server.stop()
    assert "DEVSERVER_RESEARCHER_TOKEN is short" in server.log.read_text()
    (server.exports / "state" / "researcher_tokens.json").write_text("{")
    process = server.launch()
    assert process.wait(60) != 0
    assert "researcher_tokens.json, can't be read" in server.log.read_text()
    assert "Traceback" not in server.log.read_text()
