"""Texts of strangers, made fit to be shown: nothing in them is invisible, nothing is lost."""

from __future__ import annotations

import re
import unicodedata

from devserver.my_app.services.journey import Change

# Controls but tab and line feed; separators of directions, which could turn what stands beside
# them; halves of surrogate pairs; what no XML may hold.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_RTL = ("R", "AL")
_STRONG = ("L", *_RTL)


def visible(text: str) -> str:
    """`text` with one kind of line end, and every hidden sign as its number, like [U+0007].

    What comes out can stand in XML, and no part of it changes the direction of its surroundings.
    """
    return _HIDDEN.sub(lambda sign: numbered(sign.group()), _LINE_END.sub("\n", text))


def numbered(sign: str) -> str:
    """A character as its number in Unicode."""
    return f"[U+{ord(sign):04X}]"


def runs_rightwards(text: str) -> bool:
    """Whether `text` is written from left to right, by its first letter (Unicode's rule P2)."""
    kinds = (unicodedata.bidirectional(sign) for sign in text)
    return next((kind for kind in kinds if kind in _STRONG), "L") == "L"


def shortened(changes: tuple[Change, ...], note: str, *, longest: int = 700) -> tuple[Change, ...]:
    """`changes`, in which kept stretches longer than `longest` are cut short in their middle.

    `note` says so there; its `{}` is the number of characters left out.
    """
    ends = longest // 3
    return tuple(
        Change("kept", f"{c.text[:ends]} {note.format(len(c.text) - 2 * ends)} {c.text[-ends:]}")
        if c.kind == "kept" and len(c.text) > longest
        else c
        for c in changes
    )
