"""Triangles fill a polygon exactly: same area, same boundary, none of them empty."""

import math
from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from devserver.my_app.services.atelier.diorama.outlines import Ring, Shape, area, shapes_of
from devserver.my_app.services.atelier.diorama.triangulation import triangulated, turn


def ring(*corners: tuple[int, int]) -> Ring:
    return np.array(corners, dtype=np.int64)


def assert_filled(shape: Shape) -> None:
    points, triangles = triangulated(shape)
    areas = [turn(points[a], points[b], points[c]) for a, b, c in triangles]
    assert min(areas) > 0
    assert sum(areas) == sum(round(2 * area(ring)) for ring in shape.rings)
    assert len(triangles) == len(points) + 2 * len(shape.holes) - 2
    edges = Counter((t[i], t[(i + 1) % 3]) for t in triangles for i in range(3))
    assert set(edges.values()) == {1}
    border = {(a, b) for a, b in edges if (b, a) not in edges}
    expected = set()
    first = 0
    for own in shape.rings:
        expected |= {(first + i, first + (i + 1) % len(own)) for i in range(len(own))}
        first += len(own)
    assert border == expected


def star_shaped(rng: Random, count: int, radius: int) -> list[tuple[int, int]]:
    """A simple polygon: its corners lie in order around its middle."""
    angles = sorted(rng.uniform(0, math.tau) for _ in range(count))
    return [
        (round(r * math.cos(a)), round(r * math.sin(a)))
        for a in angles
        for r in (radius * rng.uniform(0.5, 1),)
    ]


def test_corners_in_a_line_stay_corners() -> None:
    assert_filled(Shape(ring((0, 0), (5, 0), (10, 0), (10, 5), (10, 10), (5, 10), (0, 10), (0, 5))))
    assert_filled(Shape(ring((0, 0), (4, 0), (8, 0), (4, 6))))


def test_a_comb() -> None:
    teeth = [p for i in range(9) for p in ((4 * i, 40), (4 * i + 2, 2))]
    assert_filled(Shape(ring((0, 0), (36, 0), *reversed(teeth))))


def test_holes_in_rows_and_at_the_same_height() -> None:
    frame = ring((0, 0), (100, 0), (100, 100), (0, 100))
    holes = tuple(
        ring((x, y), (x, y + 12), (x + 12, y + 12), (x + 12, y))
        for x in (10, 40, 70)
        for y in (10, 40, 70)
    )
    assert_filled(Shape(frame, holes))


def test_a_polygon_that_crosses_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="crosses itself"):
        triangulated(Shape(ring((0, 0), (10, 10), (10, 0), (0, 10))))


def test_a_hole_outside_is_refused() -> None:
    outside = ring((200, 200), (200, 210), (210, 210))
    middle = ring((300, 205), (100, 150), (105, 150))
    with pytest.raises(ValueError, match=r"hole|crosses"):
        assert_filled(Shape(ring((0, 0), (9, 0), (9, 9)), (outside, middle)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(3, 120))
def test_random_polygons(seed: int, count: int) -> None:
    rng = Random(seed)
    corners = star_shaped(rng, count, 40_000)
    around = [math.atan2(y, x) for x, y in corners]
    gaps = [(b - a) % math.tau for a, b in zip(around, around[1:] + around[:1], strict=True)]
    if not min(gaps) > 0 or max(gaps) >= math.pi * 0.99:
        corners = [(40_000, 0), (0, 40_000), (-40_000, 0), (0, -40_000)]
    assert_filled(Shape(ring(*corners)))


@settings(max_examples=35, deadline=None)
@given(st.integers(0, 2**32), st.integers(8, 44), st.floats(0.4, 2.0), st.floats(0.45, 0.85))
def test_random_masks_with_holes(seed: int, side: int, soft: float, share: float) -> None:
    noise = np.random.default_rng(seed).random((side, side)) < share
    image = Image.fromarray((noise * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(soft))
    for shape in shapes_of(image):
        assert_filled(shape)
