from __future__ import annotations

import gzip
import time
from contextlib import suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.media_fetch import (
    CHUNK_BYTES,
    FetchFailed,
    FetchRefused,
    MediaFetcher,
)
from tests.http_proxy import proxying
from tests.http_server import Answer, body, serving
from tests.services.test_public_address import PUBLIC, PUBLIC_TOO, FakeNetwork


def fetch(url: str, *trusted: str, timeout_seconds: float = 10) -> bytes:
    fetcher = MediaFetcher(trusted, timeout_seconds=timeout_seconds, retry_delays=(0, 0))
    with fetcher.open(url) as pieces:
        return b"".join(pieces)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    return FakeNetwork(monkeypatch)


def test_gives_the_body_in_pieces() -> None:
    data = bytes(range(256)) * 1000
    with serving({"/a": body(data)}) as origin:
        fetcher = MediaFetcher([origin], timeout_seconds=10)
        with fetcher.open(f"{origin}/a?x=1") as pieces:
            parts = list(pieces)
    assert b"".join(parts) == data
    assert max(map(len, parts)) <= CHUNK_BYTES


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "data:,x"),
        *("", "x", "//127.0.0.1/x", "http:/127.0.0.1/x", "http://", "http:///x", "http://:80/x"),
        *("http://127.0.0.1/x", "http://localhost/x", "http://localhost./x", "http://[::1]/x"),
        *("http://0x7f000001/x", "http://2130706433/x", "http://127.1/x", "http://0/x"),
        *("http://[::ffff:127.0.0.1]/x", "http://[::1%25lo]/x", "http://[::1/x", "http://[x]/"),
        *("http://１２７.0.0.1/x", "http://127。0。0。1/x", "http://ⓛocalhost/x"),
        *("http://user@1.1.1.1/x", "http://user:word@1.1.1.1/x", "http://@1.1.1.1/x"),
        *("http://1.1.1.1:22/x", "http://1.1.1.1:8080/x", "http://1.1.1.1:0/x"),
        *("http://1.1.1.1:99999/x", "http://1.1.1.1:+80/x", "http://1.1.1.1:８０/x"),
        *("http://1.1.1.1\\@127.0.0.1/x", "http:\\\\127.0.0.1\\x", "http://1.1.1.1/\\x"),
        *("http://1.1.1.1/x\n", "http://1.1.1.1\t/x", "ht\ntp://1.1.1.1/", " http://1.1.1.1/"),
        *("http://1.1.1.1/a b", "http://1.1.1.1/\r\nHost: x", "http://1.1.1.1/\x00"),
        *("http://127.0.0.1%00.example/", "http://1.1.1.1%2f@127.0.0.1/", "http://a..b/"),
    ],
)
def test_what_may_not_be_fetched(network: FakeNetwork, url: str) -> None:
    network.names |= {"localhost": [["127.0.0.1"]], "localhost.": [["127.0.0.1"]]}
    with pytest.raises(FetchRefused):
        fetch(url)
    assert not network.connected
    assert len(network.lookups) <= 1, "a refusal is not tried again"


@pytest.mark.parametrize(
    "url",
    [
        *("http://{0}@127.0.0.1/x", "http://127.0.0.1\\@{0}/x", "http://user@{0}/x"),
        *("http://{0}\\@127.0.0.1/x", "http://{0}\n/x", "https://{0}/x", "http://{0}./x"),
        *("http://{0}%40127.0.0.1/x", "http://127.0.0.1/{0}", "http://{0}0/x"),
    ],
)
def test_what_only_looks_trusted_is_refused(url: str) -> None:
    with serving({"/x": body(b"x")}) as origin, pytest.raises(FetchRefused):
        fetch(url.format(origin.removeprefix("http://")), origin)


def test_another_server_on_this_machine_is_refused() -> None:
    asked: list[str] = []
    with (
        serving({"/a": lambda handler: asked.append(handler.path)}) as other,
        serving({}) as origin,
        pytest.raises(FetchRefused),
    ):
        fetch(f"{other}/a", origin)
    assert not asked


def test_a_public_server_is_fetched_from(network: FakeNetwork) -> None:
    network.names["media.example"] = [[PUBLIC]]
    with serving({"/a": body(b"data")}) as origin:
        network.lead(PUBLIC, origin)
        assert fetch("HTTP://Media.example:80/a?b=%20#c") == b"data"
    assert network.connected == [(PUBLIC, 80)]


def test_a_name_bound_anew_between_two_attempts_is_refused(network: FakeNetwork) -> None:
    network.names["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    flaky = Flaky(bytes(300_000), breaks=1, after=1000)
    with serving({"/a": flaky}) as origin, pytest.raises(FetchRefused):
        network.lead(PUBLIC, origin)
        fetch("http://rebind.example/a")
    assert network.connected == [(PUBLIC, 80)]


def test_each_redirect_is_judged_anew(network: FakeNetwork) -> None:
    network.names |= {
        "media.example": [[PUBLIC]],
        "other.example": [[PUBLIC_TOO]],
        "inside.example": [[PUBLIC, "10.0.0.1"]],
    }
    targets = {
        "/other": "http://other.example/a",
        "/inside": "http://inside.example/a",
        "/loopback": "http://127.0.0.1/a",
        "/file": "file:///etc/passwd",
        "/broken": "http://[/",
        "/user": "//user@other.example/a",
        "/port": "//other.example:22/a",
    }
    answers: dict[str, Answer] = {
        path: body(b"", status=302, Location=target) for path, target in targets.items()
    }
    with serving({**answers, "/a": body(b"data")}) as origin:
        network.lead(PUBLIC, origin)
        network.lead(PUBLIC_TOO, origin)
        for start in (origin, "http://media.example"):
            assert fetch(f"{start}/other", origin) == b"data"
            for path in targets.keys() - {"/other"}:
                with pytest.raises(FetchRefused):
                    fetch(start + path, origin)
    assert {host for host, _ in network.connected} == {"127.0.0.1", PUBLIC, PUBLIC_TOO}


def test_a_stranger_may_not_send_us_on_to_a_trusted_server(network: FakeNetwork) -> None:
    network.names["media.example"] = [[PUBLIC]]
    with serving({"/a": body(b"data")}) as origin:
        move = body(b"", status=302, Location=f"{origin}/a")
        with serving({"/move": move}) as stranger, pytest.raises(FetchRefused):
            network.lead(PUBLIC, stranger)
            fetch("http://media.example/move", origin)
    assert network.connected == [(PUBLIC, 80)]


def test_nothing_of_the_environment_and_no_cookies_are_sent(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[Message] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers)
        body(b"data")(handler)

    (tmp_path / "netrc").write_text("default login someone password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    network.names["media.example"] = [[PUBLIC]]
    move = body(b"", status=302, Location="/a", Set_Cookie="a=b")
    with serving({"/move": move, "/a": answer}) as origin:
        network.lead(PUBLIC, origin)
        assert fetch(f"{origin}/move", origin) == b"data"
        assert fetch("http://media.example/move", origin) == b"data"
    assert len(seen) == 2
    for headers in seen:
        names = {name.lower() for name in headers}
        assert names == {"host", "user-agent", "accept", "accept-encoding"}


BEHIND = "http://files.example.test"
"""A host that only the proxy finds."""


def through(proxy_url: str, origin: str) -> MediaFetcher:
    return MediaFetcher(
        (), timeout_seconds=10, retry_delays=(), proxy=proxy_url, proxied_origins=[origin]
    )


def test_what_the_operator_named_goes_through_the_proxy_and_nothing_else(
    network: FakeNetwork,
) -> None:
    """The proxy looks the name up: here nobody could, since nobody knows it."""
    with serving({f"{BEHIND}/a": body(b"through the proxy")}) as origin, proxying(origin) as proxy:
        fetcher = through(proxy.url.replace("//", "//me:word@"), BEHIND)
        with fetcher.open(f"{BEHIND}/a") as pieces:
            assert b"".join(pieces) == b"through the proxy"
        head = proxy.heads[0].decode()
        assert head.startswith("GET http://files.example.test/a HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic bWU6d29yZA==" in head
        for url in (f"{origin}/a", "http://files.example.test:8080/a", "http://127.0.0.1/a"):
            with pytest.raises(FetchRefused), fetcher.open(url) as pieces:
                list(pieces)
        assert len(proxy.heads) == 1


def test_a_server_behind_the_proxy_may_not_send_us_inside(network: FakeNetwork) -> None:
    with serving({}) as inside:
        answers = {f"{BEHIND}/a": body(b"", status=302, Location=f"{inside}/secret")}
        with serving(answers) as origin, proxying(origin) as proxy:
            fetcher = through(proxy.url, BEHIND)
            with (
                pytest.raises(FetchRefused),
                fetcher.open(f"{BEHIND}/a") as pieces,
            ):
                list(pieces)


def test_to_a_tls_server_the_proxy_sees_only_its_name() -> None:
    with serving({}) as origin, proxying(origin, refuses=True) as proxy:
        fetcher = through(proxy.url, "https://files.example.test")
        with (
            pytest.raises(FetchFailed),
            fetcher.open("https://files.example.test/secret") as pieces,
        ):
            list(pieces)
        assert proxy.heads[0].startswith(b"CONNECT files.example.test:443 HTTP/1.")
        assert b"secret" not in proxy.heads[0]


def test_the_content_type_is_passed_on_as_a_claim() -> None:
    with serving({"/a": body(b"x", Content_Type="image/png")}) as origin:
        fetcher = MediaFetcher([origin], timeout_seconds=10)
        with fetcher.open(f"{origin}/a") as delivery:
            assert b"".join(delivery) == b"x"
            assert delivery.claimed_type == "image/png"


def test_a_redirect_may_not_lead_to_another_server_inside() -> None:
    with (
        serving({"/secret": body(b"secret")}) as other,
        serving(
            {
                "/near": body(b"", status=302, Location="/a"),
                "/far": body(b"", status=302, Location=f"{other}/secret"),
                "/heavy": body(b"x" * 9, status=302, announce=10**12, Location="/a"),
                "/round": body(b"", status=302, Location="/round"),
                "/a": body(b"data"),
            }
        ) as origin,
    ):
        assert fetch(f"{origin}/near", origin) == b"data"
        assert fetch(f"{origin}/heavy", origin) == b"data", "what comes with a redirect isn't read"
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
        body(gzip.compress(bytes(10**6)), Content_Encoding="gzip"),
        body(b"x", Content_Encoding="identity, gzip"),
        body(b"x", Transfer_Encoding="gzip"),
        body(b"1\r\nx\r\n0\r\n\r\n", announce=1, Transfer_Encoding="chunked"),
        body(b"x", Content_Length="2"),
        body(b"x", announce=-1),
        body(b"x", X_Long="x" * 70_000),
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


def test_a_part_of_another_file_is_not_taken_for_the_rest() -> None:
    flaky = Flaky(bytes(300_000), breaks=1, after=100_000)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        flaky(handler)
        flaky.etag = '"2"'

    with serving({"/a": answer}) as origin, pytest.raises(FetchFailed):
        fetch(f"{origin}/a", origin)


def test_a_weak_validator_does_not_stand_for_the_bytes() -> None:
    flaky = Flaky(bytes(300_000), breaks=1, after=100_000, etag='W/"1"')
    with serving({"/a": flaky}) as origin, pytest.raises(FetchFailed, match="same file"):
        fetch(f"{origin}/a", origin)
    assert flaky.ranges == [None, None]


def test_a_part_that_ends_before_the_file_does_is_gone_on_with() -> None:
    data = bytes(range(256)) * 4

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        if asked is None:
            body(data[:500], announce=len(data), ETag='"1"')(handler)
        else:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            part = data[start : start + 400]
            where = f"bytes {start}-{start + len(part) - 1}/{len(data)}"
            body(part, status=206, Content_Range=where)(handler)

    with serving({"/a": answer}) as origin:
        assert fetch(f"{origin}/a", origin) == data


def plain(text: bytes, *, piece: bytes = b"", pause: float = 0.02, times: int = 0) -> Answer:
    """An answer byte by byte as given, then `piece` again and again."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(text)
        with suppress(OSError):  # the other side has had enough
            for _ in range(times):
                handler.wfile.write(piece)
                time.sleep(pause)

    return answer


@pytest.mark.parametrize("head", [b"Transfer-Encoding: chunked", b"Connection: close"])
def test_a_body_of_unknown_length(head: bytes) -> None:
    text = b"4\r\ndata\r\n0\r\n\r\n" if b"chunked" in head else b"data"
    with serving({"/a": plain(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + text)}) as origin:
        assert fetch(f"{origin}/a", origin) == b"data"


def test_headers_without_end_are_a_failure() -> None:
    lines = b"X: x\r\n" * 200 + b"Content-Length: 1\r\n\r\nx"
    with (
        serving({"/a": plain(b"HTTP/1.1 200 OK\r\n" + lines)}) as origin,
        pytest.raises(FetchFailed),
    ):
        fetch(f"{origin}/a", origin)


@pytest.mark.parametrize("text", [b"4\r\nda", b"4\r\ndata\r\n", b"no number\r\n", b""])
def test_chunks_without_an_end_are_a_failure(text: bytes) -> None:
    answer = plain(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text)
    with serving({"/a": answer}) as origin, pytest.raises(FetchFailed):
        fetch(f"{origin}/a", origin)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n"),
    ],
)
def test_a_server_that_trickles_is_left_in_time(text: bytes, piece: bytes) -> None:
    start = time.monotonic()
    with (
        serving({"/a": plain(text, piece=piece, times=1500)}) as origin,
        pytest.raises(FetchFailed, match="long"),
    ):
        fetch(f"{origin}/a", origin, timeout_seconds=0.3)
    assert time.monotonic() - start < 20  # it trickles for 30 s at least


def test_waiting_for_another_attempt_counts_as_time() -> None:
    fetcher = MediaFetcher(["http://127.0.0.1:9"], timeout_seconds=0.2, retry_delays=(60,))
    start = time.monotonic()
    with pytest.raises(FetchFailed, match="long"), fetcher.open("http://127.0.0.1:9/a") as pieces:
        list(pieces)
    assert time.monotonic() - start < 30
