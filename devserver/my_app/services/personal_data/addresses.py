"""Where somebody lives: streets with house numbers, postcodes with towns; German and English."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .datum import PersonalDatum
from .words import Text, known_words, word_set

_NUMBER = re.compile(
    r"(?<![\w,/-])(?<!\d\.)(?P<first>\d{1,5})(?: ?[a-kA-K](?![^\W_]))?"
    r"(?: ?[/\u2013-] ?\d{1,4}[a-k]?)?(?![^\W_]|[.,]\d|%)"
)
_POSTCODE = re.compile(r"(?<![\w.,/])(?:D[ -]{1,3})?(?P<digits>\d{5})[ \u00a0]{1,2}(?=[^\W\d_])")
_GAPS = frozenset({"", " ", ".", ". ", "\u00a0", "  ", ", ", ": "})
_SURE = ("strasse", "gasse", "allee", "weg", "platz")
_WITH_CONTEXT = (
    *_SURE, "str", "ring", "damm", "ufer", "hof", "markt", "graben", "steig", "pfad", "chaussee",
    "promenade", "wall", "winkel", "garten", "gaerten", "feld", "berg", "tal",
)  # fmt: skip
_LIVES = word_set(
    "wohne wohnt wohnen wohn wohnst adresse anschrift zuhause live lives living address"
)
_PREPOSITIONS = word_set("am im an auf unter zum zur in vor hinter")
_ARTICLES = word_set("der den dem die das alten neuen langen kurzen hohen")
_NO_STREET = word_set(
    "der die das den dem des ein eine einer einem einen mein meine dein deine unsere diese dieser "
    "jede jeder viele keine auf in an am und"
)
_COUNTS = frozenset({"nr", "nummer", "no", "number", "hausnummer"})
_ROOMS = word_set(
    "nummer haus stock etage zimmer klasse level planet raum wohnung jahr kapitel tag monat "
    "januar februar maerz april mai juni juli august september oktober november dezember"
)
_GO_ON = word_set(
    "in und ist wo bei im neben wohnt wohne wohnen steht oder da aber mit weil denn gegenueber "
    "hinter zusammen and near where is at but with next on for from because or"
)
_STREETS = word_set("street st road rd avenue ave lane boulevard blvd")
_MAYBE_STREETS = word_set(
    "drive way place close court square terrace crescent gardens grove mews hill row"
)
_MOST_WORDS_OF_STREET = 4
_HOUSE = 4
"""Digits of a German house number at most."""


def addresses_in(text: Text) -> Iterator[PersonalDatum]:
    """Addresses; the parts of one that stand beside each other are one."""
    streets = list(_streets(text))
    parts = sorted({*streets, *_towns(text, {end for _, end in streets})})
    together: tuple[int, int] | None = None
    for start, end in parts:
        if together and len(gap := text.text[together[1] : start]) <= 3 and not gap.strip(" ,\n\r"):
            together = together[0], max(end, together[1])
            continue
        if together:
            yield PersonalDatum("address", *together)
        together = start, end
    if together:
        yield PersonalDatum("address", *together)


def _streets(text: Text) -> Iterator[tuple[int, int]]:
    for found in _NUMBER.finditer(text.text):
        number = text.first_from(found.start()) - 1
        start = None
        if len(found["first"]) <= _HOUSE:
            start = _german_street(text, number, *found.span())
        if start is not None:
            yield start, _with_town(text, found.end())
            continue
        end = _english_street(text, found.end())
        if end is not None:
            yield found.start(), end


def _german_street(text: Text, number: int, at: int, end: int) -> int | None:
    """Where the street that ends with word `number` before a house number begins, if it is one."""
    if text.form_at(number) in _COUNTS and number > 0 and len(text.gap(number)) <= 2:
        at = text.words[number].start
        number -= 1
    if number < 0 or text.text[text.words[number].end : at] not in _GAPS:
        return None
    form, first = text.form_at(number), _first_of_compound(text, number)
    lives = text.said_before(first, _LIVES)
    if form in known_words("ordinary_places") and first == number and not lives:
        return None
    abbreviated = form.endswith("str") and (text.text[text.words[number].end] == "." or lives)
    is_bare = form in _SURE or form == "str"
    if is_bare and first == number:
        first = number - 1
        if first < 0 or text.gap(number) != " " or not _is_like_a_name(text, first):
            return None
        sure = form in ("strasse", "str")
    else:
        sure = form.endswith(_SURE) or abbreviated
    if sure and (lives or _may_end(text, end)):
        return text.words[first].start
    if lives and (form.endswith(_WITH_CONTEXT) or _may_end(text, end)):
        return _after_preposition(text, first)
    return None


def _first_of_compound(text: Text, number: int) -> int:
    first = number
    while first and number - first < _MOST_WORDS_OF_STREET and text.gap(first) == "-":
        first -= 1
    return first


def _is_like_a_name(text: Text, number: int) -> bool:
    word = text.words[number]
    return word.is_capital and word.form not in _NO_STREET


def _after_preposition(text: Text, number: int) -> int | None:
    """The beginning of "Am Zwinger", "Unter den Linden"; None when it isn't of this kind."""
    if text.form_at(number) in _ROOMS or not text.words[number].is_capital:
        return None
    first = number - 1
    while first > 0 and text.form_at(first) in _ARTICLES and number - first <= 2:
        first -= 1
    if first >= 0 and text.form_at(first) in _PREPOSITIONS:
        return text.words[first].start
    return text.words[number].start if text.form_at(number).endswith(_WITH_CONTEXT) else None


def _may_end(text: Text, end: int) -> bool:
    """Whether what follows a house number lets it be one, and not a count of something."""
    if text.ends_at(end):
        return True
    after = text.text[end : end + 8].lstrip()
    if re.match(r"(?:D-)?\d{5}", after):
        return True
    number = text.first_from(end)
    return text.form_at(number) in _GO_ON and text.text[end : text.words[number].start] == " "


def _english_street(text: Text, end: int) -> int | None:
    first = text.first_from(end)
    lives = text.said_before(first, _LIVES)
    for number in range(first, min(first + _MOST_WORDS_OF_STREET, len(text.words))):
        gap = text.text[end : text.words[number].start] if number == first else text.gap(number)
        word = text.words[number]
        if gap not in (" ", ". ", "\u00a0") or not (word.is_capital or lives):
            return None
        if number == first:
            continue
        if word.form in _STREETS and (lives or _street_may_end(text, number)):
            return word.end
        if word.form in _MAYBE_STREETS and (lives or text.ends_at(word.end)):
            return word.end
    return None


def _street_may_end(text: Text, number: int) -> bool:
    following = number + 1
    if text.ends_at(text.words[number].end) or following >= len(text.words):
        return True
    return text.words[following].is_capital or text.form_at(following) in _GO_ON


def _with_town(text: Text, end: int) -> int:
    number = text.first_from(end)
    if text.form_at(number) in known_words("towns"):
        gap = text.text[end : text.words[number].start]
        return text.words[number].end if gap in (" ", ", ", ",") else end
    if text.form_at(number) == "in" and text.form_at(number + 1) in known_words("towns"):
        return text.words[number + 1].end
    return end


def _towns(text: Text, streets_end: set[int]) -> Iterator[tuple[int, int]]:
    for found in _POSTCODE.finditer(text.text):
        number = text.first_from(found.end())
        word = text.words[number]
        beside_street = any(found.start() - back in streets_end for back in range(4))
        lives = text.said_before(number, _LIVES) or text.said_before(number, frozenset({"plz"}))
        is_round = found["digits"].endswith("00")
        known = word.form in known_words("towns")
        if (known and not is_round) or ((beside_street or lives) and word.is_capital):
            yield found.start(), word.end
