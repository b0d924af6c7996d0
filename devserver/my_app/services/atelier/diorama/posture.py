"""How bodies are turned, and what that does to where they stand."""

from __future__ import annotations

import math

import numpy as np

from .glb import Quaternion
from .solids import Body, Numbers


def turned_by(*, roll: float = 0.0, yaw: float = 0.0) -> Quaternion:
    """First around z (counter-clockwise for the viewer), then around y (its front to the right).

    Both in degrees.
    """
    a, b = math.radians(roll) / 2, math.radians(yaw) / 2
    parts = (
        math.sin(b) * math.sin(a),
        math.sin(b) * math.cos(a),
        math.cos(b) * math.sin(a),
        math.cos(b) * math.cos(a),
    )
    x, y, z, w = (round(part, 9) + 0.0 for part in parts)
    return x, y, z, w


def matrix(turn: Quaternion) -> Numbers:
    """The rotation matrix of a unit quaternion (x, y, z, w)."""
    x, y, z, w = turn
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def lowest(body: Body, turn: Quaternion) -> float:
    """The lowest y of a body when it is turned."""
    up = matrix(turn)[1]
    return float(min((surface.positions @ up).min() for surface in body))


def highest(body: Body, turn: Quaternion) -> float:
    """The highest y of a body when it is turned."""
    up = matrix(turn)[1]
    return float(max((surface.positions @ up).max() for surface in body))
