from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.language.own_machines import is_own_network
from devserver.my_app.services.public_address import is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.178.20",
        "169.254.1.1",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:192.168.0.1",
    ],
)
def test_own_networks(address: str) -> None:
    assert is_own_network(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "0.0.0.0",
        "192.0.2.1",
        "224.0.0.1",
        "2606:4700::1111",
        "::",
        "::ffff:8.8.8.8",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::",
        "2001::1",
        "ff02::1",
    ],
)
def test_all_else_is_not_own(address: str) -> None:
    assert not is_own_network(ipaddress.ip_address(address))


@given(address=st.ip_addresses())
def test_nothing_is_own_and_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert not (is_own_network(address) and is_public(address))
