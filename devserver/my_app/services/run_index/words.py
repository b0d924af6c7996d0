"""How text becomes the words that are searched, the same for what is stored and what is typed.

Case and accents don't count, and neither does how an umlaut is written: `ü`, `ue` and `u` are the
same, and `ß` is `ss`. `ae`, `oe`, `ue` are read as an umlaut unless the word ends there (`blue`),
`ue` not after another vowel or a q either (`Bauer`, `Quelle`, but `geuebt`). The price: `poet` is
also found as `pot`. Each pictogram is a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+|[\u2190-\u2bff\U0001f000-\U0001faff]")
# Each begins with its letters, so that they are looked for at once and not letter by letter.
_AE, _OE = re.compile(r"ae(?=[^\W_])"), re.compile(r"oe(?=[^\W_])")
_UE = re.compile(r"ue(?:(?<![aeioqyäöü]..)|(?<=\b[bg]eue))(?=[^\W_])")
_ENDS_SPELT_OUT = re.compile(r"[ao]e$|(?:^|[^aeioqyäöü])ue$")
_ACCENTS = re.compile("[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]+")
_BEYOND_ASCII = re.compile(r"[^\0-\x7f]")
_IS_PLAIN = re.compile("[\0-\x7f\u2010-\u2027\U0001f000-\U0001faff]*")
_LETTERS = str.maketrans(
    {"æ": "a", "œ": "o", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_TYPED = re.compile(r'(-?)"([^"]*)(?:"(\*?)|$)|(\S+)')


@dataclass(frozen=True)
class Term:
    """Words that have to stand in a text one after the other, or (`excluded`) must not."""

    words: tuple[str, ...]
    prefix: bool = False
    """The last word is the beginning of one."""
    excluded: bool = False


def words_of(text: str) -> list[str]:
    """The words of a text in their order, in the form in which they are compared."""
    return _WORD.findall(_folded(text))


def searchable(text: str) -> str:
    """A text in which FTS5's tokenizer `ascii` finds just the words of `text`, in their order."""
    folded = _folded(text)
    if folded.isascii():
        return folded
    if _IS_PLAIN.fullmatch(folded):
        return _BEYOND_ASCII.sub(_set_apart, folded)  # much quicker than word by word
    return " ".join(_WORD.findall(folded))


def _set_apart(sign: re.Match[str]) -> str:
    return f" {sign[0]} " if _WORD.match(sign[0]) else " "


def terms_of(typed: str) -> list[Term]:
    """What somebody typed: words, "phrases", beginnings* and -exclusions; never a syntax error.

    A word that is several to us (`e-mail`) is a phrase. What holds no word is passed over.
    """
    terms = []
    for match in _TYPED.finditer(typed):
        minus, phrase, star, bare = match.groups()
        if bare is not None:
            excluded = bare.startswith("-")
            phrase, prefix = bare, bare.endswith("*")
        else:
            excluded, prefix = bool(minus), bool(star)
        words = words_of(phrase)
        if not words:
            continue
        if prefix and _ENDS_SPELT_OUT.search(_plain(phrase.rstrip("*"))):
            words[-1] = words[-1][:-1]
        terms.append(Term(tuple(words), prefix, excluded))
    return terms


def _plain(text: str) -> str:
    # Folded after, too: what only then is a letter (𝓐) may be a capital one.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _folded(text: str) -> str:
    german = _with_umlauts_read(text.casefold())
    german = german.replace("ä", "a").replace("ö", "o").replace("ü", "u")
    if german.isascii() or _IS_PLAIN.fullmatch(german):
        return german  # the usual case, and a rebuild is long
    text = _with_umlauts_read(_plain(text)).translate(_LETTERS)
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text))


def _with_umlauts_read(text: str) -> str:
    # Most texts have none of them, and a rebuild is long.
    if "ae" in text:
        text = _AE.sub("a", text)
    if "oe" in text:
        text = _OE.sub("o", text)
    return _UE.sub("u", text) if "ue" in text else text
