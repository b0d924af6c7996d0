"""Outlines of masks: where they run, holes, and that they never cross."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from devserver.my_app.services.atelier.diorama.outlines import (
    LEAST_AREA,
    STEPS,
    Shape,
    area,
    crosses,
    shapes_of,
)


def mask(*circles: tuple[int, int, int, int], size: int = 100) -> Image.Image:
    """Circles of x, y, radius and brightness, drawn large and reduced."""
    drawn = Image.new("L", (size * 4, size * 4))
    pen = ImageDraw.Draw(drawn)
    for x, y, r, light in circles:
        pen.ellipse([4 * v for v in (x - r, y - r, x + r, y + r)], fill=light)
    return drawn.reduce(4)


def test_a_disc_keeps_its_size_and_place() -> None:
    (shape,) = shapes_of(mask((40, 30, 20, 255)))
    assert not shape.holes
    assert area(shape.outer) / STEPS**2 == pytest.approx(math.pi * 20**2, rel=0.02)
    middle = (shape.outer.min(axis=0) + shape.outer.max(axis=0)) / 2 / STEPS
    assert middle == pytest.approx((40, 70), abs=0.5)  # y runs upwards


def test_a_curve_is_smooth_and_has_few_points() -> None:
    (shape,) = shapes_of(mask((50, 50, 40, 255)))
    away = np.hypot(*(shape.outer / STEPS - 50).T)
    assert np.ptp(away) < 0.6
    assert 20 < len(shape.outer) < 90


def test_holes_run_the_other_way_and_islands_stand_alone() -> None:
    ring, island = shapes_of(mask((50, 50, 40, 255), (50, 50, 25, 0), (50, 50, 10, 255)))
    assert len(ring.holes) == 1
    assert area(ring.outer) > 0 > area(ring.holes[0])
    assert not island.holes
    assert area(island.outer) < -area(ring.holes[0])


def test_nothing_and_crumbs_have_no_outline() -> None:
    assert shapes_of(Image.new("L", (30, 30))) == ()
    assert shapes_of(mask((50, 50, 1, 255))) == ()


def test_what_touches_the_edge_is_closed_there() -> None:
    (shape,) = shapes_of(Image.new("L", (20, 10), 255))
    assert area(shape.outer) / STEPS**2 == pytest.approx(200, rel=0.02)


def test_crossing_is_noticed() -> None:
    bow_tie = np.array([[0, 0], [10, 10], [10, 0], [0, 10]])
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]])
    touching = np.array([[0, 0], [10, 0], [10, 10], [5, 0], [0, 10]])
    spike = np.array([[0, 0], [10, 0], [4, 0], [4, 9]])
    assert not crosses((square,))
    assert crosses((bow_tie,))
    assert crosses((touching,))
    assert crosses((spike,))
    assert crosses((square, square + 5))
    assert not crosses((square * 3, square + 5))


@settings(max_examples=35, deadline=None)
@given(st.integers(0, 2**32), st.integers(4, 48), st.floats(0, 2.5), st.floats(0.2, 0.8))
def test_any_mask_gives_simple_polygons(seed: int, side: int, soft: float, share: float) -> None:
    noise = np.random.default_rng(seed).random((side, side + 3)) < share
    image = Image.fromarray((noise * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(soft))
    found = shapes_of(image)
    for shape in found:
        assert isinstance(shape, Shape)
        assert area(shape.outer) >= LEAST_AREA * STEPS**2 * 0.5
        assert all(area(hole) < 0 for hole in shape.holes)
        assert not crosses(shape.rings)
    assert [area(s.outer) for s in found] == sorted((area(s.outer) for s in found), reverse=True)
