"""How figures come and live: from nowhere, always in sight, home at the end."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.atelier.composition import cast as mentions_of
from devserver.my_app.services.atelier.composition import compose
from devserver.my_app.services.atelier.film.arrivals import Actor, entrance
from devserver.my_app.services.atelier.film.cast import Cast
from devserver.my_app.services.atelier.film.clock import STEP, Clock
from devserver.my_app.services.atelier.film.habits import Habit
from devserver.my_app.services.atelier.film.lives import LIVES, living, pivot_of
from devserver.my_app.services.atelier.film.pose import HOME, IDENTITY, Move, placed
from devserver.my_app.services.atelier.reading import read
from devserver.my_app.services.atelier.scene import Figure
from tests.services.atelier.prompts import PROMPTS

HABITS: tuple[Habit, ...] = get_args(Habit)


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    clock = Clock(draw(st.floats(1.0, 20.0)))
    width, height = draw(st.floats(0.05, 0.8)), draw(st.floats(0.05, 0.8))
    x = draw(st.floats(0.04 + width / 2, 0.96 - width / 2))
    y = draw(st.floats(0.04 + height, 0.96))
    flipped = draw(st.booleans())
    figure = Figure("x", "1F408", x, y, width, height, "hero", flipped=flipped)
    start = draw(st.floats(0.0, 1.0)) * clock.arrived
    settled = start + clock.journey
    return Actor(
        figure, draw(st.sampled_from(HABITS)), clock, start, settled, draw(st.floats(0, 1))
    )


def corners(actor: Actor, move: Move, t: float) -> list[tuple[float, float]]:
    place = placed((move,), t, 1)
    assert place is not None
    a, b, c, d, e, f = place[0]
    left, top, right, bottom = actor.figure.box
    return [(a * x + b * y + c, d * x + e * y + f) for x in (left, right) for y in (top, bottom)]


@settings(deadline=None)
@given(actors())
def test_whoever_comes_was_not_there_and_arrives_at_home(actor: Actor) -> None:
    come = entrance(actor)
    assert come(actor.start - STEP) is None
    assert come(actor.start) is not None
    assert come(actor.settled + 0.001) == HOME


@settings(deadline=None)
@given(actors(), st.floats(0, 1))
def test_lives_begin_and_end_at_home(actor: Actor, share: float) -> None:
    live = living(actor)
    if live is None:
        assert actor.habit == "stands"
        return
    assert live(actor.settled * share) == HOME
    assert live(actor.clock.rest + share * actor.clock.seconds) == HOME


@settings(deadline=None)
@given(actors(), st.floats(0, 1))
def test_nobody_jumps_when_life_begins_or_ends(actor: Actor, near: float) -> None:
    live = living(actor)
    if live is None or actor.habit == "nods":
        return
    brief = 0.004 * near * actor.clock.seconds
    for t in (actor.settled + brief, actor.clock.rest - brief):
        move = Move(live, pivot_of(actor.figure, actor.habit))
        left, top, right, bottom = actor.figure.box
        homes = [(x, y) for x in (left, right) for y in (top, bottom)]
        for (x, y), (home_x, home_y) in zip(corners(actor, move, t), homes, strict=True):
            assert abs(x - home_x) < 0.05
            assert abs(y - home_y) < 0.05


@settings(deadline=None)
@given(actors(), st.floats(0, 1))
def test_nobody_leaves_the_picture_but_what_drives_through(actor: Actor, share: float) -> None:
    live = living(actor)
    if live is None:
        return
    t = actor.settled + share * (actor.clock.rest - actor.settled)
    move = Move(live, (actor.figure.x, actor.figure.y - actor.figure.height / 2))
    xs, ys = zip(*corners(actor, move, t), strict=True)
    figure = actor.figure
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    assert figure.height / 2 - 0.03 < y < 1.03
    if actor.habit not in ("drives", "cruises"):
        assert figure.width / 2 - 0.01 < x < 1.01 - figure.width / 2


def test_every_habit_but_standing_is_seen() -> None:
    clock = Clock(5.0)
    figure = Figure("x", "1F408", 0.5, 0.7, 0.2, 0.2, "hero")
    for habit in HABITS:
        live = living(Actor(figure, habit, clock, 0.5, 1.2, 0.3))
        poses = {live(number * STEP) for number in range(60)} if live else set()
        assert (len(poses) > 5) is (habit in LIVES)


@pytest.mark.parametrize("text", [prompt for prompt, _ in PROMPTS])
def test_whole_casts_come_in_time_and_are_home_at_the_end(text: str) -> None:
    reading = read(text)
    scene = compose(reading, 3)
    for seconds in (1.0, 5.0):
        clock = Clock(seconds)
        cast = Cast(scene, mentions_of(reading), clock)
        starts = [cast.start(figure) for figure in scene.figures]
        if starts:
            assert min(starts) < 0  # the first frame shows somebody
        for figure in scene.figures:
            assert placed(cast.moves(figure), clock.rest + 1e-9, 512) == (IDENTITY, 1.0)


def test_a_guest_moves_with_its_host_and_never_comes_before_it() -> None:
    reading = read("Eine Katze auf einem Auto")
    scene = compose(reading, 1)
    clock = Clock(5.0)
    cast = Cast(scene, mentions_of(reading), clock)
    cat, car = (next(f for f in scene.figures if f.word == word) for word in ("Katze", "Auto"))
    assert cast.start(cat) > cast.start(car)
    t = (cast.start(cat) + clock.rest) / 2 + 0.3
    moved = [placed(cast.moves(figure), t, 1) for figure in (cat, car)]
    assert moved[0] is not None
    assert moved[0] == moved[1]
    assert moved[0][0] != IDENTITY


def test_houses_have_no_life() -> None:
    reading = read("Ein Haus und ein Vogel")
    scene = compose(reading, 1)
    clock = Clock(5.0)
    cast = Cast(scene, mentions_of(reading), clock)
    house, bird = (next(f for f in scene.figures if f.word == word) for word in ("Haus", "Vogel"))
    times = [number * STEP for number in range(60) if number * STEP > clock.arrived + 1]
    assert {placed(cast.moves(house), t, 512) for t in times} == {(IDENTITY, 1.0)}
    assert len({placed(cast.moves(bird), t, 512) for t in times}) > 10
