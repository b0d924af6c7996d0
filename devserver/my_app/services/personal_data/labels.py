"""The label under which a person's runs are kept, where it stands in their texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .datum import PersonalDatum
from .names import class_names
from .words import Text, known_words, spelled_out

_BETWEEN = re.compile(r"[\W_]+")
_SHORTEST = 2


def own_label(text: Text, label: str) -> Iterator[PersonalDatum]:
    """The label as a whole, however its parts are set apart, and given names that are part of it.

    `lena_mueller` is found in "Lena Mueller" and in "Lena". A label of one sign is not looked for.
    """
    parts = [part for part in _BETWEEN.split(label) if part]
    if len("".join(parts)) >= _SHORTEST:
        whole = r"[\W_]{0,2}".join(map(re.escape, parts))
        for found in re.finditer(rf"(?<![^\W_]){whole}(?![^\W_])", text.text, re.IGNORECASE):
            yield PersonalDatum("user_id", found.start(), found.end())
    given = [part for part in parts if spelled_out(part) in known_words("given_names")]
    for datum in class_names(text, given):
        yield datum._replace(kind="user_id")
