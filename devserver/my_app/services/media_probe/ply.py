"""PLY (Turk, "The PLY Polygon File Format"): a header, then the elements it declares."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_probe.facts import ProbeLimits

_LETTERS = {
    **{"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I"},
    **{"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I"},
    **{"float": "f", "float32": "f", "double": "d", "float64": "d"},
}
_MAX_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Property:
    """One value (`count` empty) or a list of them; both are letters of `struct`."""

    name: str
    value: str
    count: str = ""


@dataclass(slots=True)
class _Element:
    name: str
    count: int
    properties: list[_Property]


def count_ply(data: bytes, limits: ProbeLimits) -> tuple[int, int]:
    """(vertices, faces); MediaRejected unless the body holds exactly what the header declares."""
    end = data.find(b"end_header", 0, _MAX_HEADER_BYTES)
    body = data.find(b"\n", end) + 1 if end >= 0 else 0
    if not body:
        raise MediaRejected("The 3D model is cut off: its header has no end.")
    lines = data[:end].decode("ascii", "replace").split("\n")
    layout = lines[1].split()[1]
    elements = _elements(lines)
    counts = {element.name: element.count for element in elements}
    vertices, faces = counts.get("vertex", 0), counts.get("face", 0)
    total = sum(element.count for element in elements)
    if vertices > limits.max_vertices or faces > limits.max_faces or total > len(data) - body:
        raise MediaRejected("The 3D model is cut off, or has too many vertices or faces.")
    if layout == "ascii":
        _read_text(data[body:], elements, vertices)
    else:
        _read_binary(data, body, elements, "<" if layout == "binary_little_endian" else ">")
    return vertices, faces


def _elements(lines: list[str]) -> list[_Element]:
    elements: list[_Element] = []
    for line in lines[1:]:
        match line.split():
            case ["element", name, count] if count.isdecimal():
                elements.append(_Element(name=name, count=int(count), properties=[]))
            case ["property", "list", count, value, name] if elements:
                item = _Property(name=name, value=_LETTERS[value], count=_LETTERS[count])
                elements[-1].properties.append(item)
            case ["property", value, name] if elements:
                elements[-1].properties.append(_Property(name=name, value=_LETTERS[value]))
            case [] | ["format" | "comment" | "obj_info", *_]:
                pass
            case _:
                raise MediaRejected("The 3D model is damaged: its header makes no sense.")
    if any(not element.properties for element in elements):
        raise MediaRejected("The 3D model is damaged: its header makes no sense.")
    return elements


def _read_text(body: bytes, elements: list[_Element], vertices: int) -> None:
    """One line for each item, with as many numbers as declared, and nothing behind the last."""
    lines = iter([line for line in body.split(b"\n") if line.strip()])
    for element in elements:
        for _ in range(element.count):
            numbers = [float(word) for word in next(lines, b"").split()]
            at = 0
            for item in element.properties:
                length = int(numbers[at]) if item.count and at < len(numbers) else 1
                first = at + 1 if item.count else at
                at = first + length
                if length < 0 or at > len(numbers):
                    raise MediaRejected("The 3D model is cut off or damaged.")
                if _names_vertices(element, item):
                    _check_corners(numbers[first:at], vertices)
            if at != len(numbers) or not math.isfinite(sum(numbers)):
                raise MediaRejected("The 3D model is cut off or damaged.")
    if next(lines, None) is not None:
        raise MediaRejected("The 3D model is damaged: there is more in it than it declares.")


def _read_binary(data: bytes, at: int, elements: list[_Element], order: str) -> None:
    """Every item is there to its last byte; lists are walked, since each has its own length."""
    vertices = next((element.count for element in elements if element.name == "vertex"), 0)
    for element in elements:
        if not any(item.count for item in element.properties):
            letters = "".join(item.value for item in element.properties)
            at += element.count * struct.calcsize(order + letters)
            continue
        for _ in range(element.count):
            for item in element.properties:
                length = 1
                if item.count:
                    (length,) = struct.unpack_from(order + item.count, data, at)
                    at += struct.calcsize(order + item.count)
                if length < 0 or at + length * struct.calcsize(item.value) > len(data):
                    raise MediaRejected("The 3D model is cut off: its end is missing.")
                if _names_vertices(element, item):
                    corners = struct.unpack_from(f"{order}{length}{item.value}", data, at)
                    _check_corners(corners, vertices)
                at += length * struct.calcsize(item.value)
    if at != len(data):
        raise MediaRejected("The 3D model is cut off, or there is more in it than it declares.")


def _names_vertices(element: _Element, item: _Property) -> bool:
    return element.name == "face" and item.name in ("vertex_indices", "vertex_index")


def _check_corners(corners: list[float] | tuple[float, ...], vertices: int) -> None:
    if len(corners) < 3 or min(corners) < 0 or max(corners) >= vertices:
        raise MediaRejected("The 3D model is damaged: a face names a vertex that does not exist.")
