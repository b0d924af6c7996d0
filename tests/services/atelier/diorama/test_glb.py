"""The file itself: chunks, tables, materials, names."""

import pytest

from devserver.my_app.services.atelier.diorama.extrusion import box
from devserver.my_app.services.atelier.diorama.glb import Piece, linear, write

from .gltf import Model

RED, BLUE = (255, 0, 0), (0, 0, 255)
CUBE = box(0.1, 0.1, 0.1, RED)
ROOT = Piece("root", ())


def model(*pieces: Piece) -> Model:
    data = write(
        pieces, jpeg=b"", areas=[], colouring=lambda colour: colour, root=ROOT, copyright_="me"
    )
    return Model(data)


def test_the_same_body_is_stored_once() -> None:
    one = model(Piece("a", CUBE))
    three = model(*(Piece(name, CUBE, at=(i, 0.0, 0.0)) for i, name in enumerate("abc")))
    assert len(three.binary) == len(one.binary)
    assert [thing.name for thing in three.things] == ["a", "b", "c"]
    assert [thing.world[:, 0].mean() for thing in three.things] == pytest.approx([0, 1, 2])


def test_a_piece_is_enlarged_turned_and_shifted() -> None:
    turned = Piece("a", CUBE, (1.0, 2.0, 3.0), (0.0, 0.0, 1.0, 0.0), 2.0)
    world = model(turned).things[0].world
    assert world.min(axis=0) == pytest.approx((0.9, 1.8, 2.9))
    assert world.max(axis=0) == pytest.approx((1.1, 2.0, 3.1))


def test_a_colour_is_one_material() -> None:
    found = model(Piece("a", CUBE), Piece("b", box(1, 1, 1, BLUE)), Piece("c", box(2, 1, 1, RED)))
    colours = [m["pbrMetallicRoughness"]["baseColorFactor"] for m in found.document["materials"]]
    assert colours == [[1, 0, 0, 1], [0, 0, 1, 1]]
    assert "images" not in found.document
    assert found.document["asset"] == {
        "version": "2.0",
        "generator": "atelier diorama",
        "copyright": "me",
    }


def test_colours_are_linear() -> None:
    assert linear((0, 10, 255)) == pytest.approx([0, 0.00304, 1, 1], abs=1e-4)
    assert linear((188, 188, 188))[0] == pytest.approx(0.5, abs=0.01)


def test_any_name_can_be_written() -> None:
    names = ["", '"\\\n', "Käse", "🐱", "\ud800", "\0", "x" * 500]
    found = model(*(Piece(name, CUBE) for name in names))
    assert [thing.name for thing in found.things][:4] == names[:4]
    assert all(len(thing.name) <= 60 for thing in found.things)
