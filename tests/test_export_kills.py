"""The real server, killed in the middle of a package."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
import requests

from devserver.my_app.services.durable_files import is_temporary
from tests.conftest import TOKEN
from tests.running_server import RunningServer

_LARGE = 512 * 1024**2
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def package_of(server: RunningServer, url: str) -> dict[str, Any]:
    answer: dict[str, Any] = requests.get(f"{server.url}{url}", headers=HEADERS, timeout=30).json()
    return answer


def test_a_kill_in_the_middle_leaves_a_temporary_and_the_next_start_makes_it_again(
    tmp_path: Path,
) -> None:
    server = RunningServer(tmp_path, token=TOKEN, DEVSERVER_AUTO_EXPORT="zip")
    server.start()
    try:
        run_id = server.post_text(output_type="text").json()["run_id"]
        with (server.runs / run_id / "large.bin").open("wb") as file:
            file.truncate(_LARGE)
        url = requests.post(
            f"{server.url}/api/packages",
            json={"format": "zip", "ids": [run_id]},
            headers=HEADERS,
            timeout=30,
        ).headers["Location"]
        for _ in range(10_000):
            before = package_of(server, url)
            if before["bytes_written"]:
                break
            threading.Event().wait(0.002)
        server.kill()
        folder = server.exports / "packages" / before["package_id"]
        left = {path.name for path in folder.iterdir()} - {"package.json", "runs.txt"}
        if before["state"] != "making" or not all(is_temporary(name) for name in left):
            pytest.fail(f"the kill came too late: {before['state']}, {left}")
        server.start()
        for _ in range(6000):
            after = package_of(server, url)
            if after["state"] not in ("waiting", "making"):
                break
            threading.Event().wait(0.01)
        assert (after["state"], after["runs"]) == ("ready", 1)
        assert {path.name for path in folder.iterdir()} == {
            "package.json",
            "package.zip",
            "runs.txt",
        }
        with zipfile.ZipFile(folder / "package.zip") as package:
            assert package.getinfo(f"{run_id}/large.bin").file_size == _LARGE
        [auto] = (server.exports / "packages" / "auto").iterdir()
        assert auto.name == f"{run_id}.zip"
    finally:
        server.stop()
