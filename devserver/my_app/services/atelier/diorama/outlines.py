"""Outlines of cut-outs: from a mask of pixels to smooth polygons on a whole-number grid.

Marching squares finds the line where the mask is half covered, Douglas and Peucker leave out what
lies on it anyway. Whole numbers make every later question (does this cross that?) exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Ring = npt.NDArray[np.int64]

STEPS = 16  # of the grid, per pixel
TOLERANCE = 0.22  # pixels a point may lie beside the simplified line
LEAST_AREA = 14.0  # square pixels; smaller crumbs and holes are left out
NEAREST = 0.12  # how near a crossing may come to a pixel's middle, in pixels

# Marching squares: for each of the 16 kinds of a cell (1, 2, 4, 8: lower left, lower right, upper
# right, upper left corner inside) the lines through it, inside on their left. 0 to 3 are the
# lower, right, upper and left edge. Where two corners face each other, they stay apart.
LINES: tuple[tuple[tuple[int, int], ...], ...] = (
    (),
    ((0, 3),),
    ((1, 0),),
    ((1, 3),),
    ((2, 1),),
    ((0, 3), (2, 1)),
    ((2, 0),),
    ((2, 3),),
    ((3, 2),),
    ((0, 2),),
    ((1, 0), (3, 2)),
    ((1, 2),),
    ((3, 1),),
    ((0, 1),),
    ((3, 0),),
    (),
)


@dataclass(frozen=True)
class Shape:
    """A simple polygon with holes, in STEPS per pixel, y upwards from the mask's lower edge.

    `outer` runs counter-clockwise, `holes` clockwise; no two edges touch but neighbours.
    """

    outer: Ring
    holes: tuple[Ring, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        return (self.outer, *self.holes)


def shapes_of(mask: Image.Image) -> tuple[Shape, ...]:
    """The shapes of what is more than half covered, the largest first.

    Guarantees simple polygons that do not touch each other. An empty mask has none.
    """
    raw = [ring for ring in _rings(mask) if abs(area(ring)) >= LEAST_AREA * STEPS**2]
    shapes = [_simple(shape) for shape in _nested(raw)]
    return tuple(sorted(shapes, key=lambda shape: -area(shape.outer)))


def area(ring: Ring) -> float:
    """The area in square steps, below 0 if the ring runs clockwise."""
    x, y = ring[:, 0], ring[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def crosses(rings: tuple[Ring, ...]) -> bool:
    """Whether any two edges that are not neighbours touch."""
    start = np.concatenate(rings)
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    low, high = np.minimum(start, end), np.maximum(start, end)
    near = np.all((low[:, None] <= high[None]) & (low[None] <= high[:, None]), axis=2)
    first, second = np.nonzero(np.triu(near, 1))
    a, b, c, d = start[first], end[first], start[second], end[second]
    neighbours = (
        np.all(b == c, axis=1).astype(int)
        + np.all(d == a, axis=1)
        + np.all(a == c, axis=1) * 2
        + np.all(b == d, axis=1) * 2
    )
    turns = [_side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)]
    apart = (turns[0] * turns[1] > 0) | (turns[2] * turns[3] > 0)
    # Neighbours share a corner; they overlap only if one folds back onto the other.
    folded = (neighbours == 1) & (turns[0] == 0) & (turns[1] == 0)
    folded &= np.sum((b - a) * (d - c), axis=1) < 0
    return bool(np.any(folded | (neighbours > 1) | ((neighbours == 0) & ~apart)))


def _side(
    a: npt.NDArray[np.int64], b: npt.NDArray[np.int64], c: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """1, 0 or -1: whether c is left of, on or right of the line from a to b."""
    u, v = b - a, c - a
    turns: npt.NDArray[np.int64] = np.sign(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    return turns


def _rings(mask: Image.Image) -> list[Ring]:
    """Every closed line around half covered pixels, as exact as the mask is."""
    field = np.pad(np.asarray(mask, dtype=np.float64)[::-1] / 255.0 - 0.5, 1, constant_values=-0.5)
    high, wide = field.shape
    inside = field > 0
    kind = inside[:-1, :-1] * 1 + inside[:-1, 1:] * 2 + inside[1:, 1:] * 4 + inside[1:, :-1] * 8
    cells = np.argwhere((kind > 0) & (kind < 15))
    upright = high * wide  # numbers of the edges that go upwards begin here
    following: dict[int, int] = {}
    for row, column in cells.tolist():
        edges = (
            row * wide + column,
            upright + row * wide + column + 1,
            (row + 1) * wide + column,
            upright + row * wide + column,
        )
        for start, end in LINES[kind[row, column]]:
            following[edges[start]] = edges[end]
    rings = []
    while following:
        first, edge = following.popitem()
        loop = [first]
        while edge != first:
            loop.append(edge)
            edge = following.pop(edge)
        rings.append(_crossings(np.array(loop), field, upright))
    return rings


def _crossings(loop: Ring, field: npt.NDArray[np.float64], upright: int) -> Ring:
    """Where a loop of grid edges crosses the line of half cover, in steps."""
    goes_up = loop >= upright
    row, column = np.divmod(np.where(goes_up, loop - upright, loop), field.shape[1])
    here = field[row, column]
    there = field[row + goes_up, column + ~goes_up]
    # Away from the ends of its edge no crossing can fall onto another one's.
    share = np.clip(here / (here - there), NEAREST, 1 - NEAREST)
    x, y = column + np.where(goes_up, 0, share), row + np.where(goes_up, share, 0)
    # One pixel of padding, and a pixel's value belongs to its middle.
    return np.rint(np.stack((x - 0.5, y - 0.5), axis=1) * STEPS).astype(np.int64)


def _nested(rings: list[Ring]) -> list[Shape]:
    """Outer rings with the holes that lie in them."""
    outers = sorted((ring for ring in rings if area(ring) > 0), key=area)
    holes: list[list[Ring]] = [[] for _ in outers]
    for hole in sorted((ring for ring in rings if area(ring) < 0), key=area):
        owner = next((i for i, outer in enumerate(outers) if _holds(outer, hole[0])), None)
        if owner is not None:
            holes[owner].append(hole)
    return [Shape(outer, tuple(own)) for outer, own in zip(outers, holes, strict=True)]


def _holds(ring: Ring, point: Ring) -> bool:
    """Whether a ring runs around a point that is not on it."""
    x, y = ring[:, 0].astype(np.float64), ring[:, 1].astype(np.float64)
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    spans = (y > point[1]) != (next_y > point[1])
    rise = np.where(spans, next_y - y, 1)
    meets = x + (point[1] - y) / rise * (next_x - x)
    return bool(np.count_nonzero(spans & (point[0] < meets)) % 2)


def _simple(shape: Shape) -> Shape:
    """With as few points as the tolerance allows; the raw rings never cross."""
    for tolerance in (TOLERANCE, TOLERANCE / 3):
        rings = tuple(_fewer(ring, tolerance * STEPS) for ring in shape.rings)
        if all(len(ring) > 2 for ring in rings) and not crosses(rings):
            return Shape(rings[0], rings[1:])
    return shape


def _fewer(ring: Ring, tolerance: float) -> Ring:
    """Douglas and Peucker's choice of points, from the two that are farthest apart."""
    far = int(np.argmax(np.sum((ring - ring[0]) ** 2, axis=1)))
    closed = np.concatenate((ring, ring[:1])).astype(np.float64)
    keep = {0, far}
    spans = [(0, far), (far, len(ring))]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        chord = closed[last] - closed[first]
        away = closed[first + 1 : last] - closed[first]
        length = float(np.hypot(chord[0], chord[1]))
        if length == 0:
            distance = np.hypot(away[:, 0], away[:, 1])
        else:
            distance = np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / length
        worst = int(np.argmax(distance))
        if distance[worst] > tolerance:
            middle = first + 1 + worst
            keep.add(middle)
            spans += [(first, middle), (middle, last)]
    return ring[sorted(keep)]
