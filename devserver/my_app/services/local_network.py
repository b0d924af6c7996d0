"""Where this machine is found by others on its network."""

from __future__ import annotations

import ipaddress
import socket


def network_address() -> str:
    """The address of this machine that others on its network reach; no packet is sent.

    Its name, where no address can be told.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation (RFC 5737)
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine itself reaches something by this address or name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_everywhere(host: str) -> bool:
    """Whether who listens on this address listens on all that the machine has."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def bracketed(host: str) -> str:
    """The host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def own_url(host: str, port: int) -> str:
    """Where this machine reaches its own server that listens on this host, also if everywhere."""
    return f"http://{bracketed('localhost' if is_everywhere(host) else host)}:{port}"
