"""Stable codes in place of who somebody says to be, under a key that never leaves the server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from filelock import FileLock

from devserver.my_app.services.durable_files import (
    full_disk_named,
    sync_folder,
    temporary_beside,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_metadata import RunMetadata

PSEUDONYMS_VERSION = 2
"""Another number whenever the same runs come out otherwise with pseudonyms."""

_KEY = "pseudonym_key"
_KEY_BYTES = 32
_CODE_CHARACTERS = 24


class PseudonymKeyUnusable(ServerError):
    """The key is there but isn't one. A new one would give everybody another code."""

    code = "pseudonym_key_unusable"


class Pseudonyms:
    """Codes for user_ids, the same in all exports of one root. Safe between threads and processes.

    The key lies in `state` and is made at first use. It is never made anew: who loses it gets other
    codes, and who has it can find out for a name they know which code it has.
    """

    def __init__(self, state: Path) -> None:
        self._path = state / _KEY
        self._known: bytes | None = None

    @property
    def has_key(self) -> bool:
        """Whether the key is there already."""
        return self._path.exists()

    def code(self, user_id: str) -> str:
        """`P-` and 24 letters and digits: 120 bits of HMAC-SHA256, alike for nobody else.

        The user_id counts to the letter: `DOE_J` and `doe_j` are two people.
        Raises PseudonymKeyUnusable, StorageFull.
        """
        said = user_id.encode("utf-8", "surrogatepass")
        digest = hmac.new(self._key(), said, hashlib.sha256).digest()
        return f"P-{base64.b32encode(digest).decode()[:_CODE_CHARACTERS]}"

    def pseudonymise(self, run: RunMetadata) -> RunMetadata:
        """The run with a code for its user_id; one without any keeps none. Raises as `code`.

        Keys that this version doesn't know are left out, as files are: they may say who it is.
        """
        known = run.without_unknown()
        return known if run.user_id is None else known.having(user_id=self.code(run.user_id))

    def _key(self) -> bytes:
        if self._known is None:
            self._known = self._read() or self._make()
        return self._known

    def _read(self) -> bytes | None:
        try:
            key = self._path.read_bytes()
        except FileNotFoundError:
            return None
        if len(key) != _KEY_BYTES:
            raise PseudonymKeyUnusable(
                f"{self._path.name} in the folder state is damaged; put it back from the backup."
            )
        return key

    def _make(self) -> bytes:
        locks = self._path.with_name("locks")
        locks.mkdir(parents=True, exist_ok=True)
        with full_disk_named(), FileLock(locks / f"{_KEY}.lock"):
            known = self._read()  # another process may have been faster
            if known:
                return known
            key, part = secrets.token_bytes(_KEY_BYTES), temporary_beside(self._path)
            try:
                # Never readable for others, not even for a moment.
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
                with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
                    file.write(key)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(self._path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            sync_folder(self._path.parent)
        return key
