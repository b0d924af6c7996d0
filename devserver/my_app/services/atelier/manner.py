"""How a picture is made: the `picture` part of an interception style's JSON file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

Style = Literal["papercut", "montage", "geometric"]
Time = Literal["as_written", "day", "morning", "evening", "night", "autumn"]
Palette = Literal["natural", "warm", "cool", "pastel", "monochrome"]

PAPER_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
LEAST_EXAGGERATION, MOST_EXAGGERATION = 0.0, 2.0


@dataclass(frozen=True)
class Manner:
    """The parameters of a picture; each has a default.

    style: `papercut` (layered paper), `montage` (Dada: torn, halved, turned, with letters) or
        `geometric` (Bauhaus: circles, triangles, bars, five colours).
    time: the hour of the sky; `as_written` takes it from the text.
    palette: a last change of all colours.
    paper: the colour of the frame and of the montage's ground, `#rrggbb`.
    frame: whether a paper frame runs around the picture (papercut only).
    letters: whether words of the text lie among the pieces (montage only).
    upside_down: whether the finished picture stands on its head.
    exaggeration: how much large and small differ; 0 all alike, 1 as usual, 2 grotesque.
    """

    style: Style = "papercut"
    time: Time = "as_written"
    palette: Palette = "natural"
    paper: str = "#faf3e2"
    frame: bool = True
    letters: bool = True
    upside_down: bool = False
    exaggeration: float = 1.0

    def __post_init__(self) -> None:
        """Raise ValueError for a value that is not allowed."""
        for key, kind in get_type_hints(type(self)).items():
            _check(key, getattr(self, key), kind)

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Manner:
        """The manner a schema file asks for; raises ValueError naming what is wrong and allowed."""
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                raise ValueError(f"picture: unknown key {key!r}; allowed are {', '.join(known)}")
        return cls(**values)  # type: ignore[arg-type]  # __post_init__ checks every value


def _check(key: str, value: object, kind: object) -> None:
    if kind is bool:
        allowed, right = "true or false", isinstance(value, bool)
    elif kind is float:
        allowed = f"a number from {LEAST_EXAGGERATION:g} to {MOST_EXAGGERATION:g}"
        number = isinstance(value, int | float) and not isinstance(value, bool)
        right = number and LEAST_EXAGGERATION <= value <= MOST_EXAGGERATION  # type: ignore[operator]
    elif kind is str:
        allowed = "a colour like #faf3e2"
        right = isinstance(value, str) and PAPER_COLOUR.fullmatch(value) is not None
    else:
        choices = get_args(kind)
        allowed, right = "one of " + ", ".join(choices), value in choices
    if not right:
        raise ValueError(f"picture: {key} is {value!r}; it must be {allowed}")
