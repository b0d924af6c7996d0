from __future__ import annotations

from collections.abc import Callable

import pytest

from devserver.config import Settings
from devserver.my_app.services.access import Limits, TooManyRequests
from devserver.my_app.services.access.limits import network_of

NAT = "203.0.113.7"


def limits(**settings: int) -> Limits:
    return Limits(Settings.model_validate(settings))


def let_in(ask: Callable[[int], None], times: int) -> int:
    """How many of so many were let in, as fast as possible."""
    count = 0
    for number in range(times):
        try:
            ask(number)
            count += 1
        except TooManyRequests as error:
            assert error.retry_after_seconds >= 1
    return count


def test_the_defaults_carry_a_class_behind_one_address() -> None:
    """Thirty children begin all at once, each taps three times, and each page asks for news."""
    at_work = limits()

    def child(number: int) -> None:
        device = f"device-{number % 30}"
        at_work.request(device if number >= 30 else None, NAT)
        at_work.new_run(device, NAT, "Klasse 3b")
        for _ in range(30):
            at_work.request(device, NAT)

    assert let_in(child, 90) == 90


def test_a_device_has_its_own_share() -> None:
    at_work = limits()
    assert let_in(lambda _: at_work.new_run("a", NAT, None), 100) == 15
    assert let_in(lambda _: at_work.new_run("b", NAT, None), 1) == 1


def test_throwing_the_cookie_away_is_no_way_round() -> None:
    at_work = limits()
    assert let_in(lambda n: at_work.new_run(f"made-up-{n}", NAT, None), 1000) == 150
    assert let_in(lambda n: at_work.new_run(f"another-{n}", "198.51.100.1", None), 1) == 1


def test_a_device_that_is_known_is_not_held_up_by_strangers_at_its_address() -> None:
    at_work = limits()
    at_work.new_run("known", NAT, None)
    let_in(lambda n: at_work.new_run(f"made-up-{n}", NAT, None), 1000)
    at_work.new_run("known", NAT, None)


def test_a_workshop_has_a_share() -> None:
    at_work = limits(workshop_runs_per_minute=20, address_runs_per_minute=0)
    assert let_in(lambda n: at_work.new_run(f"d{n}", NAT, "A"), 100) == 10
    assert let_in(lambda n: at_work.new_run(f"e{n}", NAT, "B"), 100) == 10
    assert let_in(lambda n: at_work.new_run(f"f{n}", NAT, None), 100) == 100


def test_a_token_has_a_share() -> None:
    at_work = limits(token_requests_per_minute=60)
    assert let_in(lambda _: at_work.request_of_researcher("anna"), 100) == 30
    at_work.request_of_researcher("ben")


def test_a_made_up_device_looks_at_the_cost_of_its_address() -> None:
    at_work = limits(device_requests_per_minute=20, address_requests_per_minute=40)
    at_work.new_run("known", NAT, None)
    assert let_in(lambda _: at_work.request("known", NAT), 100) == 10
    assert let_in(lambda n: at_work.request(f"made-up-{n}", NAT), 100) == 20
    assert let_in(lambda _: at_work.request(None, NAT), 100) == 0


def test_with_zeros_a_hundred_and_fifty_clients_post_two_thousand_runs() -> None:
    at_work = limits(
        device_runs_per_minute=0, address_runs_per_minute=0, workshop_runs_per_minute=0
    )
    assert let_in(lambda n: at_work.new_run(f"d{n % 150}", "127.0.0.1", "A"), 2000) == 2000
    assert let_in(lambda n: at_work.new_run(f"new{n}", "127.0.0.1", "A"), 2000) == 2000


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_what_an_address_stands_for(address: str, network: str) -> None:
    assert network_of(address) == network
