"""Serving the app on a production WSGI server, and what is said at the start."""

from __future__ import annotations

import gc
import io
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import segno

from devserver.config import Settings, SettingsInvalid
from devserver.logs import set_up_logging
from devserver.my_app import create_app
from devserver.my_app.services.access import TokenFileUnreadable
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.local_network import (
    bracketed,
    is_loopback,
    network_address,
    own_url,
)
from devserver.my_app.services.processors import keep_threads_on_one_processor
from devserver.my_app.services.schema_files import SchemaFileInvalid
from devserver.my_app.services.storage_root import RootNotLockable, RootTaken
from devserver.my_app.wiring import LAST_CALL_SECONDS, Services

if TYPE_CHECKING:
    from flask import Flask

EXAMPLE_TEXT = "Eine Blume auf der Wiese"
_REASONS_NOT_TO_START = (
    RootNotLockable,
    RootTaken,
    SchemaFileInvalid,
    SettingsInvalid,
    StorageFull,
    TokenFileUnreadable,
)
_SHORTEST_GOOD_TOKEN = 16
_CONNECTIONS_SECONDS = 5
"""So long answers may still take after the server was told to end; a film is asked for again."""
_REST_SECONDS = 20
"""Within so long all is closed that is not a run: a package being packed, the index, processes."""
_ENDING_SECONDS = _CONNECTIONS_SECONDS + LAST_CALL_SECONDS + _REST_SECONDS
"""Only an end that takes longer than all of this is cut off, by SIGKILL."""
_KEEPALIVE_SECONDS = 5
_UNACKNOWLEDGED_SECONDS = 60
"""A tablet that takes no byte for so long is gone, or is a paused film, which asks again by Range.
The system's own patience is a quarter of an hour, in which each of them holds a thread."""
_CONNECTIONS_A_THREAD = 4
_FILES_A_THREAD = 2 * _CONNECTIONS_A_THREAD
"""A connection, and what may be open for it: a stored file, a connection to a backend."""
_PARENT_CHECK_SECONDS = 0.25


def serve(settings: Settings) -> int:
    """Serve until told to stop; returns the exit status."""
    set_up_logging(settings.log_level, settings.log_format)
    if not _port_is_free(settings):
        print(
            f"Port {settings.port} on {settings.host} is taken; perhaps this server runs already. "
            "Stop the other one or set DEVSERVER_PORT.",
            file=sys.stderr,
        )
        return 2
    if os.name == "nt":
        return _serve_with_waitress(settings)
    _allow_open_files(settings.threads * _FILES_A_THREAD)
    return _serve_with_gunicorn(settings)


def _start(settings: Settings) -> Flask:
    """Make the app and say that it is there; exits with a sentence when it can't be made."""
    try:
        app = create_app(settings)
        services: Services = app.extensions["devserver"]
        first_token = services.access.tokens.make_first()
    except (*_REASONS_NOT_TO_START, PermissionError) as error:
        print(f"The server can't start. {error}", file=sys.stderr, flush=True)
        sys.exit(4)  # the status by which gunicorn knows not to try again
    # What is there now stays: a search of all of it for garbage holds everybody up for 100 ms.
    gc.collect()
    gc.freeze()
    print(greeting(services, first_token), flush=True)
    return app


def _serve_with_gunicorn(settings: Settings) -> int:
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - only where there is fork

    from devserver.gunicorn_log import GunicornLog  # noqa: PLC0415
    from devserver.overseer import Overseer, is_hangup_ignored  # noqa: PLC0415
    from devserver.web_worker import WebWorker  # noqa: PLC0415

    outlives_terminal = is_hangup_ignored()

    class Server(BaseApplication):  # type: ignore[misc] # it comes without types
        def load_config(self) -> None:
            options: dict[str, Any] = {
                "bind": f"{bracketed(settings.host)}:{settings.port}",
                # One process: the queue of runs lives in it. Threads are cheap while they wait.
                "workers": 1,
                "worker_class": WebWorker,  # a gthread worker
                "threads": settings.threads,
                "worker_connections": settings.threads * _CONNECTIONS_A_THREAD,
                "keepalive": _KEEPALIVE_SECONDS,
                "graceful_timeout": round(_ENDING_SECONDS),
                "loglevel": "warning",
                "logger_class": GunicornLog,
                "control_socket_disable": True,
                # Who is believed about https stands in our own setting (DEVSERVER_TRUSTED_PROXIES).
                "forwarded_allow_ips": "",
                "post_worker_init": prepare,
                "worker_exit": lambda _arbiter, worker: close_services(worker.app),
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
            return _start(settings)

        def run(self) -> None:
            Overseer(self).run()

    def prepare(worker: Any) -> None:
        if settings.one_processor:
            keep_threads_on_one_processor()
        for listener in worker.sockets:
            give_up_on_the_vanished(listener, _UNACKNOWLEDGED_SECONDS)
        # In this process it is for the connections alone; runs get their time after it.
        worker.cfg.set("graceful_timeout", _CONNECTIONS_SECONDS)
        end_gracefully(worker)

    def end_gracefully(worker: Any) -> None:
        services: Services = worker.app.callable.extensions["devserver"]

        def end(number: int, frame: Any) -> None:
            # No run is started any more, and streams and waits end at once; gunicorn would wait
            # for them. Not in here: the interrupted thread may hold the lock that this needs.
            threading.Thread(target=services.wind_down).start()
            worker.handle_exit(number, frame)

        # gunicorn's own quick end takes a lock that the interrupted thread may hold, and hangs.
        for name in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(name, end)
        # A terminal that is closed tells all processes that were started from it.
        signal.signal(signal.SIGHUP, signal.SIG_IGN if outlives_terminal else end)

    def close_services(server: Server) -> None:
        app = server.callable
        if app is not None:
            app.extensions["devserver"].close()

    Server().run()
    return 0


def _serve_with_waitress(settings: Settings) -> int:
    import waitress  # noqa: PLC0415 - only where gunicorn does not run

    app = _start(settings)
    try:
        waitress.serve(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            channel_timeout=600,
        )
    finally:
        app.extensions["devserver"].close()
    return 0


def give_up_on_the_vanished(listener: socket.socket, seconds: float) -> None:
    """Let connections of `listener` break when their client gives no sign of life for `seconds`.

    Neither takes what is sent nor, when nothing is, answers the system's asking whether it is
    there. They inherit it. Only where the system has the options (RFC 5482; Linux).
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL):
            listener.setsockopt(socket.IPPROTO_TCP, option, max(1, round(seconds / 2)))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))


def _allow_open_files(count: int) -> None:
    """Raise this process's limit as far as it may; the usual one is 1,024, on macOS 256."""
    import resource  # noqa: PLC0415 - only there on Unix

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Some systems have a limit of their own below the one they name.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _end_with_parent(parent: int) -> None:
    # Without its parent nobody watches this process, and the root would stay taken.
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(1)


def _port_is_free(settings: Settings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        if os.name != "nt":
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def greeting(services: Services, first_token: str | None = None) -> str:
    """What is printed at the start: where, what, and a first thing to try.

    The first token is shown as an address that opens the gallery. It stands behind a `#`: that
    part of an address browsers send to nobody, so it is in no log and no Referer.
    """
    settings = services.settings
    local = own_url(settings.host, settings.port)
    lines = [
        "",
        f"The server listens on   {local}/",
        f"Runs are stored in      {services.root.runs}",
        f"Backends that are on    {', '.join(services.catalogue.backend_names())}",
        *(f"                        {line}" for line in services.catalogue.describe_backends()),
        *_about_models(services.models.describe()),
        *_about_safety(services),
    ]
    lines += _about_access(services, f"{local}/gallery", first_token)
    lines += ["", "Try it:", *_example_curl(local), ""]
    if not is_loopback(settings.host):
        lines += _invitation(settings.port)
    return "\n".join(lines)


def _about_access(services: Services, gallery: str, first_token: str | None) -> list[str]:
    workshops = [label for _, label in services.settings.workshop_codes]
    token = services.settings.researcher_token
    lines = [f"Workshops with codes    {', '.join(workshops)}"] if workshops else []
    if first_token:
        lines += [
            f"For researchers         {gallery}#token={first_token}",
            f"{'':24}shown only this once; python -m devserver tokens add NAME makes another",
        ]
    if token and len(token.get_secret_value()) < _SHORTEST_GOOD_TOKEN:
        lines.append("Warning                 DEVSERVER_RESEARCHER_TOKEN is short: easily guessed")
    return lines


def _about_safety(services: Services) -> list[str]:
    settings, guards = services.settings, services.models.serving("guard")
    floor = f"lowest level {settings.minimum_safety_level}"
    if not guards:
        return [f"Safety                  word lists decide alone, no guard model; {floor}"]
    return [f"Safety                  word lists and a guard model ({', '.join(guards)}); {floor}"]


def _about_models(lines: Sequence[str]) -> list[str]:
    if not lines:
        return ["Language models         none; texts are rewritten by embedded techniques"]
    first, *others = lines
    return [f"Language models         {first}", *(f"{'':24}{line}" for line in others)]


def _example_curl(address: str) -> list[str]:
    body = f'{{"schema": "dada", "input_text": "{EXAMPLE_TEXT}"}}'
    return [
        f"curl -X POST {address}/api/schema/pipeline/execute "
        f"-H 'Content-Type: application/json' -d '{body}'"
    ]


def _invitation(port: int) -> list[str]:
    address = f"http://{bracketed(network_address())}:{port}/"
    code = io.StringIO()
    segno.make(address, error="m").terminal(code, compact=True)
    return ["For tablets on this network:", f"  {address}", "", code.getvalue()]
