"""One stretch of a text that is personal."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Kind = Literal[
    "phone",
    "email",
    "address",
    "introduced_name",
    "class_name",
    "user_id",
    "handle",
    "iban",
    "card",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class PersonalDatum(NamedTuple):
    """What it is, and where: `text[start:end]`."""

    kind: Kind
    start: int
    end: int
