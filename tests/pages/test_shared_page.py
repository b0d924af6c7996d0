"""The page of a shared run on a phone, in a real browser, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.comfyui_graphs import write_all
from tests.fake_comfyui import FakeComfyUI
from tests.running_server import RunningServer

TEXT = "Eine Katze tanzt mit dem Mond"


@pytest.fixture
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A German phone; the test fails when its console shows an error."""
    scheme: Literal["light", "dark"] = getattr(request, "param", "light")
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        locale="de-DE",
        color_scheme=scheme,
        java_script_enabled=False,
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


def link_to(server: RunningServer, **fields: Any) -> tuple[str, str]:
    """A new run's id, and the address of a link to it."""
    run = server.post_text(input_text=TEXT, **fields)
    assert run.status_code == 200, run.text
    run_id = run.json()["run_id"]
    link = requests.post(f"{server.url}/api/runs/{run_id}/links", timeout=60)
    assert link.status_code == 201, link.text
    return run_id, link.json()["url"]


@pytest.mark.parametrize("phone", ["light", "dark"], indirect=True)
def test_a_picture_with_its_texts_and_its_credit(phone: Page, server: RunningServer) -> None:
    run_id, url = link_to(server)
    phone.goto(url)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Aus Worten wurde ein Bild")
    picture = phone.get_by_role("img", name=f"Bild zu: {TEXT}")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box
    assert 250 < box["width"] <= 390
    expect(phone.get_by_text(TEXT, exact=True)).to_be_visible()
    expect(phone.get_by_text("ohne KI-Modell")).to_be_visible()
    expect(phone.get_by_text("Piktogramme: OpenMoji (openmoji.org), CC BY-SA 4.0")).to_be_visible()
    expect(phone.get_by_text("Stil: Dada")).to_be_visible()
    assert run_id not in phone.content()
    save = phone.get_by_role("link", name="Bild speichern")
    box = save.bounding_box()
    assert box
    assert box["height"] >= 44
    with phone.expect_download() as download:
        save.click()
    assert re.fullmatch(r"dada_1\.\w+", download.value.suggested_filename)
    saved = Path(download.value.path()).read_bytes()
    assert saved == requests.get(f"{server.url}/api/media/image/{run_id}", timeout=60).content


@pytest.mark.parametrize(
    ("output_type", "element", "heading"),
    [
        ("audio", "audio[controls]", "Aus Worten wurde ein Klang"),
        ("video", "video[controls][poster]", "Aus Worten wurde ein Film"),
        ("3d", "img[alt^='Ansicht eines 3D-Objekts']", "Aus Worten wurde ein Objekt"),
    ],
)
def test_the_other_media(
    phone: Page, server: RunningServer, output_type: str, element: str, heading: str
) -> None:
    _, url = link_to(server, output_type=output_type)
    phone.goto(url)
    expect(phone.get_by_role("heading", level=1)).to_have_text(heading)
    expect(phone.locator(element)).to_be_visible()
    phone.wait_for_load_state("networkidle")


def test_nothing_is_wider_than_a_small_phone(browser: Browser, server: RunningServer) -> None:
    _, url = link_to(server, schema="passthrough", output_type="text")
    context = browser.new_context(viewport={"width": 320, "height": 568})
    page = context.new_page()
    page.goto(url)
    assert page.evaluate("document.documentElement.scrollWidth <= 320")
    context.close()


def test_what_comfyui_wrote_into_a_picture_gives_no_run_id_away(
    phone: Page, tmp_path: Path
) -> None:
    write_all(tmp_path / "configs")
    with FakeComfyUI() as comfy:
        server = RunningServer(
            tmp_path,
            COMFYUI_URLS=comfy.url,
            DEVSERVER_OUTPUT_CONFIGS_DIR=str(tmp_path / "configs"),
            DEVSERVER_POOL_PROCESSES="1",
        )
        server.start()
        try:
            run_id, url = link_to(server, output_config="mixed")
            original = requests.get(f"{server.url}/api/media/image/{run_id}", timeout=60).content
            assert run_id.encode() in original
            phone.goto(url)
            images = phone.locator("figure img")
            expect(images.first).to_be_visible()
            expect(phone.get_by_text("Mit einem KI-Modell gemacht").first).to_be_visible()
            for link in phone.locator("a.button").all():
                file = requests.get(server.url + str(link.get_attribute("href")), timeout=60)
                assert file.status_code == 200
                assert run_id.encode() not in file.content
        finally:
            server.stop()
