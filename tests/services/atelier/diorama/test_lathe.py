"""Turned bodies: closed, round, of the right size."""

import math

import numpy as np
import pytest

from devserver.my_app.services.atelier.diorama.lathe import ball, cone, dome, rod, turned
from devserver.my_app.services.atelier.diorama.solids import Body

from .gltf import assert_closed, assert_sound, volume

RED = (200, 30, 20)
BODIES = {
    "rod": (rod(0.5, 0.1, RED, sides=64), math.pi * 0.1**2 * 0.5),
    "cone": (cone(0.5, 0.2, RED), math.pi * 0.2**2 * 0.5 / 3),
    "ball": (ball(0.2, RED), 4 / 3 * math.pi * 0.2**3),
    "dome": (dome(0.2, RED), 2 / 3 * math.pi * 0.2**3),
    "frustum": (turned(((0, 0), (0.2, 0), (0.1, 0.3), (0, 0.3)), RED, sides=64), math.pi * 0.007),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_are_closed_and_have_their_volume(name: str) -> None:
    body, expected = BODIES[name]
    surfaces = [(surface.positions, surface.triangles) for surface in body]
    assert_closed(surfaces)
    for surface in body:
        assert_sound(surface.positions, surface.normals, surface.triangles)
    assert volume(surfaces) == pytest.approx(expected, rel=0.04)
    assert min(surface.positions[:, 1].min() for surface in body) == 0


def test_a_ball_is_smooth() -> None:
    body: Body = ball(0.2, RED)
    out = body[0].positions - np.array([0, 0.2, 0])
    out /= np.linalg.norm(out, axis=1)[:, None]
    assert np.sum(out * body[0].normals, axis=1).min() > 0.97
