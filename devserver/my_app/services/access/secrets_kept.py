"""How a secret is kept and compared: as its hash, and in a time that tells nothing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import TypeVar

Found = TypeVar("Found")


def sha256_of(secret: str) -> str:
    """The hash of a secret in hex, whatever a stranger sent as one.

    A plain hash is enough for what is random and long; it needs no salt and no slowness.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def matching(sha256: str, candidates: Iterable[tuple[str, Found]]) -> Found | None:
    """What belongs to the one hash that equals `sha256`.

    Every candidate is compared, each in constant time, whether or not one before it fitted: the
    time says neither how near a guess came nor which of them it was.
    """
    found: Found | None = None
    for known, what in candidates:
        if hmac.compare_digest(sha256, known):
            found = what
    return found
