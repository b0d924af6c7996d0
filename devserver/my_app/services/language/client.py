"""One careful HTTP client for language servers: where a key goes, what is repeated, what is told.

A key goes to the server's own address and nowhere else: redirects are not followed, neither proxies
nor `.netrc` are read. No sentence raised or logged here holds the key, a message, or what a server
wrote; only its short error code, when it looks like one.

Asking a model changes nothing, so a question is asked again after what may pass: where there was no
connection, after 429 and 503, after other 5xx and a connection that broke. A broken call may have
been paid for, and is paid for twice then. After a time-out nothing is asked again: a server that is
too slow would only get more to do.
"""

from __future__ import annotations

import http.client
import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from pydantic import SecretStr

from devserver.my_app.services.api_calls.answers import (
    credit_is_gone,
    error_code,
    is_api_error,
    is_moderation,
    json_object,
    status_inside,
)
from devserver.my_app.services.api_calls.trying_again import (
    never_connected,
    pause_seconds,
    retry_after,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.language.call_watch import CallWatch
from devserver.my_app.services.language.failures import (
    CallRejected,
    failure_inside,
    rejected_parameter,
    what_it_means,
)
from devserver.my_app.services.language.own_machines import is_own_network
from devserver.my_app.services.language.port import (
    CheckWanted,
    LanguageKeyRefused,
    LanguageModelFailed,
    LanguageModelRefused,
    LanguageModelTimedOut,
    LanguageModelUnreachable,
    NotOnOwnMachines,
)
from devserver.my_app.services.public_address import Address, AddressNotPublic, CheckedAdapter

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 8 * 1024**2

_CONNECT_SECONDS = 5.0
_PIECE_BYTES = 64 * 1024
_LOOK_SECONDS = 1.0
_TRIES_WHEN_BUSY = 1000  # so that only the deadline ends them
_TRIES_AFTER_BREAKS = 2
_TRIES_WITHOUT_CONNECTION = 4
_KEY = re.compile(r"[\x21-\x7e]+")


class LanguageClient:
    """One server under one base URL with at most one key; safe to share between threads.

    With `own_machines_only` it connects to nothing but addresses of networks the internet does not
    reach (see `is_own_network`): the address itself is checked, after the one lookup of its name
    and before anything is sent. `is_declared_own` says that the operator vouches for this server,
    wherever it is. `proxy` is the way to a service of others, where there is one.
    """

    def __init__(
        self,
        label: str,
        base_url: str,
        key: SecretStr | None = None,
        *,
        own_machines_only: bool = False,
        is_declared_own: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
        look_seconds: float = _LOOK_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        proxy: str | None = None,
    ) -> None:
        if urlsplit(base_url).username is not None:
            raise ValueError(f"The base URL for {label} must not hold a user or a password.")
        self.label = label
        self.base_url = base_url.rstrip("/")
        self.own_machines_only = own_machines_only
        self._checks_addresses = own_machines_only and not is_declared_own
        self.clock = clock
        secret = key.get_secret_value().strip() if key else ""
        if secret and not _KEY.fullmatch(secret):
            raise ValueError(f"The key for {label} has characters that can't be in a key.")
        self._key = SecretStr(secret)
        self._sleep = sleep
        self._now = now
        self._jitter = jitter
        self._look_seconds = look_seconds
        self._max_answer_bytes = max_answer_bytes
        self._proxy = proxy

    def __repr__(self) -> str:
        return f"LanguageClient({self.label!r}, {self.base_url!r})"

    def get(self, path: str, *, deadline: float, check_wanted: CheckWanted) -> dict[str, Any]:
        """The JSON object at `path`. Raises as `post`."""
        return self._call("GET", path, None, deadline, check_wanted)

    def post(
        self, path: str, body: Mapping[str, Any], *, deadline: float, check_wanted: CheckWanted
    ) -> dict[str, Any]:
        """The JSON object that `body` is answered with, by `deadline` of the client's clock.

        Only the lookup of a name and connecting (at most 5 s for each address) may go beyond it.
        Raises LanguageModelUnreachable, LanguageModelTimedOut, LanguageModelFailed,
        LanguageKeyRefused, LanguageModelRefused, NotOnOwnMachines, CallRejected where the server
        names a parameter that it can't take, and what `check_wanted` raises, at any time.
        """
        return self._call("POST", path, body, deadline, check_wanted)

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        deadline: float,
        check_wanted: CheckWanted,
    ) -> dict[str, Any]:
        attempt = 0
        while True:
            check_wanted()
            try:
                return self._once(method, path, body, deadline, check_wanted)
            except _MayPass as passing:
                delay = pause_seconds(attempt, passing.retry_after, self._jitter)
                if attempt >= passing.tries or self.clock() + delay >= deadline:
                    raise passing.failure from None
                logger.info("%s: trying again in %.1f s: %s", self.label, delay, passing.failure)
            attempt += 1
            self._wait(delay, check_wanted)

    def _wait(self, seconds: float, check_wanted: CheckWanted) -> None:
        end = self.clock() + seconds
        while (left := end - self.clock()) > 0:
            check_wanted()
            self._sleep(min(left, self._look_seconds))

    def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        deadline: float,
        check_wanted: CheckWanted,
    ) -> dict[str, Any]:
        left = deadline - self.clock()
        too_late = LanguageModelTimedOut(f"{self.label} took too long to answer.")
        if left <= 0:
            raise too_late
        request = requests.Request(
            method, self.base_url + path, json=body, headers=self._headers()
        ).prepare()
        with (
            closing(CallWatch(left, check_wanted, too_late, self._look_seconds)) as watch,
            # Straight to the adapter, not through a Session: that follows redirects and asks the
            # environment for proxies and passwords.
            closing(CheckedAdapter(self._may_connect, watch.watch, self._proxy)) as adapter,
            self._failures_of_the_wire(watch),
        ):
            # The silence is a second longer than the watch, so that the watch is what ends it.
            timeout = (min(_CONNECT_SECONDS, left), left + 1)
            response = adapter.send(request, stream=True, timeout=timeout, verify=True)
            with closing(response):
                data = self._read(response)
            watch.check()  # the end may be of our own making
        return self._judge(response, data)

    def _may_connect(self, address: Address) -> bool:
        return not self._checks_addresses or is_own_network(address)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if secret := self._key.get_secret_value():
            headers["Authorization"] = f"Bearer {secret}"
        return headers

    @contextmanager
    def _failures_of_the_wire(self, watch: CallWatch) -> Iterator[None]:
        """Tell why there is no answer; `from None` keeps addresses and answers out of the log."""
        try:
            yield
        except AddressNotPublic:
            raise NotOnOwnMachines(
                f"{self.label} is not on machines of this server's own network, which eco mode "
                "does not leave."
            ) from None
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
        ) as error:
            watch.check()
            logger.warning("%s: %s", self.label, type(error).__name__)
            if never_connected(error):
                failure = LanguageModelUnreachable(f"{self.label} can't be reached.")
                raise _MayPass(failure, tries=_TRIES_WITHOUT_CONNECTION) from None
            broke = LanguageModelUnreachable(f"The connection to {self.label} broke.")
            if isinstance(error, requests.exceptions.SSLError):
                raise broke from None
            raise _MayPass(broke, tries=_TRIES_AFTER_BREAKS) from None

    def _read(self, response: requests.Response) -> bytes:
        """The whole body. Read by way of http.client, which bounds the lines between chunks."""
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise LanguageModelFailed(f"The answer of {self.label} is compressed.")
        body = bytearray()
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=False):
            body += piece
            if len(body) > self._max_answer_bytes:
                raise LanguageModelFailed(f"The answer of {self.label} is too large.")
        return bytes(body)

    def _judge(self, response: requests.Response, data: bytes) -> dict[str, Any]:
        """The object in `data`, when it is an answer and not a failure."""
        status = response.status_code
        answer: Mapping[str, Any] | None
        answer = body = json_object(data)
        if 300 <= status < 400:
            raise LanguageModelFailed(f"{self.label} wants to redirect, which is not followed.")
        if status < 300:
            if body is None:
                raise LanguageModelFailed(
                    f"{self.label} answered with something that is not a JSON object."
                )
            failed = failure_inside(body)
            if failed is None:
                return body
            # Some report failures under 200; the number in the error is then the status.
            status, answer = (status_inside(failed) if is_api_error(failed) else 0), failed
        wait = retry_after(response.headers.get("Retry-After"), self._now())
        raise self._failure(status, answer, wait)

    def _failure(
        self, status: int, body: Mapping[str, Any] | None, wait: float | None
    ) -> Exception:
        """What an error is, by the status and the body of the answer it came in."""
        if is_moderation(body):
            return self.refused()
        sentence = self._sentence(status, body)
        if parameter := rejected_parameter(status, body):
            return CallRejected(sentence, parameter)
        if status in (401, 403):
            return LanguageKeyRefused(sentence)
        failure = LanguageModelFailed(sentence)
        if credit_is_gone(body) or (status < 500 and status != 429):
            return failure
        if status in (429, 503):
            return _MayPass(failure, wait, tries=_TRIES_WHEN_BUSY)
        return _MayPass(failure, tries=_TRIES_AFTER_BREAKS)

    def refused(self) -> LanguageModelRefused:
        """The failure for what a service's moderation stopped."""
        return LanguageModelRefused(
            f"{self.label} does not work with this text: its own rules forbid it."
        )

    def _sentence(self, status: int, body: Mapping[str, Any] | None) -> str:
        code = error_code(body)
        if code and code in self._key.get_secret_value():
            code = None
        told = ", ".join(str(part) for part in (status, code) if part)
        return f"{self.label} {what_it_means(status, body)}{f' ({told})' if told else ''}."


class _MayPass(Exception):
    """A failure that may not come again; `failure` is what to raise after `tries` repetitions."""

    def __init__(
        self, failure: ServerError, retry_after: float | None = None, *, tries: int
    ) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.retry_after = retry_after
        self.tries = tries
