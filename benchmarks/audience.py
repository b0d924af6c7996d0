"""Clients that hold a connection: a process of one thread, so that many of them cost little."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

_TICK_SECONDS = 0.1
_PIECE_BYTES = 16 * 1024
_SMALL_BUFFER_BYTES = 32 * 1024
_CONNECT_SECONDS = 30.0


@dataclass(frozen=True)
class Seat:
    """What one client asks for; a slow one takes 160 KB a second and no more."""

    path: str
    headers: tuple[str, ...] = ()
    is_slow: bool = False


@dataclass(frozen=True)
class Held:
    """By status: how many got an answer. And how many 503 came without Retry-After."""

    answers: Counter[int]
    without_retry_after: int
    longest_until_refused: float


class Audience:
    """Clients in a process of their own, until it is told to go."""

    def __init__(self, port: int, seats: Sequence[Seat]) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._ours, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_attend, args=(theirs, port, list(seats)))
        self._process.start()
        theirs.close()
        self._ours.recv()  # all have asked

    def go(self) -> Held:
        """All hang up; says what they had got."""
        self._ours.send("go")
        held: Held = self._ours.recv()
        self._process.join()
        self._ours.close()
        return held


class _Client:
    def __init__(self, port: int, seat: Seat) -> None:
        self.seat = seat
        self.head = b""
        self.answered_after: float | None = None
        self.socket = socket.socket()
        if seat.is_slow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER_BYTES)
        self.socket.settimeout(_CONNECT_SECONDS)
        self.socket.connect(("127.0.0.1", port))
        lines = (f"GET {seat.path} HTTP/1.1", "Host: localhost", *seat.headers, "", "")
        self.socket.sendall("\r\n".join(lines).encode())
        self.asked = time.monotonic()
        self.socket.setblocking(False)

    def take(self) -> bool:
        """Take a piece; False when the server hung up."""
        try:
            piece = self.socket.recv(_PIECE_BYTES)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if piece and self.answered_after is None:
            self.answered_after = time.monotonic() - self.asked
        if b"\r\n\r\n" not in self.head:
            self.head += piece
        return bool(piece)

    @property
    def status(self) -> int:
        """0 where no answer has come."""
        return int(self.head[9:12] or 0)


def _attend(line: Connection, port: int, seats: list[Seat]) -> None:
    clients = [_Client(port, seat) for seat in seats]
    slow = [client for client in clients if client.seat.is_slow]
    with selectors.DefaultSelector() as selector:
        for client in clients:
            if not client.seat.is_slow:
                selector.register(client.socket, selectors.EVENT_READ, client)
        line.send("here")
        while not line.poll():
            tick = time.monotonic() + _TICK_SECONDS
            slow = [client for client in slow if client.take()]
            while (left := tick - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if not key.data.take():
                        selector.unregister(key.fileobj)
    refused = [client for client in clients if client.status == 503]
    held = Held(
        Counter(client.status for client in clients),
        sum(b"\r\nretry-after:" not in client.head.lower() for client in refused),
        max((client.answered_after or 0.0 for client in refused), default=0.0),
    )
    for client in clients:
        client.socket.close()
    line.send(held)
    line.close()
