"""Who is a researcher: whoever has the token."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path

from devserver.my_app.services.durable_files import replace_file
from devserver.my_app.services.errors import ServerError


class ResearcherTokenRequired(ServerError):
    """What was asked for needs the researcher token."""

    code = "researcher_token_required"


class ResearcherAccess:
    """Compares tokens; keeps only the hash of one it made itself, under `state/`."""

    def __init__(self, state: Path, configured_token: str | None) -> None:
        self._file = state / "researcher_token.json"
        self.new_token: str | None = None
        """The token made just now, to be shown once; None when there was one already."""
        if configured_token:
            self._hash = _hash(configured_token)
        else:
            self._hash = self._stored_hash() or self._make_token()

    def allows(self, token: str | None) -> bool:
        """Whether `token` is the researcher token; takes the same time for any wrong one."""
        return token is not None and hmac.compare_digest(_hash(token), self._hash)

    def _stored_hash(self) -> str | None:
        try:
            return str(json.loads(self._file.read_bytes())["sha256"])
        except FileNotFoundError:
            return None

    def _make_token(self) -> str:
        self.new_token = secrets.token_urlsafe(24)
        replace_file(self._file, json.dumps({"sha256": _hash(self.new_token)}).encode())
        return _hash(self.new_token)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
