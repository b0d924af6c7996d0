from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.access.token_buckets import TokenBuckets
from tests.services.access.clock import Clock


def test_half_a_minutes_worth_at_once_and_then_evenly() -> None:
    clock = Clock()
    buckets = TokenBuckets(20, clock)
    assert [buckets.take("x") for _ in range(10)] == [0.0] * 10
    assert buckets.take("x") == pytest.approx(3.0)
    clock.now += 1
    assert buckets.take("x") == pytest.approx(2.0)
    clock.now += 2.001
    assert buckets.take("x") == 0.0
    assert buckets.take("x") > 0


def test_keys_have_buckets_of_their_own() -> None:
    buckets = TokenBuckets(2, Clock())
    assert (buckets.take("a"), buckets.take("b")) == (0.0, 0.0)
    assert buckets.take("a") == pytest.approx(30.0)


def test_zero_is_no_limit_and_still_knows_who_came() -> None:
    buckets = TokenBuckets(0, Clock())
    assert {buckets.take("a") for _ in range(5000)} == {0.0}
    assert buckets.knows("a")
    assert not buckets.knows("b")


def test_no_number_of_keys_fills_the_memory() -> None:
    buckets = TokenBuckets(20, Clock())
    for number in range(10_100):
        buckets.take(str(number))
    assert len(buckets._buckets) == 10_000
    assert (buckets.knows("99"), buckets.knows("100")) == (False, True)


@given(st.integers(1, 600), st.lists(st.floats(0, 20), min_size=1, max_size=300))
def test_nobody_gets_more_than_their_share(per_minute: int, pauses: list[float]) -> None:
    """In any time T at most a bucket and what flows in meanwhile; and waiting as told helps."""
    clock = Clock()
    buckets = TokenBuckets(per_minute, clock)
    size = max(1, per_minute // 2)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = buckets.take("x")
        if wait == 0:
            taken.append(clock.now)
        else:
            clock.now += wait + 1e-6
            assert buckets.take("x") == 0
            taken.append(clock.now)
    for first, begun in enumerate(taken):
        for last in range(first, len(taken)):
            allowed = size + (taken[last] - begun) * per_minute / 60
            assert last - first + 1 <= allowed + 1e-3
