"""Which addresses can be machines of one's own, for a mode that must not leave them."""

from __future__ import annotations

import ipaddress

from devserver.my_app.services.public_address import Address

_OWN_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "10.0.0.0/8",  # private, RFC 1918
            "100.64.0.0/10",  # shared, RFC 6598; private networks like Tailscale's are there
            "127.0.0.0/8",  # loopback, RFC 1122
            "169.254.0.0/16",  # link-local, RFC 3927
            "172.16.0.0/12",  # private, RFC 1918
            "192.168.0.0/16",  # private, RFC 1918
        ),
    )
)
_OWN_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "::1/128",  # loopback, RFC 4291
            "fc00::/7",  # unique local, RFC 4193
            "fe80::/10",  # link-local, RFC 4291
        ),
    )
)


def is_own_network(address: Address) -> bool:
    """Whether `address` belongs to a network that the internet does not reach.

    A list of what is allowed: everything else, known or not, is False. IPv4-mapped addresses
    (RFC 4291) count as the IPv4 address in them.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return any(address in network for network in _OWN_6)
        address = address.ipv4_mapped
    return any(address in network for network in _OWN_4)
