"""A picture of a 3D object (GLB), drawn on the CPU: for paper, where nothing can be turned.

The surfaces are strewn with points, more of them where more is seen, and the nearest point of each
pixel stays. That takes the same time for ten triangles as for a million.
"""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from devserver.my_app.services.errors import MediaRejected

Array = npt.NDArray[Any]

SIDE = 600
"""Width and height of the picture in pixels."""

_FINE = 2 * SIDE
_POINTS_A_PIXEL = 4.0
_MOST_POINTS = 6_000_000
_AT_ONCE = 500_000
_MOST_BYTES = 200 * 1024**2
_MOST_TRIANGLES = 3_000_000
_MOST_NODES = 20_000
_MOST_TEXTURE_PIXELS = 8192 * 8192
_DEEPEST = 64
_TURN, _TILT = math.radians(-28), math.radians(18)
_LIGHT = np.array([0.35, 0.75, 0.56])
_BACKGROUND = 255
_FILLED = 0.86
_TRIANGLES = 4
_KINDS = {5121: "<u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


@dataclass(frozen=True)
class _Surface:
    """Triangles in their places: corners (n, 3, 3), where in the texture (n, 3, 2), colour."""

    corners: Array
    places: Array | None
    colour: Array
    texture: Array | None


def draw_model(path: Path) -> bytes:
    """A PNG of 600 × 600 on white.

    Made to run in a worker process. Raises MediaRejected for other formats than GLB, for objects
    that are too large, and for those whose data are compressed or lie outside the file.
    """
    from PIL import Image  # noqa: PLC0415 - slow to import

    if path.stat().st_size > _MOST_BYTES:
        raise MediaRejected("This 3D object is too large to be drawn.")
    try:
        surfaces = list(_Model(path.read_bytes()).surfaces())
        pixels = _drawn(surfaces)
    except MediaRejected:
        raise
    except Exception as error:  # a file of strangers: numbers in it may be anything
        raise MediaRejected("No picture can be drawn of this 3D object.") from error
    file = io.BytesIO()
    picture = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
    picture.save(file, "PNG")
    return file.getvalue()


class _Model:
    """A GLB as the specification of glTF 2.0 has it."""

    def __init__(self, data: bytes) -> None:
        magic, version = struct.unpack_from("<4sI", data)
        length, kind = struct.unpack_from("<I4s", data, 12)
        if magic != b"glTF" or version != 2 or kind != b"JSON":
            raise MediaRejected("Only 3D objects in GLB can be drawn.")
        self._document: dict[str, Any] = json.loads(data[20 : 20 + length])
        self._binary = memoryview(data)[28 + length :]
        self._textures: dict[int, Array | None] = {}
        self._left = _MOST_TRIANGLES

    def surfaces(self) -> Iterator[_Surface]:
        """All triangles of the scene."""
        document = self._document
        scene = document["scenes"][document.get("scene", 0)]
        waiting = [(number, np.eye(4), 0) for number in scene.get("nodes", [])]
        for _ in range(_MOST_NODES):
            if not waiting:
                return
            number, parent, depth = waiting.pop()
            node = document["nodes"][number]
            matrix = parent @ _matrix(node)
            if "mesh" in node:
                for primitive in document["meshes"][node["mesh"]]["primitives"]:
                    if primitive.get("mode", _TRIANGLES) == _TRIANGLES:
                        yield self._surface(primitive, matrix)
            if depth < _DEEPEST:
                waiting += [(child, matrix, depth + 1) for child in node.get("children", [])]

    def _surface(self, primitive: dict[str, Any], matrix: Array) -> _Surface:
        attributes = primitive["attributes"]
        points = self._values(attributes["POSITION"]).astype(np.float64)
        placed = points @ matrix[:3, :3].T + matrix[:3, 3]
        numbers = (
            self._values(primitive["indices"]).reshape(-1)
            if "indices" in primitive
            else np.arange(len(points))
        )
        triangles = numbers[: len(numbers) // 3 * 3].reshape(-1, 3).astype(np.int64)
        self._left -= len(triangles)
        if self._left < 0:
            raise MediaRejected("This 3D object has too many faces to be drawn.")
        colour, texture = self._look(primitive.get("material"))
        places = None
        if texture is not None and "TEXCOORD_0" in attributes:
            places = self._values(attributes["TEXCOORD_0"]).astype(np.float64)[triangles]
        return _Surface(placed[triangles], places, colour, texture)

    def _values(self, number: int) -> Array:
        accessor = self._document["accessors"][number]
        view = self._document["bufferViews"][accessor["bufferView"]]
        kind = np.dtype(_KINDS[accessor["componentType"]])
        width, count = _WIDTHS[accessor["type"]], int(accessor["count"])
        start = int(view.get("byteOffset", 0)) + int(accessor.get("byteOffset", 0))
        stride = int(view.get("byteStride", 0)) or kind.itemsize * width
        needed = stride * (count - 1) + kind.itemsize * width
        if min(start, count - 1, stride) < 0 or start + needed > len(self._binary):
            raise MediaRejected("This 3D object is damaged.")
        found = np.ndarray(
            (count, width), kind, self._binary, start, (stride, kind.itemsize)
        ).copy()
        if accessor.get("normalized") and kind.kind == "u":
            return found / float(np.iinfo(kind).max)
        return found

    def _look(self, number: int | None) -> tuple[Array, Array | None]:
        if number is None:
            return np.array([0.75, 0.75, 0.75]), None
        material = self._document["materials"][number]
        base = material.get("pbrMetallicRoughness", {})
        # The factor is linear light (§3.9.2), the pixels of pictures are not.
        linear = np.asarray(base.get("baseColorFactor", [1, 1, 1, 1]), dtype=float)[:3]
        colour = linear.clip(0, 1) ** (1 / 2.2)
        texture = base.get("baseColorTexture")
        return colour, None if texture is None else self._texture(texture["index"])

    def _texture(self, number: int) -> Array | None:
        if number not in self._textures:
            source = self._document["textures"][number].get("source")
            self._textures[number] = None if source is None else self._image(source)
        return self._textures[number]

    def _image(self, number: int) -> Array | None:
        from PIL import Image  # noqa: PLC0415 - slow to import

        image = self._document["images"][number]
        if "bufferView" not in image:
            return None
        view = self._document["bufferViews"][image["bufferView"]]
        start = int(view.get("byteOffset", 0))
        data = bytes(self._binary[start : start + int(view["byteLength"])])
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"]) as picture:
            if picture.width * picture.height > _MOST_TEXTURE_PIXELS:
                raise MediaRejected("A texture of this 3D object is too large.")
            picture.thumbnail((2048, 2048))
            return np.asarray(picture.convert("RGBA"))


def _matrix(node: dict[str, Any]) -> Array:
    if "matrix" in node:
        return np.asarray(node["matrix"], dtype=float).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    ) * np.asarray(node.get("scale", (1, 1, 1)), dtype=float)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


def _drawn(surfaces: list[_Surface]) -> Array:
    """The picture at twice its size, seen from the right and from a little above."""
    if not surfaces or not sum(len(one.corners) for one in surfaces):
        raise MediaRejected("This 3D object is empty.")
    turn = np.array(
        [[math.cos(_TURN), 0, math.sin(_TURN)], [0, 1, 0], [-math.sin(_TURN), 0, math.cos(_TURN)]]
    )
    tilt = np.array(
        [[1, 0, 0], [0, math.cos(_TILT), -math.sin(_TILT)], [0, math.sin(_TILT), math.cos(_TILT)]]
    )
    camera = tilt @ turn
    seen = [one.corners @ camera.T for one in surfaces]
    points = np.concatenate([corners.reshape(-1, 3) for corners in seen])
    low, high = points.min(axis=0), points.max(axis=0)
    size = float(max(high[0] - low[0], high[1] - low[1]))
    if not math.isfinite(size) or size <= 0:
        raise MediaRejected("This 3D object has no size.")
    scale = _FILLED * _FINE / size
    middle = (low + high) / 2
    canvas = _Canvas()
    screens = [(corners - middle) * scale for corners in seen]
    areas = [_areas(screen) for screen in screens]
    density = min(_POINTS_A_PIXEL, _MOST_POINTS / max(1.0, float(sum(a.sum() for a in areas))))
    for surface, screen, area in zip(surfaces, screens, areas, strict=True):
        canvas.strew(surface, screen, np.ceil(area * density).astype(np.int64) + 1)
    return canvas.pixels


@dataclass(frozen=True)
class _Sides:
    """Triangles as a corner each and the ways from there to the two others."""

    corner: Array
    one: Array
    other: Array

    @classmethod
    def of(cls, corners: Array) -> _Sides:
        first = corners[:, 0]
        return cls(first, corners[:, 1] - first, corners[:, 2] - first)

    def at(self, which: Array, one: Array, other: Array) -> Array:
        """Points on the triangles `which`."""
        points: Array = self.corner[which]
        points += self.one[which] * one[:, None]
        points += self.other[which] * other[:, None]
        return points


def _areas(screen: Array) -> Array:
    one, other = screen[:, 1] - screen[:, 0], screen[:, 2] - screen[:, 0]
    areas: Array = np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]) / 2
    return areas


class _Canvas:
    """Pixels, and how near what they show is."""

    def __init__(self) -> None:
        self.pixels: Array = np.full((_FINE, _FINE, 3), _BACKGROUND, np.uint8)
        self._flat = self.pixels.reshape(-1, 3)
        self._near = np.full(_FINE * _FINE, -np.inf, np.float32)

    def strew(self, surface: _Surface, screen: Array, counts: Array) -> None:
        """Put `counts` points on each triangle."""
        sides = _Sides.of(screen)
        normals = np.cross(sides.one, sides.other)
        length = np.linalg.norm(normals, axis=1)
        lit = np.abs(normals @ _LIGHT) / np.where(length > 0, length, 1) / np.linalg.norm(_LIGHT)
        light = 0.72 + 0.36 * lit
        places = None if surface.places is None else _Sides.of(surface.places)
        all_points = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        for start in range(0, len(all_points), _AT_ONCE):
            which = all_points[start : start + _AT_ONCE]
            numbers = np.arange(start, start + len(which), dtype=np.float64)
            self._put(surface, sides, places, which=which, numbers=numbers, lit=light[which])

    def _put(
        self,
        surface: _Surface,
        sides: _Sides,
        places: _Sides | None,
        *,
        which: Array,
        numbers: Array,
        lit: Array,
    ) -> None:
        # An even spread over a triangle: Roberts' R2 sequence, folded at the diagonal.
        one, other = (numbers * 0.7548776662) % 1, (numbers * 0.5698402910) % 1
        outside = one + other > 1
        one[outside], other[outside] = 1 - one[outside], 1 - other[outside]
        at = sides.at(which, one, other)
        x = np.floor(at[:, 0] + _FINE / 2).astype(np.int64)
        y = np.floor(_FINE / 2 - at[:, 1]).astype(np.int64)
        colours = np.broadcast_to(surface.colour * 255, (len(at), 3))
        shown = (x >= 0) & (x < _FINE) & (y >= 0) & (y < _FINE)
        if surface.texture is not None and places is not None:
            place = places.at(which, one, other)
            height, width = surface.texture.shape[:2]
            column = np.floor((place[:, 0] % 1) * width).astype(int).clip(0, width - 1)
            row = np.floor((place[:, 1] % 1) * height).astype(int).clip(0, height - 1)
            texels = surface.texture[row, column]
            shown &= texels[:, 3] > 127
            colours = texels[:, :3] * surface.colour
        pixel = y * _FINE + x
        depth = at[:, 2].astype(np.float32)
        pixel[~shown] = 0
        chosen = np.flatnonzero(shown & (depth > self._near[pixel]))
        # Of several points on one pixel the last is kept: the nearest.
        chosen = chosen[np.argsort(depth[chosen], kind="stable")]
        self._near[pixel[chosen]] = depth[chosen]
        self._flat[pixel[chosen]] = (colours[chosen] * lit[chosen, None]).clip(0, 255)
