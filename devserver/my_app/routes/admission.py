"""Who is let in, before any view: what a route says of itself in `documented` is enforced here."""

from __future__ import annotations

from flask import Flask, current_app, request

from devserver.my_app.routes.device import device, known_device
from devserver.my_app.routes.http import address, require_researcher, researcher, services
from devserver.my_app.routes.openapi import documentation_of
from devserver.my_app.routes.workshop import require_workshop, workshop

_UNCOUNTED = frozenset({"operations.health", "operations.ready"})
"""What whoever watches the server asks all the time."""


def register(app: Flask) -> None:
    """Put the admission before every view of `app`; after the guard, which comes first."""
    app.before_request(_admit)


def count_run() -> None:
    """Count a run that is about to be made or gone on with. Raises TooManyRequests.

    It is for the view to call: only there it is known whether a repeated tap makes one at all.
    """
    if not researcher():
        services().request_limits.new_run(device(), address(), workshop())


def _admit() -> None:
    if request.method == "OPTIONS" or request.endpoint is None:
        return
    said = documentation_of(current_app.view_functions[request.endpoint])
    if said is None:
        return  # pages and their files
    if request.endpoint not in _UNCOUNTED:
        _count()
    if said.for_researchers:
        require_researcher()
    if said.makes_runs:
        _admit_run()


def _count() -> None:
    who = researcher()
    if who:
        services().request_limits.request_of_researcher(who.name)
    else:
        services().request_limits.request(known_device(), address())


def _admit_run() -> None:
    if researcher():
        workshop()  # a right code tags their runs, a wrong one is said to be so
    else:
        require_workshop()
