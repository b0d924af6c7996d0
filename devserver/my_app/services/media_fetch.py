"""Fetch media over HTTP, from origins that the operator configured and from nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

import requests
import urllib3

from devserver.config import origin_of
from devserver.my_app.services.errors import ServerError

CHUNK_BYTES = 64 * 1024
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

    def __init__(self, trusted_origins: Iterable[str], *, timeout_seconds: float) -> None:
        self._trusted = frozenset(origin_of(url) for url in trusted_origins)
        self._timeout_seconds = timeout_seconds

    @contextmanager
    def open(self, url: str) -> Iterator[Iterator[bytes]]:
        """Give the body of `url` in chunks of at most CHUNK_BYTES.

        Raises FetchRefused for an origin that isn't trusted (redirects are checked too), and
        FetchFailed, also while the chunks are read, when anything but a whole body arrives.
        """
        with requests.Session() as session:
            session.trust_env = False  # no proxies, no .netrc: only what the operator set
            try:
                response = self._follow(session, url)
            except requests.RequestException as error:
                raise FetchFailed("The media can't be fetched: no answer.") from error
            with response:
                if response.status_code != 200:
                    raise FetchFailed(
                        f"The media can't be fetched: the answer was {response.status_code}."
                    )
                yield self._chunks(response)

    def _follow(self, session: requests.Session, url: str) -> requests.Response:
        for _ in range(_MAX_REDIRECTS + 1):
            self._check(url)
            response = session.get(
                url,
                stream=True,
                allow_redirects=False,
                timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
                headers={"Accept-Encoding": "identity"},
            )
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

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        deadline = time.monotonic() + self._timeout_seconds
        announced = response.headers.get("Content-Length")
        received = 0
        try:
            for chunk in response.raw.stream(CHUNK_BYTES, decode_content=True):
                received += len(chunk)
                if time.monotonic() > deadline:
                    raise FetchFailed("The media took too long to arrive.")
                yield chunk
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise FetchFailed("The connection broke while the media were arriving.") from error
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        if announced is not None and not encoded and received != int(announced):
            raise FetchFailed("The media arrived incomplete.")
