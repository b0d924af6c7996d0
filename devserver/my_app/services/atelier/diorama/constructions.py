"""What is built of solids in the geometric manner: the wall, and the ground of each place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

import numpy as np

from ..geometry import BLACK, BLUE, CREAM, RED, YELLOW
from ..scene import Scene
from ..shapes import Colour, mix
from .extrusion import box, extruded, filled
from .lathe import ball, cone, dome, rod
from .solids import Body, Numbers, moved

At = tuple[float, float, float]  # x, height over the board, z
Built = Iterator[tuple[Body, At]]
WALL_Z, WALL_HIGH = -0.30, 0.84
FRONT = 0.0  # no solid reaches further to the front
PALE = mix(BLUE, CREAM, 0.55)
STICK = 0.005


def _across(body: Body, degrees: float = 90.0) -> Body:
    """Tipped over to the right, around the z axis."""
    a = math.radians(degrees)
    turn = np.array(
        [[math.cos(a), math.sin(a), 0], [-math.sin(a), math.cos(a), 0], [0.0, 0.0, 1.0]]
    )
    return moved(body, matrix=turn)


TOWARDS: Numbers = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])


def _coin(radius: float, thick: float, colour: Colour) -> Body:
    """A round disc that faces the viewer, its middle at y = 0."""
    return moved(rod(thick, radius, colour, sides=48), matrix=TOWARDS)


def wall(scene: Scene, rng: Random, dark: bool) -> Built:
    """The wall with a large disc, thin bars, stars."""
    colour = BLACK if dark else CREAM
    if scene.place == "underwater":
        colour = BLUE
    line = CREAM if dark else BLACK
    yield box(1.0, WALL_HIGH, 0.012, colour), (0.0, 0.0, WALL_Z)
    front = WALL_Z + 0.0065
    side = rng.choice((-0.27, 0.27))
    if not scene.has_luminary:
        yield _coin(0.13, 0.016, CREAM if dark else YELLOW), (side, 0.62, front)
        if dark:
            yield _coin(0.105, 0.004, BLACK), (side + 0.045, 0.65, front + 0.0165)
    yield from rng.choice((_bars, _rings, _squares))(-side, front, line)
    if dark:
        for _ in range(16):
            x, y = rng.uniform(-0.46, 0.46), rng.uniform(0.34, 0.8)
            if abs(x - side) > 0.15:
                yield box(0.011, 0.011, 0.011, CREAM), (x, y, front + 0.0055)


def _bars(x: float, z: float, line: Colour) -> Built:
    for i in range(3):
        body = _across(box(0.012, 0.40 - 0.09 * i, 0.012, line), 58)
        yield body, (x - 0.17, 0.62 - 0.05 * i, z + 0.0065)
    yield _across(box(0.036, 0.3, 0.02, RED), 58), (x - 0.12, 0.42, z + 0.0105)


def _rings(x: float, z: float, line: Colour) -> Built:
    for i, (radius, colour) in enumerate(((0.17, RED), (0.125, line), (0.08, BLUE))):
        yield _coin(radius, 0.012, colour), (x, 0.58, z + 0.0121 * i)
    yield box(0.42, 0.012, 0.012, line), (x, 0.38, z + 0.0065)


def _squares(x: float, z: float, line: Colour) -> Built:
    for i, colour in enumerate((RED, line, BLUE, YELLOW, BLUE, RED)):
        left, low = x - 0.12 + 0.12 * (i % 3), 0.62 - 0.12 * (i // 3)
        deep = 0.02 + 0.015 * (i % 3)
        if i == 4:
            yield _coin(0.05, deep, colour), (left, low + 0.05, z)
        else:
            yield box(0.1, 0.1, deep, colour), (left, low, z + deep / 2 + 0.0005)


def hills(rng: Random, _line: Colour) -> Built:
    """Three domes, where no place of its own is known."""
    left, middle, right = rng.sample((BLUE, YELLOW, RED), 3)
    turned = -1 if rng.random() < 0.5 else 1
    for x, radius, colour in ((-0.3, 0.12, left), (0.06, 0.13, middle), (0.35, 0.1, right)):
        yield dome(radius, colour), (turned * x, 0.0, -0.15 if abs(x) < 0.2 else -0.14)


def _rows(colours: tuple[Colour, ...], radius: float) -> Built:
    """Rows of lying half cylinders, like waves."""
    for row, colour in enumerate(colours):
        count = 6 - row % 2
        for i in range(count):
            x = (i - (count - 1) / 2) * 2 * radius * 0.985
            yield _half(radius * 0.98, 0.05, colour, rows=row), (x, 0.0, -0.26 + 0.056 * row)


def _half(radius: float, deep: float, colour: Colour, *, rows: int) -> Body:
    """Half a disc that stands on its straight side, higher in the rows behind."""
    steps = 20
    outline = [
        (radius * math.cos(math.pi * i / steps), radius * math.sin(math.pi * i / steps))
        for i in range(steps + 1)
    ]
    raised = 0.10 - 0.045 * rows
    points = [(-radius, 0.0), (radius, 0.0), *((x, y + raised) for x, y in outline)]
    return extruded(filled(points), deep, front=colour, back=colour, edge=colour)


def _waves(_rng: Random, line: Colour) -> Built:
    yield from _rows((BLUE, line, BLUE), 0.082)


def _deep(_rng: Random, _line: Colour) -> Built:
    yield from _rows((mix(BLUE, BLACK, 0.5), mix(BLUE, CREAM, 0.35)), 0.082)
    yield dome(0.05, YELLOW), (-0.4, 0.0, -0.08)
    yield dome(0.035, RED), (0.42, 0.0, -0.08)


def _peaks(_rng: Random, line: Colour) -> Built:
    for x, high, colour in ((-0.24, 0.46, BLUE), (0.26, 0.38, line), (0.02, 0.28, RED)):
        z = -0.15 if colour != RED else -0.12
        yield cone(high, high * 0.3, colour), (x, 0.0, z)


def _towers(rng: Random, _line: Colour) -> Built:
    for i in range(7):
        high, x = rng.uniform(0.2, 0.46), (i - 3) * 0.138
        colour = (RED, mix(BLACK, CREAM, 0.12), BLUE, YELLOW)[i % 4]
        yield box(0.115, high, 0.1, colour), (x, 0.0, -0.22)
        for floor in range(int((high - 0.04) / 0.06)):
            for side in (-0.025, 0.025):
                window = box(0.028, 0.026, 0.006, CREAM)
                yield window, (x + side, 0.025 + 0.06 * floor, -0.1665)


def _trees(rng: Random, line: Colour) -> Built:
    for i in range(7):
        x, high = (i - 3) * 0.14 + rng.uniform(-0.012, 0.012), rng.uniform(0.3, 0.46)
        colour = (BLUE, RED, mix(BLUE, BLACK, 0.4))[i % 3]
        z = -0.2 - 0.02 * (i % 2)
        yield rod(0.07, 0.01, line, sides=14), (x, 0.0, z)
        yield cone(high, 0.06, colour), (x, 0.0705, z)


def _white_trees(rng: Random, line: Colour) -> Built:
    yield from _trees(rng, line)
    for x in (-0.4, -0.15, 0.2, 0.42):
        yield ball(rng.uniform(0.025, 0.04), CREAM), (x, 0.0, -0.09)


def _interior(_rng: Random, line: Colour) -> Built:
    yield box(0.05, 0.62, 0.05, RED), (-0.44, 0.0, -0.24)
    yield box(0.05, 0.62, 0.05, BLUE), (0.44, 0.0, -0.24)
    yield box(0.13, 0.13, 0.13, YELLOW), (-0.33, 0.0, -0.2)
    yield rod(0.12, 0.06, line, sides=36), (0.32, 0.0, -0.2)
    yield ball(0.05, RED), (0.32, 0.1205, -0.2)


def _orbit(_rng: Random, line: Colour) -> Built:
    for x, y, radius, colour in (
        (-0.36, 0.24, 0.09, BLUE),
        (0.38, 0.5, 0.06, RED),
        (0.12, 0.66, 0.035, YELLOW),
    ):
        z = -0.19
        yield rod(y, STICK, line), (x, 0.0, z)
        yield ball(radius, colour), (x, y + 0.0005, z)


def _moon(_rng: Random, _line: Colour) -> Built:
    grey = mix(BLACK, CREAM, 0.75)
    yield dome(0.1, CREAM), (-0.34, 0.0, -0.16)
    yield dome(0.07, grey), (0.36, 0.0, -0.16)
    yield ball(0.05, BLUE), (0.1, 0.0, -0.2)


def _dunes(_rng: Random, _line: Colour) -> Built:
    yield dome(0.13, YELLOW), (-0.25, 0.0, -0.16)
    yield dome(0.11, RED), (0.32, 0.0, -0.16)
    yield cone(0.2, 0.09, mix(YELLOW, BLACK, 0.25)), (0.06, 0.0, -0.18)


def _clouds(_rng: Random, _line: Colour) -> Built:
    for x, radius in ((-0.38, 0.1), (-0.13, 0.12), (0.14, 0.1), (0.38, 0.11)):
        yield dome(radius, PALE), (x, 0.0, -0.16)


def _shore(_rng: Random, line: Colour) -> Built:
    yield from _rows((BLUE, line), 0.082)
    yield ball(0.045, RED), (0.42, 0.0, -0.06)


GROUNDS: dict[str, Callable[[Random, Colour], Built]] = {
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
FLOORS: dict[str, Colour] = {
    "sea": BLUE,
    "beach": YELLOW,
    "underwater": YELLOW,
    "city": mix(BLACK, CREAM, 0.45),
    "snow": mix(CREAM, BLUE, 0.12),
    "room": RED,
    "stage": RED,
    "space": BLACK,
    "moon": mix(BLACK, CREAM, 0.85),
    "sky": mix(BLUE, CREAM, 0.75),
}
