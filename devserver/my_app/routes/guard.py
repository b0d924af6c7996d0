"""What is checked on every request, set on every answer and written to the log of each."""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import time
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from devserver.config import Settings
from devserver.my_app.routes.http import CHANGES_NOTHING, services
from devserver.my_app.services.errors import ServerError

logger = logging.getLogger(__name__)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        "object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LINK = re.compile(r"^(/s/)[^/]+")
"""A log is read by more people than a link is meant for."""


class HostNotAllowed(ServerError):
    """The request names a host under which this server is not known (DNS rebinding)."""

    code = "host_not_allowed"


class OriginNotAllowed(ServerError):
    """A page of another site asks for a change (cross-site request forgery)."""

    code = "origin_not_allowed"


def register(app: Flask) -> None:
    """Put the guard before and behind every view of `app`."""
    proxies = app.extensions["devserver"].settings.trusted_proxies
    if proxies:
        fixed = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)
        app.wsgi_app = fixed  # type: ignore[method-assign] # as Flask documents it
    app.before_request(_start_clock)
    app.before_request(_check_host)
    app.before_request(_check_origin)
    app.after_request(_set_headers)
    app.after_request(_log)


def _start_clock() -> None:
    g.started = time.monotonic()


def _check_host() -> None:
    if not host_is_allowed(request.host, services().settings):
        raise HostNotAllowed(
            "This server is not known under that name; DEVSERVER_ALLOWED_HOSTS can add it."
        )


def _check_origin() -> None:
    if request.method not in CHANGES_NOTHING and not _is_from_here():
        raise OriginNotAllowed(
            "Pages of other sites may not ask for this; DEVSERVER_ALLOWED_ORIGINS can let one."
        )


def _is_from_here() -> bool:
    """Whether a request was made by a page of this server, or by no page at all.

    `Sec-Fetch-Site` can't be set by pages; browsers send it over https and from loopback. Without
    it `Origin` has to name this host; `null` (a sandboxed page, a file) names none. Programs send
    neither.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin in services().settings.allowed_origins:
        return True
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc.lower() == request.host.lower()


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
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:  # elsewhere browsers ignore it, and complain in the console
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    origin = request.headers.get("Origin")
    if origin and origin in services().settings.allowed_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = (
            "Authorization, Content-Type, Prefer, Idempotency-Key, X-Workshop-Code"
        )
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, DELETE"
        response.headers["Access-Control-Expose-Headers"] = "Location, Retry-After"
        response.headers.add("Vary", "Origin")
    return response


def loggable_path() -> str:
    """The request's path on one line, whatever a stranger put into it; without a link's code."""
    path = _LINK.sub(r"\1-", request.path)
    return path.encode("unicode_escape").decode("ascii")


def _log(response: Response) -> Response:
    # The path alone: query strings and bodies can hold what children wrote.
    milliseconds = (time.monotonic() - g.started) * 1000
    logger.info(
        "%s %s %d %.0f ms", request.method, loggable_path(), response.status_code, milliseconds
    )
    return response
