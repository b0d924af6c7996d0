"""Rain and snow as small pieces of paper on threads."""

from __future__ import annotations

import math

import numpy as np

from ..scene import Scene, seeded
from ..shapes import rgb
from .board import ROD, TOP, WOOD
from .extrusion import extruded, filled
from .glb import Piece
from .lathe import ball, rod
from .placing import Place
from .solids import Body, moved, together

HIGH = 0.80  # of the beam the threads hang from, over the board
THREAD, THREAD_RADIUS = rgb("#ffffff"), 0.0008
DROP, FLAKE = rgb("#9cc9e6"), rgb("#ffffff")
SIDEWAYS = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # up becomes right
ROOM = 0.03  # between a thread and a figure
BEAMS = ((0.07, 9), (-0.06, 8))  # z, number of threads


def falling(scene: Scene, places: list[Place]) -> list[Piece]:
    """Beams with threads of drops or flakes; nothing in dry weather."""
    rains = bool({"rain", "storm"} & scene.weathers)
    if not rains and "snowfall" not in scene.weathers:
        return []
    rng = seeded(scene.seed, "weather")
    pieces = []
    for z, count in BEAMS:
        parts: list[Body] = []
        for i in range(count):
            x = ((i + 0.5) / count - 0.5) * 0.9 + rng.uniform(-0.01, 0.01)
            if not is_clear(x, z, places):
                continue
            long = rng.uniform(0.2, 0.56)
            parts.append(moved(rod(long, THREAD_RADIUS, THREAD, sides=5), by=(x, HIGH - long, z)))
            number = 3 + int(long / 0.12)
            for k in range(number):
                y = HIGH - long * (k + 1) / number
                piece = _drop() if rains else ball(rng.uniform(0.008, 0.014), FLAKE, steps=6)
                parts.append(moved(piece, by=(x, y, z)))
        pieces.append(Piece("rain" if rains else "snow", together(parts), (0.0, TOP, 0.0)))
        pieces += _beam(z)
    return pieces


def is_clear(x: float, z: float, places: list[Place]) -> bool:
    """Whether a thread at (x, z) passes everybody by."""
    return all(
        abs(place.z - z) > ROOM or abs(place.x - x) > place.figure.width / 2 + ROOM
        for place in places
    )


def _beam(z: float) -> list[Piece]:
    """A wooden bar over the stage on two posts."""
    half = 0.489
    across = moved(rod(2 * half, ROD, WOOD), matrix=SIDEWAYS, by=(-half, HIGH, z))
    post = rod(HIGH - ROD, ROD, WOOD)
    return [
        Piece("beam", across, (0.0, TOP, 0.0)),
        Piece("post", post, (-half + ROD, TOP, z)),
        Piece("post", post, (half - ROD, TOP, z)),
    ]


def _drop() -> Body:
    """A drop of paper whose tip is above, its lower end at y = 0."""
    steps, radius = 16, 0.0085
    outline = [
        (
            radius * math.sin(a) * math.sin(a / 2) ** 1.4,
            radius * 1.7 * (1 + math.cos(a)),
        )
        for a in (math.tau * i / steps for i in range(steps))
    ]
    paper = filled([(-x, y) for x, y in outline])
    return extruded(paper, 0.004, front=DROP, back=DROP, edge=DROP)
