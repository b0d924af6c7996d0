"""Who is logged in with a cookie.

In memory only: a restart of the server logs everybody out, and no file has to be kept from thieves.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from devserver.my_app.services.access.secrets_kept import sha256_of

SESSION_SECONDS = 12 * 60 * 60
_MOST = 1000
_RANDOM_BYTES = 32


@dataclass(frozen=True)
class Session:
    """A login: with which token (its name and hash), and the word its requests have to repeat."""

    token_name: str
    token_sha256: str
    csrf_token: str
    ends_at: float
    """On the clock of the sessions, in seconds."""


class Sessions:
    """Open logins by the hash of their random id, at most a thousand; the oldest gives way."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._open: OrderedDict[str, Session] = OrderedDict()

    def begin(self, token_name: str, token_sha256: str) -> tuple[str, Session]:
        """Open a session of twelve hours; returns its id, for the cookie, and itself."""
        session_id = secrets.token_urlsafe(_RANDOM_BYTES)
        ends_at = self._clock() + SESSION_SECONDS
        session = Session(token_name, token_sha256, secrets.token_urlsafe(_RANDOM_BYTES), ends_at)
        with self._guard:
            self._open[sha256_of(session_id)] = session
            while len(self._open) > _MOST or self._is_over(next(iter(self._open.values()))):
                self._open.popitem(last=False)
        return session_id, session

    def find(self, session_id: str) -> Session | None:
        """The session of this id, if it is open. Found by hash, so that time tells nothing."""
        with self._guard:
            session = self._open.get(sha256_of(session_id))
        return None if session is None or self._is_over(session) else session

    def end(self, session_id: str) -> None:
        """Close it; nothing happens when it isn't open."""
        with self._guard:
            self._open.pop(sha256_of(session_id), None)

    def _is_over(self, session: Session) -> bool:
        return self._clock() >= session.ends_at
