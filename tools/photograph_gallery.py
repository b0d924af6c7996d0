"""Take the pictures of the gallery that the documentation shows: devserver/docs/gallery_*.jpg.

    .venv/bin/python tools/build_example_runs.py /tmp/example
    .venv/bin/python tools/photograph_gallery.py /tmp/example

Starts the server on the folder of example runs and looks at it with Debian's chromium.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.running_server import RunningServer

TARGET = Path(__file__).parents[1] / "devserver/docs"
TOKEN = "a-token-for-photographs"  # noqa: S105 - of a server that lives for seconds
LARGEST_BYTES = 200_000
SIZE = {"width": 1440, "height": 900}


def main(folder: Path) -> None:
    """Photograph the search in light and a run in dark."""
    server = RunningServer(folder.parent, token=TOKEN, DEVSERVER_EXPORTS_DIR=str(folder))
    server.start()
    try:
        with sync_playwright() as playwright:
            path = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for theme, photograph in (("light", _search), ("dark", _run)):
                context = browser.new_context(
                    viewport=SIZE,  # type: ignore[arg-type]
                    locale="de-DE",
                    color_scheme=theme,  # type: ignore[arg-type]
                )
                context.request.post(f"{server.url}/api/login", data={"token": TOKEN})
                page = context.new_page()
                page.goto(f"{server.url}/gallery")
                page.wait_for_selector("#grid [data-run]")
                photograph(page)
                context.close()
            browser.close()
    finally:
        server.stop()


def _search(page: Page) -> None:
    page.locator('[data-facet="schema"] label').first.scroll_into_view_if_needed()
    page.evaluate("document.getElementById('panel').scrollTop = 0")
    _all_loaded(page)
    _keep(page, "gallery_search")


def _run(page: Page) -> None:
    page.goto(page.url + "#type=image&schema=theopposite")
    page.locator("#grid [data-run]").first.wait_for()
    _all_loaded(page)
    page.locator("#grid [data-run]").first.click()
    page.locator(".run-columns").wait_for()
    _all_loaded(page)
    _keep(page, "gallery_run")


def _all_loaded(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        "() => [...document.images].every(one => !one.dataset.src && one.complete)"
    )


def _keep(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = TARGET / f"{name}.jpg"
    for quality in (88, 82, 76, 70, 62):
        picture.save(path, "JPEG", quality=quality, optimize=True, progressive=True)
        if path.stat().st_size < LARGEST_BYTES:
            break
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
