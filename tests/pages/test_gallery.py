"""Logging in as a researcher, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from devserver.my_app.services.access import ResearcherTokens
from devserver.my_app.services.audit import Audit
from devserver.my_app.services.storage_root import StorageRoot
from tests.conftest import TOKEN
from tests.http_server import body, serving
from tests.running_server import RunningServer


@pytest.fixture(name="tab")
def _tab(browser: Browser) -> Iterator[Page]:
    """A page whose console may complain: refused logins are errors to it."""
    context = browser.new_context(locale="de-DE")
    yield context.new_page()
    context.close()


def test_the_address_of_the_first_start_logs_in_and_leaves_no_token(
    page: Page, tmp_path: Path
) -> None:
    server = RunningServer(tmp_path)
    server.start()
    try:
        found = re.search(rf"({server.url}/gallery#token=(\S+))", server.log.read_text())
        assert found, server.log.read_text()
        address, token = found.groups()
        sent: list[str] = []
        page.on("request", lambda request: sent.append(f"{request.url} {request.headers}"))
        page.goto(address)
        expect(page.locator("#name")).to_have_text("first")
        expect(page.get_by_role("button", name="Anmelden")).to_be_hidden()
        assert page.url == f"{server.url}/gallery"
        assert page.evaluate("history.length") <= 2  # about:blank, and the page
        assert not any(token in one for one in sent)
        page.go_back()
        page.go_forward()
        assert token not in page.url
        page.goto(f"{server.url}/gallery")
        expect(page.locator("#name")).to_have_text("first")
        runs = page.evaluate("fetch('/api/runs').then((answer) => answer.text())")
        assert '"runs":[]' in runs
    finally:
        server.stop()
    after_start = server.log.read_text().replace(address, "", 1)
    assert token not in after_start
    state = [path.read_bytes() for path in server.exports.rglob("*") if path.is_file()]
    assert not any(token.encode() in content for content in state)
    actions = [one.action for one in Audit(StorageRoot(server.exports)).read()]
    assert actions[0] == "logged_in"
    assert set(actions[1:]) == {"searched"}


def test_a_second_start_shows_no_token(tmp_path: Path) -> None:
    server = RunningServer(tmp_path)
    for _ in range(2):
        server.start()
        server.stop()
    assert server.log.read_text().count("#token=") == 1


def test_the_form_logs_in_and_out(page: Page, server: RunningServer) -> None:
    page.goto(f"{server.url}/gallery")
    page.get_by_label("Dein Token").fill(TOKEN)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.locator("#name")).to_have_text("Token aus den Einstellungen")
    expect(page.get_by_label("Dein Token")).to_have_value("")
    expect(page.locator("#q")).to_be_focused()
    assert page.evaluate("document.cookie") == ""
    page.reload()
    expect(page.locator("#name")).to_have_text("Token aus den Einstellungen")
    page.get_by_role("button", name="Werkzeuge").click()
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()


def test_a_wrong_token_is_said_and_leaves_the_address_bar_too(
    tab: Page, server: RunningServer
) -> None:
    tab.goto(f"{server.url}/gallery#token=falsch")
    expect(tab.get_by_role("status")).to_have_text("Dieser Token stimmt nicht.")
    expect(tab.get_by_role("button", name="Anmelden")).to_be_visible()
    assert tab.url == f"{server.url}/gallery"


def test_a_wrong_token_in_the_form_is_said_beside_it(tab: Page, server: RunningServer) -> None:
    tab.goto(f"{server.url}/gallery")
    token = tab.get_by_label("Dein Token")
    token.fill("falsch")
    token.press("Enter")
    said = tab.get_by_text("Dieser Token stimmt nicht.")
    expect(said).to_be_visible()
    expect(token).to_be_focused()
    news, form = said.bounding_box(), tab.locator("#login").bounding_box()
    assert news and form
    assert news["x"] == form["x"]
    assert 0 <= form["y"] - (news["y"] + news["height"]) < 24


def test_revoking_logs_a_running_browser_out(tab: Page, server: RunningServer) -> None:
    tokens = ResearcherTokens(StorageRoot(server.exports))
    tab.goto(f"{server.url}/gallery#token={tokens.add('for-a-while')}")
    expect(tab.locator("#name")).to_have_text("for-a-while")
    tokens.revoke("for-a-while")
    tab.reload()
    expect(tab.get_by_role("button", name="Anmelden")).to_be_visible()


def test_a_page_of_another_origin_can_do_nothing_with_a_login(
    tab: Page, server: RunningServer
) -> None:
    """Another port of this machine is the same *site*, so the cookie goes along: the rest holds."""
    run_id = server.post_text(schema="passthrough", output_type="text").json()["run_id"]
    tab.goto(f"{server.url}/gallery#token={TOKEN}")
    expect(tab.locator("#name")).to_have_text("Token aus den Einstellungen")
    with serving({"/": body(b"<!doctype html>", Content_Type="text/html")}) as elsewhere:
        tab.goto(f"{elsewhere}/")
        outcomes = tab.evaluate(
            """async ([url, id]) => {
                const attempt = (path, options) =>
                    fetch(url + path, {credentials: "include", ...options})
                        .then(answer => answer.text(), () => "refused");
                return [
                    await attempt("/api/runs"),
                    await attempt("/api/login"),
                    await attempt(`/api/runs/${id}`, {method: "DELETE"}),
                    await attempt(`/api/runs/${id}/cancel`, {method: "POST"}),
                    (await fetch(url + "/api/logout", {
                        credentials: "include", method: "POST", mode: "no-cors",
                    }).catch(() => null))?.type ?? "refused",
                ];
            }""",
            [server.url, run_id],
        )
    assert outcomes[:4] == ["refused"] * 4
    assert outcomes[4] in ("opaque", "refused")
    assert requests.get(f"{server.url}/api/runs/{run_id}", timeout=30).status_code == 200
    tab.goto(f"{server.url}/gallery")
    expect(tab.locator("#name")).to_have_text("Token aus den Einstellungen")  # still logged in
