"""The real server, killed in the middle of a package."""

from __future__ import annotations

import shutil
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
import requests

from devserver.my_app.services.durable_files import is_temporary
from devserver.my_app.services.run_id import new_run_id
from tests.conftest import TOKEN
from tests.running_server import RunningServer

_LARGE = 512 * 1024**2
_COPIES = 12
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
            "export.zip",
            "package.json",
            "runs.txt",
        }
        with zipfile.ZipFile(folder / "export.zip") as package:
            assert package.getinfo(f"{run_id}/large.bin").file_size == _LARGE
        [auto] = (server.exports / "packages" / "auto").iterdir()
        assert auto.name == f"{run_id}.zip"
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["html", "html_folder", "pdf", "docx"])
def test_a_report_that_a_kill_cuts_off_is_made_again(name: str, tmp_path: Path) -> None:
    server = RunningServer(tmp_path, token=TOKEN)
    server.start()
    try:
        first = server.post_text(output_type="image").json()["run_id"]
        ids = [first, *(_copy_of(server.runs / first) for _ in range(_COPIES))]
        url = requests.post(
            f"{server.url}/api/packages",
            json={"format": name, "ids": ids, "marked": True},
            headers=HEADERS,
            timeout=30,
        ).headers["Location"]
        for _ in range(10_000):
            before = package_of(server, url)
            if before["runs_done"]:
                break
            threading.Event().wait(0.002)
        server.kill()
        packages = server.exports / "packages"
        left = [path for path in packages.rglob("*") if path.is_file()]
        inside = [
            path
            for path in left
            if path.name not in ("package.json", "runs.txt")
            and not any(is_temporary(part) for part in path.relative_to(packages).parts)
        ]
        if before["state"] != "making" or inside:
            pytest.fail(f"the kill came too late: {before['state']}, {inside}")
        server.start()
        for _ in range(6000):
            after = package_of(server, url)
            if after["state"] not in ("waiting", "making"):
                break
            threading.Event().wait(0.02)
        assert (after["state"], after["runs"], after["left_out"]) == ("ready", len(ids), [])
        there = [path for path in packages.rglob("*") if path.is_file()]
        [made] = [path for path in there if path.name not in ("package.json", "runs.txt")]
        assert made.stat().st_size == after["bytes_written"]
    finally:
        server.stop()


def _copy_of(folder: Path) -> str:
    """Another run that is just like the one in `folder`, as a restored backup brings it."""
    run_id = new_run_id()
    copy = folder.with_name(run_id)
    shutil.copytree(folder, copy)
    about = copy / "metadata.json"
    about.write_text(about.read_text().replace(folder.name, run_id))
    return run_id
