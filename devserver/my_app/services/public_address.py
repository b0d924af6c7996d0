"""Which addresses are public, and connections that lead to nothing else.

A server that fetches what a stranger names can be turned against the network it stands in. A name
proves nothing: it may point inward, and may point elsewhere at the next lookup. So the check is
made on the address itself, between the one lookup and the connection to what it gave.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from devserver.my_app.services.errors import ServerError

logger = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Found = tuple[socket.AddressFamily, tuple[Any, ...]]

_MAX_TRIES = 6
"""Addresses of one name that are tried, so that a long list of dead ones ends."""

_NOT_PUBLIC_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network, RFC 791
            "10.0.0.0/8",  # private, RFC 1918
            "100.64.0.0/10",  # shared between a provider and its customers, RFC 6598
            "127.0.0.0/8",  # loopback, RFC 1122
            "168.63.129.16/32",  # Azure's host, seen from its virtual machines
            "169.254.0.0/16",  # link-local, RFC 3927; the metadata of most clouds
            "172.16.0.0/12",  # private, RFC 1918
            "192.0.0.0/24",  # protocol assignments, RFC 6890
            "192.0.2.0/24",  # documentation, RFC 5737
            "192.88.99.0/24",  # 6to4 relays, RFC 3068, given up by RFC 7526
            "192.168.0.0/16",  # private, RFC 1918
            "198.18.0.0/15",  # benchmarking, RFC 2544
            "198.51.100.0/24",  # documentation, RFC 5737
            "203.0.113.0/24",  # documentation, RFC 5737
            "224.0.0.0/4",  # multicast, RFC 5771
            "240.0.0.0/4",  # reserved, RFC 1112; broadcast, RFC 8190
        ),
    )
)
_GLOBAL_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments, RFC 2928; in it Teredo (2001::/32), RFC 4380
            "2001:db8::/32",  # documentation, RFC 3849
            "2002::/16",  # 6to4, RFC 3056
            "3fff::/20",  # documentation, RFC 9637
        ),
    )
)
_MAPPED_4 = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressNotPublic(ServerError):
    """A name leads to an address that isn't a public one."""

    code = "fetch_refused"


def is_public(address: Address) -> bool:
    """Whether `address` is one host of the public internet, by the registries of RFC 6890.

    False for everything else: private, shared, loopback, link-local, site-local, unique local,
    multicast, unspecified, reserved, documentation, benchmarking. For IPv6 that is everything
    outside 2000::/3. IPv4-mapped addresses (RFC 4291) and those of NAT64 (64:ff9b::/96, RFC 6052)
    count as the IPv4 address in them. 6to4 (RFC 3056) and Teredo (RFC 4380) are never public, nor
    is the local NAT64 range (64:ff9b:1::/48, RFC 8215): where they lead is for the network at hand
    to say, and no public server has only such an address.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address in _MAPPED_4 or address in _NAT64:
        return is_public(ipaddress.IPv4Address(address.packed[-4:]))
    return address in _GLOBAL_UNICAST_6 and not any(address in net for net in _NOT_PUBLIC_6)


class CheckedAdapter(HTTPAdapter):
    """A transport of requests that looks a name up once and connects to what it has checked.

    Every address that the lookup gave must be allowed (`may_connect`); one that isn't refuses the
    name, with AddressNotPublic. The connection then goes to these very addresses, in order. TLS
    still asks for the host by name and verifies its certificate for it. `connected` gets every
    socket as soon as it is connected. With `proxy` all goes through that one, which is the address
    that is checked then: it looks up the host itself. Retries are the caller's.
    """

    def __init__(
        self,
        may_connect: Callable[[Address], bool] = is_public,
        connected: Callable[[socket.socket], None] | None = None,
        proxy: str | None = None,
    ) -> None:
        self._may_connect = may_connect
        self._connected = connected
        self._proxies = {"all": proxy} if proxy else {}
        super().__init__()

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: Any
    ) -> None:
        """Put pools in place whose connections are made by this adapter."""
        self.poolmanager = _Pools(
            self._connect, num_pools=connections, maxsize=maxsize, block=block, **options
        )

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """Send by the one way there is, whatever proxies a caller or the environment names."""
        return super().send(request, *args, **{**options, "proxies": self._proxies})

    def proxy_manager_for(self, proxy: str, **options: Any) -> ProxyManager:
        """The pools behind the proxy; their connections are made by this adapter, too."""
        return _ProxyPools(self._connect, proxy, proxy_headers=self.proxy_headers(proxy), **options)

    def _connect(self, connection: HTTPConnection) -> socket.socket:
        """A socket to the host of `connection`. Fails in the ways that urllib3 knows."""
        try:
            found = self._look_up(connection)
        except UnicodeError as error:
            raise NewConnectionError(connection, "this can't be a host name") from error
        except socket.gaierror as error:
            raise NameResolutionError(connection.host, connection, error) from error
        failure: OSError | None = None
        for family, where in found[:_MAX_TRIES]:
            try:
                sock = self._open(connection, family, where)
            except OSError as error:
                failure = error
            else:
                sys.audit("http.client.connect", connection, connection.host, connection.port)
                return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(connection, "no answer in time") from failure
        raise NewConnectionError(connection, "no connection") from failure

    def _open(
        self, connection: HTTPConnection, family: socket.AddressFamily, where: tuple[Any, ...]
    ) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in connection.socket_options or ():
                sock.setsockopt(*option)
            if isinstance(connection.timeout, int | float):
                sock.settimeout(connection.timeout)
            sock.connect(where)
            if self._connected:
                self._connected(sock)
        except OSError:
            sock.close()
            raise
        return sock

    def _look_up(self, connection: HTTPConnection) -> list[_Found]:
        # The name with its trailing dot, if it has one; urllib3 keeps it for lookups only.
        name = connection._dns_host.strip("[]")
        found: list[_Found] = []
        for family, _, _, _, where in socket.getaddrinfo(
            name, connection.port, allowed_gai_family(), socket.SOCK_STREAM
        ):
            address = ipaddress.ip_address(where[0])
            if not self._may_connect(address):
                logger.warning("%s leads to %s: not connected", name, address)
                raise AddressNotPublic("The address leads to no public server.")
            found.append((family, where))
        return found


_Connect = Callable[[HTTPConnection], socket.socket]


class _HTTPConnection(HTTPConnection):
    connect_by: _Connect

    def _new_conn(self) -> socket.socket:
        return self.connect_by(self)


class _HTTPSConnection(HTTPSConnection):
    connect_by: _Connect

    def _new_conn(self) -> socket.socket:
        return self.connect_by(self)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection
    connect_by: _Connect

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        connection.connect_by = self.connect_by  # type: ignore[attr-defined]
        return connection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection
    connect_by: _Connect

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        connection.connect_by = self.connect_by  # type: ignore[attr-defined]
        return connection


class _Pools(PoolManager):
    """Pools whose connections are made by `connect_by`."""

    def __init__(self, connect_by: _Connect, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._connect_by = connect_by
        self.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def _new_pool(self, *args: Any, **kwargs: Any) -> Any:
        pool = super()._new_pool(*args, **kwargs)
        pool.connect_by = self._connect_by  # type: ignore[attr-defined]
        return pool


class _ProxyPools(_Pools, ProxyManager):
    """The same behind a proxy."""
