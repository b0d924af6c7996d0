from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.public_address import (
    Address,
    AddressNotPublic,
    CheckedAdapter,
    is_public,
)
from tests.http_server import body, serving

PUBLIC, PUBLIC_TOO, PUBLIC_6 = "1.1.1.1", "8.8.8.8", "2606:4700:4700::1111"

SPECIAL_4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
)
SPECIAL_6 = (
    "::/128",
    "::1/128",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/32",
    "2001:2::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "4000::/3",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)


def addresses_in(*networks: str) -> st.SearchStrategy[Address]:
    def inside(network: str) -> st.SearchStrategy[Address]:
        parsed = ipaddress.ip_network(network)
        ends = st.sampled_from([0, parsed.num_addresses - 1])
        return (ends | st.integers(0, parsed.num_addresses - 1)).map(lambda at: parsed[at])

    return st.sampled_from(networks).flatmap(inside)


@given(addresses_in(*SPECIAL_4, *SPECIAL_6))
def test_no_address_of_a_special_range_is_public(address: Address) -> None:
    assert not is_public(address)


@given(addresses_in(*SPECIAL_4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "::", "64:ff9b:1::"]))
def test_an_ipv6_wrapping_makes_no_address_public(inner: Address, prefix: str) -> None:
    assert not is_public(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + int(inner)))


@given(addresses_in(*SPECIAL_4))
def test_nor_do_6to4_and_teredo(inner: Address) -> None:
    assert not is_public(ipaddress.IPv6Address(0x2002 << 112 | int(inner) << 80 | 1))
    hidden = int(inner) ^ 0xFFFF_FFFF  # RFC 4380, 4
    assert not is_public(ipaddress.IPv6Address(0x2001_0000 << 96 | 0x0808_0808 << 64 | hidden))


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6) | addresses_in("2000::/3"))
def test_what_is_public_the_standard_library_holds_for_global_too(address: Address) -> None:
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    if is_public(address) and not mapped:
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    "address",
    [
        *(PUBLIC, PUBLIC_TOO, PUBLIC_6, "9.255.255.255", "11.0.0.0", "172.15.255.255"),
        *("172.32.0.0", "100.63.255.255", "100.128.0.0", "192.0.1.0", "223.255.255.255"),
        *("::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:200::1", "2a00:1450::1", "2003::1"),
    ],
)
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",  # metadata of most clouds
        "fd00:ec2::254",  # the same by IPv6
        "100.100.100.200",  # Alibaba's
        "192.0.0.192",  # Oracle's
        "168.63.129.16",  # Azure's
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_addresses_that_attackers_ask_for(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


class FakeNetwork:
    """Answers lookups from a table and leads public addresses to a server on this machine.

    Addresses as numbers, in any spelling, are read by the operating system; no name is asked for
    outside. A name's answers are given one after the other, the last of them for ever.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.servers: dict[str, int] = {}
        self.lookups: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self._ask_system = socket.getaddrinfo
        self._connect = socket.socket.connect

        def connect(sock: socket.socket, where: tuple[Any, ...]) -> None:
            self.connect(sock, where)

        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)
        monkeypatch.setattr(socket.socket, "connect", connect)

    def look_up(self, host: str, port: int, *_: object) -> list[Any]:
        self.lookups.append(host)
        answers = self.names.get(host, [[host]])
        numbers = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            found
            for number in numbers
            for found in self._ask_system(
                number, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST
            )
        ]

    def connect(self, sock: socket.socket, where: tuple[Any, ...]) -> None:
        self.connected.append(where[:2])
        if where[0] in self.servers:
            self._connect(sock, ("127.0.0.1", self.servers[where[0]]))
        elif where[0] == "127.0.0.1":
            self._connect(sock, where)
        else:
            raise ConnectionRefusedError("nobody there")

    def lead(self, address: str, origin: str) -> None:
        self.servers[address] = int(origin.rpartition(":")[2])


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    return FakeNetwork(monkeypatch)


@pytest.fixture
def adapter() -> Iterator[CheckedAdapter]:
    adapter = CheckedAdapter()
    yield adapter
    adapter.close()


def get(adapter: CheckedAdapter, url: str) -> bytes:
    return adapter.send(requests.Request("GET", url).prepare()).content


def test_a_public_address_is_connected_to(network: FakeNetwork, adapter: CheckedAdapter) -> None:
    network.names["media.example"] = [[PUBLIC]]
    with serving({"/a": body(b"data")}) as origin:
        network.lead(PUBLIC, origin)
        assert get(adapter, "http://media.example/a") == b"data"
    assert network.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "0x7f.1", "0", "0.0.0.0"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]"),
        *("localhost", "localhost.", "inside.example", "169.254.169.254", "[fe80::1]", "[fd00::1]"),
    ],
)
def test_no_spelling_leads_inside(network: FakeNetwork, adapter: CheckedAdapter, host: str) -> None:
    for name in ("localhost", "localhost.", "inside.example"):
        network.names[name] = [["127.0.0.1"]]
    with pytest.raises(AddressNotPublic):
        get(adapter, f"http://{host}/")
    assert not network.connected


@pytest.mark.parametrize("answer", [[PUBLIC, "10.0.0.1"], ["::1", PUBLIC], [PUBLIC_6, "fe80::1"]])
def test_one_address_inside_refuses_the_name(
    network: FakeNetwork, adapter: CheckedAdapter, answer: list[str]
) -> None:
    network.names["half.example"] = [answer]
    with pytest.raises(AddressNotPublic):
        get(adapter, "http://half.example/")
    assert not network.connected


def test_a_name_is_looked_up_once_and_can_not_be_bound_anew(
    network: FakeNetwork, adapter: CheckedAdapter
) -> None:
    network.names["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    with serving({"/a": body(b"data")}) as origin:
        network.lead(PUBLIC, origin)
        assert get(adapter, "http://rebind.example/a") == b"data"
        assert network.lookups == ["rebind.example"]
        with pytest.raises(AddressNotPublic):
            get(adapter, "http://rebind.example/a")
    assert network.connected == [(PUBLIC, 80)]


def test_the_next_address_is_tried_but_not_for_ever(
    network: FakeNetwork, adapter: CheckedAdapter
) -> None:
    network.names["two.example"] = [[PUBLIC_TOO, PUBLIC]]
    network.names["many.example"] = [[f"8.8.4.{last}" for last in range(100)]]
    with serving({"/a": body(b"data")}) as origin:
        network.lead(PUBLIC, origin)
        assert get(adapter, "http://two.example/a") == b"data"
    assert network.connected == [(PUBLIC_TOO, 80), (PUBLIC, 80)]
    with pytest.raises(requests.ConnectionError):
        get(adapter, "http://many.example/a")
    assert len(network.connected) < 10


def test_an_address_as_a_number_is_connected_to_as_it_is(
    network: FakeNetwork, adapter: CheckedAdapter
) -> None:
    for host in (PUBLIC, f"[{PUBLIC_6}]"):
        with pytest.raises(requests.ConnectionError):
            get(adapter, f"http://{host}/")
    assert network.connected[0] == (PUBLIC, 80)
    # A machine without IPv6 has no socket for it.
    assert network.connected[1:] in ([(PUBLIC_6, 80)], [])


@pytest.mark.parametrize("host", ["nowhere.example", "a" * 64 + ".example"])
def test_a_name_that_leads_nowhere_is_no_connection(
    network: FakeNetwork, adapter: CheckedAdapter, host: str
) -> None:
    with pytest.raises(requests.RequestException):
        get(adapter, f"http://{host}/")


def test_tls_asks_for_the_name_and_verifies_it(
    network: FakeNetwork, adapter: CheckedAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, bool, ssl.VerifyMode]] = []

    def wrap(context: ssl.SSLContext, *_: object, **options: object) -> None:
        asked.append((options["server_hostname"], context.check_hostname, context.verify_mode))
        raise ssl.SSLError("far enough")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap)
    network.names["media.example"] = [[PUBLIC]]
    with serving({}) as origin:
        network.lead(PUBLIC, origin)
        with pytest.raises(requests.exceptions.SSLError):
            get(adapter, "https://media.example/a")
    assert asked == [("media.example", True, ssl.CERT_REQUIRED)]
    assert network.connected == [(PUBLIC, 443)]


def test_a_proxy_that_a_caller_names_is_not_used(adapter: CheckedAdapter) -> None:
    request = requests.Request("GET", "http://127.0.0.1/").prepare()
    with pytest.raises(AddressNotPublic):
        adapter.send(request, proxies={"http": f"http://{PUBLIC}:80"})
