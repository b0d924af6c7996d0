"""ComfyUI's websocket: progress, previews, and the hint that it is time to look.

It is never the truth: it may not connect, go deaf, or stay silent for minutes while a node works
(ws_07, ws_13). Whoever waits looks at the history; the socket only says when.
"""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import websocket
from requests.utils import DEFAULT_CA_BUNDLE_PATH

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 3.0
_LONGEST_SILENCE_SECONDS = 30.0
_READ_AT_ONCE = 16 * 1024
_IMAGE_TYPES = {1: "image/jpeg", 2: "image/png"}
_PREVIEW = 1
# After these about our prompt, its history entry is there or about to be.
_ENDINGS = frozenset({"execution_success", "execution_error", "execution_interrupted"})


@dataclass(frozen=True)
class Preview:
    """A small picture of the work as it stands."""

    data: bytes
    mime_type: str


@dataclass(frozen=True)
class NodeProgress:
    """Which node works, and at which of how many steps it is; None where not known."""

    node: str | None = None
    step: int | None = None
    steps: int | None = None


class ProgressSocket:
    """Listens for one prompt, in a thread of its own, while it is open as a context.

    `look` is set whenever it may be worth looking at the history: our prompt seems over, or the
    socket is lost. A fresh client_id a prompt keeps sockets from silencing one another (ws_07).
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        prompt_id: str,
        look: threading.Event,
        on_progress: Callable[[NodeProgress], None],
        on_preview: Callable[[Preview], None],
    ) -> None:
        self._url = f"ws{url.removeprefix('http')}/ws?clientId={client_id}"
        self._prompt_id = prompt_id
        self._look = look
        self._on_progress = on_progress
        self._on_preview = on_preview
        self._socket = websocket.WebSocket(enable_multithread=True)
        self._closing = False
        self._connected = False
        self._tried = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True, name="comfyui-socket")

    def __enter__(self) -> Self:
        """Begin to connect."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        connection = self._socket.sock
        if connection is not None:
            # Only woken here: closing it under the listening thread could hand its number to
            # another connection. The thread closes it itself.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait_until_tried(self) -> None:
        """Wait until it is connected, or is known not to be, for a few seconds at most.

        Called before the graph is sent, so that a fast one is not over before anybody listens
        (ws_12).
        """
        self._tried.wait(_CONNECT_SECONDS)

    @property
    def is_connected(self) -> bool:
        """Whether the socket has stood from its beginning until now."""
        return self._connected

    def _listen(self) -> None:
        try:
            self._socket.connect(  # type: ignore[no-untyped-call]
                self._url, socket=_ReadAhead(_connection_to(self._url)), suppress_origin=True
            )
            self._connected = True
            self._tried.set()
            self._socket.settimeout(_LONGEST_SILENCE_SECONDS)
            while not self._closing:
                self._hear_one()
        except (OSError, websocket.WebSocketException, ValueError) as error:
            if not self._closing:
                logger.info("no more progress from %s: %s", self._url.partition("?")[0], error)
        finally:
            self._connected = False
            with suppress(OSError):
                self._socket.shutdown()  # type: ignore[no-untyped-call]
            self._tried.set()
            self._look.set()

    def _hear_one(self) -> None:
        try:
            opcode, data = self._socket.recv_data()
        except websocket.WebSocketTimeoutException:
            return  # a silent node means a silent socket; silence is not death (ws_13)
        if opcode == websocket.ABNF.OPCODE_TEXT:
            message = json.loads(data)
            if isinstance(message, dict) and isinstance(message.get("data"), dict):
                self._hear(message.get("type"), message["data"])
        elif opcode == websocket.ABNF.OPCODE_BINARY:
            self._see(bytes(data))
        elif opcode == websocket.ABNF.OPCODE_CLOSE:
            raise websocket.WebSocketConnectionClosedException("closed by ComfyUI")

    def _hear(self, kind: object, data: Mapping[str, Any]) -> None:
        if data.get("prompt_id") != self._prompt_id:
            return
        if kind == "executing":
            node = data.get("node")
            if node is None:
                self._look.set()
            else:
                self._on_progress(NodeProgress(node=str(data.get("display_node") or node)))
        elif kind == "progress":
            self._on_progress(
                NodeProgress(
                    node=str(data["node"]) if data.get("node") is not None else None,
                    step=_whole(data.get("value")),
                    steps=_whole(data.get("max")),
                )
            )
        elif kind in _ENDINGS:
            self._look.set()

    def _see(self, frame: bytes) -> None:
        """4 bytes event, big-endian; 1 is a preview: 4 bytes image type, then the image (ws_01)."""
        if len(frame) > 8 and int.from_bytes(frame[:4], "big") == _PREVIEW:
            mime_type = _IMAGE_TYPES.get(int.from_bytes(frame[4:8], "big"))
            if mime_type:
                self._on_preview(Preview(frame[8:], mime_type))


class _ReadAhead:
    """A connection that is read in large pieces, whatever small ones are asked for.

    websocket-client takes the handshake's answer byte by byte: 500 system calls a run.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ahead = b""

    def recv(self, size: int) -> bytes:
        """As of a socket: up to `size` bytes, none at the end."""
        if not self._ahead:
            self._ahead = self._connection.recv(max(size, _READ_AT_ONCE))
        piece, self._ahead = self._ahead[:size], self._ahead[size:]
        return piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _connection_to(url: str) -> socket.socket:
    parts = urlsplit(url)
    is_secure = parts.scheme == "wss"
    connection = socket.create_connection(
        (parts.hostname, parts.port or (443 if is_secure else 80)), _CONNECT_SECONDS
    )
    if not is_secure:
        return connection
    try:
        # The authorities that the HTTP requests trust, too.
        context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        return context.wrap_socket(connection, server_hostname=parts.hostname)
    except (OSError, ValueError):  # a name that no certificate can have
        connection.close()
        raise


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
