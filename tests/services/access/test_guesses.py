from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.access.guesses import Guesses, Patience, TooManyGuesses, attempt
from tests.services.access.clock import Clock

PATIENCE = Patience(free=3, first_wait=1, longest_wait=8)


class WrongError(Exception):
    pass


def guess(guesses: Guesses, key: str = "x", *, right: bool = False) -> None:
    with suppress(WrongError), attempt((guesses, key)):
        if not right:
            raise WrongError


def test_the_wait_grows_up_to_the_longest() -> None:
    clock = Clock()
    guesses = Guesses(PATIENCE, clock)
    for _ in range(4):  # three are free, and the fourth makes the fifth wait
        guess(guesses)
    waits = []
    for _ in range(6):
        with pytest.raises(TooManyGuesses) as refused:
            guess(guesses)
        waits.append(refused.value.retry_after_seconds)
        clock.now += refused.value.retry_after_seconds
        guess(guesses)
    assert waits == [1, 2, 4, 8, 8, 8]


def test_being_refused_makes_the_wait_no_longer() -> None:
    clock = Clock()
    guesses = Guesses(PATIENCE, clock)
    for _ in range(4):
        guess(guesses)
    for _ in range(50):
        with pytest.raises(TooManyGuesses):
            guess(guesses)
    clock.now += 1
    guess(guesses)


def test_a_right_one_counts_nothing_and_wipes_out_nothing() -> None:
    clock = Clock()
    guesses = Guesses(PATIENCE, clock)
    for _ in range(100):
        guess(guesses, right=True)
    for _ in range(3):
        guess(guesses)
    guess(guesses, right=True)
    guess(guesses)
    with pytest.raises(TooManyGuesses):
        guess(guesses)


def test_keys_are_counted_apart() -> None:
    guesses = Guesses(PATIENCE, Clock())
    for _ in range(4):
        guess(guesses, "a")
    guess(guesses, "b")
    with pytest.raises(TooManyGuesses):
        guess(guesses, "a")


def test_all_is_forgotten_after_a_while() -> None:
    clock = Clock()
    guesses = Guesses(PATIENCE, clock)
    for _ in range(4):
        guess(guesses)
    clock.now += 15 * 60 + 8
    for _ in range(4):
        guess(guesses)


def test_many_at_once_gain_nothing() -> None:
    """An attempt counts from its beginning, so those under way are counted, too."""
    guesses = Guesses(PATIENCE, Clock())
    for _ in range(4):
        guesses.begin("x")
    with pytest.raises(TooManyGuesses):
        guesses.begin("x")


def test_an_attempt_that_one_of_several_refuses_counts_with_none() -> None:
    clock = Clock()
    open_one, shut = Guesses(PATIENCE, clock), Guesses(PATIENCE, clock)
    for _ in range(4):
        guess(shut)
    for _ in range(50):
        with pytest.raises(TooManyGuesses), attempt((open_one, "x"), (shut, "x")):
            raise AssertionError("it was refused")
    for _ in range(4):
        guess(open_one)


def test_no_number_of_keys_fills_the_memory() -> None:
    guesses = Guesses(PATIENCE, Clock())
    for number in range(10_100):
        guess(guesses, str(number))
    assert len(guesses._counts) == 10_000


@given(st.lists(st.floats(0, 30), max_size=200))
def test_however_it_is_spread_guessing_is_slow(pauses: list[float]) -> None:
    """In any time T there are at most the free ones, the doubling ones, and one in each longest
    wait, unless T holds a pause after which all is forgotten."""
    clock = Clock()
    guesses = Guesses(PATIENCE, clock)
    made, begun_at = 0, clock.now
    for pause in pauses:
        clock.now += pause
        with suppress(TooManyGuesses):
            guess(guesses)
            made += 1
    doubling = 5  # the one that makes others wait, and after 1, 2, 4 and 8 seconds
    assert made <= PATIENCE.free + doubling + (clock.now - begun_at) / PATIENCE.longest_wait
