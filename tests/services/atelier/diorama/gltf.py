"""Reads back what was written: a GLB as arrays, by the specification and not by the writer."""

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
KINDS: dict[int, np.dtype[Any]] = {
    5123: np.dtype("<u2"),
    5125: np.dtype("<u4"),
    5126: np.dtype("<f4"),
}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}


@dataclass(frozen=True)
class Part:
    positions: Array
    normals: Array
    triangles: Array
    uvs: Array | None
    material: dict[str, Any]


@dataclass(frozen=True)
class Thing:
    name: str
    matrix: Array
    parts: tuple[Part, ...]

    @property
    def world(self) -> Array:
        """All corners where they stand."""
        corners = np.concatenate([part.positions for part in self.parts]).astype(float)
        placed: Array = corners @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        return placed


class Model:
    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        json_length, kind = struct.unpack_from("<I4s", data, 12)
        assert (kind, json_length % 4) == (b"JSON", 0)
        self.document: dict[str, Any] = json.loads(data[20 : 20 + json_length])
        at = 20 + json_length
        binary_length, kind = struct.unpack_from("<I4s", data, at)
        assert (kind, binary_length % 4) == (b"BIN\0", 0)
        assert at + 8 + binary_length == len(data)
        self.binary = data[at + 8 :]
        assert 0 <= binary_length - self.document["buffers"][0]["byteLength"] < 4

    def view(self, number: int) -> bytes:
        view = self.document["bufferViews"][number]
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= len(self.binary)
        return self.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def numbers(self, number: int) -> Array:
        accessor = self.document["accessors"][number]
        width = WIDTHS[accessor["type"]]
        values: Array = np.frombuffer(
            self.view(accessor["bufferView"]), KINDS[accessor["componentType"]]
        )
        assert len(values) == accessor["count"] * width
        values = values.reshape(-1, width)
        if "min" in accessor:
            assert accessor["min"] == values.min(axis=0).tolist()
            assert accessor["max"] == values.max(axis=0).tolist()
        return values

    @property
    def picture(self) -> bytes:
        return self.view(self.document["images"][0]["bufferView"])

    def parts(self, mesh: int) -> tuple[Part, ...]:
        return tuple(self._part(p) for p in self.document["meshes"][mesh]["primitives"])

    def _part(self, primitive: dict[str, Any]) -> Part:
        named = primitive["attributes"]
        assert "min" in self.document["accessors"][named["POSITION"]]
        return Part(
            self.numbers(named["POSITION"]),
            self.numbers(named["NORMAL"]),
            self.numbers(primitive["indices"]).reshape(-1, 3),
            self.numbers(named["TEXCOORD_0"]) if "TEXCOORD_0" in named else None,
            self.document["materials"][primitive["material"]],
        )

    @property
    def things(self) -> list[Thing]:
        """Every node with a mesh, placed as the nodes above it say."""
        found: list[Thing] = []
        for root in self.document["scenes"][self.document["scene"]]["nodes"]:
            self._collect(root, np.eye(4), found)
        return found

    def _collect(self, number: int, above: Array, found: list[Thing]) -> None:
        node = self.document["nodes"][number]
        matrix = above @ local(node)
        if "mesh" in node:
            found.append(Thing(node["name"], matrix, self.parts(node["mesh"])))
        for child in node.get("children", ()):
            self._collect(child, matrix, found)


def local(node: dict[str, Any]) -> Array:
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    assert abs(x * x + y * y + z * z + w * w - 1) < 1e-6
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)))
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


def assert_closed(surfaces: list[tuple[Array, Array]]) -> None:
    """Positions and triangles of a body: every edge is walked once there and once back."""
    corners = np.concatenate([positions for positions, _ in surfaces]).astype(np.float32)
    # Corners of several surfaces are the same where every bit of them is.
    _, ids = np.unique(corners + 0.0, axis=0, return_inverse=True)
    starts = np.cumsum([0, *(len(positions) for positions, _ in surfaces)])
    triangles = np.concatenate(
        [own.astype(np.int64) + at for (_, own), at in zip(surfaces, starts, strict=False)]
    )
    walked = ids.reshape(-1)[triangles]
    there = np.concatenate([walked[:, [i, (i + 1) % 3]] for i in range(3)])
    codes = there[:, 0] * len(corners) + there[:, 1]
    assert len(np.unique(codes)) == len(codes)
    assert np.isin(there[:, 1] * len(corners) + there[:, 0], codes).all()


def assert_sound(positions: Array, normals: Array, triangles: Array) -> None:
    """Finite numbers, unit normals that agree with the winding, no triangle without an area.

    On a bent sheet a triangle lower than a thousandth of the model's width may lean any way: its
    three corners lie nearly on one line, and nobody sees it.
    """
    assert np.isfinite(positions).all()
    assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 1e-3
    assert triangles.max() < len(positions)
    a, b, c = (positions[triangles[:, i]].astype(float) for i in range(3))
    across = np.cross(b - a, c - a)
    assert (np.linalg.norm(across, axis=1) > 0).all()
    mean = normals[triangles].mean(axis=1)
    longest = np.max([np.linalg.norm(side, axis=1) for side in (b - a, c - b, a - c)], axis=0)
    is_seen = np.linalg.norm(across, axis=1) / longest > 1e-3
    assert (np.sum(across * mean, axis=1)[is_seen] > 0).all()


def volume(surfaces: list[tuple[Array, Array]]) -> float:
    """The volume inside; below 0 if the body is inside out."""
    total = 0.0
    for positions, triangles in surfaces:
        a, b, c = (positions[triangles[:, i]].astype(float) for i in range(3))
        total += float(np.sum(a * np.cross(b, c))) / 6
    return total
