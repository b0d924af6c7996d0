"""Stored polyglots in a real browser: pictures to it, whatever else is in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.fake_api_services import FakeApiServices, Script
from tests.hostile_media import BEACON, HOSTILE, POLYGLOTS
from tests.http_server import body, serving
from tests.running_server import RunningServer

WAYS_IN = """<!DOCTYPE html><title>Somebody's page</title>
<script src="{url}"></script><iframe src="{url}"></iframe><object data="{url}"></object>
<embed src="{url}"><object data="{url}" type="text/html"></object>
<link rel="stylesheet" href="{url}"><img src="{url}">"""
"""A page that uses an address in every way that could make a browser run what is there."""


@pytest.fixture(name="media_urls", scope="module")
def _media_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where the server serves each polyglot that it has stored."""
    with FakeApiServices() as fake:
        server = RunningServer(
            tmp_path_factory.mktemp("polyglots"),
            **fake.plain_environment(),
            DEVSERVER_POOL_PROCESSES="1",
        )
        server.start()
        urls = {}
        for number, name in enumerate(POLYGLOTS):
            text = f"Ein Bild, Nummer {number}"
            fake.when(text, Script([HOSTILE[name].make()], shape="url", mime_type="text/html"))
            made = server.post_text(schema="passthrough", execution_mode="fast", input_text=text)
            urls[name] = server.url + made.json()["outputs"][0]["url"]
        yield urls
        server.stop()


@pytest.fixture(name="tab")
def _tab(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def beacons_of(tab: Page, url: str) -> list[str]:
    """The beacons that are asked for while the page at `url` loads.

    Scripts in it have begun before it has loaded, and requests are told in their order: when the
    last one, made here, is told, theirs have been.
    """
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(url, wait_until="load")
    with tab.expect_request(lambda request: request.url.endswith("/the-last")):
        tab.evaluate("() => { new Image().src = 'http://127.0.0.1:9/the-last' }")
    return [one for one in asked if one.endswith(BEACON)]


def test_there_are_polyglots() -> None:
    assert len(POLYGLOTS) >= 4


@pytest.mark.parametrize("name", POLYGLOTS)
def test_they_would_do_harm_if_they_were_served_carelessly(tab: Page, name: str) -> None:
    """What proves that the tests below can fail."""
    is_script = "JavaScript" in name
    careless = body(
        HOSTILE[name].make(), Content_Type="text/javascript" if is_script else "text/html"
    )
    with ExitStack() as stack:
        media = stack.enter_context(serving({"/media": careless})) + "/media"
        page = body(WAYS_IN.format(url=media).encode(), Content_Type="text/html")
        outside = stack.enter_context(serving({"/": page}))
        assert beacons_of(tab, f"{outside}/" if is_script else media)


@pytest.mark.parametrize("name", POLYGLOTS)
def test_opened_they_are_pictures(tab: Page, media_urls: dict[str, str], name: str) -> None:
    assert beacons_of(tab, media_urls[name]) == []
    assert tab.evaluate("document.contentType").startswith("image/")
    assert tab.evaluate("document.images[0].naturalWidth") > 0


@pytest.mark.parametrize("name", POLYGLOTS)
def test_another_page_gets_nothing_out_of_them(
    tab: Page, media_urls: dict[str, str], name: str
) -> None:
    page = body(WAYS_IN.format(url=media_urls[name]).encode(), Content_Type="text/html")
    with serving({"/": page}) as outside:
        assert beacons_of(tab, f"{outside}/") == []


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_page_of_the_servers_own_gets_a_picture_out_of_them(
    tab: Page, media_urls: dict[str, str], name: str
) -> None:
    """Not even a script that got into a page of this origin can take code from stored media."""
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    url = media_urls[name]
    tab.goto(url.partition("/api/")[0] + "/api/docs")
    outcomes = tab.evaluate(
        """url => Promise.all(["script", "iframe", "object", "embed", "img"].map(
            tag => new Promise(done => {
                const element = document.createElement(tag)
                element.onload = () => done([tag, "loaded"])
                element.onerror = () => done([tag, "refused"])
                element[tag == "object" ? "data" : "src"] = url
                document.body.append(element)
            })
        ))""",
        url,
    )
    assert dict(outcomes)["script"] == "refused"
    assert dict(outcomes)["img"] == "loaded"
    assert tab.evaluate("[...document.images].at(-1).naturalWidth") > 0
    with tab.expect_request(lambda request: request.url.endswith("/the-last")):
        tab.evaluate("() => { new Image().src = '/the-last' }")
    assert not [one for one in asked if one.endswith(BEACON)]
