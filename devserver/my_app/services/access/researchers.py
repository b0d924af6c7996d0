"""Who is a researcher: whoever shows a token, or logged in with one."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from devserver.my_app.services.access.guesses import Guesses, Patience, attempt
from devserver.my_app.services.access.limits import network_of
from devserver.my_app.services.access.sessions import Session, Sessions
from devserver.my_app.services.access.tokens import ResearcherTokens
from devserver.my_app.services.audit import COMMAND_LINE, NOBODY, Audit
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.operator_key import OperatorKey

_OF_AN_ADDRESS = Patience(free=5, longest_wait=300)
# Short, as this one can be used to keep researchers from logging in; a Bearer is never kept out.
_OF_EVERYBODY = Patience(free=50, longest_wait=10)
_EVERYBODY = "everybody"


class ResearcherTokenRequired(ServerError):
    """What was asked for needs the researcher token."""

    code = "researcher_token_required"


class LoginFailed(ServerError):
    """The token is none of this server's."""

    code = "login_failed"


@dataclass(frozen=True)
class Researcher:
    """Who asks, by the name of their token, and how that was shown."""

    name: str
    way: Literal["bearer", "cookie"]
    csrf_token: str | None = None
    """What a request that changes something has to repeat, where a cookie spoke."""

    def repeats(self, csrf_token: str | None) -> bool:
        """Whether a request with this word was made by a page that could read it."""
        if self.csrf_token is None:
            return True
        said = (csrf_token or "").encode("utf-8", "surrogatepass")
        return hmac.compare_digest(said, self.csrf_token.encode())


class ResearcherAccess:
    """Lets researchers in. Revoking a token ends its sessions with it."""

    def __init__(
        self,
        tokens: ResearcherTokens,
        audit: Audit,
        *,
        operator_key: OperatorKey | None = None,
        sessions: Sessions | None = None,
        new_guesses: Callable[[Patience], Guesses] = Guesses,
    ) -> None:
        self.tokens = tokens
        self._audit = audit
        self._operator_key = operator_key
        self._sessions = sessions or Sessions()
        self._by_address = new_guesses(_OF_AN_ADDRESS)
        self._by_everybody = new_guesses(_OF_EVERYBODY)

    def by_bearer(self, token: str | None) -> Researcher | None:
        """Who shows this token, or the key of whoever sits at this machine.

        However often others were wrong, a right one is let in.
        """
        if self._operator_key and self._operator_key.allows(token):
            return Researcher(COMMAND_LINE, "bearer")
        known = self.tokens.find(token) if token else None
        return Researcher(known.name, "bearer") if known else None

    def by_session(self, session_id: str | None) -> Researcher | None:
        """Who logged in under this id, as long as the token of the login holds."""
        session = self._sessions.find(session_id) if session_id else None
        if session is None or not self.tokens.still_holds(session.token_sha256):
            return None
        return _logged_in(session)

    def log_in(self, token: str, address: str) -> tuple[str, Researcher]:
        """Open a session; returns its id, for the cookie, and who it is.

        Raises LoginFailed, and TooManyGuesses before the token was even looked at.
        """
        with attempt((self._by_address, network_of(address)), (self._by_everybody, _EVERYBODY)):
            known = self.tokens.find(token)
            if known is None:
                self._audit.record("login_failed", NOBODY)
                raise LoginFailed("This token is not right.")
        session_id, session = self._sessions.begin(known.name, known.sha256)
        self._audit.record("logged_in", known.name)
        return session_id, _logged_in(session)

    def log_out(self, session_id: str | None, researcher: Researcher) -> None:
        """End the session; nothing happens when there is none."""
        if session_id:
            self._sessions.end(session_id)
            self._audit.record("logged_out", researcher.name)


def _logged_in(session: Session) -> Researcher:
    return Researcher(session.token_name, "cookie", session.csrf_token)
