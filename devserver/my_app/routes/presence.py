"""Whether the client of a request is still there: a tablet that was closed should hold no place."""

from __future__ import annotations

import socket
from collections.abc import Callable

from flask import request

_NO_WAITING = getattr(socket, "MSG_DONTWAIT", None)


def client_gone() -> Callable[[], bool]:
    """Tells at any time, in any thread, whether the client of the present request hung up.

    False where the server doesn't let one look. A client that only sleeps has not hung up.
    """
    told = request.environ.get("waitress.client_disconnected")
    if callable(told):
        return lambda: bool(told())
    connection = request.environ.get("gunicorn.socket")
    if not isinstance(connection, socket.socket) or _NO_WAITING is None:
        return lambda: False

    def is_gone() -> bool:
        try:
            # Looks only: what a client sends ahead stays there for the next request.
            return connection.recv(1, socket.MSG_PEEK | _NO_WAITING) == b""
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True

    return is_gone
