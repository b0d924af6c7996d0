from __future__ import annotations

import hashlib
import html
import io
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from devserver.my_app.services.run_metadata import Output
from devserver.my_app.services.share_links import ShareLinks
from devserver.my_app.wiring import Services
from tests.conftest import Refit
from tests.media_samples import glb_bytes, mp4_bytes, png_bytes, wav_bytes
from tests.stored_run import put_run

SECRET_USER, SECRET_WORKSHOP = "DOE_J_secret", "Klasse 3b secret"


@pytest.fixture
def run_id(services: Services) -> str:
    """A finished run with two pictures and one of each other type, in a workshop."""
    storage = services.storage
    run_id = storage.create_run(
        schema="dada", input_text="Eine <b>Blume</b> & mehr", user_id=SECRET_USER,
        workshop=SECRET_WORKSHOP,
    ).run_id  # fmt: skip
    for data in (png_bytes(16, 12), png_bytes(20, 10), wav_bytes(), mp4_bytes(), glb_bytes()):
        storage.add_media_from_data(run_id, data)
    storage.finish_run(run_id, "success")
    return run_id


@pytest.fixture
def code(client: FlaskClient, run_id: str) -> str:
    return code_of(client, run_id)


def code_of(client: FlaskClient, run_id: str) -> str:
    url: str = client.post(f"/api/runs/{run_id}/links").get_json()["url"]
    return url.rpartition("/")[2]


def test_the_page_shows_texts_and_media_and_nothing_else(
    client: FlaskClient, run_id: str, code: str
) -> None:
    answer = client.get(f"/s/{code}")
    page = answer.text
    assert answer.content_type == "text/html; charset=utf-8"
    assert "Eine &lt;b&gt;Blume&lt;/b&gt; &amp; mehr" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "://" not in page
    for secret in (run_id, run_id[:8], SECRET_USER, SECRET_WORKSHOP, "jobs"):
        assert secret not in page
    links = [html.unescape(link) for link in re.findall(r'(?:src|href|poster)="([^"]+)"', page)]
    assert len([link for link in links if link.startswith("/s/")]) >= 10
    for link in links:
        assert link.startswith(("/s/", "/static/")), link
        assert client.get(link).status_code == 200, link


def test_what_keeps_it_to_those_who_have_the_link(client: FlaskClient, code: str) -> None:
    answer = client.get(f"/s/{code}")
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex' in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("accepts", "language", "heading"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de", "Die Idee"),
        ("en-GB,en;q=0.9", "en", "The idea"),
        ("fr, en;q=0.5", "en", "The idea"),
        ("fr", "de", "Die Idee"),
        ("", "de", "Die Idee"),
    ],
)
def test_it_speaks_the_language_of_the_phone(
    client: FlaskClient, code: str, accepts: str, language: str, heading: str
) -> None:
    answer = client.get(f"/s/{code}", headers={"Accept-Language": accepts})
    assert f'<html lang="{language}">' in answer.text
    assert heading in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_who_made_it_is_said(client: FlaskClient, services: Services) -> None:
    picture = Output(type="image", filename="output_image.png", file_size_bytes=1)
    by_rules = picture.model_copy(
        update={"backend": "atelier", "credit": "OpenMoji, CC BY", "license": "CC BY"}
    )
    by_model = picture.model_copy(update={"backend": "comfyui", "model": "sd35_large"})
    folders = services.storage.folders
    page = client.get(f"/s/{code_of(client, put_run(folders, outputs=(by_rules,)))}").text
    assert "ohne KI-Modell" in page
    assert page.count("CC BY") == 1
    page = client.get(f"/s/{code_of(client, put_run(folders, outputs=(by_model,)))}").text
    assert "Mit einem KI-Modell gemacht" in page
    assert "sd35_large" in page


def test_a_link_opens_nothing_but_reading(client: FlaskClient, code: str) -> None:
    for path in (f"/s/{code}", f"/s/{code}/media/image/1", f"/s/{code}/qr.svg"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client.open(path, method=method).status_code == 405
    for path in (f"/api/runs/{code}", f"/api/media/run/{code}", f"/api/runs/{code}/journey"):
        assert client.get(path).status_code == 400


@pytest.mark.parametrize(
    ("path", "content_type", "data"),
    [
        ("image/1", "image/png", png_bytes(16, 12)),
        ("image/2.png", "image/png", png_bytes(20, 10)),
        ("audio/1.wav", "audio/wav", wav_bytes()),
        ("video/1", "video/mp4", mp4_bytes()),
        ("3d/1.glb", "model/gltf-binary", glb_bytes()),
    ],
)
def test_media_come_as_they_are(
    *, client: FlaskClient, code: str, run_id: str, path: str, content_type: str, data: bytes
) -> None:
    url = f"/s/{code}/media/{path}"
    answer = client.get(url)
    assert (answer.status_code, answer.data, answer.content_type) == (200, data, content_type)
    assert answer.headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    part = client.get(url, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.data) == (206, data[1:4])
    etag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(url, headers=etag).status_code == 304
    head = client.head(url)
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(data))
    assert client.get(f"{url}?download=yes").status_code == 400
    saved = client.get(f"{url}?download=1")
    assert saved.headers["Content-Disposition"].startswith("attachment; filename=dada_")
    assert run_id[:8] not in str(saved.headers)


def test_the_run_id_inside_a_file_does_not_go_out(client: FlaskClient, services: Services) -> None:
    run_id = put_run(services.storage.folders)
    path = services.storage.folders.path(run_id) / "output_image.png"
    data = b"\x89PNG" + f'{{"filename_prefix": "{run_id}_1"}}'.encode() + b"end" * 100
    path.write_bytes(data)
    url = f"/s/{code_of(client, run_id)}/media/image/1"
    answer = client.get(url)
    assert run_id.encode() not in answer.data
    assert len(answer.data) == len(data)
    assert client.get(f"/api/media/image/{run_id}").data == data
    at = data.index(run_id.encode())
    part = client.get(url, headers={"Range": f"bytes={at}-{at + 35}"})
    assert (part.status_code, part.data) == (206, b"00000000-0000-0000-0000-000000000000")
    again = client.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert answer.headers["ETag"] != client.get(f"/api/media/image/{run_id}").headers["ETag"]


def test_behind_nginx_the_internal_address_does_not_go_out(
    client: FlaskClient, code: str, refit: Refit
) -> None:
    refit({"accel_redirect_prefix": "/run-media/"})
    answer = client.get(f"/s/{code}/media/image/1")
    assert (answer.status_code, answer.data) == (200, png_bytes(16, 12))
    assert "X-Accel-Redirect" not in answer.headers


@pytest.mark.parametrize("path", ["image/1", "video/1", "3d/1"])
def test_pictures_of_what_is_shared(client: FlaskClient, code: str, path: str) -> None:
    answer = client.get(f"/s/{code}/picture/{path}")
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.data), formats=["WEBP"]) as picture:
        picture.load()


@pytest.mark.parametrize(
    "path",
    ["media/image/3", "media/image/0", "media/image/01", "media/image/x", "media/image/1.gif",
     "media/smell/1", "media/image/..%2fmetadata.json", "picture/audio/1", "picture/image/9",
     "picture/image/0", "picture/image/99999999999999999999", "metadata.json", ""],
)  # fmt: skip
def test_what_is_not_there_is_404(client: FlaskClient, code: str, path: str) -> None:
    assert client.get(f"/s/{code}/{path}").status_code == 404


@pytest.mark.parametrize(
    "wrong", ["x", "a" * 16, "..", "%2e%2e", "%00", "%ff", "a" * 5000, "A" * 16]
)
def test_an_unknown_code_is_a_friendly_404(client: FlaskClient, wrong: str) -> None:
    for path in ("", "/media/image/1", "/picture/image/1", "/qr.svg"):
        answer = client.get(f"/s/{wrong}{path}")
        assert answer.status_code == 404
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    answer = client.get("/s/aaaaaaaaaaaaaaaa")
    assert "Hier ist nichts" in answer.text


def test_an_expired_link_is_410_and_shows_nothing(
    client: FlaskClient, services: Services, code: str, refit: Refit
) -> None:
    later = ShareLinks(services.root, days=7, now=lambda: datetime.now(UTC) + timedelta(days=8))
    refit(share_links=later)
    for path in ("", "/media/image/1", "/picture/image/1", "/qr.svg"):
        answer = client.get(f"/s/{code}{path}")
        assert answer.status_code == 410
        assert "Dieser Link ist abgelaufen" in answer.text
        assert "Blume" not in answer.text
    answer = client.get(f"/s/{code}", headers={"Accept-Language": "en"})
    assert "This link is over" in answer.text


def test_a_link_goes_with_its_run(
    client: FlaskClient,
    services: Services,
    run_id: str,
    code: str,
    researcher: dict[str, str],
) -> None:
    assert client.get(f"/s/{code}/picture/image/1").status_code == 200
    client.delete(f"/api/runs/{run_id}", headers=researcher)
    for path in ("", "/media/image/1", "/picture/image/1", "/qr.svg"):
        assert client.get(f"/s/{code}{path}").status_code == 404
    kept = (services.root.state / "share_links").iterdir()
    assert run_id not in "".join(file.read_text() for file in kept)


def test_of_an_archived_run_the_texts_are_shown(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    data = png_bytes()
    run_id = services.storage.create_run(schema="dada", input_text="Eine Blume").run_id
    services.storage.add_media_from_data(run_id, data)
    services.storage.finish_run(run_id, "success")
    code = code_of(client, run_id)
    assert client.post(f"/api/runs/{run_id}/archive", headers=researcher).status_code == 200
    page = client.get(f"/s/{code}")
    assert page.status_code == 200
    assert "Eine Blume" in page.text
    assert "Archiv" in page.text
    assert "<img" not in page.text
    assert client.get(f"/s/{code}/media/image/1").status_code == 409
    client.post(f"/api/runs/{run_id}/restore", headers=researcher)
    assert client.get(f"/s/{code}/media/image/1").data == data


def test_the_qr_code_is_a_picture_of_the_address(client: FlaskClient, code: str) -> None:
    import segno

    answer = client.get(f"/s/{code}/qr.svg")
    assert answer.content_type.startswith("image/svg+xml")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "style" not in answer.text
    expected = segno.make(f"http://localhost/s/{code}", error="m", micro=False)
    side = expected.symbol_size()[0]
    assert f'viewBox="0 0 {side} {side}"' in answer.text
    wanted = io.BytesIO()
    expected.save(wanted, kind="svg", omitsize=True, light="#fff", svgclass=None, lineclass=None)
    assert answer.data == wanted.getvalue()


def test_no_code_is_in_the_log(
    client: FlaskClient, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for path in ("", "/media/image/1", "/qr.svg", "/nothing", "/picture/image/77"):
            client.get(f"/s/{code}{path}")
    assert "GET /s/-" in caplog.text
    assert code not in caplog.text


def test_a_link_needs_no_code_of_a_workshop_and_no_cookie(app: Flask, code: str) -> None:
    stranger = app.test_client()
    assert stranger.get(f"/s/{code}").status_code == 200
