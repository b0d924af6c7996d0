"""What is where: an immutable picture in numbers. No pixels.

Lengths are in units of the picture's side, x to the right, y downwards. Everything that draws,
moves or sounds a scene starts from here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import Literal

from .roles import having


@dataclass(frozen=True)
class Figure:
    """One pictogram in its place. (x, y) is the middle of its lower edge.

    `depth` sorts from far (0) to near (1). `turn` is in degrees, counter-clockwise. A `repeat` is
    a smaller copy further back.
    """

    word: str
    pictogram: str
    x: float
    y: float
    width: float
    height: float
    role: Literal["hero", "sky", "repeat"]
    depth: float = 0.5
    colour: str | None = None
    turn: float = 0.0
    flipped: bool = False
    order: int = 0  # place of its word in the text

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (
            self.x - self.width / 2,
            self.y - self.height,
            self.x + self.width / 2,
            self.y,
        )


@dataclass(frozen=True)
class Scene:
    """A place at an hour in some weather, and who is there."""

    place: str
    time: str
    weathers: frozenset[str]
    figures: tuple[Figure, ...]
    seed: int
    setting_words: tuple[tuple[str, str], ...] = ()

    @property
    def has_luminary(self) -> bool:
        """Whether a figure is the sun or the moon."""
        return any(figure.pictogram in having("luminary") for figure in self.figures)


def seeded(seed: int, *parts: str) -> Random:
    """A source of chance that depends on nothing but its arguments."""
    key = "\x1f".join((str(seed), *parts)).encode("utf-8", "surrogatepass")
    return Random(int.from_bytes(hashlib.sha256(key).digest()[:8], "big"))
