from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request

from devserver.my_app.routes.stored_files import FilePart, file_answer

DATA = bytes(range(256)) * 40
ETAG = '"abc"'
INTERNAL = "/run-media/x/output image.png"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "output_image.png"
    path.write_bytes(DATA)
    return path


def ask(
    path: Path, method: str = "GET", *, accel_path: str | None = None, **headers: str
) -> TestResponse:
    """What a request with `headers` is answered."""
    app = Flask(__name__)

    @app.get("/file")
    def file() -> Response:
        return file_answer(
            path,
            mime_type="image/png",
            etag="abc",
            download_name="picture.png",
            as_attachment=False,
            accel_path=accel_path,
        )

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().open("/file", method=method, headers=named, buffered=True)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 100))
def test_a_part_is_what_lies_between_its_ends(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, size: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "part"
    path.write_bytes(DATA[:256])
    with FilePart(path, start, length) as part:
        assert b"".join(iter(lambda: part.read(size), b"")) == DATA[:256][start : start + length]
    with FilePart(path, start, length) as part:
        assert part.read() == DATA[:256][start : start + length]


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("bytes=0-", DATA),
        ("bytes=5-7", DATA[5:8]),
        ("bytes=-4", DATA[-4:]),
        ("bytes=10000-99999", DATA[10000:]),
    ],
)
def test_parts(stored: Path, said: str, part: bytes) -> None:
    answer = ask(stored, Range=said)
    assert (answer.status_code, answer.data) == (206, part)
    assert answer.content_length == len(part)


def test_the_servers_own_way_of_sending_files_is_used(stored: Path) -> None:
    """gunicorn sends with sendfile what its own wrapper holds, from where the file stands."""
    app = Flask(__name__)
    held: list[FilePart] = []

    class Wrapper:
        def __init__(self, file: FilePart, _: int) -> None:
            self.file = file
            held.append(file)

        def __iter__(self) -> Wrapper:
            return self

        def __next__(self) -> bytes:
            raise AssertionError("it is not gone through")

        def close(self) -> None:
            self.file.close()

    environ: Mapping[str, object] = {
        **Request.from_values("/file", headers={"Range": "bytes=5-7"}).environ,
        "wsgi.file_wrapper": Wrapper,
    }
    with app.request_context(dict(environ)):
        response = file_answer(
            stored, mime_type="image/png", etag="abc", download_name="x", as_attachment=False
        )
        body, _, headers = response.get_wsgi_response(dict(environ))
    assert isinstance(body, Wrapper)
    assert held[0].tell() == 5
    assert headers and ("Content-Length", "3") in headers
    body.close()
    assert held[0].closed


def test_what_needs_no_body_opens_no_file(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilePart, "__init__", lambda *_: pytest.fail("a file was opened"))
    assert ask(stored, "HEAD").content_length == len(DATA)
    assert ask(stored, If_None_Match=ETAG).status_code == 304
    assert ask(stored, Range="bytes=99999-").status_code == 416
    refused = ask(stored, If_Match='"another"')
    assert refused.status_code == 412
    assert refused.content_length == len(refused.data)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FilePart(tmp_path / "none", 0, 1)


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=5-7"}, {"If_None_Match": '"another"'}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nginx_is_told_where_the_file_lies(
    stored: Path, method: str, headers: dict[str, str]
) -> None:
    answer = ask(stored, method, accel_path=INTERNAL, **headers)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["X-Accel-Redirect"] == "/run-media/x/output%20image.png"
    assert answer.headers["ETag"] == ETAG
    assert answer.content_type == "image/png"
    assert not {"Content-Range", "Accept-Ranges", "X-Sendfile"} & set(answer.headers.keys())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": ETAG}, 304),
        ({"If_Match": '"another"'}, 412),
        ({"Range": "bytes=99999-"}, 416),
        ({"If_Match": ETAG}, 200),
        ({"If_Match": ETAG, "Range": "bytes=5-7"}, 206),
    ],
)
def test_what_nginx_can_not_judge_is_answered_here(
    stored: Path, headers: dict[str, str], status: int
) -> None:
    answer = ask(stored, accel_path=INTERNAL, **headers)
    assert answer.status_code == status
    assert "X-Accel-Redirect" not in answer.headers
    if status < 300:
        assert answer.data == (DATA[5:8] if status == 206 else DATA)
