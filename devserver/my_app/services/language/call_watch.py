"""Ends a call that takes too long or that nobody wants any more, whatever the server does."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.language.port import CheckWanted


class CallWatch:
    """Watches the sockets of one call and ends their traffic at a time, or when it is not wanted.

    A limit on each single read would not do: a server that sends a byte now and then could go on
    for days, and one that writes for minutes would not hear that a child has cancelled. Ollama then
    gives up its work; llama-cpp-python was seen to finish it first.
    """

    def __init__(
        self, seconds: float, check_wanted: CheckWanted, too_late: ServerError, look_seconds: float
    ) -> None:
        self._end = time.monotonic() + seconds
        self._check_wanted = check_wanted
        self._look_seconds = look_seconds
        self._too_late = too_late
        self._over: Exception | None = None
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._look, name="call-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give the sockets free."""
        self._closed.set()
        self._thread.join()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    def watch(self, sock: socket.socket) -> None:
        """Keep a second handle of `sock`: TLS takes the first one over."""
        with self._lock:
            self._sockets.append(sock.dup())
            if self._over:
                _shut_down(sock)

    def check(self) -> None:
        """Raise what ended the call, if something did: the time, or what `check_wanted` raised."""
        if self._over:
            raise self._over

    def _look(self) -> None:
        while not self._closed.wait(self._pause()):
            try:
                if time.monotonic() >= self._end:
                    raise self._too_late
                self._check_wanted()
            except (ServerError, OSError) as error:
                with self._lock:
                    self._over = error
                    for sock in self._sockets:
                        _shut_down(sock)
                return

    def _pause(self) -> float:
        return max(0.0, min(self._look_seconds, self._end - time.monotonic()))


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):  # not connected any more
        sock.shutdown(socket.SHUT_RDWR)
