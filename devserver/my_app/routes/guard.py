"""What is checked on every request, set on every answer and written to the log of each."""

from __future__ import annotations

import ipaddress
import logging
import socket
import time

from flask import Flask, Response, g, request

from devserver.config import Settings
from devserver.my_app.routes.http import services
from devserver.my_app.services.errors import ServerError

logger = logging.getLogger(__name__)

_PAGE_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


class HostNotAllowed(ServerError):
    """The request names a host under which this server is not known (DNS rebinding)."""

    code = "host_not_allowed"


def register(app: Flask) -> None:
    """Put the guard before and behind every view of `app`."""
    app.before_request(_start_clock)
    app.before_request(_check_host)
    app.after_request(_set_headers)
    app.after_request(_log)


def _start_clock() -> None:
    g.started = time.monotonic()


def _check_host() -> None:
    if not host_is_allowed(request.host, services().settings):
        raise HostNotAllowed(
            "This server is not known under that name; DEVSERVER_ALLOWED_HOSTS can add it."
        )


def host_is_allowed(host: str, settings: Settings) -> bool:
    """Whether a Host header names this server.

    Addresses written as numbers are always right, since only names can be rebound to another
    address; names are right when they are this machine's own or configured.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.strip("[]").lower().rstrip(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower()
        known = {"localhost", settings.host.lower(), own, f"{own.partition('.')[0]}.local"}
        return name in known or name in {host.lower() for host in settings.allowed_hosts}
    return True


def _set_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    origin = request.headers.get("Origin")
    if origin and origin in services().settings.allowed_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = (
            "Authorization, Content-Type, Prefer, Idempotency-Key"
        )
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, DELETE"
        response.headers["Access-Control-Expose-Headers"] = "Location, Retry-After"
        response.headers.add("Vary", "Origin")
    return response


def loggable_path() -> str:
    """The request's path on one line, whatever a stranger put into it."""
    return request.path.encode("unicode_escape").decode("ascii")


def _log(response: Response) -> Response:
    # The path alone: query strings and bodies can hold what children wrote.
    milliseconds = (time.monotonic() - g.started) * 1000
    logger.info(
        "%s %s %d %.0f ms", request.method, loggable_path(), response.status_code, milliseconds
    )
    return response
