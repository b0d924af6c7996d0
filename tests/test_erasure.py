"""A family asks, and a child's data are gone: the real server, its files and its log."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import is_run_id
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.verification import faults_of
from tests.comfyui_graphs import write_all
from tests.fake_comfyui import FakeComfyUI
from tests.honest_folders import check_all
from tests.running_server import RunningServer
from tests.stored_run import everything_under, put_run

TOKEN = "a-token-for-researchers"
RESEARCHER = {"Authorization": f"Bearer {TOKEN}"}
WORDS = "Quarzwimpelkopf Zwoelfkroepfel Mumpfelschnirz"
CHILD, OTHER_TEXT = "QX_CHILD_77", "Ein Hund am Meer"
WANTED = re.compile(rb"quarzwimpel|zwoelfkroepfel|mumpfelschnirz|QX_CHILD", re.IGNORECASE)


@pytest.fixture
def comfy() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as comfy:
        yield comfy


@pytest.fixture
def server(tmp_path: Path, comfy: FakeComfyUI) -> Iterator[RunningServer]:
    configs = tmp_path / "configs"
    write_all(configs)
    for config in (Path(__file__).parent.parent / "devserver/schemas/output").glob("atelier*"):
        (configs / config.name).write_bytes(config.read_bytes())
    running = RunningServer(
        tmp_path,
        token=TOKEN,
        COMFYUI_URLS=comfy.url,
        DEVSERVER_OUTPUT_CONFIGS_DIR=str(configs),
        DEVSERVER_LOG_LEVEL="DEBUG",
        DEVSERVER_POOL_PROCESSES="1",
    )
    running.start()
    yield running
    running.stop()


def get(server: RunningServer, path: str) -> requests.Response:
    return requests.get(f"{server.url}{path}", headers=RESEARCHER, timeout=60)


def post(server: RunningServer, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    answer = requests.post(
        f"{server.url}{path}", json=body, headers={**RESEARCHER, **headers}, timeout=120
    )
    found: dict[str, Any] = answer.json()
    return found


def test_no_byte_of_a_childs_words_is_left(
    server: RunningServer, comfy: FakeComfyUI, tmp_path: Path
) -> None:
    path, hers = "/api/schema/pipeline/execute", {"input_text": WORDS, "user_id": CHILD}
    plain = {"schema": "passthrough", **hers}
    atelier = post(server, path, {**plain, "output_config": "atelier_image"})
    audio = post(server, path, {**plain, "output_type": "text"})
    drawn = post(server, path, {**plain, "output_config": "mixed"})
    styled = post(server, path, {"schema": "dada", **hers, "output_type": "text"})
    key = {"Idempotency-Key": str(uuid.uuid4())}
    for _ in range(2):
        keyed = post(server, path, {**plain, "output_type": "text"}, **key)
    repeated = post(server, f"/api/runs/{drawn['run_id']}/rerun", {"seed": "new"})
    body = {"schema": "user_defined", **hers, "context": f"Rules: {WORDS}", "output_type": "text"}
    ruled = post(server, path, body)
    edited = post(server, "/api/schema/pipeline/interception", plain)
    for run in (atelier, drawn):
        assert get(server, f"/api/media/thumbnail/{run['run_id']}").status_code == 200
    post(server, f"/api/runs/{styled['run_id']}/archive")
    package_of(server, {"ids": [atelier["run_id"], styled["run_id"]], "format": "jsonl"})
    other = post(server, path, {**plain, "input_text": OTHER_TEXT, "user_id": "OTHER"})
    hold = threading.Event()
    comfy.behaviour.hold = hold
    under_way = post(server, path, {**plain, "output_config": "sleeping"}, Prefer="respond-async")
    comfy.wait_until_running(timeout=60)

    def let_it_stop() -> None:
        comfy.wait_until(lambda: comfy.count("/interrupt") > 0, 60)
        hold.set()

    threading.Thread(target=let_it_stop, daemon=True).start()
    ids = {
        run["run_id"]
        for run in (atelier, audio, drawn, styled, keyed, repeated, ruled, edited, under_way)
    }
    assert len(ids) == 9
    assert WANTED.search(everything_under(server.exports))
    assert WORDS in str(get_history(comfy))

    receipt = post(server, "/api/erasures", {"user_id": CHILD})

    assert set(receipt["run_ids"]) == ids
    assert (receipt["faults"], receipt["is_complete"]) == ({}, True)
    assert receipt["were_under_way"] == 2
    assert receipt["files"] > 2 * len(ids)
    assert ("comfyui_files", comfy.url, 3) in [
        (place["kind"], place["where"], place["runs"]) for place in receipt["out_of_reach"]
    ]
    comfy.wait_until_idle(timeout=60)
    assert WORDS not in str(get_history(comfy))
    # While it runs, after it has ended, and after the next start.
    assert not WANTED.search(everything_under(server.exports))
    for run_id in ids:
        assert get(server, f"/api/runs/{run_id}").status_code == 404
        assert get(server, f"/api/media/image/{run_id}").status_code == 404
        assert get(server, f"/api/media/thumbnail/{run_id}").status_code == 404
    server.stop()
    assert not WANTED.search(everything_under(server.exports))
    assert not WANTED.search(server.log.read_bytes())
    left = [str(path) for path in server.exports.rglob("*") if any(i in path.name for i in ids)]
    assert all("/tombstones/" in name for name in left)
    assert len(left) == len(ids)
    [kept] = check_all(server.runs)
    assert (kept.run_id, kept.input_text) == (other["run_id"], OTHER_TEXT)
    server.start()
    again = post(server, "/api/erasures", {"user_id": CHILD})
    assert (again["run_ids"], again["is_complete"]) == ([], True)


def package_of(server: RunningServer, body: dict[str, Any]) -> str:
    """The id of a package, when it is ready."""
    package_id: str = post(server, "/api/packages", body)["package_id"]
    for _ in range(6000):
        if get(server, f"/api/packages/{package_id}").json()["state"] == "ready":
            return package_id
        threading.Event().wait(0.01)
    raise AssertionError("the package was not made")


@pytest.mark.parametrize("after", ["erasure", "start"])
def test_a_run_removed_by_hand_goes_from_packages_and_thumbnails(
    server: RunningServer, after: str
) -> None:
    path, hers = "/api/schema/pipeline/execute", {"input_text": WORDS, "user_id": CHILD}
    run = post(server, path, {"schema": "passthrough", "output_config": "atelier_image", **hers})
    assert get(server, f"/api/media/thumbnail/{run['run_id']}").status_code == 200
    package_of(server, {"ids": [run["run_id"]], "format": "jsonl"})
    shutil.rmtree(server.runs / run["run_id"])
    if after == "start":
        server.stop()
        server.start()
    else:
        receipt = post(server, "/api/erasures", {"user_id": CHILD})
        assert (receipt["run_ids"], receipt["is_complete"]) == ([], True)
    assert not WANTED.search(everything_under(server.exports / "packages"))
    assert get(server, "/api/packages").json()["packages"] == []
    assert not list((server.exports / "cache" / "thumbnails").iterdir())
    if after == "erasure":
        assert run["run_id"].encode() not in everything_under(server.exports / "cache")
        assert not WANTED.search(everything_under(server.exports))


def get_history(comfy: FakeComfyUI) -> Any:
    return requests.get(f"{comfy.url}/history", timeout=60).json()


def test_a_download_under_way_comes_to_its_end(server: RunningServer) -> None:
    folders = RunFolders(StorageRoot(server.exports))
    data = random.Random(1).randbytes(24 * 1024**2)  # more than all buffers on the way hold
    run_id = put_run(folders, user_id=CHILD)
    (folders.path(run_id) / "output_image.png").write_bytes(data)
    start = 1000
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as reader:
        reader.sendall(
            f"GET /api/media/image/{run_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Range: bytes={start}-\r\nConnection: close\r\n\r\n".encode()
        )
        got = reader.recv(1024)
        assert b" 206 " in got
        assert post(server, "/api/erasures", {"user_id": CHILD})["run_ids"] == [run_id]
        assert not folders.path(run_id).exists()
        pieces = [got]
        while piece := reader.recv(65536):
            pieces.append(piece)
    body = b"".join(pieces).partition(b"\r\n\r\n")[2]
    assert len(body) == len(data) - start
    assert body == data[start:]


def test_a_restored_backup_brings_nobody_back(server: RunningServer, tmp_path: Path) -> None:
    import shutil

    run = post(
        server,
        "/api/schema/pipeline/execute",
        {"schema": "passthrough", "input_text": WORDS, "user_id": CHILD, "output_type": "text"},
    )
    folder = server.runs / run["run_id"]
    shutil.copytree(folder, tmp_path / "backup")
    post(server, "/api/erasures", {"user_id": CHILD})
    shutil.copytree(tmp_path / "backup", folder)  # while the server runs
    assert get(server, f"/api/runs/{run['run_id']}").status_code == 404
    assert run["run_id"] not in get(server, "/api/runs?limit=200").text
    server.stop()
    server.start()
    assert not folder.exists()
    assert not WANTED.search(everything_under(server.exports))


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_while_it_forgets_and_archives(server: RunningServer) -> None:
    folders = RunFolders(StorageRoot(server.exports))
    chance = random.Random(3)
    hers = {put_run(folders, text=WORDS, user_id=CHILD) for _ in range(60)}
    others = [put_run(folders, text=OTHER_TEXT, user_id="OTHER") for _ in range(30)]

    def ask(path: str, body: Any = None) -> None:
        with suppress(requests.RequestException):  # it is being killed
            post(server, path, body)

    for number in range(3):
        run_id = others[number]
        calls: list[tuple[str, Any]] = [("/api/erasures", {"user_id": CHILD})]
        calls += [(f"/api/runs/{one}/archive", None) for one in others[number::3]]
        calls += [(f"/api/runs/{run_id}/restore", None)]
        threads = [threading.Thread(target=ask, args=call) for call in calls]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.02, 0.3))
        server.kill()
        for thread in threads:
            thread.join()
        server.start()
        for one in others:
            assert folders.path(one).exists() != folders.sealed_path(one).exists()
            assert faults_of(folders, one) == []
        assert all(is_run_id(entry.name) for entry in server.runs.iterdir())
        for one in hers & set(folders.ids()):
            assert faults_of(folders, one) == []  # whole, or gone
    receipt = post(server, "/api/erasures", {"user_id": CHILD})
    assert receipt["is_complete"]
    assert not WANTED.search(everything_under(server.exports))
    assert {*folders.ids(), *folders.sealed_ids()} == set(others)
