"""How pictograms behave in a scene: what shines, floats, carries, holds or comes in numbers."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from typing import Any, Literal

from .lexicon import SCHEMAS

Role = Literal[
    "luminary",  # sun and moon
    "distant",  # in the sky, but never the subject: they take the room that is left
    "backdrop",  # spans the picture behind everybody
    "ridden",  # a rider's legs disappear behind it
    "container",  # one sits inside
    "foliage",  # one can sit between its branches
    "wheels",  # one sits on its saddle, behind the frame
    "tub",  # one lies in it, below its taps
    "boat",  # one stands behind its rail
    "roof",  # one stands below
    "support_in_sky",  # one can sit on it although it hangs in the sky
    "in_numbers",  # one alone looks lost; smaller ones are shown further back
    "afloat",  # swims on water, not in it
]


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / "roles.json").read_text("utf-8"))
    return loaded


@cache
def having(role: Role) -> frozenset[str]:
    """The pictograms with a role."""
    return frozenset(_data()["roles"][role])


def suggested_place(pictograms: Collection[str]) -> str | None:
    """Where such things usually are: the first place in the list that one of them suggests."""
    rows = _data()["suggested_places"]
    return next((row["place"] for row in rows if set(row["pictograms"]) & set(pictograms)), None)


def mood(pictograms: Collection[str]) -> frozenset[str]:
    """The weather of a feeling: tears bring rain."""
    rows = _data()["moods"]
    return frozenset(row["weather"] for row in rows if set(row["pictograms"]) & set(pictograms))


def shows_at_night(pictograms: Collection[str]) -> bool:
    """Whether things are there that only a dark sky shows."""
    return bool(set(_data()["night_shows"]) & set(pictograms)) and "2600" not in pictograms
