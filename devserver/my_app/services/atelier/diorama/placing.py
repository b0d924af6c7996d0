"""Where the figures of a scene stand on the stage, or hang above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..places import GROUND
from ..roles import having
from ..scene import Figure, Scene, seeded
from .board import SKY_ARC, bow
from .stage import Stage

NEAREST_ARC, DEEP = 0.115, 1.15  # of the front row; how much further back lies what is drawn higher
RAINBOW = 0.2  # how high over the floor something begins that spans the stage
LEAST_GAP = 0.019  # between two sheets of thick paper one behind the other
ROW_STEPS = (0.155, 0.2)  # how much higher a further row is drawn
Hold = Literal["stands", "flies", "rests", "spans"]


@dataclass(frozen=True)
class Place:
    """The middle of a figure's foot and how it keeps there.

    `stands` on the board, `flies` on a stick, `rests` on, in or under another figure, `spans` the
    whole stage behind everything.
    """

    figure: Figure
    x: float
    y: float
    z: float
    hold: Hold


def placed(scene: Scene, stage: Stage) -> list[Place]:
    """A place for each figure, in their order. No two sheets of paper meet."""
    ground = GROUND[scene.place]
    rng = seeded(scene.seed, "diorama")
    found: dict[int, Place] = {}
    hosts = {i: _host(figure, scene.figures) for i, figure in enumerate(scene.figures)}
    alone = [i for i, host in hosts.items() if host is None]
    # From far to near, so that whoever is in the way of others is moved to the front.
    for i in sorted(alone, key=lambda i: (scene.figures[i].depth, i)):
        figure = scene.figures[i]
        x = figure.x - 0.5
        if figure.pictogram in having("backdrop"):
            found[i] = Place(figure, x, stage.levels[0] + RAINBOW, SKY_ARC + 0.015, "spans")
            continue
        stands = _stands(figure, scene.place, ground)
        if stands:
            arc = NEAREST_ARC - DEEP * min(max(ground - figure.y, 0.0), 0.2)
        else:
            arc = -0.1 + 0.25 * figure.depth + rng.uniform(-0.02, 0.03)
        behind = stage.front_arc + bow(min(abs(x) + figure.width / 2, 0.55)) + LEAST_GAP / 2
        z = _free(max(arc + bow(x), behind), figure, found)
        level = stage.level_at(x, z, figure.width)
        y = level if stands else max(level + 0.02, stage.levels[0] + stage.floor - figure.y)
        found[i] = Place(figure, x, y, z, "stands" if stands else "flies")
    for i, host in hosts.items():
        if host is not None:
            found[i] = _beside(scene.figures[i], found[host], stage)
    return [found[i] for i in range(len(scene.figures))]


def _host(figure: Figure, figures: tuple[Figure, ...]) -> int | None:
    """The figure this one sits on, in or under: the next word's, a hair behind or before it."""
    if figure.role != "hero":
        return None
    for i, other in enumerate(figures):
        is_next = other.role == "hero" and other.order == figure.order + 1
        if is_next and abs(abs(other.depth - figure.depth) - 0.01) < 1e-9:
            return i
    return None


def _stands(figure: Figure, place: str, ground: float) -> bool:
    """Whether its feet are on the ground of the picture: on that of the first row or a further."""
    if figure.role != "hero":
        return figure.role == "repeat"
    if place == "moon":
        return True
    row = max(0, int((0.501 - figure.depth) / 0.1))
    back = 0.5 - 0.1 * row - figure.depth
    return any(abs(ground - step * row - back - figure.y) < 0.03 for step in ROW_STEPS)


def _free(z: float, figure: Figure, found: dict[int, Place]) -> float:
    """The first z from here to the front where a figure meets none of those already placed."""
    left, _, right, _ = figure.box
    neighbours = [
        place.z
        for place in found.values()
        if place.hold != "spans"
        and left < place.figure.box[2] + 0.02
        and right > place.figure.box[0] - 0.02
    ]
    for taken in sorted(neighbours):
        if abs(z - taken) < LEAST_GAP:
            z = taken + LEAST_GAP
    return z


def _beside(figure: Figure, host: Place, stage: Stage) -> Place:
    """Right before or behind its host, as high above its foot as in the picture."""
    before = figure.depth > host.figure.depth
    z = host.z + (LEAST_GAP if before else -LEAST_GAP)
    lift = host.figure.y - figure.y
    x = figure.x - 0.5
    level = stage.level_at(x, z, figure.width)
    return Place(figure, x, max(host.y + lift, level), z, "rests")
