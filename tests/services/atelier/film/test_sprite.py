"""Sprites: at home they are the layer itself; moved they are the same paper elsewhere."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devserver.my_app.services.atelier.film.pose import HOME, Move, Pose, placed
from devserver.my_app.services.atelier.film.sprite import Piece, cut_out, stick
from devserver.my_app.services.atelier.layers import Drawing, Layer, painted
from devserver.my_app.services.atelier.paper import grained
from devserver.my_app.services.atelier.shapes import Sheet, box, disc

SIZE = 128
GROUND = (120, 160, 190)
RED = Layer("ground", (Sheet((200, 40, 40), (disc(0.4, 0.5, 0.2),), 0.5),))


def framed(*moves: Move, layer: Layer = RED, t: float = 0.0) -> np.ndarray:
    sprite = cut_out(layer, SIZE)
    assert sprite is not None
    frame = grained(Image.new("RGB", (SIZE, SIZE), GROUND))
    stick(frame, Piece(sprite, moves), t)
    return np.asarray(frame).astype(int)


def still(pose: Pose | None, pivot: tuple[float, float] = (0.4, 0.5)) -> Move:
    return Move(lambda _: pose, pivot)


def red(frame: np.ndarray) -> np.ndarray:
    return (frame[:, :, 0] > 150) & (frame[:, :, 1] < 90)


def test_at_home_it_is_what_the_picture_shows() -> None:
    picture = painted(Drawing(Image.new("RGB", (SIZE, SIZE), GROUND), [RED]))
    difference = np.abs(framed() - np.asarray(picture).astype(int))
    assert difference.mean() < 0.5
    assert difference.max() < 20


def test_moved_by_whole_pixels_it_is_the_same_paper() -> None:
    moved = red(framed(still(Pose(dx=16 / SIZE, dy=-8 / SIZE))))
    # On its edge the grain of the ground below may decide.
    assert (moved[:-8, 16:] != red(framed())[8:, :-16]).sum() < 10
    assert moved.sum() > 1000


def test_turning_and_stretching_leave_the_pivot() -> None:
    turned = red(framed(still(Pose(turn=70))))
    assert abs(turned.sum() - red(framed()).sum()) < 0.03 * turned.sum()
    rows, columns = turned.nonzero()
    assert math.dist((columns.mean(), rows.mean()), (0.4 * SIZE, 0.5 * SIZE)) < 1
    wide = red(framed(still(Pose(wide=1.5))))
    assert wide.sum() == pytest.approx(1.5 * turned.sum(), rel=0.05)


def test_a_quarter_turn_is_counter_clockwise() -> None:
    bar = Layer("ground", (Sheet((200, 40, 40), (box(0.5, 0.48, 0.8, 0.52),), 0.0),))
    rows, columns = red(framed(still(Pose(turn=90), (0.5, 0.5)), layer=bar)).nonzero()
    assert rows.max() <= 0.52 * SIZE
    assert rows.min() == pytest.approx(0.2 * SIZE, abs=2)
    assert columns.mean() == pytest.approx(0.5 * SIZE, abs=1)


def test_leaning_keeps_the_foot() -> None:
    tower = Layer("ground", (Sheet((200, 40, 40), (box(0.4, 0.3, 0.6, 0.8),), 0.0),))
    upright = red(framed(layer=tower))
    leaning = red(framed(still(Pose(lean=0.2), (0.5, 0.8)), layer=tower))
    foot, top = round(0.8 * SIZE) - 2, round(0.3 * SIZE) + 2
    assert (leaning[foot] == upright[foot]).mean() > 0.97
    assert leaning[top].nonzero()[0].mean() > upright[top].nonzero()[0].mean() + 8


def test_what_is_not_there_or_far_away_is_not_drawn() -> None:
    empty = np.asarray(grained(Image.new("RGB", (SIZE, SIZE), GROUND))).astype(int)
    for pose in (None, Pose(opacity=0), Pose(dx=3), Pose(dx=3, turn=10)):
        assert (framed(still(pose)) == empty).all()


def test_paper_outside_the_picture_is_nothing_to_cut() -> None:
    far = Layer("ground", (Sheet((0, 0, 0), (box(2, 2, 3, 3),), 0.5),))
    assert cut_out(far, SIZE) is None


def test_paper_reaches_beyond_the_edge() -> None:
    """So that the camera can slide without showing where it ends."""
    hill = Layer("ground", (Sheet((200, 40, 40), (box(-0.2, 0.5, 1.2, 1.2),), 0.0),))
    moved = red(framed(still(Pose(dx=0.05)), layer=hill))
    assert moved[SIZE // 2 + 2 :].all()


POSES = st.builds(
    Pose,
    dx=st.floats(-1, 1),
    dy=st.floats(-1, 1),
    turn=st.floats(-360, 360),
    wide=st.floats(-2, 2),
    high=st.floats(0, 2),
    lean=st.floats(-1, 1),
    opacity=st.floats(0, 1),
)


@given(POSES)
def test_any_pose_can_be_drawn(pose: Pose) -> None:
    assert framed(still(pose)).shape == (SIZE, SIZE, 3)


@given(POSES, st.floats(0, 1), st.floats(0, 1))
def test_the_pivot_only_slides(pose: Pose, x: float, y: float) -> None:
    place = placed((still(pose, (x, y)),), 0.0, SIZE)
    assert place is not None
    a, b, c, d, e, f = place[0]
    at = a * x * SIZE + b * y * SIZE + c, d * x * SIZE + e * y * SIZE + f
    assert at == pytest.approx(((x + pose.dx) * SIZE, (y + pose.dy) * SIZE), abs=1e-6)


@given(POSES)
def test_home_changes_nothing(pose: Pose) -> None:
    alone = placed((still(pose),), 0.0, SIZE)
    assert placed((still(HOME), still(pose), still(HOME)), 0.0, SIZE) == alone
