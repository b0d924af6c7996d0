"""What the adapters for API services share: one careful HTTP client, and how failures are told.

A key goes to the service's own origin and nowhere else: redirects are not followed, neither proxies
nor `.netrc` are read, and addresses found in answers are not called. No sentence raised or logged
here holds the key, the prompt, or what a service wrote; only its short error code, when it looks
like one.

A request that costs money is repeated only when the service surely did not take it: 429, 503 with
Retry-After (RFC 9110 §15.6.4), or no connection at all. After a time-out nobody knows.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
    what_it_means,
)
from devserver.my_app.services.api_calls.trying_again import (
    never_connected,
    pause_seconds,
    retry_after,
)
from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendTimedOut,
    BackendUnreachable,
    ModerationBlocked,
    RunAtWork,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.output_configs import OutputConfig

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 64 * 1024**2

_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 30.0
"""How long an answer may take that does not have to be made first."""
_PIECE_BYTES = 64 * 1024
_SLICE_SECONDS = 1.0
_KEY = re.compile(r"[\x21-\x7e]+")


class ApiKeyRefused(BackendFailed):
    """The service does not accept the key."""

    code = "api_key_refused"


class ApiService:
    """One service under one base URL with one key; safe to share between threads.

    `proxy` is the one way to it where there is one. `deadline_seconds` bounds a call with all its
    repetitions, `clock` counts seconds, `now` is the
    time of day that a Retry-After date is compared with.
    """

    def __init__(
        self,
        label: str,
        base_url: str,
        key: SecretStr | None,
        *,
        deadline_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        proxy: str | None = None,
    ) -> None:
        self.label = label
        if urlsplit(base_url).username is not None:
            raise ValueError(f"The base URL for {label} must not hold a user or a password.")
        self.base_url = base_url.rstrip("/")
        self.deadline_seconds = deadline_seconds
        self.clock = clock
        secret = key.get_secret_value().strip() if key else ""
        self._key = SecretStr(secret) if secret else None
        self._sleep = sleep
        self._now = now
        self._jitter = jitter
        self._max_answer_bytes = max_answer_bytes
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}

    def __repr__(self) -> str:
        return f"ApiService({self.label!r}, {self.base_url!r})"

    def lacks_key(self, setting: str | None) -> str | None:
        """Why the key can't be used, in a sentence; None when it can, or when `setting` is None.

        `setting` is the name of the setting that holds a key where one is needed.
        """
        if self._key is None:
            return f"{setting} is not set." if setting else None
        if not _KEY.fullmatch(self._key.get_secret_value()):
            return f"The key for {self.label} has characters that can't be in a key."
        return None

    def describe(
        self,
        configs: Sequence[OutputConfig],
        unavailable_because: Callable[[OutputConfig], str | None],
    ) -> list[str]:
        """Lines for people: where the service is, and which of its configs can't be made."""
        reasons = ((config.id, unavailable_because(config)) for config in configs)
        trouble = [
            f"{config_id} can't be made. {reason}" for config_id, reason in reasons if reason
        ]
        return [f"{self.label}: {self.base_url}", *(f"  {line}" for line in trouble)]

    def get(self, path: str, run: RunAtWork, *, seconds: float | None = None) -> dict[str, Any]:
        """The JSON object at `path`; asked again after anything that may pass. Raises as `post`."""
        return self._call(_Call("GET", path), run.check_wanted, seconds)

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        run: RunAtWork,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send what costs money; returns the JSON object that comes back.

        Raises ModerationBlocked, ApiKeyRefused, BackendFailed, BackendUnreachable, BackendTimedOut,
        and NotWanted while it waits to try again.
        """
        return self._call(_Call("POST", path, body, headers or {}, costs=True), run.check_wanted)

    def post_again(self, path: str, *, seconds: float) -> dict[str, Any]:
        """Send what may arrive twice without harm, also for a run that is not wanted any more."""
        return self._call(_Call("POST", path), _go_on, seconds)

    def wait(self, seconds: float, check_wanted: Callable[[], None]) -> None:
        """Wait in slices, asking between them whether the run is still wanted."""
        end = self.clock() + seconds
        check_wanted()
        while (left := end - self.clock()) > 0:
            self._sleep(min(left, _SLICE_SECONDS))
            check_wanted()

    def _call(
        self, call: _Call, check_wanted: Callable[[], None], seconds: float | None = None
    ) -> dict[str, Any]:
        deadline = self.clock() + (self.deadline_seconds if seconds is None else seconds)
        attempt = 0
        while True:
            check_wanted()
            try:
                return self._once(call, deadline)
            except _MayPass as passing:
                delay = pause_seconds(attempt, passing.retry_after, self._jitter)
                if self.clock() + delay >= deadline:
                    raise passing.failure from None
                logger.info("%s: trying again in %.1f s: %s", self.label, delay, passing.failure)
            attempt += 1
            self.wait(delay, check_wanted)

    def _once(self, call: _Call, deadline: float) -> dict[str, Any]:
        silence = deadline - self.clock()
        if not call.costs:
            silence = min(silence, _LOOK_SECONDS)
        with requests.Session() as session:
            session.trust_env = False  # no proxies, no .netrc: only what the operator set
            with self._failures_of_the_wire(call.costs):
                response = session.request(
                    call.method,
                    self.base_url + call.path,
                    json=call.body,
                    headers=self._headers(call.headers),
                    timeout=(_CONNECT_SECONDS, max(1.0, silence)),
                    allow_redirects=False,
                    stream=True,
                    proxies=self._proxies,
                )
                with response:
                    data = self._read(response, deadline)
        return self._judge(response, data, call.costs)

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **more}
        if self._key is not None:
            fault = self.lacks_key(None)
            if fault:
                raise ApiKeyRefused(fault)
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        return headers

    @contextmanager
    def _failures_of_the_wire(self, costs: bool) -> Iterator[None]:
        """Tell time-outs and broken connections; `from None` keeps addresses out of the log."""
        try:
            yield
        except (requests.ReadTimeout, TimeoutError, urllib3.exceptions.ReadTimeoutError):
            slow = BackendTimedOut(f"{self.label} took too long to answer.")
            raise (slow if costs else _MayPass(slow)) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            logger.warning("%s: %s", self.label, type(error).__name__)
            if never_connected(error):
                raise _MayPass(BackendUnreachable(f"{self.label} can't be reached.")) from None
            broke = BackendUnreachable(f"The connection to {self.label} broke.")
            may_help = not costs and not isinstance(error, requests.exceptions.SSLError)
            raise (_MayPass(broke) if may_help else broke) from None

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        """The whole body, within bounds of size and time; `read1` returns as bytes arrive."""
        body = bytearray()
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            body += piece
            if len(body) > self._max_answer_bytes:
                raise BackendFailed(f"The answer of {self.label} is too large.")
            if self.clock() > deadline:
                raise BackendTimedOut(f"{self.label} took too long to answer.")
        return bytes(body)

    def _judge(self, response: requests.Response, data: bytes, costs: bool) -> dict[str, Any]:
        """The object in `data`, when it is an answer and not a failure."""
        status = response.status_code
        body = json_object(data)
        if 300 <= status < 400:
            raise BackendFailed(f"{self.label} wants to redirect, which is not followed.")
        if status < 300:
            if body is None:
                raise BackendFailed(f"{self.label} answered with something that is not JSON.")
            if not is_api_error(body):
                return body
            # Some report failures under 200; the number in the error is then the status.
            raise self._failure(status_inside(body), body)
        failure = self._failure(status, body)
        if credit_is_gone(body) or isinstance(failure, ModerationBlocked):
            raise failure
        asked_for = retry_after(response.headers.get("Retry-After"), self._now())
        not_taken = status == 429 or (status == 503 and asked_for is not None)
        if not_taken or (status >= 500 and not costs):
            raise _MayPass(failure, asked_for)
        raise failure

    def _failure(self, status: int, body: Mapping[str, Any] | None) -> ServerError:
        if is_moderation(body):
            return self.refused()
        code = error_code(body)
        if code and self._key is not None and code in self._key.get_secret_value():
            code = None
        told = ", ".join(str(part) for part in (status, code) if part)
        sentence = f"{self.label} {what_it_means(status, body)}{f' ({told})' if told else ''}."
        return (ApiKeyRefused if status in (401, 403) else BackendFailed)(sentence)

    def refused(self) -> ModerationBlocked:
        """The failure for what the service's moderation stopped."""
        return ModerationBlocked(
            f"{self.label} does not make this picture or sound: its own rules forbid it."
        )


@dataclass(frozen=True)
class _Call:
    """One request; `costs` tells that it must not arrive twice."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    costs: bool = False


class _MayPass(Exception):
    """A failure that may not come again; `failure` is what to raise when it does."""

    def __init__(self, failure: ServerError, retry_after: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.retry_after = retry_after


def _go_on() -> None:
    """The answer to whether the work is still wanted, where that is not the question."""
