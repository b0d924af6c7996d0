"""3D models: counted as their files say, and refused when they contradict themselves."""

from __future__ import annotations

import copy
import struct
from pathlib import Path
from typing import Any

import pytest

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_probe import MediaFacts, ProbeLimits, measure
from tests import media_samples as samples

BINARY = samples.glb_bytes()[-72:]


def probe(tmp_path: Path, data: bytes, limits: ProbeLimits | None = None) -> MediaFacts:
    path = tmp_path / "model"
    path.write_bytes(data)
    return measure(path, limits or ProbeLimits())


@pytest.mark.parametrize(
    ("data", "vertices"),
    [
        (samples.glb_bytes(), 4),
        (samples.obj_bytes(), 4),
        (samples.ply_bytes(), 4),
        (samples.ascii_ply_bytes(), 4),
        (samples.stl_bytes(), 12),
        (samples.ascii_stl_bytes(), 12),
    ],
)
def test_a_tetrahedron_is_counted(data: bytes, vertices: int, tmp_path: Path) -> None:
    facts = probe(tmp_path, data)
    assert (facts.vertices, facts.faces) == (vertices, 4)
    with pytest.raises(MediaRejected):
        probe(tmp_path, data, ProbeLimits(max_faces=3))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("buffers", 0, "byteLength"), 10_000),
        (("buffers", 0, "uri"), "mesh.bin"),
        (("buffers", 0, "uri"), "http://127.0.0.1/mesh.bin"),
        (("images",), [{"uri": "../picture.png"}]),
        (("bufferViews", 1, "byteOffset"), 60),
        (("bufferViews", 0, "byteLength"), -4),
        (("bufferViews", 0, "buffer"), 3),
        (("accessors", 0, "count"), 5),
        (("accessors", 0, "count"), 10**30),
        (("accessors", 0, "count"), True),
        (("accessors", 0, "type"), "VEC9"),
        (("accessors", 0, "componentType"), 1),
        (("accessors", 0, "bufferView"), 9),
        (("accessors", 1, "type"), "VEC2"),
        (("meshes", 0, "primitives", 0, "indices"), 9),
        (("meshes", 0, "primitives", 0, "mode"), 12),
        (("meshes", 0, "primitives"), "none"),
        (("meshes",), []),
    ],
)
def test_a_lying_glb_is_refused(path: tuple[Any, ...], value: object, tmp_path: Path) -> None:
    document: Any = copy.deepcopy(samples.gltf_document())
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(MediaRejected):
        probe(tmp_path, samples.glb_of(document, BINARY))


def test_a_glb_has_a_limit_of_numbers_that_name_vertices(tmp_path: Path) -> None:
    assert probe(tmp_path, samples.glb_bytes(), ProbeLimits(max_indices=12)).faces == 4
    with pytest.raises(MediaRejected, match="too many"):
        probe(tmp_path, samples.glb_bytes(), ProbeLimits(max_indices=11))


def test_a_face_may_not_name_a_missing_vertex(tmp_path: Path) -> None:
    binary = BINARY[:-2] + struct.pack("<H", 4)
    with pytest.raises(MediaRejected, match="vertex that does not exist"):
        probe(tmp_path, samples.glb_of(samples.gltf_document(), binary))


@pytest.mark.parametrize("at", [8, 12])
@pytest.mark.parametrize("change", [-4, -1, 1, 4, 2**30])
def test_lengths_of_a_glb_have_to_fit(at: int, change: int, tmp_path: Path) -> None:
    data = samples.glb_bytes()
    length = struct.unpack_from("<I", data, at)[0] + change
    with pytest.raises(MediaRejected):
        probe(tmp_path, data[:at] + struct.pack("<I", length) + data[at + 4 :])


def test_a_glb_ends_where_it_says(tmp_path: Path) -> None:
    with pytest.raises(MediaRejected, match="declared length"):
        probe(tmp_path, samples.glb_bytes() + b"<html>")


def test_the_description_of_a_glb_is_bounded(tmp_path: Path) -> None:
    with pytest.raises(MediaRejected, match="too large"):
        probe(tmp_path, samples.glb_bytes(), ProbeLimits(max_json_bytes=100))
    deep = b"[" * 100_000
    chunk = struct.pack("<I4s", len(deep), b"JSON") + deep
    with pytest.raises(MediaRejected, match="not JSON"):
        probe(tmp_path, struct.pack("<4sII", b"glTF", 2, 12 + len(chunk)) + chunk)


@pytest.mark.parametrize(
    "data",
    [
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n",
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n",
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n",
        b"v 0 0 0\nv nan 0 0\nv 0 1 0\n",
        b"mtllib http://127.0.0.1/a.mtl\nv 0 0 0\n",
        samples.ply_bytes() + b"<html>",
        samples.ply_bytes()[:-4] + struct.pack("<i", 4),
        samples.ply_bytes().replace(b"vertex 4", b"vertex 400000000"),
        samples.ply_bytes().replace(b"float z", b"strange z"),
        samples.ascii_ply_bytes() + b"1 2 3\n",
        samples.ascii_stl_bytes().replace(b"endloop", b"endlop", 1),
        samples.stl_bytes()[:96] + b"\xff\xff\xff\x7f" * 3 + samples.stl_bytes()[108:],
    ],
)
def test_broken_obj_ply_and_stl_are_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(MediaRejected):
        probe(tmp_path, data)


def test_a_cut_text_model_never_grows(tmp_path: Path) -> None:
    """OBJ, ASCII STL and ASCII PLY have no end mark of their own: a cut may pass, as less."""
    for data in (samples.obj_bytes(), samples.ascii_stl_bytes(), samples.ascii_ply_bytes()):
        for cut in range(len(data)):
            try:
                facts = probe(tmp_path, data[:cut])
            except MediaRejected:
                continue
            assert facts.faces is not None
            assert facts.faces <= 4
