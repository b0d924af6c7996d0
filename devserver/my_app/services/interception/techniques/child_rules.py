"""Rules as children write them, understood: `ersetze Hund durch Katze`, `always blue`, `rückwärts`.

German and English. What is not understood stays as it is worded (`Wording`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_MOST_RULES = 20
_LONGEST_WORD = 40  # characters of what is replaced or put in its place

_Q = r"[\"'„“”‚‘’»«]?"
_X = rf"{_Q}(?P<old>[^\"„“”»«,;:=]{{1,{_LONGEST_WORD}}}?){_Q}"
_ARTICLE = r"(?:(?:einen|einem|einer|eine|ein|an|a|the)\s+)?"
_Y = rf"{_Q}{_ARTICLE}(?P<new>[^\"„“”»«;:=]{{1,{_LONGEST_WORD}}}?){_Q}"
_EVERY = (
    r"(?:(?:jedes mal|jedes|jeden|jede|alle|alles|immer|das wort|das|den|die|der|every|each|all|"
    r"the word|the letter|den buchstaben)\s+){0,3}"
)


@dataclass(frozen=True)
class Replace:
    """Say `new` wherever `old` stands."""

    old: str
    new: str


@dataclass(frozen=True)
class Always:
    """Every noun has this quality."""

    quality: str


@dataclass(frozen=True)
class Without:
    """The text does without this letter."""

    letter: str


@dataclass(frozen=True)
class Shout:
    """Capital letters only."""


@dataclass(frozen=True)
class Whisper:
    """Small letters only."""


@dataclass(frozen=True)
class Backwards:
    """From the end to the start: letters, or whole words."""

    whole_words: bool


@dataclass(frozen=True)
class Repeat:
    """The text so many times."""

    times: int


@dataclass(frozen=True)
class Wording:
    """A rule that is not understood."""


Rule = Replace | Always | Without | Shout | Whisper | Backwards | Repeat | Wording

_TIMES = {
    "zweimal": 2,
    "zwei mal": 2,
    "doppelt": 2,
    "twice": 2,
    "two times": 2,
    "dreimal": 3,
    "drei mal": 3,
    "three times": 3,
}
_DO = (
    r"(?:bitte\s+|please\s+)?"
    r"(?:(?:schreibe?|sage?|wiederhole?|mache?|write|say|repeat|make|do|turn)\s+)?"
    r"(?:(?:den text|alles|es|everything|it|the text|all|all of it|the whole text|ganz)\s+)*"
)


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{pattern}\s*[.!]*", re.IGNORECASE)


_REPLACEMENTS = tuple(
    map(
        _shape,
        (
            rf"(?:bitte\s+)?(?:ersetze?|tausche?|vertausche?)\s+{_EVERY}{_X}\s+"
            rf"(?:durch|mit|gegen)\s+{_Y}",
            rf"(?:mache?\s+)?aus\s+{_EVERY}{_X}\s+(?:wird|werden|mache?)\s+(?:immer\s+)?{_Y}",
            rf"mache?\s+aus\s+{_EVERY}{_X}\s+{_Y}",
            rf"(?:an)?statt\s+{_EVERY}{_X}\s+(?:sage?|schreibe?|nimm|steht|kommt|heißt es)\s+"
            rf"(?:immer\s+)?{_Y}",
            rf"{_EVERY}{_X}\s+(?:wird|werden)\s+(?:immer\s+)?(?:zum|zur|zu)\s+{_Y}",
            rf"{_EVERY}{_X}\s+(?:heißt|heißen)\s+(?:jetzt\s+|immer\s+|ab jetzt\s+)?{_Y}",
            rf"(?:please\s+)?(?:replace|swap|change|turn)\s+{_EVERY}{_X}\s+"
            rf"(?:with|by|for|into|to)\s+{_Y}",
            rf"{_EVERY}{_X}\s+(?:becomes|become|turns into|turn into)\s+{_Y}",
            rf"instead of\s+{_EVERY}{_X},?\s+(?:say|write|use)\s+{_Y}",
            rf"{_X}\s*(?:→|->|=>|=)\s*{_Y}",
        ),
    )
)
_ALWAYS = tuple(
    map(
        _shape,
        (
            r"immer\s+(?P<quality>[^\W\d_]{2,30})",
            r"(?:alles|alle|jeder|jedes)\s+(?:soll|muss|ist|sind|sollen|müssen|wird)?\s*(?:immer\s+)?"
            r"(?P<quality>[^\W\d_]{2,30})(?:\s+(?:sein|werden))?",
            r"mache?\s+alles\s+(?P<quality>[^\W\d_]{2,30})",
            r"always\s+(?P<quality>[^\W\d_]{2,30})",
            r"(?:make\s+)?everything\s+(?:is\s+|should be\s+|must be\s+|turns\s+)?(?:always\s+)?"
            r"(?P<quality>[^\W\d_]{2,30})",
        ),
    )
)
_WITHOUT = _shape(
    rf"{_DO}(?:ohne|without|kein|keine|no)\s+(?:den buchstaben\s+|the letter\s+|ein\s+|an?\s+)?"
    rf"{_Q}(?P<letter>[^\W\d_])(?:'s)?{_Q}(?:\s+(?:benutzen|verwenden|schreiben))?"
)
_SHOUT = _shape(
    rf"{_DO}(?:nur\s+|only\s+)?(?:in\s+|mit\s+|with\s+)?(?:immer\s+)?(?:gro(?:ß|ss)buchstaben|gro(?:ß|ss)|"
    r"gro(?:ß|ss)geschrieben|all caps|caps|capitals|capital letters|upper ?case)(?:\s+schreiben)?"
)
_WHISPER = _shape(
    rf"{_DO}(?:nur\s+|only\s+)?(?:in\s+|mit\s+|with\s+)?(?:immer\s+)?(?:kleinbuchstaben|klein|"
    r"kleingeschrieben|small letters|lower ?case)(?:\s+schreiben)?"
)
_BACKWARDS = _shape(
    rf"{_DO}(?P<words>(?:(?:die|the)\s+)?(?:wörter|worte|words?)\s+(?:order\s+)?)?"
    r"(?:rückwärts|von hinten(?: nach vorne?)?|backwards?|in reverse|reversed?)"
    r"(?:\s+(?:schreiben|lesen|sagen))?"
)
_REPEAT = _shape(rf"{_DO}(?P<times>{'|'.join(_TIMES)})(?:\s+(?:sagen|schreiben))?")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s*")
_BETWEEN = re.compile(r"[\n;]+|(?<=[^\d\s][.!])\s+|,?\s+(?:und dann|and then)\s+")


def understood(rules: str, is_quality: Callable[[str], bool]) -> list[tuple[Rule, str]]:
    """The rules of a text with the words they are written in, at most twenty.

    A rule is a line, a sentence, or what stands between semicolons. `is_quality` says which words
    are adjectives that may stand before a noun.
    """
    found: list[tuple[Rule, str]] = []
    for part in _BETWEEN.split(rules):
        said = " ".join(_BULLET.sub("", part).split())
        if said.strip(".!,;: "):
            found.append((_understood(said, is_quality), said))
    return found[:_MOST_RULES]


def _understood(said: str, is_quality: Callable[[str], bool]) -> Rule:
    if len(said) > 200:
        return Wording()
    simple = _simple(said)
    if simple is not None:
        return simple
    for pattern in _ALWAYS:
        match = pattern.fullmatch(said)
        if match and is_quality(match["quality"]):
            return Always(match["quality"].lower())
    for pattern in _REPLACEMENTS:
        match = pattern.fullmatch(said)
        if match and match["old"].strip() and match["new"].strip():
            return Replace(match["old"].strip(), match["new"].strip())
    return Wording()


def _simple(said: str) -> Rule | None:
    checks: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Rule]]] = (
        (_WITHOUT, lambda match: Without(match["letter"].lower())),
        (_SHOUT, lambda _match: Shout()),
        (_WHISPER, lambda _match: Whisper()),
        (_BACKWARDS, lambda match: Backwards(whole_words=match["words"] is not None)),
        (_REPEAT, lambda match: Repeat(_TIMES[match["times"].lower()])),
    )
    for pattern, rule in checks:
        match = pattern.fullmatch(said)
        if match is not None:
            return rule(match)
    return None
