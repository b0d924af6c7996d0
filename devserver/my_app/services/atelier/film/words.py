"""The letters of a text come in one after the other, and a wave runs through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from ..layers import Layer
from .arrivals import put_in
from .clock import Clock, wave
from .pose import Motion, Move, Pose
from .sprite import Piece, cut_out


def pieces(layers: Iterable[Layer], clock: Clock, size: int, rng: Random) -> Iterator[Piece]:
    """Every letter or shape as a piece that moves; the spots behind them drift."""
    stack = list(layers)
    letters = [layer for layer in stack if layer.kind == "letter"]
    last = 1.3 * clock.arrived
    for layer in stack:
        sprite = cut_out(layer, size)
        if sprite is None:
            continue
        middle = sprite.middle(size)
        if layer.kind != "letter":
            yield Piece(sprite, (Move(_drifting(clock, rng), middle),))
            continue
        number = letters.index(layer)
        start = -0.7 * clock.entrance + (last + 0.7 * clock.entrance) * number / len(letters)
        come = put_in(start, clock.entrance, rng.random(), 0.14)
        yield Piece(sprite, (Move(come, middle), Move(_waving(clock, middle, last), middle)))


def _drifting(clock: Clock, rng: Random) -> Motion:
    dx, dy, phase = rng.uniform(-0.03, 0.03), rng.uniform(-0.03, 0.03), rng.random()

    def motion(t: float) -> Pose:
        drift = wave(t, 3.6, phase) * clock.life(t, 0.0)
        return Pose(dx=dx * drift, dy=dy * drift)

    return motion


def _waving(clock: Clock, middle: tuple[float, float], start: float) -> Motion:
    """The wave comes from the left; each letter rises and leans as it passes."""

    def motion(t: float) -> Pose:
        life = clock.life(t, start)
        phase = -1.2 * middle[0] + 0.4 * middle[1]
        return Pose(dy=-0.025 * wave(t, 1.4, phase) * life, turn=8 * wave(t, 1.4, phase) * life)

    return motion
