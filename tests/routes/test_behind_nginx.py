"""The example of the operations page, with a real nginx: what clients get is the same as without.

The one server runs alone, the other behind nginx with X-Accel-Redirect; both hold the same run.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from devserver.config import Settings
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import build_media_storage
from tests.media_samples import mp4_bytes, png_bytes
from tests.running_nginx import ACCEL_PREFIX, NGINX, RunningNginx, site_before
from tests.running_server import RunningServer, free_port

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

PAGE = "https://page.example"
OF_THE_CONNECTION = {"Server", "Date", "Connection"}


@dataclass(frozen=True)
class Doubled:
    """One run on two servers: their addresses and its id."""

    alone: str
    behind: str
    run_id: str


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doubled]:
    folder = tmp_path_factory.mktemp("behind")
    common = {"DEVSERVER_ALLOWED_ORIGINS": PAGE, "DEVSERVER_POOL_PROCESSES": "1"}
    alone = RunningServer(folder / "alone", **common)
    behind = RunningServer(
        folder / "behind", DEVSERVER_ACCEL_REDIRECT_PREFIX=ACCEL_PREFIX, **common
    )
    settings = Settings.model_validate({"exports_dir": alone.exports})
    storage = build_media_storage(settings, StorageRoot(settings.exports_dir))
    run_id = storage.create_run(schema="dada", input_text="Eine Blume").run_id
    for data in (png_bytes(16, 12), mp4_bytes()):
        storage.add_media_from_data(run_id, data)
    storage.finish_run(run_id, "success")
    shutil.copytree(alone.runs / run_id, behind.runs / run_id)
    port = free_port()
    with ExitStack() as ending:
        for server in (alone, behind):
            server.start()
            ending.callback(server.stop)
        site = site_before(behind, port)
        nginx = ending.enter_context(RunningNginx(folder / "nginx", site, port))
        yield Doubled(alone.url, nginx.url, run_id)


def test_the_example_parses(tmp_path: Path) -> None:
    port = free_port()
    nginx = RunningNginx(tmp_path / "nginx", site_before(RunningServer(tmp_path), port), port)
    said = nginx.check()
    assert "test is successful" in said
    assert "[warn]" not in said


REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "image/{}", {}),
    ("HEAD", "image/{}", {}),
    ("GET", "video/{}/1.mp4", {}),
    ("GET", "image/{}?download=1", {}),
    ("GET", "image/{}", {"Range": "bytes=1-3"}),
    ("HEAD", "image/{}", {"Range": "bytes=1-3"}),
    ("GET", "video/{}", {"Range": "bytes=0-"}),
    ("GET", "video/{}?download=1", {"Range": "bytes=-4"}),
    ("GET", "image/{}", {"Range": "bytes=1-3", "If-Range": "{etag}"}),
    ("GET", "image/{}", {"Range": "bytes=1-3", "If-Range": '"another"'}),
    ("GET", "image/{}", {"Range": "bytes=1-3", "If-Range": "{modified}"}),
    ("GET", "image/{}", {"Range": "bytes=1-3", "If-None-Match": '"another"'}),
    ("GET", "image/{}", {"If-None-Match": "{etag}"}),
    ("HEAD", "image/{}", {"If-None-Match": "{etag}"}),
    ("GET", "image/{}", {"If-None-Match": "*"}),
    ("GET", "image/{}", {"If-None-Match": '"another"', "If-Modified-Since": "{modified}"}),
    ("GET", "image/{}", {"If-Modified-Since": "{modified}"}),
    ("GET", "image/{}", {"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}),
    ("GET", "image/{}", {"If-Match": "{etag}"}),
    ("GET", "image/{}", {"If-Match": "{etag}", "Range": "bytes=1-3"}),
    ("GET", "image/{}", {"If-Match": '"another"'}),
    ("GET", "image/{}", {"If-Unmodified-Since": "{modified}"}),
    ("GET", "image/{}", {"Range": "bytes=99999999-"}),
    ("GET", "image/{}", {"Range": "bytes=1-2,4-5"}),
    ("GET", "image/{}/7", {}),
    ("GET", f"image/{uuid.UUID(int=7, version=4)}", {}),
    ("GET", "thumbnail/{}", {}),
    ("GET", "info/{}", {}),
]


@pytest.mark.parametrize(("method", "path", "headers"), REQUESTS)
def test_an_answer_is_the_same_behind_nginx(
    doubled: Doubled, method: str, path: str, headers: dict[str, str]
) -> None:
    known = requests.head(f"{doubled.alone}/api/media/image/{doubled.run_id}", timeout=30).headers
    told = {
        name: value.format(etag=known["ETag"], modified=known["Last-Modified"])
        for name, value in headers.items()
    }
    alone, behind = (
        requests.request(
            method, f"{url}/api/media/{path.format(doubled.run_id)}", headers=told, timeout=30
        )
        for url in (doubled.alone, doubled.behind)
    )
    assert behind.status_code == alone.status_code
    assert behind.content == alone.content
    assert own_headers(behind) == own_headers(alone)


def own_headers(answer: requests.Response) -> dict[str, str]:
    """All that are not of the connection; nginx has no Accept-Ranges beside a Content-Range."""
    left_out = OF_THE_CONNECTION | ({"Accept-Ranges"} if answer.status_code == 206 else set())
    return {
        name.title(): value
        for name, value in answer.headers.items()
        if name.title() not in left_out
    }


def test_another_page_may_still_look_at_it(doubled: Doubled) -> None:
    url = f"{doubled.behind}/api/media/image/{doubled.run_id}"
    answer = requests.get(url, headers={"Origin": PAGE}, timeout=30)
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Vary"] == "Origin"
    stranger = requests.get(url, headers={"Origin": "https://other.example"}, timeout=30)
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_nobody_gets_at_the_files_past_the_server(doubled: Doubled) -> None:
    for path in ("output_image.png", "metadata.json", "../"):
        address = f"{doubled.behind}{ACCEL_PREFIX}{doubled.run_id}/{path}"
        assert requests.get(address, timeout=30).status_code == 404, path
