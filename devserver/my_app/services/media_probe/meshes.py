"""OBJ, STL and PLY: counted by small strict readers, so that no geometry library is needed."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_kinds import MediaKind
from devserver.my_app.services.media_probe.facts import MediaFacts, ProbeLimits
from devserver.my_app.services.media_probe.ply import count_ply

_CUT = "The 3D model is cut off: its end is missing."
_TOO_MANY = "The 3D model has too many vertices or faces."


def measure_mesh(path: Path, kind: MediaKind, limits: ProbeLimits) -> MediaFacts:
    """Vertices and faces as the file lists them (STL repeats each triangle's three vertices).

    An OBJ or ASCII PLY that is cut in its last lines may pass as smaller: text has no end mark.
    """
    data = path.read_bytes()
    count = {"obj": _count_obj, "stl": _count_stl, "ply": count_ply}[kind.format]
    vertices, faces = count(data, limits)
    if not vertices:
        raise MediaRejected("The 3D model is empty: it has no vertices.")
    if vertices > limits.max_vertices or faces > limits.max_faces:
        raise MediaRejected(_TOO_MANY)
    return MediaFacts(kind=kind, file_size_bytes=len(data), vertices=vertices, faces=faces)


def _count_obj(data: bytes, limits: ProbeLimits) -> tuple[int, int]:
    """Each `v` has three finite numbers, each corner of an `f` names a vertex that exists.

    Corners count from 1, or backwards from the last vertex so far (OBJ specification, "f").
    """
    vertices, faces, highest = 0, 0, 0
    for line in data.split(b"\n"):
        words = line.split()
        if not words:
            continue
        if words[0] == b"v":
            if len(words) < 4 or not all(math.isfinite(float(word)) for word in words[1:4]):
                raise MediaRejected("The 3D model is damaged: a vertex makes no sense.")
            vertices += 1
        elif words[0] == b"f":
            corners = [int(word.split(b"/", 1)[0]) for word in words[1:]]
            if len(corners) < 3 or 0 in corners or min(corners) < -vertices:
                raise MediaRejected("The 3D model is damaged: a face makes no sense.")
            highest = max(highest, *corners)
            faces += 1
        elif words[0] == b"mtllib" and b"://" in line:
            raise MediaRejected("The 3D model needs other files that did not come with it.")
        if vertices > limits.max_vertices or faces > limits.max_faces:
            raise MediaRejected(_TOO_MANY)
    if highest > vertices:
        raise MediaRejected("The 3D model is cut off or damaged: a face names a missing vertex.")
    return vertices, faces


_NUMBER = rb"\s+[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_FACET = re.compile(
    rb"\s*facet\s+normal(?:" + _NUMBER + rb"){3}\s+outer\s+loop"
    rb"(?:\s+vertex(?:" + _NUMBER + rb"){3}){3}\s+endloop\s+endfacet"
)
_SOLID = re.compile(rb"\s*solid\b[^\n]*\n")
_END_SOLID = re.compile(rb"\s*endsolid\b[^\n]*")


def _count_stl(data: bytes, limits: ProbeLimits) -> tuple[int, int]:
    """Triangles of a binary STL (its count fits the size, all numbers finite) or an ASCII one."""
    if len(data) >= 84 and 84 + 50 * struct.unpack_from("<I", data, 80)[0] == len(data):
        faces = (len(data) - 84) // 50
        if faces > limits.max_faces:
            raise MediaRejected(_TOO_MANY)
        for triangle in struct.iter_unpack("<12f2x", memoryview(data)[84:]):
            if not math.isfinite(sum(triangle)):
                raise MediaRejected("The 3D model is damaged: a vertex makes no sense.")
        return faces * 3, faces
    faces, at = 0, 0
    solid = _SOLID.match(data)
    while solid is not None:
        at = solid.end()
        while facet := _FACET.match(data, at):
            at = facet.end()
            faces += 1
            if faces > limits.max_faces:
                raise MediaRejected(_TOO_MANY)
        end = _END_SOLID.match(data, at)
        if end is None:
            raise MediaRejected("The 3D model is cut off or damaged.")
        at = end.end()
        solid = _SOLID.match(data, at)
    if data[at:].strip():
        raise MediaRejected("The 3D model is cut off or damaged.")
    return faces * 3, faces
