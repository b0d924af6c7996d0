"""Thick paper: closed, right way round, as large as it should be, bent without gaps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from devserver.my_app.services.atelier.diorama.cutouts import flats_of
from devserver.my_app.services.atelier.diorama.extrusion import box, extruded, filled, in_strips
from devserver.my_app.services.atelier.diorama.solids import (
    Body,
    Flat,
    Print,
    lying,
    moved,
    together,
)

from .gltf import assert_closed, assert_sound, volume

RED = (200, 30, 20)
SQUARE = filled([(-0.4, 0.0), (0.4, 0.0), (0.4, 0.5), (-0.4, 0.5)])


def surfaces(body: Body) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(surface.positions, surface.triangles) for surface in body]


def assert_solid(body: Body) -> None:
    assert_closed(surfaces(body))
    for surface in body:
        assert_sound(surface.positions, surface.normals, surface.triangles)


def paper(flat: Flat, bend: float = 0.0) -> Body:
    return extruded(flat, 0.01, front=RED, back=(9, 9, 9), edge=RED, bend=bend)


def test_a_board_has_its_volume_and_its_colours() -> None:
    body = paper(SQUARE)
    assert_solid(body)
    assert volume(surfaces(body)) == pytest.approx(0.8 * 0.5 * 0.01)
    assert [surface.colour for surface in body] == [RED, (9, 9, 9)]


def test_a_print_lies_upright_on_both_sides() -> None:
    print_ = Print(3, -0.4, 0.5, 0.8, 0.5)
    body = extruded(SQUARE, 0.01, front=print_, back=print_, edge=RED)
    assert_solid(body)
    (printed,) = [surface for surface in body if surface.tile is not None]
    assert printed.tile == 3
    assert printed.uvs is not None
    for (x, y, _), (u, v) in zip(printed.positions, printed.uvs, strict=True):
        assert (u, v) == pytest.approx(((x + 0.4) / 0.8, (0.5 - y) / 0.5))


def test_a_bent_sheet_follows_its_parabola() -> None:
    body = paper(SQUARE, bend=0.12)
    assert_solid(body)
    front = body[0].positions
    middle = front[np.abs(front[:, 0]) < 0.03]
    side = front[front[:, 0] > 0.39]
    assert middle[:, 2].max() < 0.02
    assert side[:, 2].max() == pytest.approx(4 * 0.12 * 0.4**2, abs=0.01)


def test_cutting_into_strips_keeps_the_area() -> None:
    def total(flat: Flat) -> float:
        a, b, c = (flat.points[flat.triangles[:, i]] for i in range(3))
        (ux, uy), (vx, vy) = (b - a).T, (c - a).T
        return float(np.sum(ux * vy - uy * vx)) / 2

    cut = in_strips(SQUARE)
    assert len(cut.triangles) > len(SQUARE.triangles)
    assert total(cut) == pytest.approx(total(SQUARE))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.4, 2.0), st.sampled_from((0.0, 0.12, -0.03)))
def test_any_shape_becomes_solid_paper(seed: int, soft: float, bend: float) -> None:
    noise = np.random.default_rng(seed).random((30, 40)) < 0.6
    mask = Image.fromarray((noise * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(soft))
    for flat in flats_of(mask, 1 / 40):
        body = paper(Flat(flat.points - np.array([0.5, 0.0]), flat.triangles), bend)
        assert_solid(body)
        assert volume(surfaces(body)) > 0


def test_an_empty_mask_becomes_a_card() -> None:
    (flat,) = flats_of(Image.new("L", (3, 2)), 0.1)
    assert_solid(paper(flat))


def test_turning_and_joining_keep_bodies_closed() -> None:
    angle = math.radians(33)
    turn = np.array(
        [
            [math.cos(angle), -math.sin(angle), 0],
            [math.sin(angle), math.cos(angle), 0],
            [0, 0, 1],
        ]
    )
    one, two = (
        moved(paper(SQUARE), matrix=turn),
        lying(moved(box(0.1, 0.2, 0.3, RED), by=(2, 0, 0))),
    )
    both = together((one, two))
    assert_solid(both)
    assert volume(surfaces(both)) == pytest.approx(0.004 + 0.006)


def test_lying_turns_the_front_up() -> None:
    body = lying(paper(SQUARE))
    assert body[0].normals[0] == pytest.approx((0, 1, 0))
    assert body[0].positions[:, 2].min() == pytest.approx(-0.5)
