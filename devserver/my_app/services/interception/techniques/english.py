"""What the techniques need to know of English grammar."""

from __future__ import annotations

from .pieces import lookup

_VOWEL_SOUND = frozenset("aeiou")
_SOUNDS_LIKE_YOU = ("uni", "uku", "eu", "use")


def indefinite_article(word: str) -> str:
    """`a` or `an` before an English word: `an owl`, `a unicorn`, `an hour`."""
    spelled = lookup(word)
    if spelled.startswith(_SOUNDS_LIKE_YOU):
        return "a"
    return "an" if spelled[:1] in _VOWEL_SOUND or spelled.startswith("hour") else "a"
