"""The places of a text as sheets of coloured paper.

Each place gives two lists of sheets from far to near: those behind the figures and those over
their feet (waves, grass).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from .shapes import (
    Colour,
    Polygon,
    Sheet,
    box,
    cloud,
    disc,
    fir,
    hill,
    mix,
    rgb,
    round_tree,
    waves,
)

Sheets = tuple[list[Sheet], list[Sheet]]


@dataclass(frozen=True)
class Light:
    """The colours of an hour: sky from the zenith to the glow, and what it does to the ground."""

    sky: tuple[Colour, Colour]
    tint: Colour
    strength: float  # how much of `tint` is mixed into the ground's colours, 0 to 1
    dark: bool


def _shaded(colour: str, light: Light) -> Colour:
    return mix(rgb(colour), light.tint, light.strength)


def _hills(levels: Iterable[tuple[float, float, str]], light: Light, rng: Random) -> list[Sheet]:
    return [
        Sheet(_shaded(colour, light), (hill(level, height, rng),), 0.6)
        for level, height, colour in levels
    ]


def _blossoms(rng: Random, light: Light, count: int, top: float) -> list[Sheet]:
    """Small paper flowers in a meadow, larger the nearer."""
    sheets = []
    for colour in ("#f7f3e3", "#f2b8cf", "#f4d35e"):
        petals: list[Polygon] = []
        for _ in range(count):
            y = rng.uniform(top, 0.985)
            size = 0.004 + 0.012 * (y - top) / (1 - top)
            x = rng.uniform(0.03, 0.97)
            petals += [
                disc(x + size * math.cos(a), y + size * 0.8 * math.sin(a), size * 0.62, steps=12)
                for a in (i * math.tau / 5 for i in range(5))
            ]
        sheets.append(Sheet(_shaded(colour, light), tuple(petals), 0.2))
    return sheets


def _grass(rng: Random, light: Light, colour: str, count: int = 16) -> Sheet:
    """Tufts along the lower edge, in front of everybody's feet."""
    blades: list[Polygon] = []
    for i in range(count):
        x, height = (i + rng.uniform(0.1, 0.9)) / count, rng.uniform(0.02, 0.045)
        for lean in (-0.014, -0.003, 0.01):
            blades.append(((x - 0.005, 1.0), (x + lean, 0.985 - height), (x + 0.006, 1.0)))
    return Sheet(_shaded(colour, light), tuple(blades), 0.25, "grass")


def meadow(light: Light, rng: Random) -> Sheets:
    """Three hills with small flowers."""
    back = _hills(
        ((0.60, 0.030, "#bcd37f"), (0.67, 0.028, "#93bf63"), (0.765, 0.018, "#6da34d")), light, rng
    )
    return [*back, *_blossoms(rng, light, 7, 0.80)], [_grass(rng, light, "#4f8a3d")]


def garden(light: Light, rng: Random) -> Sheets:
    """A lawn behind which a fence and bushes stand."""
    back = _hills(((0.60, 0.02, "#c3d98a"),), light, rng)
    bushes: list[Polygon] = []
    for i in range(9):
        bushes.append(disc(i / 8 + rng.uniform(-0.03, 0.03), 0.66, rng.uniform(0.07, 0.1)))
    back.append(Sheet(_shaded("#5f9a55", light), tuple(bushes), 0.5))
    slats: list[Polygon] = [box(-0.02, 0.665, 1.02, 0.678), box(-0.02, 0.715, 1.02, 0.728)]
    for i in range(17):
        x = i / 16
        slats.append(
            (
                (x - 0.013, 0.76),
                (x - 0.013, 0.645),
                (x, 0.628),
                (x + 0.013, 0.645),
                (x + 0.013, 0.76),
            )
        )
    back.append(Sheet(_shaded("#fbf6e8", light), tuple(slats), 0.4))
    back += _hills(((0.75, 0.012, "#84b85a"),), light, rng)
    return [*back, *_blossoms(rng, light, 12, 0.79)], [_grass(rng, light, "#4f8a3d")]


def farm(light: Light, rng: Random) -> Sheets:
    """Fields in stripes with a red barn far away."""
    back = _hills(((0.60, 0.025, "#d9d27a"), (0.665, 0.02, "#a9c566")), light, rng)
    x = rng.choice((0.2, 0.8))
    barn: Polygon = (
        (x - 0.09, 0.70),
        (x - 0.09, 0.59),
        (x - 0.05, 0.54),
        (x + 0.05, 0.54),
        (x + 0.09, 0.59),
        (x + 0.09, 0.70),
    )
    back.append(Sheet(_shaded("#b5432f", light), (barn,), 0.4))
    back.append(Sheet(_shaded("#f6ead2", light), (box(x - 0.03, 0.635, x + 0.03, 0.70),), 0.2))
    back += _hills(((0.75, 0.015, "#7fae52"),), light, rng)
    rails: list[Polygon] = [box(-0.02, 0.715, 1.02, 0.727), box(-0.02, 0.755, 1.02, 0.767)]
    rails += [box(i / 7 - 0.009, 0.69, i / 7 + 0.009, 0.80) for i in range(8)]
    back.insert(-1, Sheet(_shaded("#a87444", light), tuple(rails), 0.3))
    return back, [_grass(rng, light, "#5f8f3d")]


def sea(light: Light, rng: Random) -> Sheets:
    """Rows of paper waves; the last one lies over what swims."""
    rows = (
        (0.60, 0.10, 0.016, "#8fcbe0"),
        (0.67, 0.13, 0.022, "#63b2d3"),
        (0.755, 0.16, 0.028, "#3f94c2"),
    )
    back = [
        Sheet(_shaded(colour, light), (waves(level, width, depth, rng.random()),), 0.6, "water")
        for level, width, depth, colour in rows
    ]
    front = [
        Sheet(_shaded(colour, light), (waves(level, width, 0.03, rng.random()),), 0.8, "water")
        for level, width, colour in ((0.885, 0.19, "#2b78ab"), (0.955, 0.22, "#216695"))
    ]
    return back, front


def beach(light: Light, rng: Random) -> Sheets:
    """Sea behind, foam, and sand to stand on."""
    back = [
        Sheet(_shaded(colour, light), (waves(level, width, depth, rng.random()),), 0.5, "water")
        for level, width, depth, colour in (
            (0.60, 0.11, 0.012, "#7cc4dd"),
            (0.66, 0.14, 0.018, "#4ba6cb"),
        )
    ]
    back += _hills(((0.742, 0.012, "#f8f2e0"), (0.757, 0.012, "#f0d79b")), light, rng)
    shells = tuple(
        disc(rng.uniform(0, 1), rng.uniform(0.82, 1), 0.005, steps=10) for _ in range(26)
    )
    back.append(Sheet(_shaded("#dcb877", light), shells, 0.1))
    return back, []


def snow(light: Light, rng: Random) -> Sheets:
    """White hills with firs."""
    back = _hills(((0.60, 0.03, "#cfdfec"),), light, rng)
    back += [
        Sheet(
            _shaded("#5e8a83", light),
            tuple(
                p
                for x in (0.06, 0.15, 0.79, 0.88, 0.97)
                for p in fir(x + rng.uniform(-0.02, 0.02), 0.71, rng.uniform(0.14, 0.22))
            ),
            0.5,
        )
    ]
    back += _hills(((0.68, 0.022, "#e4edf4"), (0.775, 0.018, "#f7fafb")), light, rng)
    return back, []


def desert(light: Light, rng: Random) -> Sheets:
    """Dunes."""
    return _hills(
        ((0.59, 0.045, "#f3d48f"), (0.67, 0.04, "#e9bd6c"), (0.765, 0.02, "#dca552")), light, rng
    ), []


def city(light: Light, rng: Random) -> Sheets:
    """Two rows of houses with windows along a street."""
    back: list[Sheet] = []
    for row, (colours, low, high) in enumerate(
        (
            (("#a9bccb", "#b9c6cf"), 0.30, 0.48),
            (("#d98d6a", "#e3b778", "#8fa7b5", "#c46f63"), 0.48, 0.62),
        )
    ):
        x = -0.02
        while x < 1.0:
            width = rng.uniform(0.09, 0.15)
            top = rng.uniform(low, high)
            wall = _shaded(rng.choice(colours), light)
            roof = (
                ()
                if row == 0 or rng.random() < 0.4
                else (((x - 0.008, top), (x + width / 2, top - 0.06), (x + width + 0.008, top)),)
            )
            back.append(Sheet(wall, (box(x, top, x + width - 0.004, 0.82), *roof), 0.45))
            panes = tuple(
                box(x + width * (0.16 + 0.28 * i), y, x + width * (0.34 + 0.28 * i), y + 0.026)
                for i in range(3)
                for y in (top + 0.025 + 0.05 * j for j in range(int((0.74 - top) / 0.05)))
                if rng.random() < 0.85
            )
            glass = rgb("#ffe08a") if light.dark else mix(rgb("#fdf3d0"), wall, 0.25)
            back.append(Sheet(glass, panes, 0.12))
            x += width
    back.append(Sheet(_shaded("#cfc8bb", light), (box(-0.05, 0.765, 1.05, 1.05),), 0.5))
    back.append(Sheet(_shaded("#8b8a90", light), (box(-0.05, 0.80, 1.05, 1.05),), 0.4))
    dashes = tuple(box(i / 6, 0.945, i / 6 + 0.09, 0.957) for i in range(-1, 7))
    back.append(Sheet(_shaded("#f4efe2", light), dashes, 0.1))
    return back, []


def forest(light: Light, rng: Random) -> Sheets:
    """Three rows of trees, darker the nearer."""
    back = _hills(((0.60, 0.02, "#cddc9c"),), light, rng)
    for bottom, low, high, count, colour in (
        (0.66, 0.24, 0.34, 10, "#9cc088"),
        (0.72, 0.3, 0.44, 8, "#6fa268"),
        (0.78, 0.4, 0.56, 6, "#457f50"),
    ):
        trees: list[Polygon] = []
        for i in range(count):
            x = (i + rng.uniform(0.2, 0.8)) / count
            # The nearest trees leave the middle free for the heroes.
            if bottom > 0.75 and 0.2 < x < 0.8:
                continue
            make = fir if rng.random() < 0.55 else round_tree
            trees += make(x, bottom, rng.uniform(low, high))
        back.append(Sheet(_shaded(colour, light), tuple(trees), 0.55))
        back += _hills(((bottom - 0.01, 0.012, colour),), light, rng)
    back += _hills(((0.80, 0.012, "#86b062"),), light, rng)
    return back, [_grass(rng, light, "#3d7a45", 20)]


def mountains(light: Light, rng: Random) -> Sheets:
    """Peaks with snow caps behind a meadow."""
    back: list[Sheet] = []
    for colour, level, peaks in (("#a9b8c9", 0.30, 3), ("#7d90a8", 0.40, 2)):
        for i in range(peaks):
            x = (i + rng.uniform(0.3, 0.7)) / peaks
            top, wide = level + rng.uniform(-0.06, 0.06), rng.uniform(0.26, 0.34)
            base = 0.78
            back.append(
                Sheet(
                    _shaded(colour, light), (((x, top), (x + wide, base), (x - wide, base)),), 0.5
                )
            )
            cap = 0.28
            down = (base - top) * cap
            edge = [
                (x - wide * cap + 2 * wide * cap * k / 6, top + down * (1.12 if k % 2 else 0.9))
                for k in range(1, 6)
            ]
            back.append(
                Sheet(
                    _shaded("#fbfaf5", light),
                    (
                        (
                            (x, top),
                            (x + wide * cap, top + down),
                            *reversed(edge),
                            (x - wide * cap, top + down),
                        ),
                    ),
                    0.15,
                )
            )
    back += _hills(((0.69, 0.025, "#a6c777"), (0.775, 0.018, "#78aa58")), light, rng)
    return back, [_grass(rng, light, "#4f8a3d")]


def room(light: Light, rng: Random) -> Sheets:
    """A papered wall, a window, a floor and a rug."""
    stripes = tuple(box(i / 9, -0.02, i / 9 + 0.05, 0.8) for i in range(-1, 10))
    back = [Sheet(_shaded("#f6dfb4", light), stripes, 0.0)]
    x = rng.choice((0.2, 0.8))
    back.append(Sheet(_shaded("#fffaf0", light), (box(x - 0.12, 0.14, x + 0.12, 0.42),), 0.5))
    pane = light.sky[1] if not light.dark else light.sky[0]
    panes = tuple(
        box(x + a, 0.16 + b, x + a + 0.093, 0.16 + b + 0.113)
        for a in (-0.103, 0.01)
        for b in (0.0, 0.127)
    )
    back.append(Sheet(mix(pane, rgb("#8ec7e6"), 0.0 if light.dark else 0.6), panes, 0.1))
    back.append(Sheet(_shaded("#fffaf0", light), (box(-0.05, 0.735, 1.05, 0.8),), 0.3))
    back.append(Sheet(_shaded("#bd8350", light), (box(-0.05, 0.765, 1.05, 1.05),), 0.4))
    seams = tuple(box(-0.05, y, 1.05, y + 0.003) for y in (0.82, 0.885, 0.955))
    back.append(Sheet(_shaded("#a16c3e", light), seams, 0.0))
    back.append(Sheet(_shaded("#c4574c", light), (disc(0.5, 0.9, 0.4, flat=0.19),), 0.3))
    back.append(Sheet(_shaded("#f0cf9a", light), (disc(0.5, 0.9, 0.34, flat=0.185),), 0.1))
    back.append(Sheet(_shaded("#d9776a", light), (disc(0.5, 0.9, 0.31, flat=0.18),), 0.1))
    return back, []


def stage(_light: Light, _rng: Random) -> Sheets:
    """A spotlight, boards and red curtains."""
    beam: Polygon = ((0.5, -0.1), (0.86, 0.9), (0.14, 0.9))
    back = [
        Sheet(rgb("#d9829a"), (beam,), 0.0),
        Sheet(rgb("#9c6238"), (box(-0.05, 0.76, 1.05, 1.05),), 0.5),
        Sheet(rgb("#f6d9a6"), (disc(0.5, 0.88, 0.38, flat=0.2),), 0.0),
    ]
    folds: list[Polygon] = []
    dark: list[Polygon] = []
    for i in range(3):
        for side in (0, 1):
            x = 0.045 * i if side == 0 else 1 - 0.045 * i
            (folds if i % 2 else dark).append(tuple(disc(x, 0.42, 0.05, flat=9.5)))
    top = tuple(disc(i / 6, 0.0, 0.1, flat=0.9) for i in range(7))
    back.append(Sheet(rgb("#8f1f2e"), tuple(dark), 0.7))
    back.append(Sheet(rgb("#b32b38"), tuple(folds), 0.5))
    back.append(Sheet(rgb("#c2333f"), top, 0.7))
    return back, []


def underwater(light: Light, rng: Random) -> Sheets:
    """Deepening water, rocks, sand, weeds and bubbles."""
    back = [
        Sheet(mix(rgb("#3f9fc0"), light.tint, light.strength * 0.6), (hill(0.63, 0.06, rng),), 0.5),
        Sheet(mix(rgb("#2a83ab"), light.tint, light.strength * 0.6), (hill(0.73, 0.05, rng),), 0.5),
    ]
    bubbles = tuple(
        disc(rng.uniform(0.04, 0.96), rng.uniform(0.05, 0.8), rng.uniform(0.004, 0.013), steps=18)
        for _ in range(18)
    )
    back.append(Sheet(rgb("#d3f0ef"), bubbles, 0.15, "bubble"))
    back.append(Sheet(_shaded("#ecd39c", light), (hill(0.855, 0.015, rng),), 0.6))
    weeds: list[Polygon] = []
    for x in (0.05, 0.11, 0.17, 0.84, 0.90, 0.955):
        height, phase = rng.uniform(0.16, 0.34), rng.uniform(0, 6)
        left, right = [], []
        for k in range(13):
            y, bend = 1.0 - height * k / 12, 0.014 * math.sin(phase + k * 0.8)
            half = 0.014 * (1 - k / 12.5)
            left.append((x + bend - half, y))
            right.append((x + bend + half, y))
        weeds.append((*left, *reversed(right)))
    front = [Sheet(_shaded("#2f8f6b", light), tuple(weeds), 0.5, "weed")]
    return back, front


def space(_light: Light, _rng: Random) -> Sheets:
    """Stars and far planets; nothing to stand on."""
    back = [
        Sheet(rgb("#5c4a94"), (disc(0.12, 0.95, 0.16),), 0.6),
        Sheet(rgb("#7763b0"), (disc(0.09, 0.92, 0.045), disc(0.2, 0.9, 0.025)), 0.1),
        Sheet(rgb("#c96a5b"), (disc(0.9, 0.14, 0.05),), 0.5),
    ]
    return back, []


def moon(_light: Light, _rng: Random) -> Sheets:
    """A large full moon to stand on, its upper half in sight."""
    back = [Sheet(rgb("#f6e3a0"), (disc(0.5, 1.12, 0.53, steps=90),), 0.9)]
    craters = (
        (0.24, 0.84, 0.04),
        (0.74, 0.80, 0.05),
        (0.45, 0.92, 0.06),
        (0.62, 0.96, 0.03),
        (0.86, 0.97, 0.035),
        (0.13, 0.98, 0.03),
        (0.36, 0.72, 0.022),
    )
    back.append(Sheet(rgb("#e3c877"), tuple(disc(x, y, r, flat=0.8) for x, y, r in craters), 0.0))
    return back, []


def sky(light: Light, rng: Random) -> Sheets:
    """High up: only clouds below."""
    front_colour = mix(rgb("#ffffff"), light.tint, light.strength * 0.8)
    back: list[Sheet] = []
    for level, width, share in ((0.78, 0.34, 0.3), (0.88, 0.42, 0.12)):
        puffs: list[Polygon] = [box(-0.05, level + 0.06, 1.05, 1.1)]
        for i in range(5):
            puffs += cloud(i / 4 + rng.uniform(-0.05, 0.05), level + 0.05, width, rng)
        back.append(Sheet(mix(front_colour, light.sky[0], share), tuple(puffs), 0.6))
    return back, []


Place = Callable[[Light, Random], Sheets]
PLACES: dict[str, Place] = {
    place.__name__: place
    for place in (
        meadow,
        garden,
        farm,
        sea,
        beach,
        snow,
        desert,
        city,
        forest,
        mountains,
        room,
        stage,
        underwater,
        space,
        moon,
        sky,
    )
}
INDOORS = frozenset(("room", "stage", "underwater"))
# Where feet stand; a picture without ground keeps its heroes in the middle.
GROUND = dict.fromkeys(PLACES, 0.90) | {
    "sea": 0.915,
    "underwater": 0.93,
    "space": 0.86,
    "moon": 0.62,
    "sky": 0.80,
    "city": 0.92,
}
HORIZON = dict.fromkeys(PLACES, 0.60) | {
    "space": 0.95,
    "underwater": 0.86,
    "sky": 0.74,
    "moon": 0.6,
}
