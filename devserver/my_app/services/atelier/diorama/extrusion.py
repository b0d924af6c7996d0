"""Flat shapes made thick: paper and boards, straight or bent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..shapes import Colour
from .solids import Body, Flat, Indices, Numbers, Print, Surface, merged

CREASE = math.cos(math.radians(50))  # sharper corners of a wall keep their edge
STRIPS = 14  # across the board, when a sheet is bent
NEAR = 0.004  # a point this near to a strip's line counts as on it; no needles


def extruded(
    flat: Flat,
    thickness: float,
    *,
    front: Colour | Print,
    back: Colour | Print,
    edge: Colour,
    bend: float = 0.0,
) -> Body:
    """The polygon as paper around z = 0, its front towards the viewer.

    `bend` brings x = -0.5 and 0.5 this far forward, as a parabola.
    """
    if bend:
        flat = in_strips(flat)
    x, y = flat.points[:, 0], flat.points[:, 1]
    z, ahead, across = _bent(x, bend)
    half = ahead * (thickness / 2)
    middle = np.stack((x, y, z), axis=1)
    near, far = middle + half, middle - half
    surfaces = [
        _face(near, ahead, flat.triangles, front, flat.points),
        _face(far, -ahead, flat.triangles[:, ::-1], back, flat.points),
    ]
    wall = _wall(flat, across)
    start, end = wall.edges[:, 0], wall.edges[:, 1]
    corners = np.stack((near[start], far[start], far[end], near[end]), axis=1).reshape(-1, 3)
    first: Indices = np.arange(len(start), dtype=np.int64)[:, None] * 4
    triangles = np.concatenate((first + np.array([0, 1, 2]), first + np.array([0, 2, 3])))
    normals = np.stack((wall.start, wall.start, wall.end, wall.end), axis=1).reshape(-1, 3)
    surfaces.append(Surface(corners, normals, triangles, colour=edge))
    return merged(surfaces)


def _face(
    positions: Numbers,
    normals: Numbers,
    triangles: Indices,
    paint: Colour | Print,
    points: Numbers,
) -> Surface:
    if isinstance(paint, Print):
        uvs = paint.uvs(points[:, 0], points[:, 1])
        return Surface(positions, normals, triangles, tile=paint.tile, uvs=uvs)
    return Surface(positions, normals, triangles, colour=paint)


def _bent(x: Numbers, bend: float) -> tuple[Numbers, Numbers, Numbers]:
    """z, the direction ahead and the direction to the right on a bent sheet."""
    slope = 8 * bend * x
    length = np.hypot(slope, 1)
    zero = np.zeros_like(x)
    ahead = np.stack((-slope / length, zero, 1 / length), axis=1)
    across = np.stack((1 / length, zero, slope / length), axis=1)
    return 4 * bend * x * x, ahead, across


@dataclass(frozen=True)
class _Wall:
    edges: Indices
    start: Numbers
    end: Numbers


def _wall(flat: Flat, across: Numbers) -> _Wall:
    """The edges of only one triangle, and the wall's outward normals at both their ends."""
    pairs = np.concatenate([flat.triangles[:, [i, (i + 1) % 3]] for i in range(3)])
    count = len(flat.points)
    codes = pairs[:, 0] * count + pairs[:, 1]
    edges = pairs[~np.isin(codes, pairs[:, 1] * count + pairs[:, 0])]
    along = flat.points[edges[:, 1]] - flat.points[edges[:, 0]]
    out = np.stack((along[:, 1], -along[:, 0]), axis=1)
    out /= np.hypot(out[:, 0], out[:, 1])[:, None]
    leaving = np.full(count, -1)
    leaving[edges[:, 0]] = np.arange(len(edges))
    arriving = np.full(count, -1)
    arriving[edges[:, 1]] = np.arange(len(edges))
    start = _blended(out, out[arriving[edges[:, 0]]])
    end = _blended(out, out[leaving[edges[:, 1]]])
    up = np.array([0.0, 1.0, 0.0])
    return _Wall(
        edges,
        start[:, :1] * across[edges[:, 0]] + start[:, 1:] * up,
        end[:, :1] * across[edges[:, 1]] + end[:, 1:] * up,
    )


def _blended(own: Numbers, other: Numbers) -> Numbers:
    """The mean of two unit vectors where they hardly differ, else the first."""
    soft = np.sum(own * other, axis=1) > CREASE
    both = np.where(soft[:, None], own + other, own)
    return np.asarray(both / np.hypot(both[:, 0], both[:, 1])[:, None])


def in_strips(flat: Flat) -> Flat:
    """The same polygon, its triangles cut along upright lines so that it can be bent.

    Neighbouring triangles are cut at the same points, so no gap opens between them.
    """
    points: list[tuple[float, float]] = [(float(x), float(y)) for x, y in flat.points]
    lines = [-0.5 + (i + 0.5) / STRIPS for i in range(STRIPS)]
    cuts: dict[tuple[int, int, int], int] = {}

    def cut(a: int, b: int, line: int) -> int:
        key = (min(a, b), max(a, b), line)
        if key not in cuts:
            (ax, ay), (bx, by) = points[key[0]], points[key[1]]
            share = (lines[line] - ax) / (bx - ax)
            points.append((lines[line], ay + share * (by - ay)))
            cuts[key] = len(points) - 1
        return cuts[key]

    triangles: list[tuple[int, int, int]] = []
    for corners in flat.triangles.tolist():
        rest: list[int] = corners
        for line, x in enumerate(lines):
            sides = [_side(points[i][0] - x) for i in rest]
            if max(sides) <= 0:
                break
            if min(sides) >= 0:
                continue
            left, right = [], []
            for k, i in enumerate(rest):
                j, side, other = rest[(k + 1) % len(rest)], sides[k], sides[(k + 1) % len(rest)]
                if side <= 0:
                    left.append(i)
                if side >= 0:
                    right.append(i)
                if side * other < 0:
                    middle = cut(i, j, line)
                    left.append(middle)
                    right.append(middle)
            triangles += _fan(left)
            rest = right
        triangles += _fan(rest)
    return Flat(np.array(points), np.array(triangles))


def _side(distance: float) -> int:
    return 0 if abs(distance) < NEAR else 1 if distance > 0 else -1


def _fan(corners: Sequence[int]) -> list[tuple[int, int, int]]:
    return [(corners[0], corners[i], corners[i + 1]) for i in range(1, len(corners) - 1)]


def filled(points: Sequence[tuple[float, float]]) -> Flat:
    """A polygon that is seen whole from its middle, given counter-clockwise."""
    corners = np.array(points)
    count = len(points)
    middle = np.mean(corners, axis=0, keepdims=True)
    triangles = [(i, (i + 1) % count, count) for i in range(count)]
    return Flat(np.concatenate((corners, middle)), np.array(triangles))


def box(width: float, height: float, depth: float, colour: Colour) -> Body:
    """A box that stands on y = 0, around the y axis."""
    square = np.array([[-0.5, 0.0], [0.5, 0.0], [0.5, 1.0], [-0.5, 1.0]]) * [width, height]
    flat = Flat(square, np.array([[0, 1, 2], [0, 2, 3]]))
    return extruded(flat, depth, front=colour, back=colour, edge=colour)
