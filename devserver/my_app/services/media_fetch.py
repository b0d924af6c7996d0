"""Fetch media over HTTP so that nobody who names a URL can turn this server against its network.

What the operator configured is trusted, by exact origin; all else must be a public server on the
usual ports.
"""

from __future__ import annotations

import http.client
import logging
import re
import socket
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
import urllib3

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.media_sources import Delivery
from devserver.my_app.services.public_address import AddressNotPublic, CheckedAdapter
from devserver.setting_types import origin_of

logger = logging.getLogger(__name__)

CHUNK_BYTES = 256 * 1024
RETRY_DELAYS = (0.2, 1.0, 3.0, 6.0, 12.0, 20.0)
"""Seconds before each further attempt; in all long enough for a server that starts again."""
_CONNECT_SECONDS = 5
_SILENCE_SECONDS = 30
_MAX_REDIRECTS = 5
_PUBLIC_PORTS = ("80", "443")

# Narrower than RFC 3986 on purpose: what two parsers could read differently is not a URL here (no
# user info, backslash, space, control character, escaped or non-ASCII host).
_URL = re.compile(
    r"https?://"
    r"(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|\[[0-9a-f:.]+\])"
    r"(?::[1-9][0-9]{0,4})?"
    r"(?:[/?#][!-\[\]-~]*)?",
    re.IGNORECASE,
)
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_LENGTH = re.compile(r"[0-9]{1,18}")


class FetchRefused(ServerError):
    """An address is not one this server may fetch from."""

    code = "fetch_refused"


class FetchFailed(ServerError):
    """A server did not deliver the media it was asked for, or not all of it."""

    code = "fetch_failed"


class MediaFetcher:
    """Streams media from trusted origins and from public servers, bounded in time.

    A trusted origin (scheme, host and port, as configured) is connected to wherever it is. From any
    other host only ports 80 and 443 are fetched, and only when all addresses of its name are public
    ones; the connection goes to an address that was checked (see CheckedAdapter). So does every
    redirect from there on, even to a trusted origin. No credentials and no cookies are sent;
    proxies and `.netrc` of the environment play no part. `proxy` is the way to `proxied_origins`
    and to nothing else; it looks up their names itself, so these are trusted by their names.
    """

    def __init__(
        self,
        trusted_origins: Iterable[str],
        *,
        timeout_seconds: float,
        retry_delays: Sequence[float] = RETRY_DELAYS,
        proxy: str | None = None,
        proxied_origins: Iterable[str] = (),
    ) -> None:
        self._trusted = frozenset(origin_of(url) for url in trusted_origins)
        self._proxy = proxy
        self._proxied = frozenset(origin_of(url) for url in proxied_origins if proxy)
        self._timeout_seconds = timeout_seconds
        self._retry_delays = tuple(retry_delays)

    @contextmanager
    def open(self, url: str) -> Iterator[Delivery]:
        """Give the body of `url` in chunks of at most CHUNK_BYTES, exactly as it is sent.

        Its `claimed_type` is the Content-Type of the answer.
        All of it, redirects and retries included, takes at most `timeout_seconds`. A connection
        that breaks is made again, and goes on where it broke when the server can (Range with
        If-Range, RFC 9110). Headers are bounded by Python's limits (100 lines of 64 KiB), and a
        compressed body is not unpacked but a failure: it was asked for uncompressed, and a small
        one can hold a huge one. Whoever reads the chunks says how many are too many.

        While the chunks are read it raises FetchRefused for a URL that may not be fetched, at
        once and for each redirect anew, and FetchFailed when anything but a whole body arrives.
        """
        with (
            closing(_TimeLimit(self._timeout_seconds)) as limit,
            closing(CheckedAdapter(lambda _: True, limit.watch)) as direct,
            closing(CheckedAdapter(connected=limit.watch)) as guarded,
            closing(CheckedAdapter(lambda _: True, limit.watch, proxy=self._proxy)) as proxied,
        ):
            ways = _Ways(self._trusted, self._proxied, direct, guarded, proxied)
            transfer = _Transfer(ways, limit)
            with closing(transfer.chunks(url, self._delays())) as chunks:
                yield Delivery(chunks, lambda: transfer.claimed_type)

    def _delays(self) -> tuple[float | None, ...]:
        return (*self._retry_delays, None)


class _Broken(Exception):
    """A transfer that may go well when it is tried again."""


class _TimeLimit:
    """Ends the traffic of all sockets it watches when the time is up.

    A limit on each single read would not do: a server that sends a byte now and then, be it of a
    header or a handshake, could go on for days.
    """

    def __init__(self, seconds: float) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """Give the sockets free; what they are used for goes on."""
        self._timer.cancel()
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()

    def watch(self, sock: socket.socket) -> None:
        """Keep a second handle of `sock`: TLS takes the first one over."""
        with self._lock:
            self._sockets.append(sock.dup())
            if self._over.is_set():
                _shut_down(sock)

    def check(self, pause: float = 0) -> None:
        """Wait for `pause` seconds. Raises FetchFailed when the time is up, or is before that."""
        if self._over.wait(pause):
            raise FetchFailed("The media took too long to arrive.")

    def _end(self) -> None:
        with self._lock:
            self._over.set()
            for sock in self._sockets:
                _shut_down(sock)


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):  # not connected any more
        sock.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class _Ways:
    """The three ways out, and which origins may go by which."""

    trusted: frozenset[str]
    proxied_origins: frozenset[str]
    direct: CheckedAdapter
    guarded: CheckedAdapter
    proxied: CheckedAdapter

    def to(self, origin: str, *, by_stranger: bool) -> CheckedAdapter:
        """The way to `origin`; `by_stranger` tells that a redirect leads there. FetchRefused."""
        if origin in self.proxied_origins:
            return self.proxied
        if origin in self.trusted and not by_stranger:
            return self.direct
        if origin not in self.trusted and origin.rpartition(":")[2] not in _PUBLIC_PORTS:
            raise _refusal()
        return self.guarded


class _Transfer:
    """One fetch over its attempts: how much has come, and of which version of the file."""

    def __init__(
        self,
        ways: _Ways,
        limit: _TimeLimit,
    ) -> None:
        self._ways = ways
        self._limit = limit
        self._received = 0
        self._etag: str | None = None
        self.claimed_type: str | None = None

    def chunks(self, url: str, delays: Iterable[float | None]) -> Generator[bytes]:
        """The body, over as many attempts as there are delays; the last of these is None."""
        for delay in delays:
            try:
                yield from self._attempt(url)
            except _Broken as error:
                self._limit.check()
                if delay is None:
                    raise FetchFailed(str(error)) from error
                logger.info(
                    "a transfer broke after %d bytes: trying again in %s s", self._received, delay
                )
                self._limit.check(delay)
            else:
                return

    def _attempt(self, url: str) -> Iterator[bytes]:
        with closing(self._follow(url)) as response:
            to_skip = self._bytes_to_skip(response)
            whole = _whole_length(response)
            if response.status_code == 200:
                self._etag = _strong_etag(response)
                self.claimed_type = response.headers.get("Content-Type")
            for chunk in _body(response):
                self._limit.check()
                piece = chunk[to_skip:]
                to_skip = max(0, to_skip - len(chunk))
                self._received += len(piece)
                if piece:
                    yield piece
            self._limit.check()  # the end may be of our own making
            if whole is not None and self._received != whole:
                raise _Broken("The media arrived incomplete.")

    def _follow(self, url: str) -> requests.Response:
        """The answer at the end of the redirects; each of them is judged like the first URL.

        Requests go straight to the adapter, not through a Session: that reads the body of a
        redirect into memory, keeps cookies and asks the environment for proxies and passwords.
        """
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self._received and self._etag:
            headers |= {"Range": f"bytes={self._received}-", "If-Range": self._etag}
        by_stranger = False
        for _ in range(_MAX_REDIRECTS + 1):
            request = _request(url, headers)
            adapter = self._ways.to(origin_of(str(request.url)), by_stranger=by_stranger)
            # What a stranger or a proxied server points at is not trusted from there on.
            by_stranger = by_stranger or adapter is not self._ways.direct
            try:
                response = adapter.send(
                    request, stream=True, timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS), verify=True
                )
            except AddressNotPublic as error:
                raise _refusal() from error
            except requests.RequestException as error:
                raise _Broken("The media can't be fetched: no answer.") from error
            if not response.is_redirect:
                return response
            response.close()
            self._limit.check()
            try:
                url = urljoin(url, response.headers["Location"])
            except ValueError as error:
                raise _refusal() from error
        raise FetchFailed("The media can't be fetched: too many redirects.")

    def _bytes_to_skip(self, response: requests.Response) -> int:
        """How much of this answer has come before. Raises FetchFailed, or _Broken for a 5xx."""
        etag = _strong_etag(response)
        if response.status_code == 206 and self._received:
            part = _content_range(response)
            if part and int(part[1]) == self._received and etag in (self._etag, None):
                return 0
        elif response.status_code == 200:
            if not self._received or (etag and etag == self._etag):
                return self._received
            # The file may have changed meanwhile: two halves of two files must not become one.
            raise FetchFailed(
                "The connection broke, and the rest can't be told to be of the same file."
            )
        elif response.status_code >= 500:
            raise _Broken(f"The media can't be fetched: the answer was {response.status_code}.")
        raise FetchFailed(f"The media can't be fetched: the answer was {response.status_code}.")


def _request(url: str, headers: dict[str, str]) -> requests.PreparedRequest:
    """The request for `url`, which is judged by the form in which it is sent. Raises FetchRefused.

    So nothing can be read in two ways.
    """
    if not _URL.fullmatch(url):
        raise _refusal()
    try:
        request = requests.Request("GET", url, headers=headers).prepare()
        origin_of(str(request.url))
    except (requests.RequestException, ValueError) as error:
        raise _refusal() from error
    return request


def _refusal() -> FetchRefused:
    return FetchRefused(
        "Media are fetched only from public addresses and from the servers that this one is "
        "configured for."
    )


def _strong_etag(response: requests.Response) -> str | None:
    """The validator, when it stands for the very bytes (RFC 9110, 8.8.1)."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else None


def _content_range(response: requests.Response) -> re.Match[str] | None:
    return _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))


def _whole_length(response: requests.Response) -> int | None:
    """Bytes of the whole file, None when the server doesn't say. Raises FetchFailed for nonsense.

    Also for a body that is encoded in any way but in chunks.
    """
    headers = response.headers
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise FetchFailed("The media arrived compressed, which they were asked not to be.")
    if (encoding := headers.get("Transfer-Encoding")) is not None:
        if encoding.strip().lower() != "chunked" or "Content-Length" in headers:
            raise FetchFailed("The media can't be fetched: the answer has no clear end.")
    elif not _LENGTH.fullmatch(headers.get("Content-Length", "0")):
        raise FetchFailed("The media can't be fetched: the answer has no clear end.")
    if response.status_code == 206 and (part := _content_range(response)):
        return int(part[2]) + 1 if part[3] == "*" else int(part[3])
    return int(headers["Content-Length"]) if "Content-Length" in headers else None


def _body(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes. Raises _Broken when the connection breaks or ends too early.

    Read by way of http.client, which bounds the lines between chunks; urllib3's own does not.
    """
    try:
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
            yield chunk
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
        raise _Broken("The connection broke while the media were arriving.") from error
