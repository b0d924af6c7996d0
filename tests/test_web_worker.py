from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest
from flask import Flask

if os.name == "nt":
    pytest.skip("gunicorn does not run there", allow_module_level=True)

from gunicorn.config import Config
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn

from devserver.gunicorn_log import GunicornLog
from devserver.web_worker import RequestReader, WebWorker

POST = (
    b"POST /api/schema/pipeline/execute HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
)
App = Callable[[dict[str, Any], Callable[..., Any]], list[bytes]]


@contextmanager
def served(app: App | Flask, reading_seconds: float = 30) -> Iterator[tuple[socket.socket, Any]]:
    """A connection to a worker, and the worker's end of it."""
    cfg = Config()
    worker = WebWorker(1, os.getppid(), [], None, 30, cfg, GunicornLog(cfg))
    worker.wsgi = app
    worker.reading_seconds = reading_seconds
    client, accepted = socket.socketpair()
    client.settimeout(30)
    conn = TConn(cfg, accepted, ("127.0.0.1", 1), ("127.0.0.1", 2))
    with closing(worker.tmp), ThreadPoolExecutor(1) as threads, accepted, client:
        conn.handled = lambda: threads.submit(worker.handle, conn)
        yield client, conn


def everything(client: socket.socket) -> bytes:
    """All that comes until the other end is closed."""
    with client.makefile("rb") as answer:
        return answer.read()


def test_half_a_request_ends_with_its_time(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    for sent, answered in ((b"GET /api/hea", b""), (POST + b'{"a', b"HTTP/1.1 408")):
        with served(app, reading_seconds=0.1) as (client, conn):
            client.sendall(sent)
            future: Future[bool] = conn.handled()
            assert everything(client)[:12] == answered
            assert future.result(30) is False
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_drip_of_bytes_buys_no_time() -> None:
    now = [0.0]
    client, accepted = socket.socketpair()
    with client, accepted:
        reader = RequestReader(accepted, 30, clock=lambda: now[0])
        reader.begin()
        for now[0] in (0.0, 15.0, 29.9):
            client.sendall(b"x")
            assert reader.chunk() == b"x"
        client.sendall(b"x")
        now[0] = 30.0
        with pytest.raises(NoMoreData):
            reader.chunk()
        reader.begin()
        assert reader.chunk() == b"x"
        assert accepted.gettimeout() is None


def test_an_answer_takes_as_long_as_its_reader_needs() -> None:
    seen = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        seen.append(environ["wsgi.input"].read())
        seen.append(environ["gunicorn.socket"].gettimeout())
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    with served(app) as (client, conn):
        for _ in range(2):
            client.sendall(POST + bytes(100))
            assert conn.handled().result(30)
    assert seen == [bytes(100), None] * 2


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /?q=" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n", 414, "request_too_large"),
        (b"GET / HTTP/1.1\r\nCookie: " + b"x" * 10_000 + b"\r\n\r\n", 431, "request_too_large"),
        (b"Geheim\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nGeheim\r\n\r\n", 400, "bad_request"),
    ],
)
def test_what_cannot_be_read_is_answered_like_every_error(
    app: Flask, caplog: pytest.LogCaptureFixture, sent: bytes, status: int, code: str
) -> None:
    with served(app) as (client, conn):
        client.sendall(sent)
        future: Future[bool] = conn.handled()
        head, _, body = everything(client).partition(b"\r\n\r\n")
        client.close()
        assert future.result(30) is False
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/json" in head
    answer = json.loads(body)
    assert (answer["status"], answer["code"]) == ("error", code)
    assert "Geheim" not in caplog.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"zz\r\n{}\r\n0\r\n\r\n", 400, "bad_request"),
        (b"-5\r\n{}\r\n0\r\n\r\n", 400, "bad_request"),
        (b"2\r\n{}Geheim\r\n0\r\n\r\n", 400, "bad_request"),
        (b"2;\0\r\n{}\r\n0\r\n\r\n", 400, "bad_request"),
        (b"2\r\n{}\r\n0\r\nGeheim\r\n\r\n", 400, "bad_request"),
        (b"2\r\n{}\r\n0\r\na: " + b"x" * 10_000 + b"\r\n\r\n", 431, "request_too_large"),
        (b"5\r\n{}", 408, "request_incomplete"),
        (b"2\r\n{}\r\n", 408, "request_incomplete"),
        (b"2\r\n{}\r", 408, "request_incomplete"),
        (b"2\r\n{}\r\n0\r\n", 408, "request_incomplete"),
    ],
)
def test_chunks_that_cannot_be_read_are_answered_once(
    app: Flask, caplog: pytest.LogCaptureFixture, body: bytes, status: int, code: str
) -> None:
    head = POST.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked")
    with served(app) as (client, conn):
        client.sendall(head + body)
        client.shutdown(socket.SHUT_WR)
        future: Future[bool] = conn.handled()
        answer = everything(client)
        assert future.result(30) is False
    said, _, rest = answer.partition(b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in said
    assert json.loads(rest)["code"] == code
    assert "Geheim" not in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_body_that_was_cut_off_is_no_body(app: Flask) -> None:
    whole = b'{"schema": "dada", "input_text": "x"}'
    with served(app) as (client, conn):
        client.sendall(POST + whole)  # of the 100 bytes that are announced
        client.shutdown(socket.SHUT_WR)
        future: Future[bool] = conn.handled()
        assert everything(client).startswith(b"HTTP/1.1 408")
        assert future.result(30) is False


def test_a_body_that_nobody_reads_gets_no_answer_of_its_own(app: Flask) -> None:
    with served(app) as (client, conn):
        client.sendall(
            b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
        )
        future: Future[bool] = conn.handled()
        answer = everything(client)
        client.close()
        assert future.result(30) is False
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1") == 1


def test_an_app_that_fails_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        raise RuntimeError("a bug")

    with served(app) as (client, conn):
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        future: Future[bool] = conn.handled()
        assert b'"code":"internal_error"' in everything(client)
        client.close()
        assert future.result(30) is False
    assert "a bug" in caplog.text


def test_who_stays_on_after_the_answer_holds_only_its_own_thread(app: Flask) -> None:
    with served(app) as (client, conn):
        client.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        future: Future[bool] = conn.handled()
        assert everything(client).startswith(b"HTTP/1.1 200")
        client.close()
        assert future.result(30) is False
        assert conn.sock.fileno() == -1
        conn.close(graceful=True)  # as the main thread does
