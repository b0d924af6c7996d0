"""An archive to look at in the gallery, and a researcher in front of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot
from tests.conftest import TOKEN
from tests.media_samples import glb_bytes, mp4_bytes, noise_picture_bytes, wav_bytes
from tests.pages.conftest import AXE, RUN_AXE
from tests.running_server import RunningServer
from tests.synthetic_runs import as_bytes, synthetic_runs

DESK = {"width": 1440, "height": 900}
WORKFLOW = {"3": {"class_type": "KSampler", "inputs": {"seed": 42, "steps": 20}}}
PHONE = {"width": 390, "height": 844}
_FORMATS = {
    "image": ("png", "image/png", noise_picture_bytes("PNG", 64, 48)),
    "audio": ("wav", "audio/wav", wav_bytes(0.5)),
    "video": ("mp4", "video/mp4", mp4_bytes(0.5, 64, 48)),
    "3d": ("glb", "model/gltf-binary", glb_bytes()),
}


def write_archive(root: Path, number: int, *, seed: int = 1) -> list[dict[str, Any]]:
    """So many runs of synthetic workshops with real files, whole as the server leaves them.

    Returns their metadata, the oldest first.
    """
    folders = RunFolders(StorageRoot(root))
    runs = list(synthetic_runs(number, seed=seed))
    for run in runs:
        folder = folders.path(run["run_id"])
        folder.mkdir(parents=True)
        for output in run["outputs"]:
            ending, mime_type, data = _FORMATS[output["type"]]
            output |= {
                "filename": f"output_{output['type']}.{ending}",
                "format": ending,
                "mime_type": mime_type,
                "file_size_bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "width": 64,
                "height": 48,
            }
            (folder / output["filename"]).write_bytes(data)
        if any(output["backend"] == "comfyui" for output in run["outputs"]):
            run["jobs"] = [{"backend": "comfyui", "state": "done", "workflow": "workflow.json"}]
            (folder / "workflow.json").write_text(json.dumps(WORKFLOW))
        (folder / "input_text.txt").write_bytes(run["input_text"].encode())
        if run["transformed_text"] is not None:
            (folder / "transformed_text.txt").write_bytes(run["transformed_text"].encode())
        (folder / "metadata.json").write_bytes(as_bytes(run))
        folders.repair_crate(run["run_id"])
    return runs


@contextmanager
def archive_at(
    folder: Path, number: int, *, seed: int = 1
) -> Iterator[tuple[RunningServer, list[dict[str, Any]]]]:
    """A server with so many runs, and their metadata, the newest first as in the gallery."""
    server = RunningServer(folder, token=TOKEN)
    runs = write_archive(server.exports, number, seed=seed)
    server.start()
    try:
        yield server, runs[::-1]
    finally:
        server.stop()


@contextmanager
def researcher_at(
    browser: Browser,
    url: str,
    *,
    size: dict[str, int] | None = None,
    address: str = "",
    locale: str = "de-DE",
    may_complain: bool = False,
) -> Iterator[Page]:
    """A page of the gallery with somebody logged in; fails when its console shows an error."""
    context = browser.new_context(
        viewport=size or DESK,  # type: ignore[arg-type]
        locale=locale,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    logged_in = context.request.post(f"{url}/api/login", data={"token": TOKEN})
    assert logged_in.ok
    page.goto(f"{url}/gallery{address}")
    yield page
    context.close()
    if not may_complain:
        assert not complaints, complaints


def tiles(page: Page) -> Locator:
    """The runs in the grid that are in the page."""
    return page.locator("#grid [data-run]")


def tile(page: Page, run_id: str) -> Locator:
    """One run in the grid."""
    return page.locator(f'#grid [data-run="{run_id}"]')


def expect_total(page: Page, number: int) -> None:
    """Wait until so many runs are said to be found, and they are there."""
    said = f"{number:,}".replace(",", ".")
    expect(page.locator("#total")).to_have_text(re.compile(rf"^{re.escape(said)} (Lauf|Läufe)$"))
    expect(page.locator("#grid")).not_to_have_attribute("aria-busy", "true")


def expect_accessible(page: Page) -> None:
    """axe finds nothing to complain about in what is shown now, in either theme."""
    page.evaluate(AXE)
    before = page.evaluate("document.documentElement.dataset.theme")
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        faults = page.evaluate(RUN_AXE)
        assert not faults, (theme, faults)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", before)
