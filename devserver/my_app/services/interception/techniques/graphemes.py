"""What a reader sees as one character: grapheme clusters.

Follows the rules of Unicode Standard Annex 29 as far as the standard library's tables reach:
combining marks, joined and coloured emoji, flags, keycaps, Hangul syllables and Indic conjuncts
stay whole. Where the tables are silent it joins rather than splits.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_EXTENDING = frozenset("\u200c\u200d\u0e33\u0eb3\uff9e\uff9f")
_VIRAMA = 9  # canonical combining class


def _extends(char: str) -> bool:
    return (
        char in _EXTENDING
        or unicodedata.category(char) in {"Mn", "Me", "Mc"}
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= char <= "\U000e007f"  # tags of subdivision flags
    )


def _is_plain(char: str) -> bool:
    """Whether the character joins nothing before it; the quick answer for most of a text."""
    return char.isascii() and (char.isalnum() or char == " ")


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _hangul_kind(char: str) -> str:
    if "\u1100" <= char <= "\u115f" or "\ua960" <= char <= "\ua97c":
        return "L"
    if "\u1160" <= char <= "\u11a7" or "\ud7b0" <= char <= "\ud7c6":
        return "V"
    if "\u11a8" <= char <= "\u11ff" or "\ud7cb" <= char <= "\ud7fb":
        return "T"
    if "\uac00" <= char <= "\ud7a3":
        return "LV" if (ord(char) - 0xAC00) % 28 == 0 else "LVT"
    return ""


_HANGUL_FOLLOWERS = {
    "L": {"L", "V", "LV", "LVT"},
    "V": {"V", "T"},
    "LV": {"V", "T"},
    "LVT": {"T"},
    "T": {"T"},
}


def _joins(cluster: str, char: str) -> bool:
    last = cluster[-1]
    if unicodedata.category(last) in {"Cc", "Zl", "Zp"}:
        return last + char == "\r\n"
    if _extends(char):
        return True
    if last == _JOINER:
        return unicodedata.category(char) in {"So", "Sk", "Lo", "Sm"}
    if unicodedata.combining(last) == _VIRAMA:
        return unicodedata.category(char) == "Lo"
    if _is_flag_letter(last) and _is_flag_letter(char):
        return len(cluster) == 1
    return _hangul_kind(char) in _HANGUL_FOLLOWERS.get(_hangul_kind(last), set())


def graphemes(text: str) -> list[str]:
    """Cut `text` into grapheme clusters; joined again they are exactly `text`."""
    clusters: list[str] = []
    for char in text:
        if clusters and not _is_plain(char) and _joins(clusters[-1], char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def base_letter(cluster: str) -> str:
    """The lower-case letter under the marks: `a` for `Ä`, `ß` for itself."""
    return unicodedata.normalize("NFD", cluster)[:1].lower()[:1]


def is_latin(cluster: str) -> bool:
    """Whether the cluster is a letter that German or English readers can spell."""
    base = base_letter(cluster)
    return "a" <= base <= "z" or base in {"ß", "æ", "ø", "œ"}


def upper(cluster: str) -> str:
    """The capital of a cluster, where it has one of the same length (`ß` stays)."""
    return cluster.upper() if len(cluster.upper()) == len(cluster) else cluster


def lower(cluster: str) -> str:
    """The small form of a cluster, where it has one of the same length."""
    return cluster.lower() if len(cluster.lower()) == len(cluster) else cluster
