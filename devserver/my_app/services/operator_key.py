"""A key for whoever sits at this machine: a file that only the server's own user can read.

It is made when a server takes a root and removed when that server ends, so that a command on the
same machine can ask the running server for what else needs a researcher's token.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

_NAME = "operator_key"


class OperatorKey:
    """The key of one server, made with it; that of an earlier server is void from then on.

    Only for the root's owner.
    """

    def __init__(self, state: Path) -> None:
        self._path = state / _NAME
        self._key = key = secrets.token_urlsafe(32)
        self._path.unlink(missing_ok=True)
        # Never readable by others, not even for a moment. On Windows the folder's rights hold.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key)

    def allows(self, key: str | None) -> bool:
        """Whether `key` is this server's; takes the same time for any wrong one."""
        given = (key or "").encode("utf-8", "surrogatepass")
        return bool(self._key) and hmac.compare_digest(given, self._key.encode())

    def remove(self) -> None:
        """Make it void."""
        self._key = ""
        self._path.unlink(missing_ok=True)


def read_operator_key(state: Path) -> str | None:
    """The key of the server that owns the root; None when there is none that this user may read."""
    try:
        return (state / _NAME).read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None
