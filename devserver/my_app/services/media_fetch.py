"""Fetch media over HTTP, from origins that the operator configured and from nowhere else."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urljoin

import requests
import urllib3

from devserver.config import origin_of
from devserver.my_app.services.errors import ServerError

logger = logging.getLogger(__name__)

CHUNK_BYTES = 64 * 1024
RETRY_DELAYS = (0.2, 1.0, 3.0, 6.0, 12.0, 20.0)
"""Seconds before each further attempt; in all long enough for a server that starts again."""
_CONNECT_SECONDS = 5
_SILENCE_SECONDS = 30
_MAX_REDIRECTS = 5


class FetchRefused(ServerError):
    """An address is not one this server may fetch from."""

    code = "fetch_refused"


class FetchFailed(ServerError):
    """A server did not deliver the media it was asked for, or not all of it."""

    code = "fetch_failed"


class MediaFetcher:
    """Streams media from trusted origins, each bounded in time and checked for its end."""

    def __init__(
        self,
        trusted_origins: Iterable[str],
        *,
        timeout_seconds: float,
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self._trusted = frozenset(origin_of(url) for url in trusted_origins)
        self._timeout_seconds = timeout_seconds
        self._retry_delays = tuple(retry_delays)

    @contextmanager
    def open(self, url: str) -> Iterator[Iterator[bytes]]:
        """Give the body of `url` in chunks of at most CHUNK_BYTES.

        A connection that breaks is made again, and goes on where it broke when the server can
        (Range with If-Range, RFC 9110). Raises FetchRefused for an origin that isn't trusted
        (redirects are checked too), and FetchFailed, also while the chunks are read, when anything
        but a whole body arrives.
        """
        with requests.Session() as session:
            session.trust_env = False  # no proxies, no .netrc: only what the operator set
            yield self._chunks(session, url)

    def _chunks(self, session: requests.Session, url: str) -> Iterator[bytes]:
        deadline = time.monotonic() + self._timeout_seconds
        received = 0
        validator: str | None = None
        for delay in (*self._retry_delays, None):
            try:
                with self._follow(session, url, received, validator) as response:
                    to_skip = _bytes_to_skip(response, received, validator)
                    validator = response.headers.get("ETag")
                    for chunk in _whole_body(response, deadline):
                        piece = chunk[to_skip:]
                        to_skip = max(0, to_skip - len(chunk))
                        received += len(piece)
                        if piece:
                            yield piece
                    return
            except _Broken as error:
                if delay is None:
                    raise FetchFailed(str(error)) from error
                logger.info(
                    "a transfer broke after %d bytes: trying again in %s s", received, delay
                )
                time.sleep(delay)

    def _follow(
        self, session: requests.Session, url: str, received: int, validator: str | None
    ) -> requests.Response:
        headers = {"Accept-Encoding": "identity"}
        if received and validator:
            headers |= {"Range": f"bytes={received}-", "If-Range": validator}
        for _ in range(_MAX_REDIRECTS + 1):
            self._check(url)
            try:
                response = session.get(
                    url,
                    stream=True,
                    allow_redirects=False,
                    timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
                    headers=headers,
                )
            except requests.RequestException as error:
                raise _Broken("The media can't be fetched: no answer.") from error
            if not response.is_redirect:
                return response
            url = urljoin(url, response.headers["Location"])
            response.close()
        raise FetchFailed("The media can't be fetched: too many redirects.")

    def _check(self, url: str) -> None:
        try:
            trusted = origin_of(url) in self._trusted
        except ValueError:
            trusted = False
        if not trusted:
            raise FetchRefused(
                "Media are fetched only from the servers that this one is configured for."
            )


class _Broken(Exception):
    """A transfer that may go well when it is tried again."""


def _bytes_to_skip(response: requests.Response, received: int, validator: str | None) -> int:
    """How much of this answer has come before. Raises FetchFailed, or _Broken for a 5xx."""
    if response.status_code == 206 and received:
        content_range = response.headers.get("Content-Range", "")
        if content_range.startswith(f"bytes {received}-"):
            return 0
    elif response.status_code == 200:
        if not received or (validator and response.headers.get("ETag") == validator):
            return received
        # The file may have changed meanwhile: two halves of two files must not become one.
        raise FetchFailed(
            "The connection broke, and the rest can't be told to be of the same file."
        )
    elif response.status_code >= 500:
        raise _Broken(f"The media can't be fetched: the answer was {response.status_code}.")
    raise FetchFailed(f"The media can't be fetched: the answer was {response.status_code}.")


def _whole_body(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """The body in chunks. Raises _Broken when less arrives than was announced, FetchFailed late."""
    announced = response.headers.get("Content-Length")
    arrived = 0
    try:
        for chunk in response.raw.stream(CHUNK_BYTES, decode_content=True):
            arrived += len(chunk)
            if time.monotonic() > deadline:
                raise FetchFailed("The media took too long to arrive.")
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _Broken("The connection broke while the media were arriving.") from error
    encoded = response.headers.get("Content-Encoding", "identity") != "identity"
    if announced and announced.isdigit() and not encoded and arrived != int(announced):
        raise _Broken("The media arrived incomplete.")
