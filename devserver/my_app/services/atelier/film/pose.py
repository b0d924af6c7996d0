"""Where a piece of paper is at a moment: moved, turned, stretched, leaning."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

# x' = a x + b y + c, y' = d x + e y + f
Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class Pose(NamedTuple):
    """A change of place. Lengths are in units of the picture's side, y downwards.

    `turn` is in degrees, counter-clockwise. `lean` pushes the top aside: half the height at 0.5.
    Turning, stretching and leaning leave the pivot where it is.
    """

    dx: float = 0.0
    dy: float = 0.0
    turn: float = 0.0
    wide: float = 1.0
    high: float = 1.0
    lean: float = 0.0
    opacity: float = 1.0


HOME = Pose()
# The pose at a time in seconds; None as long as the piece is not there.
Motion = Callable[[float], Pose | None]


class Move(NamedTuple):
    """A motion around a pivot, in units of the side."""

    motion: Motion
    pivot: tuple[float, float]


def placed(moves: Iterable[Move], t: float, size: int) -> tuple[Matrix, float] | None:
    """All moves one after the other as a matrix in pixels, and the opacity; None if not there."""
    matrix, opacity = IDENTITY, 1.0
    for motion, pivot in moves:
        pose = motion(t)
        if pose is None:
            return None
        if pose != HOME:
            matrix = _times(_matrix(pose, pivot, size), matrix)
            opacity *= pose.opacity
    return matrix, opacity


def _matrix(pose: Pose, pivot: tuple[float, float], size: int) -> Matrix:
    cos, sin = math.cos(math.radians(pose.turn)), math.sin(math.radians(pose.turn))
    # First stretched and leaning, then turned.
    a, b = pose.wide * cos, -pose.lean * cos + pose.high * sin
    d, e = -pose.wide * sin, pose.lean * sin + pose.high * cos
    x, y = pivot[0] * size, pivot[1] * size
    return (
        *(a, b, x - a * x - b * y + pose.dx * size),
        *(d, e, y - d * x - e * y + pose.dy * size),
    )


def _times(second: Matrix, first: Matrix) -> Matrix:
    a, b, c, d, e, f = second
    g, h, i, j, k, m = first
    return (
        *(a * g + b * j, a * h + b * k, a * i + b * m + c),
        *(d * g + e * j, d * h + e * k, d * i + e * m + f),
    )
