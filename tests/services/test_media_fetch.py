from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.media_fetch import (
    CHUNK_BYTES,
    FetchFailed,
    FetchRefused,
    MediaFetcher,
)
from tests.http_server import body, serving


def fetch(url: str, *trusted: str, timeout_seconds: float = 10) -> bytes:
    fetcher = MediaFetcher(trusted, timeout_seconds=timeout_seconds, retry_delays=(0, 0))
    with fetcher.open(url) as pieces:
        return b"".join(pieces)


def test_gives_the_body_in_pieces() -> None:
    data = bytes(range(256)) * 1000
    with serving({"/a": body(data)}) as origin:
        fetcher = MediaFetcher([origin], timeout_seconds=10)
        with fetcher.open(f"{origin}/a?x=1") as pieces:
            parts = list(pieces)
    assert b"".join(parts) == data
    assert max(map(len, parts)) <= CHUNK_BYTES


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "", "x", "http://"]
)
def test_other_origins_are_refused(url: str) -> None:
    with serving({}) as origin, pytest.raises(FetchRefused):
        fetch(url, origin)


def test_a_redirect_may_not_leave_the_trusted_origins() -> None:
    with (
        serving({"/secret": body(b"secret")}) as other,
        serving(
            {
                "/near": body(b"", status=302, Location="/a"),
                "/far": body(b"", status=302, Location=f"{other}/secret"),
                "/round": body(b"", status=302, Location="/round"),
                "/a": body(b"data"),
            }
        ) as origin,
    ):
        assert fetch(f"{origin}/near", origin) == b"data"
        with pytest.raises(FetchRefused):
            fetch(f"{origin}/far", origin)
        with pytest.raises(FetchFailed, match="redirects"):
            fetch(f"{origin}/round", origin)


@pytest.mark.parametrize(
    "answer",
    [
        body(b"short", announce=100),
        body(b"", announce=1),
        body(b"nothing", status=404),
        body(b"oops", status=500),
        body(b"part", status=206),
    ],
)
def test_anything_but_a_whole_body_is_a_failure(answer: object) -> None:
    with serving({"/a": answer}) as origin, pytest.raises(FetchFailed):  # type: ignore[dict-item]
        fetch(f"{origin}/a", origin)


def test_a_server_that_is_not_there_is_a_failure() -> None:
    with serving({}) as origin:
        pass
    with pytest.raises(FetchFailed):
        fetch(f"{origin}/a", origin)


def test_a_transfer_that_takes_too_long_is_stopped() -> None:
    with serving({"/a": body(bytes(300_000))}) as origin, pytest.raises(FetchFailed, match="long"):
        fetch(f"{origin}/a", origin, timeout_seconds=0)


def test_failures_say_nothing_of_the_network() -> None:
    with serving({}) as origin, pytest.raises(ServerError) as caught:
        fetch(f"{origin}/missing", origin)
    assert origin not in str(caught.value)


class Flaky:
    """Tears the connection down after so many bytes, the first so many times."""

    def __init__(self, data: bytes, *, breaks: int, after: int, etag: str | None = '"1"') -> None:
        self.data, self.breaks, self.after, self.etag = data, breaks, after, etag
        self.ranges: list[str | None] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        rest = self.data[start:]
        handler.send_response(206 if asked else 200)
        handler.send_header("Content-Length", str(len(rest)))
        if asked:
            handler.send_header(
                "Content-Range", f"bytes {start}-{len(self.data) - 1}/{len(self.data)}"
            )
        if self.etag:
            handler.send_header("ETag", self.etag)
        handler.send_header("Connection", "close")
        handler.end_headers()
        if self.breaks:
            self.breaks -= 1
            rest = rest[: self.after]
        handler.wfile.write(rest)


def test_a_broken_transfer_goes_on_where_it_broke() -> None:
    data = bytes(range(256)) * 2000
    flaky = Flaky(data, breaks=2, after=100_000)
    with serving({"/a": flaky}) as origin:
        assert fetch(f"{origin}/a", origin) == data
    assert [r is None for r in flaky.ranges] == [True, False, False]
    assert flaky.ranges[1] != flaky.ranges[2]


def test_without_a_validator_two_halves_are_not_put_together() -> None:
    flaky = Flaky(bytes(300_000), breaks=1, after=100_000, etag=None)
    with serving({"/a": flaky}) as origin, pytest.raises(FetchFailed, match="same file"):
        fetch(f"{origin}/a", origin)


def test_a_transfer_that_breaks_each_time_is_a_failure() -> None:
    flaky = Flaky(bytes(300_000), breaks=99, after=1000)
    with serving({"/a": flaky}) as origin, pytest.raises(FetchFailed):
        fetch(f"{origin}/a", origin)
    assert len(flaky.ranges) == 3
