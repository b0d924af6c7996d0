"""All personal data of a text, and the text without them.

Found by rules, and incomplete: a name that nobody introduces is found only when it is on the list
of the class. No rule tells names in German, where every noun has a capital letter.
"""

from __future__ import annotations

from collections.abc import Sequence

from devserver.my_app.services.language_recognition import recognised_language

from .addresses import addresses_in
from .datum import KINDS, Kind, PersonalDatum
from .labels import own_label
from .names import class_names, introduced_names
from .numbers import numbers_in
from .online import accounts_in
from .words import Text

__all__ = ["KINDS", "PersonalDatum", "find_personal_data", "without_personal_data"]

_STANDS_FOR: dict[Kind, tuple[str, str]] = {
    "phone": ("[Telefonnummer]", "[phone number]"),
    "email": ("[E-Mail-Adresse]", "[e-mail address]"),
    "address": ("[Adresse]", "[address]"),
    "introduced_name": ("[Name]", "[name]"),
    "class_name": ("[Name]", "[name]"),
    "user_id": ("[Name]", "[name]"),
    "handle": ("[Benutzername]", "[user name]"),
    "iban": ("[Kontonummer]", "[account number]"),
    "card": ("[Kartennummer]", "[card number]"),
}


def find_personal_data(
    text: str, names: Sequence[str] = (), label: str | None = None
) -> list[PersonalDatum]:
    """The personal data in `text`, in its order; none overlaps another.

    `names` are those of the class, one name each: "Lena", "Lena Müller" or "Müller, Lena". `label`
    is the user_id of who wrote it. Takes time in proportion to the length of the text.
    """
    words = Text(text)
    found = [
        *accounts_in(text),
        *numbers_in(words),
        *addresses_in(words),
        *introduced_names(words),
        *class_names(words, names),
        *own_label(words, label or ""),
    ]
    return _apart(found)


def without_personal_data(text: str, found: Sequence[PersonalDatum]) -> str:
    """`text` with each of `found` replaced by what it is, such as [Name]; all else to the letter.

    Written in English where the text is, else in German.
    """
    column = 1 if recognised_language(text) == "en" else 0
    pieces, done = [], 0
    for datum in found:
        pieces += [text[done : datum.start], _STANDS_FOR[datum.kind][column]]
        done = datum.end
    return "".join([*pieces, text[done:]])


def _apart(found: Sequence[PersonalDatum]) -> list[PersonalDatum]:
    """What overlaps becomes one, of the kind that begins first; of two, of the longer one."""
    apart: list[PersonalDatum] = []
    for datum in sorted(found, key=lambda one: (one.start, -one.end, KINDS.index(one.kind))):
        if apart and datum.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(apart[-1].end, datum.end))
        else:
            apart.append(datum)
    return apart
