"""Bodies turned on a lathe: sticks, cones, balls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..shapes import Colour
from .solids import Body, Surface


def turned(
    profile: Sequence[tuple[float, float]], colour: Colour, *, sides: int = 16, smooth: bool = False
) -> Body:
    """A body turned on a lathe: (radius, height) from its foot to its top, around the y axis.

    The profile begins and ends at radius 0. `smooth` hides the edges between its parts, as on a
    ball.
    """
    angles = [math.tau * i / sides for i in range(sides)]
    slopes = [_out(a, b) for a, b in pairwise(profile)]
    positions: list[tuple[float, float, float]] = []
    normals: list[tuple[float, float, float]] = []
    triangles: list[tuple[int, int, int]] = []

    def ring(place: int, slope: tuple[float, float]) -> list[int]:
        radius, height = profile[place]
        first = len(positions)
        # At a tip each side has its own copy of the point, with its own normal.
        for angle in angles:
            lean = angle if radius else angle + math.pi / sides
            positions.append(
                (radius * math.sin(angle), height, radius * math.cos(angle))
                if radius
                else (0.0, height, 0.0)
            )
            normals.append((slope[0] * math.sin(lean), slope[1], slope[0] * math.cos(lean)))
        return [*range(first, first + sides), first]

    def softened(k: int) -> tuple[float, float]:
        """The normal between part k - 1 and part k."""
        x, y = slopes[k - 1][0] + slopes[k][0], slopes[k - 1][1] + slopes[k][1]
        return x / math.hypot(x, y), y / math.hypot(x, y)

    last = len(slopes) - 1
    for k, slope in enumerate(slopes):
        lower = ring(k, softened(k) if smooth and k > 0 else slope)
        upper = ring(k + 1, softened(k + 1) if smooth and k < last else slope)
        for i in range(sides):
            if profile[k][0]:
                triangles.append((lower[i], lower[i + 1], upper[i]))
            if profile[k + 1][0]:
                triangles.append(
                    (lower[i + 1] if profile[k][0] else lower[i], upper[i + 1], upper[i])
                )
    return (Surface(np.array(positions), np.array(normals), np.array(triangles), colour=colour),)


def _out(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """The outward normal of a part of a profile that is walked upwards."""
    length = math.dist(a, b)
    return (b[1] - a[1]) / length, (a[0] - b[0]) / length


def rod(length: float, radius: float, colour: Colour, *, sides: int = 8) -> Body:
    """A round stick that stands on y = 0."""
    return turned(((0, 0), (radius, 0), (radius, length), (0, length)), colour, sides=sides)


def cone(height: float, radius: float, colour: Colour) -> Body:
    """A cone that stands on y = 0."""
    return turned(((0, 0), (radius, 0), (0, height)), colour, sides=28)


def ball(radius: float, colour: Colour, *, steps: int = 14) -> Body:
    """A ball that rests on y = 0."""
    profile = [
        (radius * math.sin(math.pi * i / steps), radius * (1 - math.cos(math.pi * i / steps)))
        for i in range(1, steps)
    ]
    return turned(((0.0, 0.0), *profile, (0.0, 2 * radius)), colour, sides=2 * steps, smooth=True)


def dome(radius: float, colour: Colour, *, steps: int = 9) -> Body:
    """Half a ball that lies on y = 0."""
    profile = [
        (radius * math.cos(math.pi * i / steps / 2), radius * math.sin(math.pi * i / steps / 2))
        for i in range(steps)
    ]
    return turned(((0.0, 0.0), *profile, (0.0, radius)), colour, sides=32)
