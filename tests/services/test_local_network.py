from __future__ import annotations

import pytest

from devserver.my_app.services.local_network import (
    bracketed,
    is_everywhere,
    is_loopback,
    network_address,
    own_url,
)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_what_is_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["192.168.1.5", "fe80::1", "media.example", "", "0.0.0.0"])
def test_what_others_may_reach(host: str) -> None:
    assert not is_loopback(host)


def test_everywhere_and_in_a_url() -> None:
    assert is_everywhere("0.0.0.0")
    assert is_everywhere("::")
    assert not is_everywhere("192.168.1.5")
    assert not is_everywhere("localhost")
    assert bracketed("::1") == "[::1]"
    assert bracketed("127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:17801"),
        ("0.0.0.0", "http://localhost:17801"),
        ("::", "http://localhost:17801"),
        ("::1", "http://[::1]:17801"),
        ("media.example", "http://media.example:17801"),
    ],
)
def test_where_a_server_of_ones_own_is_reached(host: str, url: str) -> None:
    assert own_url(host, 17801) == url


def test_the_machine_has_an_address_or_a_name() -> None:
    assert network_address()
