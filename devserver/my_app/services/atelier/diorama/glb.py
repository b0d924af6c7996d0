"""Binary glTF 2.0, written exactly by the specification (§4.4 container, §3.6 buffers)."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..shapes import Colour
from .solids import Body, Surface

FLOAT, USHORT, UINT = 5126, 5123, 5125
VERTICES, INDICES = 34962, 34963
LINEAR_MIPMAPS, LINEAR, CLAMP = 9987, 9729, 33071
LONGEST_NAME = 60
Area = tuple[float, float, float, float]
Quaternion = tuple[float, float, float, float]


@dataclass(frozen=True)
class Piece:
    """A body in its place: turned by a unit quaternion (x, y, z, w), enlarged, then shifted.

    Pieces of the very same body share its data in the file.
    """

    name: str
    body: Body
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn: Quaternion = (0.0, 0.0, 0.0, 1.0)
    scale: float = 1.0


def write(
    pieces: Sequence[Piece],
    *,
    jpeg: bytes | None,
    areas: Sequence[Area],
    colouring: Callable[[Colour], Colour],
    root: Piece,
    copyright_: str | None,
) -> bytes:
    """The file's bytes. `root` is an empty piece that carries all others.

    `areas` are the places of the printed pictures in `jpeg`; `colouring` is a last change of
    plain colours. The same arguments give the same bytes.
    """
    model = _Model(areas, colouring)
    meshes: dict[int, int] = {}
    nodes: list[dict[str, object]] = [
        _node(root) | {"children": list(range(1, len(pieces) + 1))},
    ]
    for piece in pieces:
        if id(piece.body) not in meshes:
            meshes[id(piece.body)] = model.add_mesh(piece.name, piece.body)
        nodes.append(_node(piece) | {"mesh": meshes[id(piece.body)]})
    asset = {"version": "2.0", "generator": "atelier diorama"}
    if copyright_:
        asset["copyright"] = copyright_
    document: dict[str, object] = {
        "asset": asset,
        "scene": 0,
        "scenes": [{"name": root.name, "nodes": [0]}],
        "nodes": nodes,
        "meshes": model.meshes,
        "materials": model.materials,
        "accessors": model.accessors,
    }
    if jpeg is not None and model.is_printed:
        document |= {
            "textures": [{"sampler": 0, "source": 0}],
            "samplers": [
                {"magFilter": LINEAR, "minFilter": LINEAR_MIPMAPS, "wrapS": CLAMP, "wrapT": CLAMP}
            ],
            "images": [
                {
                    "bufferView": model.add_view(jpeg, None),
                    "mimeType": "image/jpeg",
                    "name": "prints",
                }
            ],
        }
    document |= {"bufferViews": model.views, "buffers": [{"byteLength": len(model.data)}]}
    return _container(document, bytes(model.data))


def _container(document: dict[str, object], data: bytes) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    return b"".join(
        (
            struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(data)),
            struct.pack("<I4s", len(text), b"JSON"),
            text,
            struct.pack("<I4s", len(data), b"BIN\0"),
            data,
        )
    )


def _node(piece: Piece) -> dict[str, object]:
    # A lone half of a surrogate pair cannot be written as UTF-8.
    name = piece.name[:LONGEST_NAME].encode("utf-8", "replace").decode()
    node: dict[str, object] = {"name": name}
    if any(piece.at):
        node["translation"] = [round(value, 6) for value in piece.at]
    if piece.turn != (0.0, 0.0, 0.0, 1.0):
        node["rotation"] = list(piece.turn)
    if piece.scale != 1.0:
        node["scale"] = [round(piece.scale, 6)] * 3
    return node


def linear(colour: Colour) -> list[float]:
    """An sRGB colour as glTF's linear factors, opaque (IEC 61966-2-1)."""
    shares = [part / 255 for part in colour]
    return [
        round(s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4, 5) for s in shares
    ] + [1.0]


class _Model:
    """The growing tables of a file."""

    def __init__(self, areas: Sequence[Area], colouring: Callable[[Colour], Colour]) -> None:
        self.areas = areas
        self.colouring = colouring
        self.data = bytearray()
        self.views: list[dict[str, object]] = []
        self.accessors: list[dict[str, object]] = []
        self.meshes: list[dict[str, object]] = []
        self.materials: list[dict[str, object]] = []
        self._material_of: dict[Colour | None, int] = {}

    @property
    def is_printed(self) -> bool:
        """Whether any surface shows a picture."""
        return None in self._material_of

    def add_mesh(self, name: str, body: Body) -> int:
        shown = name[:LONGEST_NAME].encode("utf-8", "replace").decode()
        self.meshes.append(
            {"name": shown, "primitives": [self._primitive(surface) for surface in body]}
        )
        return len(self.meshes) - 1

    def add_view(self, data: bytes, target: int | None) -> int:
        self.data += b"\0" * (-len(self.data) % 4)
        view: dict[str, object] = {
            "buffer": 0,
            "byteOffset": len(self.data),
            "byteLength": len(data),
        }
        if target is not None:
            view["target"] = target
        self.data += data
        self.views.append(view)
        return len(self.views) - 1

    def _primitive(self, surface: Surface) -> dict[str, object]:
        attributes = {
            "POSITION": self._vectors(surface.positions, bounded=True),
            "NORMAL": self._vectors(surface.normals),
        }
        if surface.uvs is not None and surface.tile is not None:
            left, top, wide, high = self.areas[surface.tile]
            attributes["TEXCOORD_0"] = self._vectors(surface.uvs * [wide, high] + [left, top])
        return {
            "attributes": attributes,
            "indices": self._indices(surface.triangles, len(surface.positions)),
            "material": self._material(surface),
        }

    def _vectors(self, values: npt.NDArray[np.float64], *, bounded: bool = False) -> int:
        packed = np.ascontiguousarray(values, dtype="<f4")
        accessor: dict[str, object] = {
            "bufferView": self.add_view(packed.tobytes(), VERTICES),
            "componentType": FLOAT,
            "count": len(packed),
            "type": f"VEC{packed.shape[1]}",
        }
        if bounded:
            accessor |= {
                "min": packed.min(axis=0).tolist(),
                "max": packed.max(axis=0).tolist(),
            }
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def _indices(self, triangles: npt.NDArray[np.int64], vertices: int) -> int:
        # The largest 16 bit number is reserved for restarting a strip (§3.7.2.1).
        short = vertices < 65535
        packed = np.ascontiguousarray(triangles.reshape(-1), dtype="<u2" if short else "<u4")
        self.accessors.append(
            {
                "bufferView": self.add_view(packed.tobytes(), INDICES),
                "componentType": USHORT if short else UINT,
                "count": len(packed),
                "type": "SCALAR",
            }
        )
        return len(self.accessors) - 1

    def _material(self, surface: Surface) -> int:
        if surface.colour not in self._material_of:
            rough: dict[str, object] = {"metallicFactor": 0.0, "roughnessFactor": 0.95}
            if surface.colour is None:
                name, rough["baseColorTexture"] = "prints", {"index": 0}
            else:
                colour = self.colouring(surface.colour)
                name, rough["baseColorFactor"] = f"#{bytes(colour).hex()}", linear(colour)
            self.materials.append({"name": name, "pbrMetallicRoughness": rough})
            self._material_of[surface.colour] = len(self.materials) - 1
        return self._material_of[surface.colour]
