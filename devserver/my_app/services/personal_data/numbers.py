"""Phone numbers, account numbers and card numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from .datum import PersonalDatum
from .words import Text, word_set

# Digits with at most three signs between two of them: each sign can be matched in one way only.
_RUN = re.compile(r"\+?\(?\d(?:[ \t\u00a0\u202f/().\u2010-\u2013-]{0,3}\d)*")
_GROUP = re.compile(r"\d+")
_DATE = re.compile(
    r"(?<!\d)(?:(?:0?[1-9]|[12]\d|3[01])([./-]) ?(?:0?[1-9]|1[0-2])\1 ?(?:\d{4}|\d{2})"
    r"|(?:1\d|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)
_NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[ .-]\d{4}")
_CARD = re.compile(r"(?:4\d|5[1-5]|2[2-7]|6[05])\d{14}|3[47]\d{13}")
_IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?:[ \u00a0]?[A-Za-z0-9]){11,32}")
_IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "ES": 24, "FI": 18, "FR": 27,
    "GB": 22, "HR": 21, "HU": 28, "IE": 22, "IT": 27, "LI": 21, "LU": 20, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24, "TR": 26, "UA": 29,
}  # fmt: skip
"""Characters of an account number by country (ISO 13616, the registry of SWIFT)."""

_FEWEST, _MOST = 8, 15  # E.164 has no more than 15
_FEWEST_WHEN_SAID = 5
_SAYS_PHONE = word_set(
    "telefon telefonnummer tel handy handynummer mobil mobilnummer mobiltelefon whatsapp "
    "festnetz rufnummer phone phonenumber telephone cell cellphone mobile"
)
_LINKING = word_set(
    "ist lautet is nummer number nr unter an me my us at on meine die the mich uns von of it s "
    "zuhause"
)
_CALLS = (("call", "me"), ("text", "me"), ("ring", "me"), ("mich", "an"), ("mich", "unter"),
          ("uns", "an"), ("meine", "nummer"), ("my", "number"))  # fmt: skip


def numbers_in(text: Text) -> Iterator[PersonalDatum]:
    """Phone, account and card numbers. The latter two only with a right check sum."""
    yield from _accounts(text.text)
    for found in _RUN.finditer(text.text):
        start, end = found.span()
        before = text.text[start - 1 : start]
        if before and (before.isalnum() or before in "_#$€£"):
            continue
        if text.text[end : end + 1].isalpha():
            continue
        for begin, stop in _apart(text.text, start, end):
            yield from _number(text, begin, stop)


def _number(text: Text, start: int, end: int) -> Iterator[PersonalDatum]:
    run = text.text[start:end]
    if run[0] == "(" and ")" not in run:
        run, start = run[1:], start + 1
    digits = "".join(_GROUP.findall(run))
    if _is_card(digits):
        yield PersonalDatum("card", start, end)
    elif _is_phone(run, digits) or (
        len(digits) >= _FEWEST_WHEN_SAID and _is_said_to_be_phone(text, start)
    ):
        yield PersonalDatum("phone", start, end)


def _apart(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The numbers of a run: more digits than a number has are several, or a card's and others.

    A phone number ends where the next begins with its 0, a card's where its digits are complete.
    """
    digits = ""
    previous = begin = start
    too_long = sum(map(str.isdigit, text[start:end])) > _MOST
    for group in _GROUP.finditer(text, start, end):
        begins = re.match(r"0[1-9]", group.group()) and len(digits) >= _FEWEST
        if too_long and (begins or _is_card(digits)):
            yield begin, previous
            opening = text[group.start() - 1] in "(+"
            begin, digits = group.start() - opening, ""
        digits += group.group()
        previous = group.end()
    yield begin, previous


def _is_phone(run: str, digits: str) -> bool:
    if _NORTH_AMERICAN.fullmatch(run):
        return True
    if not _FEWEST <= len(digits) <= _MOST or _DATE.search(run):
        return False
    if run.startswith("+") or re.match(r"00[1-9]", run):
        return True
    return bool(re.match(r"\(?0[1-9]", run)) and not _is_counting(run, digits)


def _is_counting(run: str, digits: str) -> bool:
    """0123456789, 01 02 03 04, 0101010101: digits, but nobody's number."""
    written = _GROUP.findall(run)
    steps = {int(later) - int(earlier) for earlier, later in pairwise(written)}
    pairs = len(written) > 3 and all(len(group) == 2 for group in written)
    single = {int(later) - int(earlier) for earlier, later in pairwise(digits)}
    return (
        (pairs and min(steps) > 0)
        or single <= {1, -9}
        or single <= {-1}
        or set(digits) <= set("01")
    )


def _is_said_to_be_phone(text: Text, start: int) -> bool:
    """Whether the words right before say so: "Handynummer ist", "call me at"."""
    number = text.first_from(start) - 1
    if number < 0 or start - text.words[number].end > 4:
        return False
    linking = 0
    while number >= 0 and linking <= 4:
        form = text.form_at(number)
        if form in _SAYS_PHONE:
            return True
        if (text.form_at(number - 1), form) in _CALLS:
            return True
        if form not in _LINKING or len(text.gap(number)) > 4:
            return False
        number -= 1
        linking += 1
    return False


def _is_card(digits: str) -> bool:
    """A payment card's number (ISO/IEC 7812), by its first digits and the check digit (Luhn)."""
    if not _CARD.fullmatch(digits):
        return False
    doubled = [2 * int(digit) for digit in digits[-2::-2]]
    total = sum(map(int, digits[-1::-2])) + sum(value - 9 * (value > 9) for value in doubled)
    return total % 10 == 0


def _accounts(text: str) -> Iterator[PersonalDatum]:
    for found in _IBAN.finditer(text):
        written = found.group()
        length = _IBAN_LENGTHS.get(written[:2].upper())
        places = [place for place, char in enumerate(written) if char not in " \u00a0"]
        if length is None or len(places) < length:
            continue
        end = places[length - 1] + 1
        iban = "".join(written[place] for place in places[:length]).upper()
        # ISO 7064, MOD 97-10: the first four characters go last, letters are 10 to 35.
        if int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1:
            yield PersonalDatum("iban", found.start(), found.start() + end)
