from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from devserver.my_app.routes import page_files

TEXT = "body { color: red }\n" * 100


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "a.css").write_text(TEXT, encoding="utf-8")
    (folder / "small.js").write_text("1;\n", encoding="utf-8")
    (folder / "p.html").write_text("<p>" * 400, encoding="utf-8")
    (folder / "b.webp").write_bytes(b"RIFF" * 400)
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return folder


@pytest.fixture(name="pages")
def _pages(folder: Path) -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    page_files.register(app, folder)
    return app.test_client()


def test_texts_are_compressed_for_who_understands_it(pages: FlaskClient) -> None:
    packed = pages.get("/static/a.css", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(TEXT) / 10
    assert gzip.decompress(packed.data).decode() == TEXT
    assert packed.mimetype == "text/css"
    assert packed.headers["Vary"] == "Accept-Encoding"
    for refusal in ({}, {"Accept-Encoding": "gzip;q=0, br"}):
        plain = pages.get("/static/a.css", headers=refusal)
        assert "Content-Encoding" not in plain.headers
        assert plain.text == TEXT
        assert plain.headers["Vary"] == "Accept-Encoding"
        assert plain.headers["ETag"] != packed.headers["ETag"]


@pytest.mark.parametrize("name", ["a.css", "small.js", "b.webp", "p.html"])
def test_what_is_known_is_not_sent_again(pages: FlaskClient, name: str) -> None:
    headers = {"Accept-Encoding": "gzip"}
    first = pages.get(f"/static/{name}", headers=headers)
    assert first.headers["Cache-Control"] == "no-cache"
    again = pages.get(
        f"/static/{name}", headers={**headers, "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_a_changed_file_is_sent_as_it_is_now(pages: FlaskClient, folder: Path) -> None:
    headers = {"Accept-Encoding": "gzip"}
    old = pages.get("/static/a.css", headers=headers)
    (folder / "a.css").write_text(TEXT.replace("red", "tan"), encoding="utf-8")
    stat = (folder / "a.css").stat()
    os.utime(folder / "a.css", ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))
    headers["If-None-Match"] = old.headers["ETag"]
    new = pages.get("/static/a.css", headers=headers)
    assert gzip.decompress(new.data).decode() == TEXT.replace("red", "tan")


@pytest.mark.parametrize(
    "name", ["../secret.txt", "%2e%2e/secret.txt", "..%5csecret.txt", "", "nothing", "a.css%00"]
)
def test_nothing_else_can_be_read(pages: FlaskClient, name: str) -> None:
    assert pages.get(f"/static/{name}").status_code == 404


def test_pages_bring_a_policy_without_unsafe_words(pages: FlaskClient) -> None:
    policy = pages.get("/static/p.html").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy


def test_the_server_serves_its_pages_compressed(client: FlaskClient) -> None:
    for path in ("/", "/static/js/words.js", "/static/locales/de.json"):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip", path
        assert gzip.decompress(answer.data)
