"""Paper shapes in numbers: polygons in units of the picture's side (0 to 1, y downwards)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Literal

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Colour = tuple[int, int, int]
Matter = Literal[
    "ground", "star", "light", "cloud", "fog", "water", "bubble", "weed", "grass", "rain", "snow"
]


@dataclass(frozen=True)
class Sheet:
    """A piece of paper. `lift` is how far it hovers over what is behind it (shadow, 0 to 1).

    `matter` is what it shows, for whoever makes it move.
    """

    colour: Colour
    polygons: tuple[Polygon, ...]
    lift: float = 0.5
    matter: Matter = "ground"


def rgb(code: str) -> Colour:
    """`#rrggbb` as numbers."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of `second` in `first`."""
    blended = [round(a + (b - a) * share) for a, b in zip(first, second, strict=True)]
    return blended[0], blended[1], blended[2]


def hill(level: float, height: float, rng: Random, *, steps: int = 48) -> Polygon:
    """A wavy ground from edge to edge, its ridge around `level`."""
    waves = [(rng.uniform(0.6, 1.5), rng.uniform(0, math.tau), height)]
    waves.append((rng.uniform(1.8, 3.2), rng.uniform(0, math.tau), height * 0.35))
    ridge = [
        (x, level + sum(size * math.sin(math.tau * rate * x + turn) for rate, turn, size in waves))
        for x in (-0.05 + 1.1 * i / steps for i in range(steps + 1))
    ]
    return (*ridge, (1.06, 1.08), (-0.06, 1.08))


def waves(level: float, width: float, depth: float, phase: float) -> Polygon:
    """Scalloped water from edge to edge: pointed crests, round troughs."""
    count = round(1.2 / width) * 8
    crest = []
    for i in range(count + 1):
        x = -0.1 + 1.2 * i / count
        crest.append((x, level - depth * abs(math.cos(math.pi * (x / width + phase))) ** 2.2))
    return (*crest, (1.1, 1.08), (-0.1, 1.08))


def disc(x: float, y: float, radius: float, *, flat: float = 1.0, steps: int = 40) -> Polygon:
    """A circle, or an ellipse `flat` times as high as wide."""
    return tuple(
        (
            x + radius * math.cos(math.tau * i / steps),
            y + radius * flat * math.sin(math.tau * i / steps),
        )
        for i in range(steps)
    )


def star(x: float, y: float, radius: float, points: int = 5, turn: float = 0.0) -> Polygon:
    """A star with `points` points."""
    return tuple(
        (
            x + radius * (1.0 if i % 2 == 0 else 0.42) * math.sin(turn + math.pi * i / points),
            y - radius * (1.0 if i % 2 == 0 else 0.42) * math.cos(turn + math.pi * i / points),
        )
        for i in range(points * 2)
    )


def box(left: float, top: float, right: float, bottom: float) -> Polygon:
    """A rectangle."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def cloud(x: float, y: float, width: float, rng: Random) -> tuple[Polygon, ...]:
    """Four overlapping discs over a flat bottom."""
    unit = width / 4
    bumps = ((-1.1, 0.0, 0.62), (-0.35, -0.42, 0.85), (0.55, -0.25, 0.72), (1.2, 0.03, 0.52))
    discs = tuple(
        disc(x + dx * unit, y + dy * unit, r * unit * rng.uniform(0.92, 1.08))
        for dx, dy, r in bumps
    )
    base = box(x - 1.3 * unit, y - 0.1 * unit, x + 1.3 * unit, y + 0.54 * unit)
    return (
        *discs,
        base,
        disc(x - 1.3 * unit, y + 0.22 * unit, 0.32 * unit),
        disc(x + 1.3 * unit, y + 0.24 * unit, 0.3 * unit),
    )


def fir(x: float, bottom: float, height: float) -> tuple[Polygon, ...]:
    """A fir of three tiers on a short trunk."""
    width = height * 0.42
    tiers = tuple(
        (
            (x, bottom - height * top),
            (x + width * w / 2, bottom - height * low),
            (x - width * w / 2, bottom - height * low),
        )
        for top, low, w in ((1.0, 0.6, 0.6), (0.8, 0.34, 0.8), (0.56, 0.08, 1.0))
    )
    trunk = box(x - width * 0.07, bottom - height * 0.12, x + width * 0.07, bottom + 0.02)
    return (*tiers, trunk)


def round_tree(x: float, bottom: float, height: float) -> tuple[Polygon, ...]:
    """A leafy tree: three discs on a trunk."""
    r = height * 0.27
    return (
        box(x - height * 0.035, bottom - height * 0.5, x + height * 0.035, bottom + 0.02),
        disc(x, bottom - height * 0.72, r),
        disc(x - r * 0.75, bottom - height * 0.54, r * 0.78),
        disc(x + r * 0.75, bottom - height * 0.55, r * 0.8),
    )
