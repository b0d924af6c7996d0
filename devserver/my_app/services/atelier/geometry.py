"""The geometric manner (Bauhaus): circles, triangles and bars in five colours, no shadows.

The scene's place and hour decide the construction; the figures keep their drawing but take the
nearest of the five colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

from PIL import Image

from . import pictograms
from .layers import Cutting, Drawing, Kind, Layer
from .paper import bordered
from .roles import having
from .scene import Figure, Scene, seeded
from .shapes import Colour, Polygon, Sheet, box, disc, mix, rgb

RED, YELLOW, BLUE, BLACK, CREAM = (
    rgb(c) for c in ("#d23a2a", "#f2b822", "#1f5aa6", "#1e1c1d", "#f4ead5")
)
PALETTE = ("#d23a2a", "#f2b822", "#1f5aa6", "#1e1c1d", "#f4ead5")
Flat = tuple[Colour, Polygon]
# A shape of the ground smaller than this (in squares of the side) belongs to the one before it.
LEAST_AREA = 0.012


def drawing(scene: Scene, size: int) -> Drawing:
    """The scene as a construction, `size` by `size` pixels."""
    rng = seeded(scene.seed, "geometry")
    dark = scene.time == "night" or scene.place in ("space", "moon")
    ground = Image.new("RGB", (size, size), BLACK if dark else CREAM)
    return Drawing(ground, _layers(scene, size, rng, dark))


def _layers(scene: Scene, size: int, rng: Random, dark: bool) -> Iterator[Layer]:
    yield from _sky(scene, rng, dark)
    ground = GROUNDS.get(scene.place, _hills)
    kind: Kind = "water" if ground in (_waves, _shore, _deep) else "ground"
    for shapes in _grouped(ground(rng, CREAM if dark else BLACK)):
        yield _layer(kind, *shapes)
    carried = [figure for figure in scene.figures if figure.role == "hero"][:3]
    for number, figure in enumerate(carried):
        yield Layer("shape", (Sheet(*_base(figure, number, dark), 0.0),), figure)
    for figure in scene.figures:
        yield Layer("figure", (_cutting(figure, size),), figure)


def _layer(kind: Kind, *shapes: Flat) -> Layer:
    return Layer(kind, tuple(Sheet(colour, (polygon,), 0.0) for colour, polygon in shapes))


def _grouped(shapes: Iterator[Flat]) -> list[list[Flat]]:
    """Large shapes, each with the small ones that follow it: a tower with its windows."""
    groups: list[list[Flat]] = []
    for shape in shapes:
        if groups and _area(shape[1]) < LEAST_AREA:
            groups[-1].append(shape)
        else:
            groups.append([shape])
    return groups


def _area(polygon: Polygon) -> float:
    around = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in around)) / 2


def _cutting(figure: Figure, size: int) -> Cutting:
    """The figure in the five colours, set off by a cream edge; a rainbow keeps its own."""
    palette = (
        () if figure.pictogram in having("backdrop") or figure.colour == "rainbow" else PALETTE
    )
    height = max(8, round(figure.height * size))
    drawn = pictograms.image(figure.pictogram, height, figure.colour, palette)
    edge = max(2, round(size * 0.007))
    drawn = bordered(drawn, edge, CREAM)
    if figure.flipped:
        drawn = drawn.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    left, top = (
        round(figure.x * size - drawn.width / 2),
        round(figure.y * size - drawn.height) + edge,
    )
    return Cutting(drawn, (left, top), lift=0.0)


def _half_disc(x: float, y: float, radius: float) -> Polygon:
    return tuple(
        (x + radius * math.cos(a), y - radius * math.sin(a))
        for a in (i * math.pi / 40 for i in range(41))
    )


def _bar(x: float, y: float, long: float, wide: float, turn: float) -> Polygon:
    cos, sin = math.cos(turn), math.sin(turn)
    corners = (
        (-long / 2, -wide / 2),
        (long / 2, -wide / 2),
        (long / 2, wide / 2),
        (-long / 2, wide / 2),
    )
    return tuple((x + a * cos - b * sin, y + a * sin + b * cos) for a, b in corners)


def _sky(scene: Scene, rng: Random, dark: bool) -> Iterator[Layer]:
    """A large disc, a construction, stars as small squares."""
    side = rng.choice((0.24, 0.76))
    if not scene.has_luminary:
        light = [(YELLOW if not dark else CREAM, disc(side, 0.23, 0.15, steps=80))]
        if dark:
            light.append((BLACK, disc(side + 0.06, 0.19, 0.125, steps=80)))
        yield _layer("light", *light)
    line = CREAM if dark else BLACK
    construction = rng.choice((_diagonals, _arcs, _squares, _uprights))
    shapes = list(construction(1 - side, line))
    # Arcs cover one another, uprights have a disc each; all other shapes are on their own.
    together = {_arcs: len(shapes), _uprights: 2}.get(construction, 1)
    for first in range(0, len(shapes), together):
        yield _layer("shape", *shapes[first : first + together])
    if dark:
        stars = []
        for _ in range(18):
            x, y, r = rng.uniform(0.04, 0.96), rng.uniform(0.04, 0.55), rng.uniform(0.004, 0.009)
            stars.append((CREAM, box(x - r, y - r, x + r, y + r)))
        yield _layer("star", *stars)
    if {"rain", "storm"} & scene.weathers:
        drops = []
        for i in range(24):
            x, y = (i % 8) / 8 + 0.05 + 0.03 * (i // 8), 0.2 + 0.17 * (i // 8)
            drops.append((BLUE, _bar(x, y, 0.08, 0.008, 1.9)))
        yield _layer("rain", *drops)
    if "snowfall" in scene.weathers or scene.place == "snow":
        flakes = []
        for i in range(20):
            x, y = (i % 5) / 5 + 0.09 + 0.04 * (i // 5 % 2), 0.08 + 0.12 * (i // 5)
            flakes.append((mix(BLUE, CREAM, 0.55), disc(x, y, 0.013)))
        yield _layer("snow", *flakes)


def _waves(_rng: Random, line: Colour) -> Iterator[Flat]:
    yield from _scallops((BLUE, line, BLUE))


def _scallops(colours: tuple[Colour, ...]) -> Iterator[Flat]:
    for row, colour in enumerate(colours):
        y = 0.70 + 0.1 * row
        yield colour, box(-0.1, y, 1.1, 1.1)
        for i in range(8):
            yield colour, _half_disc((i + 0.5 * (row % 2)) / 7, y + 0.001, 1 / 14)


def _shore(_rng: Random, line: Colour) -> Iterator[Flat]:
    yield from _scallops((BLUE, line))
    yield YELLOW, box(-0.1, 0.86, 1.1, 1.1)


def _deep(_rng: Random, _line: Colour) -> Iterator[Flat]:
    yield BLUE, box(-0.1, -0.1, 1.1, 1.1)
    yield mix(BLUE, CREAM, 0.25), disc(0.5, 0.1, 0.4, steps=80)
    yield from _scallops((mix(BLUE, BLACK, 0.3), mix(BLUE, BLACK, 0.55), YELLOW))


def _peaks(_rng: Random, line: Colour) -> Iterator[Flat]:
    yield BLUE, ((0.02, 0.78), (0.3, 0.3), (0.58, 0.78))
    yield line, ((0.42, 0.78), (0.7, 0.38), (0.98, 0.78))
    yield CREAM, ((0.23, 0.42), (0.3, 0.3), (0.37, 0.42))
    yield YELLOW, box(-0.1, 0.77, 1.1, 1.1)
    yield RED, box(-0.1, 0.95, 1.1, 1.1)


def _towers(rng: Random, line: Colour) -> Iterator[Flat]:
    x = 0.02
    for i in range(7):
        wide, top = rng.uniform(0.1, 0.15), rng.uniform(0.36, 0.6)
        yield (RED, mix(BLACK, CREAM, 0.12), BLUE, YELLOW)[i % 4], box(x, top, x + wide, 0.8)
        for floor in range(int((0.72 - top) / 0.06)):
            y = top + 0.03 + 0.06 * floor
            for column in (0.18, 0.58):
                left = x + wide * column
                yield CREAM, box(left, y, left + wide * 0.25, y + 0.025)
        x += wide + 0.012
    yield line, box(-0.1, 0.79, 1.1, 1.1)
    yield YELLOW, box(-0.1, 0.9, 1.1, 0.915)


def _trees(rng: Random, line: Colour, floor: Colour = YELLOW) -> Iterator[Flat]:
    for i in range(7):
        x, top = (i + 0.5) / 7 + rng.uniform(-0.02, 0.02), rng.uniform(0.36, 0.5)
        colour = (BLUE, line, mix(BLUE, BLACK, 0.4))[i % 3]
        yield colour, ((x - 0.075, 0.7), (x, top), (x + 0.075, 0.7))
        yield line, box(x - 0.009, 0.7, x + 0.009, 0.8)
    yield floor, box(-0.1, 0.77, 1.1, 1.1)
    yield line, box(-0.1, 0.765, 1.1, 0.776)


def _white_trees(rng: Random, line: Colour) -> Iterator[Flat]:
    yield from _trees(rng, line, mix(CREAM, BLUE, 0.12))


def _interior(_rng: Random, line: Colour) -> Iterator[Flat]:
    yield mix(YELLOW, CREAM, 0.45), box(0.05, 0.08, 0.34, 0.46)
    yield BLUE, box(0.07, 0.1, 0.19, 0.44)
    yield BLUE, box(0.2, 0.1, 0.32, 0.44)
    yield RED, box(-0.1, 0.76, 1.1, 1.1)
    yield line, box(-0.1, 0.74, 1.1, 0.76)
    yield YELLOW, disc(0.5, 0.9, 0.38, flat=0.18, steps=80)


def _orbit(_rng: Random, _line: Colour) -> Iterator[Flat]:
    yield BLUE, disc(0.15, 0.86, 0.13, steps=80)
    yield RED, disc(0.85, 0.2, 0.07, steps=60)
    yield YELLOW, _bar(0.15, 0.86, 0.42, 0.018, -0.3)


def _moon(_rng: Random, _line: Colour) -> Iterator[Flat]:
    yield CREAM, disc(0.5, 1.12, 0.53, steps=120)
    for x, y, radius in ((0.3, 0.85, 0.05), (0.68, 0.8, 0.06), (0.5, 0.95, 0.04)):
        yield mix(BLACK, CREAM, 0.75), disc(x, y, radius)


def _dunes(_rng: Random, _line: Colour) -> Iterator[Flat]:
    yield YELLOW, _half_disc(0.25, 0.86, 0.4)
    yield RED, _half_disc(0.8, 0.86, 0.3)
    yield mix(YELLOW, CREAM, 0.4), box(-0.1, 0.8, 1.1, 1.1)


def _clouds(_rng: Random, _line: Colour) -> Iterator[Flat]:
    pale = mix(BLUE, CREAM, 0.6)
    for x, radius in ((0.1, 0.2), (0.4, 0.24), (0.72, 0.2), (0.98, 0.24)):
        yield pale, _half_disc(x, 0.95, radius)
    yield pale, box(-0.1, 0.94, 1.1, 1.1)


def _hills(rng: Random, line: Colour) -> Iterator[Flat]:
    left, middle, right = rng.sample((BLUE, YELLOW, RED), 3)
    turned = rng.random() < 0.5
    for x, radius, colour in ((0.2, 0.26, left), (0.72, 0.32, middle), (0.99, 0.16, right)):
        yield colour, _half_disc(1 - x if turned else x, 0.76, radius)
    yield line, box(-0.1, 0.75, 1.1, 0.765)
    yield mix(YELLOW, CREAM, 0.55), box(-0.1, 0.765, 1.1, 1.1)


# Which way the sky is built, around the upper corner opposite the sun.
def _diagonals(x: float, line: Colour) -> Iterator[Flat]:
    for i in range(3):
        yield line, _bar(x, 0.15 + 0.05 * i, 0.42 - 0.1 * i, 0.009, -0.62)
    yield RED, _bar(x + 0.05, 0.36, 0.3, 0.03, -0.62)


def _arcs(x: float, line: Colour) -> Iterator[Flat]:
    ground = CREAM if line == BLACK else BLACK
    for radius, colour in ((0.19, RED), (0.16, ground), (0.135, line), (0.125, ground)):
        yield colour, _half_disc(x, 0.30, radius)
    yield BLUE, _half_disc(x, 0.30, 0.08)
    yield line, box(x - 0.23, 0.30, x + 0.23, 0.309)


def _squares(x: float, line: Colour) -> Iterator[Flat]:
    for i, colour in enumerate((RED, line, BLUE, YELLOW, BLUE, RED)):
        left, top = x - 0.17 + 0.12 * (i % 3), 0.10 + 0.12 * (i // 3)
        if i != 4:
            yield colour, box(left, top, left + 0.1, top + 0.1)
        else:
            yield colour, disc(left + 0.05, top + 0.05, 0.05)


def _uprights(x: float, line: Colour) -> Iterator[Flat]:
    for i, length in enumerate((0.34, 0.26, 0.18, 0.10)):
        left = x - 0.15 + 0.06 * i
        yield (line, RED, line, BLUE)[i], box(left, -0.01, left + 0.022, length)
        yield (YELLOW, line, BLUE, RED)[i], disc(left + 0.011, length, 0.022)


GROUNDS: dict[str, Callable[[Random, Colour], Iterator[Flat]]] = {
    "sea": _waves,
    "beach": _shore,
    "underwater": _deep,
    "mountains": _peaks,
    "city": _towers,
    "forest": _trees,
    "snow": _white_trees,
    "room": _interior,
    "stage": _interior,
    "space": _orbit,
    "moon": _moon,
    "desert": _dunes,
    "sky": _clouds,
}


def _base(figure: Figure, number: int, dark: bool) -> tuple[Colour, tuple[Polygon, ...]]:
    """A disc, a triangle and a square stand behind the first three heroes."""
    x, y = figure.x, figure.y - figure.height / 2
    r = max(figure.width, figure.height) * 0.5
    if number == 0:
        return (BLUE if dark else YELLOW), (disc(x, y, r * 0.9, steps=90),)
    if number == 1:
        return RED, (((x - r, figure.y), (x, figure.y - r * 1.9), (x + r, figure.y)),)
    return mix(BLUE, CREAM, 0.45), (box(x - r * 0.8, y - r * 0.8, x + r * 0.8, y + r * 0.8),)
