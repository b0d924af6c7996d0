"""Names of files that every system can hold, also the one that the package is unpacked on."""

from __future__ import annotations

import re

# The last ones turn the direction of reading, which can hide an ending.
_FORBIDDEN = re.compile(
    r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]'
)
# Names of devices on Windows, whatever ending follows.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_LONGEST = 120


def portable_name(name: str) -> str:
    """A name like `name` that Linux, macOS and Windows can all hold in a folder.

    The names that this server gives are returned as they are. At most 120 characters; of a longer
    name the ending stays.
    """
    kept = _FORBIDDEN.sub("_", name).rstrip(". ")
    if _DEVICE.fullmatch(kept):
        kept = f"_{kept}"
    if len(kept) > _LONGEST:
        stem, dot, ending = kept.rpartition(".")
        if not dot or len(ending) > 16:
            return kept[:_LONGEST].rstrip(". ")
        kept = f"{stem[: _LONGEST - len(ending) - 1].rstrip('. ')}.{ending}"
    return kept if kept.strip("_.") else f"file{kept}"


class PortableNames:
    """Gives each file of one folder a portable name that no other of them has.

    Names that differ only in case are the same to Windows and macOS.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, name: str) -> str:
        """A portable name like `name`; with a number when another file has it already."""
        first = candidate = portable_name(name)
        number = 1
        while candidate.casefold() in self._taken:
            number += 1
            stem, dot, ending = first.rpartition(".")
            candidate = f"{stem}_{number}.{ending}" if dot and stem else f"{first}_{number}"
        self._taken.add(candidate.casefold())
        return candidate
