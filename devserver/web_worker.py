"""The gunicorn worker of this server: nobody who sends slowly, or stays on, holds it up."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NoReturn

from gunicorn import util
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.errors import (
    ChunkMissingTerminator,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    NoMoreData,
    ParseException,
)
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import PollableMethodQueue, ThreadWorker
from werkzeug.exceptions import HTTPException, abort

from devserver.my_app.routes.errors import body_of

_OURS = (InvalidResponseHeader, InvalidResponseHeaderName)
"""Faults of an answer, which gunicorn counts among those of requests."""
_LINE_END = b"\r\n"
READING_SECONDS = 30.0
"""A request, with its body of 256 KiB at most, has to arrive within so long."""


class RequestReader(SocketUnreader):  # type: ignore[misc] # it comes without types
    """Reads from a connection, and gives each request the same time to arrive, drip or stream."""

    def __init__(
        self, sock: Any, seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(sock)
        self._seconds = seconds
        self._clock = clock
        self._deadline = float("-inf")

    def begin(self) -> None:
        """The next request is expected from now on."""
        self._deadline = self._clock() + self._seconds

    def chunk(self, size_hint: int | None = None) -> bytes:
        """What has come. Raises NoMoreData when the time is up, as for one who hung up."""
        left = self._deadline - self._clock()
        if left <= 0:
            raise NoMoreData
        patience = self.sock.gettimeout()
        self.sock.settimeout(left if patience is None else min(left, patience))
        try:
            return bytes(super().chunk(size_hint))
        except TimeoutError as error:
            raise NoMoreData from error
        finally:
            self.sock.settimeout(patience)


class WholeBody(Body):  # type: ignore[misc] # it comes without types
    """The body of a request as it was announced, or none.

    Reading one that is malformed, cut off or late raises the HTTPException that says so, which an
    app answers as any other; nothing else is read from that connection then.
    """

    def __init__(self, request: Any) -> None:
        super().__init__(request.body.reader)
        self._request = request

    def _read_reader(self, size: int) -> bytes:
        # What the reader counts down is what it was asked for, not what came.
        is_counted = isinstance(self.reader, LengthReader)
        expected = min(self.reader.length, size) if is_counted else 0
        try:
            data = bytes(super()._read_reader(size))
        except (NoMoreData, ParseException) as error:
            self._refuse(error)
        if len(data) < expected:
            self._refuse(NoMoreData())
        return data

    def _refuse(self, error: Exception) -> NoReturn:
        self.failed = True
        self._request.force_close()
        abort(_status_of(error))


class LastingQueue(PollableMethodQueue):  # type: ignore[misc] # it comes without types
    """How threads tell the main one that they are done; stays open to the end of the process."""

    def close(self) -> None:
        """Leave it open: who is done late would write into the file that got its number since."""


class WebWorker(ThreadWorker):  # type: ignore[misc] # it comes without types
    """gunicorn's threads, with a limit to how long one of them waits for a request to arrive.

    The limit is for reading alone: an answer takes as long as its reader needs, until the server
    ends and the time is up that connections get then (`graceful_timeout`).
    """

    reading_seconds = READING_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method_queue = LastingQueue()
        self._in_threads: set[Any] = set()

    def run(self) -> None:
        """Serve until told to end; nothing is served any more on return."""
        super().run()
        # Otherwise the process would end only after the last one has read its answer.
        self.tpool.shutdown(wait=False, cancel_futures=True)
        for conn in tuple(self._in_threads):
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)

    def handle(self, conn: Any) -> Any:
        """Serve one request, in a thread."""
        self._in_threads.add(conn)
        try:
            return self._serve(conn)
        finally:
            self._in_threads.discard(conn)

    def _serve(self, conn: Any) -> Any:
        if conn.parser is None:
            conn.parser = RequestParser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = RequestReader(conn.sock, self.reading_seconds)
        conn.parser.unreader.begin()
        goes_on = super().handle(conn)
        if not goes_on:
            # Closing waits up to two seconds for the client to close. Left to the main thread, each
            # of those who don't would keep everybody else from being accepted for so long.
            util.close_graceful(conn.sock)
            conn.close = _is_closed
        return goes_on

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Let the app answer a request, whose body it gets as announced or not at all."""
        req.body = WholeBody(req)
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Whether another request may follow; none does on a body that the app left unread and
        that can't be read: the request was answered once, and gets no second answer for that."""
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except HTTPException:
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ARG002
        """Answer in the one shape of errors what did not get as far as the app, or failed in it."""
        status = _status_of(exc)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.exception("a request failed outside of the app")
        else:
            # Its kind alone: what it holds may be what a child wrote.
            self.log.warning("a request can't be read: %s", type(exc).__name__)
        body = body_of(status).model_dump_json().encode() + b"\n"
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
            "Content-Type: application/json\r\nCache-Control: no-store\r\n"
            f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with suppress(OSError):
            util.write_nonblock(client, head.encode() + body)


def _status_of(exc: BaseException) -> HTTPStatus:
    # The end of a chunk that is missing to a part is one that was cut off.
    is_cut = isinstance(exc, ChunkMissingTerminator) and len(exc.term) < len(_LINE_END)
    if isinstance(exc, NoMoreData) or is_cut:
        return HTTPStatus.REQUEST_TIMEOUT
    if isinstance(exc, LimitRequestLine):
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if isinstance(exc, LimitRequestHeaders):
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    if isinstance(exc, ParseException) and not isinstance(exc, _OURS):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _is_closed(graceful: bool = False) -> None:
    """Instead of closing once more: by then the number may be that of another connection."""
