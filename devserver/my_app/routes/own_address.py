"""Under which address others reach this server."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from flask import request

from devserver.my_app.routes.http import services
from devserver.my_app.services.local_network import (
    bracketed,
    is_everywhere,
    is_loopback,
    network_address,
)

Reach = Literal["network", "this_machine"]


def own_address() -> tuple[str, Reach]:
    """The beginning of a URL of this server, and who gets there by it.

    It is the address by which the request came, since a phone in the same room gets there by the
    same. Who sits at the server itself comes by one that means another machine everywhere else:
    then it is the machine's address on its network, where the server listens on that.
    """
    own = f"{request.scheme}://{request.host}"
    if not _is_here_only(urlsplit(own).hostname or ""):
        return own, "network"
    settings = services().settings
    if is_everywhere(settings.host):
        address = network_address()
        if not is_loopback(address):
            return f"http://{bracketed(address)}:{settings.port}", "network"
    return own, "this_machine"


def _is_here_only(host: str) -> bool:
    return is_loopback(host) or is_everywhere(host)
