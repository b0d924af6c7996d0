"""An HTTP proxy on a real socket: leads everything to one server, and notes what it is told."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_HEAD_END = b"\r\n\r\n"


class RecordingProxy:
    """`heads` are the requests it got, as bytes.

    One that `refuses` answers each with 403, one that `hangs_up` with nothing.
    """

    def __init__(
        self, leads_to: tuple[str, int], *, refuses: bool = False, hangs_up: bool = False
    ) -> None:
        self._leads_to = leads_to
        self._refuses = refuses
        self._hangs_up = hangs_up
        self.heads: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Take one connection after the other until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client:
                    self._answer(client)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _answer(self, client: socket.socket) -> None:
        head = b""
        while _HEAD_END not in head:
            piece = client.recv(4096)
            if not piece:
                return
            head += piece
        self.heads.append(head)
        if self._hangs_up:
            return
        if self._refuses:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(self._leads_to) as server:
            if head.startswith(b"CONNECT "):
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server.sendall(head)
            _relay(client, server)


def _relay(client: socket.socket, server: socket.socket) -> None:
    other = {client: server, server: client}
    while True:
        for sock in select.select([client, server], [], [], 10)[0] or [client]:
            piece = sock.recv(65536)
            if not piece:
                return
            other[sock].sendall(piece)


@contextmanager
def proxying(
    server_url: str, *, refuses: bool = False, hangs_up: bool = False
) -> Iterator[RecordingProxy]:
    """A proxy that leads to the server at `server_url`, whatever it is asked for."""
    host, _, port = server_url.removeprefix("http://").partition(":")
    proxy = RecordingProxy((host, int(port)), refuses=refuses, hangs_up=hangs_up)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
