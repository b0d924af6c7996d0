"""A load generator that is the same for every server, and no bottleneck of its own.

One thread, one buffer for all: `recv_into` gives the bytes and nobody looks at them.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

_BUFFER_BYTES = 256 * 1024
_LONGEST_HEAD = 16 * 1024
_SILENCE_SECONDS = 30.0
_UNCOUNTED = 0.3
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """What is asked for, again and again, and what has to come back each time."""

    url: str
    status: int
    length: int
    headers: tuple[str, ...] = ()

    def request(self) -> bytes:
        """The request as it is sent."""
        parts = urlsplit(self.url)
        lines = (f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *self.headers, "", "")
        return "\r\n".join(lines).encode()


def bytes_per_second(load: Load, *, connections: int, seconds: float) -> float:
    """The bodies that `connections` at once receive for `seconds`, each asking without a pause.

    Connections are kept alive. Of the time a part at the beginning is not counted, until all are
    under way. Raises RuntimeError for any other answer than the expected one.
    """
    buffer = bytearray(_BUFFER_BYTES)
    with selectors.DefaultSelector() as selector:
        clients = [_Client(load) for _ in range(connections)]
        try:
            for client in clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
            for client in clients:
                client.ask()
            _receive(selector, buffer, time.perf_counter() + seconds * _UNCOUNTED)
            for client in clients:
                client.received = 0
            started = time.perf_counter()
            ended = _receive(selector, buffer, started + seconds)
        finally:
            for client in clients:
                client.socket.close()
    return sum(client.received for client in clients) / (ended - started)


def _receive(selector: selectors.BaseSelector, buffer: bytearray, end: float) -> float:
    """Let all clients receive until `end`; returns when that was."""
    while (now := time.perf_counter()) < end:
        ready = selector.select(_SILENCE_SECONDS)
        if not ready:
            raise RuntimeError(f"no server sent a byte for {_SILENCE_SECONDS} s")
        for key, _ in ready:
            key.data.receive(buffer)
    return now


class _Client:
    """One connection: asks, receives all, asks again."""

    def __init__(self, load: Load) -> None:
        parts = urlsplit(load.url)
        self._load = load
        self._request = load.request()
        self._left = 0
        self.received = 0
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> None:
        self.socket.sendall(self._request)

    def receive(self, buffer: bytearray) -> None:
        """Take what is there."""
        count = self.socket.recv_into(buffer)
        if not count:
            raise RuntimeError(f"{self._load.url} closed the connection")
        if not self._left:
            count = self._begin(buffer, count)
        self.received += count
        self._left -= count
        if not self._left:
            self.ask()

    def _begin(self, buffer: bytearray, count: int) -> int:
        """Read the head of an answer; returns how many bytes of its body came along."""
        end = buffer.find(b"\r\n\r\n", 0, count) + 4
        while end < 4:
            more = self.socket.recv(_LONGEST_HEAD)
            if not more or count + len(more) > _LONGEST_HEAD:
                raise RuntimeError(f"{self._load.url} gave no head of an answer")
            buffer[count : count + len(more)] = more
            count += len(more)
            end = buffer.find(b"\r\n\r\n", 0, count) + 4
        head = bytes(buffer[:end])
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if not status or not length or int(status[1]) != self._load.status:
            raise RuntimeError(f"{self._load.url} answered {head[:200]!r}")
        if int(length[1]) != self._load.length:
            raise RuntimeError(f"{self._load.url} has {int(length[1])} bytes")
        self._left = self._load.length
        return count - end
