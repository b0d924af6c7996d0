from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.api_calls.trying_again import (
    never_connected,
    pause_seconds,
    retry_after,
)
from tests.http_proxy import proxying
from tests.http_server import body, serving

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("Wed, 04 Mar 2026 12:00:30 GMT", 30.0),
        ("Wed, 04 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("1e9", None),
        ("inf", None),
        ("9" * 400, None),
        ("٣", None),
        ("Wed, 04 Mar 99999999999 12:00:30 GMT", None),
        ("Wed, 04 Mar 2026 12:00:30 +999999999999999999999", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOON) == seconds


@given(st.text())
def test_whatever_retry_after_says_is_a_time_to_wait_or_nothing(value: str) -> None:
    seconds = retry_after(value, NOON)
    assert seconds is None or seconds >= 0


@given(st.integers(0, 10**6))
def test_a_date_is_as_far_as_it_is(seconds: int) -> None:
    then = format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)
    assert retry_after(then, NOON) == seconds


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_pauses_grow_within_bounds(attempt: int, chance: float) -> None:
    pause = pause_seconds(attempt, None, lambda: chance)
    assert 0.25 <= pause <= 20
    assert pause <= pause_seconds(attempt + 1, None, lambda: chance)


@given(st.floats(0, 1e6), st.floats(0, 1))
def test_what_is_asked_for_is_waited_at_least(asked_for: float, chance: float) -> None:
    assert asked_for <= pause_seconds(3, asked_for, lambda: chance) <= asked_for + 1


def failure_of(url: str, **options: object) -> requests.RequestException:
    with pytest.raises(requests.RequestException) as caught:
        requests.get(url, timeout=5, **options)  # type: ignore[arg-type]
    return caught.value


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # taken, but nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert never_connected(failure_of(address))
        proxies = {"http": address}
        assert never_connected(failure_of("http://127.0.0.1:9/", proxies=proxies))


def test_what_broke_after_it_was_sent_may_have_arrived() -> None:
    with serving({"/": body(b"half", announce=400)}) as address:
        assert not never_connected(failure_of(address))


def test_where_a_proxy_lets_nobody_through_nothing_was_sent() -> None:
    with proxying("http://127.0.0.1:9", refuses=True) as proxy:
        assert never_connected(failure_of("https://127.0.0.1/", proxies={"https": proxy.url}))
    assert [head.split()[0] for head in proxy.heads] == [b"CONNECT"]


def test_what_a_proxy_took_and_did_not_answer_may_have_arrived() -> None:
    with proxying("http://127.0.0.1:9", hangs_up=True) as proxy:
        assert not never_connected(failure_of("http://127.0.0.1:9/", proxies={"http": proxy.url}))
