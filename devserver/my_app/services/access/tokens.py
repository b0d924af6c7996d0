"""The researcher tokens of a root: which there are, adding one, revoking one.

`state/researcher_tokens.json` holds their names and hashes. It is read anew for each request that
shows a token, so what the command line adds or revokes counts at once, also in a running server.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from devserver.my_app.services.access.secrets_kept import matching, sha256_of
from devserver.my_app.services.durable_files import (
    OWNER_ONLY,
    StorageFull,
    replace_file,
    sync_folder,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.storage_root import StorageRoot

logger = logging.getLogger(__name__)

ENVIRONMENT = "environment"
"""The name of the token in DEVSERVER_RESEARCHER_TOKEN."""

FIRST = "first"
"""The name of the token that is made at the first start."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,39}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RANDOM_BYTES = 24
_LOCK_SECONDS = 10.0


class TokenNameTaken(ServerError):
    """There is a token of this name, or the name can't be one."""

    code = "token_name_taken"


class TokenNotFound(ServerError):
    """There is no token of this name."""

    code = "token_not_found"


class TokenNotRevocable(ServerError):
    """The token stands in the settings, and only there it can be taken away."""

    code = "token_not_revocable"


class TokenFileUnreadable(ServerError):
    """The file with the tokens is damaged; nobody is let in by guessing what it said."""

    code = "token_file_unreadable"


@dataclass(frozen=True)
class KnownToken:
    """What is known of a token: its name, its hash (hex), when it was made (UTC, ISO 8601) and the
    last day on which it was used (UTC). Nobody knows the token itself."""

    name: str
    sha256: str
    created_at: str | None = None
    last_used_on: str | None = None


class ResearcherTokens:
    """The configured token and those in the file. Safe to use from any thread and process."""

    def __init__(
        self,
        root: StorageRoot,
        configured: str | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._file = root.state / "researcher_tokens.json"
        self._former_file = root.state / "researcher_token.json"
        self._lock = FileLock(root.locks / "researcher_tokens.lock", timeout=_LOCK_SECONDS)
        self._now = now
        self._configured = KnownToken(ENVIRONMENT, sha256_of(configured)) if configured else None

    def make_first(self) -> str | None:
        """The first token, made where there is none configured and no file yet; None else.

        The file of former servers, with one hash, is taken over. Where all tokens were revoked
        none is made: only `add` opens such a root again. Raises TokenFileUnreadable, StorageFull.
        """
        with self._lock:
            known = self._read()
            if known and not self._file.exists():
                self._write(known)
            if self._configured or self._file.exists():
                return None
            return self._add(FIRST)

    def all(self) -> list[KnownToken]:
        """Every token, the configured one first. Raises TokenFileUnreadable."""
        return [*([self._configured] if self._configured else []), *self._read()]

    def find(self, token: str) -> KnownToken | None:
        """What is known of `token`; None when it opens nothing.

        Every wrong one is as much work as any other. A file that can't be read lets nobody in.
        """
        known = matching(sha256_of(token), ((one.sha256, one) for one in self._trusted()))
        if known:
            self._note_use(known)
        return known

    def still_holds(self, sha256: str) -> bool:
        """Whether the token with this hash has not been revoked."""
        return any(one.sha256 == sha256 for one in self._trusted())

    def add(self, name: str) -> str:
        """Make a token of this name; it is told only now. Raises TokenNameTaken, StorageFull."""
        if not _NAME.fullmatch(name):
            raise TokenNameTaken(
                "A name has 1 to 40 letters (a to z), digits or . _ @ + - and begins with a letter "
                "or a digit."
            )
        with self._lock:
            return self._add(name)

    def revoke(self, name: str) -> None:
        """Let this token open nothing any more. Raises TokenNotFound, TokenNotRevocable."""
        if name == ENVIRONMENT:
            raise TokenNotRevocable(
                "This token stands in DEVSERVER_RESEARCHER_TOKEN: change it there and start the "
                "server anew."
            )
        with self._lock:
            known = self._read()
            left = [one for one in known if one.name != name]
            if len(left) == len(known):
                raise TokenNotFound("There is no token of this name.")
            self._write(left)

    def _add(self, name: str) -> str:
        known = self._read()
        if name == ENVIRONMENT or any(one.name.casefold() == name.casefold() for one in known):
            raise TokenNameTaken("There is a token of this name already.")
        token = secrets.token_urlsafe(_RANDOM_BYTES)
        made_at = self._now().isoformat(timespec="seconds")
        self._write([*known, KnownToken(name, sha256_of(token), made_at)])
        return token

    def _trusted(self) -> list[KnownToken]:
        try:
            return self.all()
        except TokenFileUnreadable:
            logger.exception("the researcher tokens can't be read; only the configured one counts")
            return [self._configured] if self._configured else []

    def _note_use(self, used: KnownToken) -> None:
        """Write the day down, once a day; what is nice to know holds up nobody."""
        today = self._now().date().isoformat()
        if used.name == ENVIRONMENT or used.last_used_on == today:
            return
        try:
            with self._lock.acquire(timeout=0):
                self._write(
                    [
                        replace(one, last_used_on=today) if one.sha256 == used.sha256 else one
                        for one in self._read()
                    ]
                )
        except (OSError, StorageFull, Timeout, TokenFileUnreadable):
            logger.warning("that the token %r was used could not be written down", used.name)

    def _read(self) -> list[KnownToken]:
        # The former file again between: another process may just be taking it over.
        for file in (self._file, self._former_file, self._file):
            try:
                said = json.loads(file.read_bytes())
                if file == self._former_file:
                    return [_token({"name": FIRST, "created_at": _made_at(file), **said})]
                return [_token(one) for one in said["tokens"]]
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise TokenFileUnreadable(
                    f"The file with the researcher tokens, {file.name}, can't be read."
                ) from error
        return []

    def _write(self, tokens: list[KnownToken]) -> None:
        data = json.dumps({"tokens": [asdict(one) for one in tokens]}, indent=1, ensure_ascii=False)
        replace_file(self._file, data.encode() + b"\n", mode=OWNER_ONLY)
        sync_folder(self._file.parent)
        # Only now: after a kill in between both are there, and the new one counts.
        self._former_file.unlink(missing_ok=True)


def _token(said: Mapping[str, Any]) -> KnownToken:
    token = KnownToken(
        said["name"], said["sha256"], said.get("created_at"), said.get("last_used_on")
    )
    if not (isinstance(token.name, str) and _SHA256.fullmatch(token.sha256)):
        raise ValueError("no name and hash of a token")
    return token


def _made_at(file: Path) -> str:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat(timespec="seconds")
