"""When a call may be made again, and after how long."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
import urllib3

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 20.0
_NOT_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
_REFUSED = "Tunnel connection failed"
"""What http.client says where a proxy does not answer CONNECT with 200."""


def retry_after(value: str | None, now: datetime) -> float | None:
    """The header Retry-After (RFC 9110 §10.2.3) in seconds from `now`.

    It holds a number or a date; None when it is neither.
    """
    if not value:
        return None
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value.strip()):
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())


def pause_seconds(attempt: int, asked_for: float | None, jitter: Callable[[], float]) -> float:
    """How long to wait after the attempt of this number, the first being 0.

    As long as the service asks for and a little more; else ever longer, spread by chance (`jitter`
    gives 0 to 1), so that those who failed together don't come back together.
    """
    if asked_for is not None:
        return asked_for + jitter()
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(attempt, 10))
    return longest * (0.5 + jitter() / 2)


def never_connected(error: Exception) -> bool:
    """True when no connection came about, also by a proxy, so that nothing can have been sent.

    What breaks at a proxy after it took a request has the same class as what keeps from it
    (urllib3 2.8, ProxyError), so it is asked for what was behind that.
    """
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else error
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        reason = reason.original_error
    is_refused = type(reason) is OSError and str(reason).startswith(_REFUSED)
    return is_refused or isinstance(reason, _NOT_CONNECTED)
