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


def readable(changes: tuple[Change, ...], note: str, *, longest: int = 700) -> tuple[Change, ...]:
    """`changes`, in which kept stretches longer than `longest` are cut short in their middle.

    `note` says so there; its `{}` is the number of characters left out. A space parts what was
    removed from what follows it.
    """
    ends = longest // 3
    told: list[Change] = []
    for change in changes:
        text = change.text
        if told and told[-1].kind == "removed" and not told[-1].text[-1:].isspace():
            told[-1] = Change("removed", told[-1].text + " ")
        if change.kind == "kept" and len(text) > longest:
            left_out = note.format(len(text) - 2 * ends)
            text = f"{text[:ends]} {left_out} {text[-ends:]}"
        told.append(Change(change.kind, text))
    return tuple(told)
