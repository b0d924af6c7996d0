"""How much each may ask for: a token, a device, a workshop; an address only for strangers.

A whole class shares one address, so an address has a limit only for requests of devices that were
not seen lately: whoever throws the cookie away, or makes one up, is a new device each time.
"""

from __future__ import annotations

import ipaddress
import math

from devserver.config import Settings
from devserver.my_app.services.access.token_buckets import TokenBuckets
from devserver.my_app.services.errors import ServerError


class TooManyRequests(ServerError):
    """Somebody asks for more than their share; in a moment there is more."""

    code = "too_many_requests"

    def __init__(self, seconds: float) -> None:
        super().__init__("That was a lot at once. Please wait a moment and try again.")
        self.retry_after_seconds: int = max(1, math.ceil(seconds))


class Limits:
    """Counts the requests and the new runs of each. Every method raises TooManyRequests."""

    def __init__(self, settings: Settings) -> None:
        self._token_requests = TokenBuckets(settings.token_requests_per_minute)
        self._device_requests = TokenBuckets(settings.device_requests_per_minute)
        self._address_requests = TokenBuckets(settings.address_requests_per_minute)
        self._device_runs = TokenBuckets(settings.device_runs_per_minute)
        self._address_runs = TokenBuckets(settings.address_runs_per_minute)
        self._workshop_runs = TokenBuckets(settings.workshop_runs_per_minute)

    def request_of_researcher(self, token_name: str) -> None:
        """Count a request that showed a token."""
        _take(self._token_requests, token_name)

    def request(self, device: str | None, address: str) -> None:
        """Count any other request. A device is known once it was let make a run."""
        if device and self._device_runs.knows(device):
            _take(self._device_requests, device)
        else:
            _take(self._address_requests, network_of(address))

    def new_run(self, device: str, address: str, workshop: str | None) -> None:
        """Count a run that is to be made. The device of a request without a cookie is a new one."""
        if not self._device_runs.knows(device):
            _take(self._address_runs, network_of(address))
        _take(self._device_runs, device)
        if workshop is not None:
            _take(self._workshop_runs, workshop)


def network_of(address: str) -> str:
    """Whom an address stands for: of IPv6 the first 64 bits, as one household has all the rest."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _take(buckets: TokenBuckets, key: str) -> None:
    seconds = buckets.take(key)
    if seconds:
        raise TooManyRequests(seconds)
