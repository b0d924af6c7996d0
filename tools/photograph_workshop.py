"""Take the pictures of the workshop page that the documentation shows: devserver/docs/workshop_*.jpg.

    .venv/bin/python tools/photograph_workshop.py

Starts the server on an empty folder, has a child's works made by `atelier`, and looks at the page
with Debian's chromium: choosing on a tablet in light, two styles side by side on a laptop in dark.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.running_server import RunningServer

TARGET = Path(__file__).parents[1] / "devserver/docs"
LARGEST_BYTES = 200_000
TABLET = {"width": 820, "height": 1180}
LAPTOP = {"width": 1440, "height": 900}
PATIENCE = 60_000
IDEA = "Ein Drache schläft auf dem Dach und träumt von Pizza"


def choosing(page: Page) -> None:
    """An idea is written, a style chosen."""
    page.locator("#idea").fill(IDEA)
    page.get_by_role("radio", name="Dada").check(force=True)
    page.mouse.click(5, 5)


def side_by_side(page: Page) -> None:
    """The same idea in two styles."""
    choosing(page)
    page.locator("#go").click()
    done = page.locator("article.run[data-status=success]")
    expect(done).to_have_count(1, timeout=PATIENCE)
    page.get_by_role("button", name="Anderer Stil").click()
    page.get_by_role("dialog").get_by_role("button", name="Bauhaus").click()
    expect(done).to_have_count(2, timeout=PATIENCE)
    for picture in page.locator(".media img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
    page.evaluate("scrollTo(0, 0)")


def keep(page: Page, name: str) -> None:
    """The page as it is seen, as a JPEG below LARGEST_BYTES."""
    page.wait_for_load_state("networkidle")
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for quality in range(88, 30, -6):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= LARGEST_BYTES:
            break
    (TARGET / f"{name}.jpg").write_bytes(out.getvalue())
    print(f"{name}.jpg: {out.tell()} bytes")


def main(folder: Path) -> None:
    """Take all pictures."""
    server = RunningServer(folder)
    server.start()
    try:
        with sync_playwright() as playwright:
            path = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for name, size, theme, act in (
                ("workshop_choosing", TABLET, "light", choosing),
                ("workshop_side_by_side", LAPTOP, "dark", side_by_side),
            ):
                page = browser.new_page(
                    viewport=size,  # type: ignore[arg-type]
                    locale="de-DE",
                    color_scheme=theme,  # type: ignore[arg-type]
                    reduced_motion="reduce",
                )
                page.goto(server.url)
                expect(page.get_by_role("radio", name="Dada")).to_be_visible()
                act(page)
                keep(page, name)
            browser.close()
    finally:
        server.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
