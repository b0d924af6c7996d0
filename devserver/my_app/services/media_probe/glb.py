"""GLB, read exactly by the glTF 2.0 specification (§4.4 container, §3.6 buffers and accessors).

Counting from the accessors needs no geometry library; a GLB may not point to anything outside
itself, because a run folder has to stand alone.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_kinds import MediaKind
from devserver.my_app.services.media_probe.facts import MediaFacts, ProbeLimits

_COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}  # §3.6.2.2
_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
# §3.6.2.4: each column of a matrix starts on four bytes.
_PADDED_MATRICES = {("MAT2", 1): 8, ("MAT3", 1): 12, ("MAT3", 2): 24}
_INDEX_ARRAYS = {5121: "B", 5123: "H", 5125: "I"}


class _Broken(MediaRejected):
    """The 3D model contradicts itself."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The 3D model is damaged: {what}.")


def _too_many() -> MediaRejected:
    return MediaRejected("The 3D model has too many vertices or faces.")


def measure_glb(path: Path, kind: MediaKind, limits: ProbeLimits) -> MediaFacts:
    """Vertices (each POSITION accessor once) and triangles of all meshes of a GLB."""
    data = path.read_bytes()
    document, binary = _chunks(data, limits)
    model = _Model(document=document, binary=binary)
    model.check_buffers()
    model.check_views()
    model.check_accessors()
    vertices, faces = model.count(limits)
    return MediaFacts(kind=kind, file_size_bytes=len(data), vertices=vertices, faces=faces)


def _chunks(data: bytes, limits: ProbeLimits) -> tuple[dict[str, object], bytes]:
    """The JSON document and the BIN chunk (empty when there is none), §4.4.3."""
    if len(data) < 20 or struct.unpack_from("<I", data, 8)[0] > len(data):
        raise MediaRejected("The 3D model is cut off: its end is missing.")
    if struct.unpack_from("<I", data, 8)[0] != len(data):
        raise _Broken("its declared length is not the file's")
    found: list[tuple[bytes, bytes]] = []
    at = 12
    while at < len(data):
        if at + 8 > len(data) or len(found) > 1000:
            raise _Broken("its chunks do not fit the file")
        length, name = struct.unpack_from("<I4s", data, at)
        if length % 4 or at + 8 + length > len(data):
            raise _Broken("its chunks do not fit the file")
        if not found and length > limits.max_json_bytes:
            raise MediaRejected("The 3D model's description is too large.")
        found.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length
    if found[0][0] != b"JSON":
        raise _Broken("its first chunk is not JSON")
    try:
        document = json.loads(found[0][1].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _Broken("its description is not JSON") from error
    if not isinstance(document, dict):
        raise _Broken("its description is not an object")
    binary = found[1][1] if len(found) > 1 and found[1][0] == b"BIN\x00" else b""
    return document, binary


def _whole(value: object, *, at_least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise _Broken("a number in its description makes no sense")
    return value


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _Broken("its description has the wrong form")
    return value


@dataclass(frozen=True, slots=True)
class _Model:
    document: dict[str, object]
    binary: bytes

    def items(self, name: str) -> list[dict[str, object]]:
        value = self.document.get(name, [])
        if not isinstance(value, list):
            raise _Broken("its description has the wrong form")
        return [_object(item) for item in value]

    def check_buffers(self) -> None:
        """§3.6.1, §4.4.3.3: the first may be the BIN chunk, padded by up to three bytes."""
        for index, buffer in enumerate(self.items("buffers")):
            length = _whole(buffer.get("byteLength"), at_least=1)
            uri = buffer.get("uri")
            if uri is not None:
                if length > _inline_bytes(uri):
                    raise _Broken("a buffer is shorter than declared")
            elif index == 0 and not length <= len(self.binary) <= length + 3:
                raise _Broken("its binary part has another length than declared")
        for image in self.items("images"):
            if image.get("uri") is not None:
                _inline_bytes(image["uri"])

    def check_views(self) -> None:
        """§3.6.1: each view lies inside its buffer."""
        buffers = self.items("buffers")
        for view in self.items("bufferViews"):
            index = _whole(view.get("buffer"))
            if index >= len(buffers):
                raise _Broken("it points to a part that does not exist")
            end = _whole(view.get("byteOffset", 0)) + _whole(view.get("byteLength"), at_least=1)
            if end > _whole(buffers[index].get("byteLength")):
                raise _Broken("a part of it lies outside its data")

    def check_accessors(self) -> None:
        """§3.6.2.4: offset + stride × (count − 1) + element size is inside the view."""
        views = self.items("bufferViews")
        for accessor in self.items("accessors"):
            count = _whole(accessor.get("count"), at_least=1)
            component = _COMPONENT_BYTES.get(_whole(accessor.get("componentType")))
            shape = str(accessor.get("type"))
            if component is None or shape not in _COMPONENTS:
                raise _Broken("it uses an unknown kind of number")
            element = _PADDED_MATRICES.get((shape, component), _COMPONENTS[shape] * component)
            self._check_span(views, accessor, count, element)
            if "sparse" in accessor:
                sparse = _object(accessor["sparse"])
                changed = _whole(sparse.get("count"), at_least=1)
                indices, values = _object(sparse.get("indices")), _object(sparse.get("values"))
                index_bytes = _COMPONENT_BYTES.get(_whole(indices.get("componentType")), 4)
                if changed > count or "bufferView" not in indices or "bufferView" not in values:
                    raise _Broken("a sparse part of it makes no sense")
                self._check_span(views, indices, changed, index_bytes)
                self._check_span(views, values, changed, element)

    @staticmethod
    def _check_span(
        views: list[dict[str, object]], part: dict[str, object], count: int, element: int
    ) -> None:
        if "bufferView" not in part:  # zeros, or filled in by an extension such as Draco
            return
        index = _whole(part["bufferView"])
        if index >= len(views):
            raise _Broken("it points to a part that does not exist")
        stride = _whole(views[index].get("byteStride", element), at_least=1)
        end = _whole(part.get("byteOffset", 0)) + stride * (count - 1) + element
        if end > _whole(views[index].get("byteLength")):
            raise _Broken("a part of it lies outside its data")

    def count(self, limits: ProbeLimits) -> tuple[int, int]:
        """(vertices, triangles), and every index names a vertex that exists (§3.7.2.1)."""
        accessors = self.items("accessors")
        positions: set[int] = set()
        faces = 0
        vertices_of: dict[int, int] = {}
        for mesh in self.items("meshes"):
            primitives = mesh.get("primitives")
            if not isinstance(primitives, list):
                raise _Broken("its description has the wrong form")
            for primitive in map(_object, primitives):
                position = _object(primitive.get("attributes")).get("POSITION")
                if position is None:  # allowed; a viewer draws nothing
                    continue
                at = _whole(position)
                if at >= len(accessors) or accessors[at].get("type") != "VEC3":
                    raise _Broken("its vertices make no sense")
                positions.add(at)
                count = corners = _whole(accessors[at].get("count"))
                if "indices" in primitive:
                    index = _whole(primitive["indices"])
                    if index >= len(accessors):
                        raise _Broken("it points to a part that does not exist")
                    corners = _whole(accessors[index].get("count"))
                    vertices_of[index] = min(count, vertices_of.get(index, count))
                mode = _whole(primitive.get("mode", 4))
                if mode > 6:
                    raise _Broken("it uses an unknown kind of face")
                faces += _faces(mode, corners)
        vertices = sum(_whole(accessors[at].get("count")) for at in positions)
        if not vertices:
            raise MediaRejected("The 3D model is empty: it has no vertices.")
        if vertices > limits.max_vertices or faces > limits.max_faces:
            raise _too_many()
        self._check_indices(accessors, vertices_of, limits)
        return vertices, faces

    def _check_indices(
        self,
        accessors: list[dict[str, object]],
        vertices_of: dict[int, int],
        limits: ProbeLimits,
    ) -> None:
        """Every number in each of these accessors is less than the vertices it is used with.

        Many accessors may share their bytes, so that the file's size is no limit to their numbers.
        """
        if sum(_whole(accessors[at].get("count")) for at in vertices_of) > limits.max_indices:
            raise _too_many()
        buffers, views = self.items("buffers"), self.items("bufferViews")
        for at, vertices in vertices_of.items():
            if self._largest_index(accessors[at], buffers, views) >= vertices:
                raise _Broken("a face names a vertex that does not exist")

    def _largest_index(
        self,
        accessor: dict[str, object],
        buffers: list[dict[str, object]],
        views: list[dict[str, object]],
    ) -> int:
        """-1 where the numbers are not plainly in the BIN chunk."""
        letter = _INDEX_ARRAYS.get(_whole(accessor.get("componentType")))
        if letter is None or accessor.get("type") != "SCALAR":
            raise _Broken("its face indices make no sense")
        if "bufferView" not in accessor or "sparse" in accessor:
            return -1
        view = views[_whole(accessor["bufferView"])]  # check_accessors has seen that it exists
        if view.get("buffer") != 0 or "uri" in buffers[0] or "byteStride" in view:
            return -1
        numbers = array(letter)
        start = _whole(view.get("byteOffset", 0)) + _whole(accessor.get("byteOffset", 0))
        end = start + _whole(accessor.get("count")) * numbers.itemsize
        numbers.frombytes(self.binary[start:end])
        if sys.byteorder == "big":
            numbers.byteswap()
        return max(numbers, default=-1)


def _faces(mode: int, corners: int) -> int:
    """Triangles of a list (4), a strip (5) or a fan (6), §3.7.2.1; points and lines have none."""
    if mode == 4:
        return corners // 3
    return max(corners - 2, 0) if mode in (5, 6) else 0


def _inline_bytes(uri: object) -> int:
    """How many bytes a base64 data URI holds; anything else would leave the file."""
    if not isinstance(uri, str) or not uri.startswith("data:"):
        raise MediaRejected("The 3D model needs other files that did not come with it.")
    head, comma, body = uri.partition(",")
    if not comma or not head.endswith(";base64"):
        raise _Broken("a built-in part of it cannot be read")
    return len(body.rstrip("=")) * 3 // 4
