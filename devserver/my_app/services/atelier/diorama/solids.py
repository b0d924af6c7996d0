"""Closed bodies in triangles: paper with a thickness, turned wood, boxes.

Units are the board's width, x to the right, y upwards, z towards the viewer. Every body is
watertight: each edge belongs to exactly two triangles that run along it in opposite directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..shapes import Colour

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Surface:
    """Part of a body, of one colour or printed with picture number `tile`.

    positions, normals: (n, 3); uvs: (n, 2) in the tile, from its upper left corner; triangles:
    (m, 3), counter-clockwise seen from outside.
    """

    positions: Numbers
    normals: Numbers
    triangles: Indices
    colour: Colour | None = None
    tile: int | None = None
    uvs: Numbers | None = None


Body = tuple[Surface, ...]


@dataclass(frozen=True)
class Print:
    """A picture on a surface: its number and the rectangle it covers."""

    tile: int
    left: float
    top: float
    width: float
    height: float

    def uvs(self, x: Numbers, y: Numbers) -> Numbers:
        u, v = (x - self.left) / self.width, (self.top - y) / self.height
        return np.clip(np.stack((u, v), axis=1), 0.0, 1.0)


@dataclass(frozen=True)
class Flat:
    """A filled polygon: points (n, 2) and counter-clockwise triangles (m, 3)."""

    points: Numbers
    triangles: Indices


def lying(body: Body) -> Body:
    """Tipped backwards: the front looks up, what was up points away from the viewer."""
    return moved(body, matrix=np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]))


def moved(
    body: Body, *, by: tuple[float, float, float] = (0, 0, 0), matrix: Numbers | None = None
) -> Body:
    """Turned by a rotation matrix, then shifted."""
    turn = np.eye(3) if matrix is None else matrix
    return tuple(
        replace(
            surface,
            positions=_rotated(surface.positions, turn) + np.array(by),
            normals=_rotated(surface.normals, turn),
        )
        for surface in body
    )


def _rotated(vectors: Numbers, turn: Numbers) -> Numbers:
    """Number by number: a matrix product may round equal corners of two surfaces differently."""
    x, y, z = vectors[:, :1], vectors[:, 1:2], vectors[:, 2:]
    return np.asarray(x * turn[:, 0] + y * turn[:, 1] + z * turn[:, 2])


def together(bodies: Iterable[Body]) -> Body:
    """Several bodies as one; each stays closed."""
    return merged([surface for body in bodies for surface in body])


def merged(surfaces: Sequence[Surface]) -> Body:
    """One surface for each paint, in the order of their first use."""
    groups: dict[tuple[Colour | None, bool], list[Surface]] = {}
    for surface in surfaces:
        groups.setdefault((surface.colour, surface.tile is not None), []).append(surface)
    merged: list[Surface] = []
    for (colour, printed), group in groups.items():
        by_tile: dict[int | None, list[Surface]] = {}
        for surface in group:
            by_tile.setdefault(surface.tile, []).append(surface)
        for tile, parts in by_tile.items():
            starts = np.cumsum([0, *(len(part.positions) for part in parts[:-1])])
            merged.append(
                Surface(
                    np.concatenate([part.positions for part in parts]),
                    np.concatenate([part.normals for part in parts]),
                    np.concatenate(
                        [part.triangles + at for part, at in zip(parts, starts, strict=True)]
                    ),
                    colour,
                    tile,
                    np.concatenate([part.uvs for part in parts if part.uvs is not None])
                    if printed
                    else None,
                )
            )
    return tuple(merged)
