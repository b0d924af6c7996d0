"""The geometric picture comes alive: shapes slide along their axes and turn, like a machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from ..layers import Layer
from ..shapes import Polygon, Sheet
from .cast import Cast
from .clock import STEP, Clock, smooth, wave
from .pose import HOME, Motion, Move, Pose
from .sprite import Piece, cut_out

BEAT = 8 * STEP
STROKE = 4 * STEP  # half of the beat it moves, half of it it holds
SLIDE = 0.05
FALL = 0.01  # of rain and snow from one drawing to the next
ROWS = {"rain": 17, "snow": 12}  # drawings until a drop is where the row below it was


def pieces(layers: Iterable[Layer], cast: Cast, clock: Clock, size: int) -> Iterator[Piece]:
    """Every layer of a construction as a piece that moves, from far to near."""
    stack = list(layers)
    still = sum(layer.kind in ("ground", "water") for layer in stack)
    number = shape = 0
    for layer in stack:
        sprite = cut_out(layer, size)
        if sprite is None:
            continue
        if layer.kind == "figure" and layer.figure is not None:
            yield Piece(sprite, cast.moves(layer.figure))
            continue
        pivot = _middle(layer)
        if layer.kind in ("ground", "water"):
            number += 1
            start = -clock.entrance * (1.6 - 0.65 * number / still)
            come = _coming(clock, start, number % 2 == 0)
            moves = [Move(come, pivot)]
            if layer.kind == "water":
                moves.append(Move(_rolling(clock, number), pivot))
        elif layer.kind == "shape" and layer.figure is not None:
            start = max(cast.start(layer.figure), -clock.entrance)
            moves = [Move(_growing(start, clock), pivot)]
            if len(layer.parts[0].polygons[0]) == 4:  # type: ignore[union-attr]  # all are sheets
                moves.append(Move(_quarters(clock), pivot))
        elif layer.kind == "shape":
            shape += 1
            moves = [Move(_growing((0.25 * shape - 1.1) * clock.entrance, clock), pivot)]
            moves.append(Move(_stroke(clock, layer, shape), pivot))
        elif layer.kind == "light":
            moves = [Move(_rising(clock), pivot)]
        else:
            moves = [Move(_ticking(clock, layer.kind), pivot)]
        yield Piece(sprite, tuple(moves))


def _middle(layer: Layer) -> tuple[float, float]:
    polygon = _polygon(layer)
    xs, ys = zip(*polygon, strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _polygon(layer: Layer) -> Polygon:
    sheet = layer.parts[0]
    return sheet.polygons[0] if isinstance(sheet, Sheet) else ((0.5, 0.5),)


def _axis(polygon: Polygon) -> tuple[float, float]:
    """The direction of the longest edge of a bar; of round things, across."""
    if len(polygon) > 4:
        return 1.0, 0.0
    edges = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    x, y = max(((c - a, d - b) for (a, b), (c, d) in edges), key=lambda edge: math.hypot(*edge))
    length = math.hypot(x, y) or 1.0
    return x / length, y / length


def _coming(clock: Clock, start: float, from_left: bool) -> Motion:
    def motion(t: float) -> Pose | None:
        if t < start - 1e-6:
            return None
        gone = 1 - smooth((t - start) / clock.entrance)
        return Pose(dx=(-1.1 if from_left else 1.1) * gone)

    return motion


def _growing(start: float, clock: Clock) -> Motion:
    def motion(t: float) -> Pose | None:
        if t < start + STEP / 2:
            return None
        grown = max(smooth((t - start) / clock.entrance), 0.05)
        return Pose(wide=grown, high=grown)

    return motion


def _stepped(clock: Clock, t: float, stops: int) -> float:
    """Where a machine with so many stops on its round is: it moves, holds, moves; home at rest."""
    start = clock.arrived + clock.entrance
    beats = int((clock.rest - start) / BEAT) // stops * stops
    if not start <= t < start + beats * BEAT:
        return 0.0
    beat = int((t - start) / BEAT)
    return beat % stops + smooth((t - start - beat * BEAT) / STROKE)


def _stroke(clock: Clock, layer: Layer, number: int) -> Motion:
    """Along its axis there and back, like a piston; arcs turn by half."""
    polygon = _polygon(layer)
    x, y = _axis(polygon)
    way = SLIDE if number % 2 else -SLIDE
    if min(corner[1] for corner in polygon) < 0:  # hangs from the upper edge
        x, y, way = 0.0, -1.0, SLIDE * (1 + number % 2)

    def motion(t: float) -> Pose:
        stop = _stepped(clock, t, 2)
        if stop == 0:
            return HOME
        if len(layer.parts) > 2:
            return Pose(turn=180 * stop)
        out = way * (stop if stop <= 1 else 2 - stop)
        return Pose(dx=x * out, dy=y * out)

    return motion


def _quarters(clock: Clock) -> Motion:
    """A square turns by a quarter on every beat: then it looks the same."""

    def motion(t: float) -> Pose:
        stop = _stepped(clock, t, 1)
        return Pose(turn=-90 * stop) if 0 < stop < 1 else HOME

    return motion


def _rising(clock: Clock) -> Motion:
    def motion(t: float) -> Pose:
        return Pose(dy=0.16 * (1 - clock.share(t, -0.2 * clock.seconds)))

    return motion


def _rolling(clock: Clock, number: int) -> Motion:
    way = 0.035 if number % 2 else -0.035

    def motion(t: float) -> Pose:
        return Pose(dx=way * wave(t, 4 * BEAT) * clock.life(t, 0.0))

    return motion


def _ticking(clock: Clock, kind: str) -> Motion:
    """Rain and snow fall and jump back by a row; stars go out and on."""

    def motion(t: float) -> Pose:
        if kind == "star":
            return Pose(opacity=0.35) if t < clock.rest and int(t / BEAT) % 2 else HOME
        left = round((clock.seconds - STEP - t) / STEP)
        return Pose(dy=-FALL * (left * (2 if kind == "rain" else 1) % ROWS[kind]))

    return motion
