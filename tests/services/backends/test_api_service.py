from __future__ import annotations

import json
import logging
import socket
import time
import traceback
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import requests
import responses
import urllib3

from devserver.my_app.services.api_calls.answers import error_code
from devserver.my_app.services.backends.api_service import (
    ApiKeyRefused,
    ApiService,
)
from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendTimedOut,
    BackendUnreachable,
    ModerationBlocked,
    NotWanted,
)
from devserver.my_app.services.errors import ServerError
from tests.http_proxy import proxying
from tests.http_server import body, serving
from tests.services.backends.api_rig import BASE, KEY, PROMPT, Clock, FakeRun, service

PATH = "/images/generations"
REFUSED = requests.ConnectionError(
    urllib3.exceptions.MaxRetryError(
        None,  # type: ignore[arg-type]
        "/",
        urllib3.exceptions.NewConnectionError(None, "refused"),  # type: ignore[arg-type]
    )
)


def post(api: ApiService, run: FakeRun | None = None) -> dict[str, Any]:
    return api.post(PATH, {"prompt": PROMPT}, run or FakeRun())


def get(api: ApiService, run: FakeRun | None = None) -> dict[str, Any]:
    return api.get(PATH, run or FakeRun())


def answers(*given: Any, method: str = "POST") -> None:
    """Register answers in their order: an exception, or (status, body, headers)."""
    for answer in given:
        if isinstance(answer, Exception):
            responses.add(method, BASE + PATH, body=answer)
        else:
            status, content, *headers = answer
            text = content if isinstance(content, str) else json.dumps(content)
            responses.add(
                method, BASE + PATH, body=text, status=status, headers=headers[0] if headers else {}
            )


@responses.activate
def test_the_key_goes_into_one_header_and_nowhere_else() -> None:
    answers((200, {"data": []}))
    assert post(service()) == {"data": []}
    [call] = responses.calls
    assert call.request.headers["Authorization"] == f"Bearer {KEY}"
    assert json.loads(call.request.body or "") == {"prompt": PROMPT}
    assert KEY not in str(call.request.url)


@pytest.mark.parametrize("key", [None, "", "  "])
@responses.activate
def test_without_a_key_no_header_is_sent(key: str | None) -> None:
    answers((200, {}))
    api = service(key=key)
    assert api.lacks_key("SOME_KEY") == "SOME_KEY is not set."
    assert api.lacks_key(None) is None
    post(api)
    assert "Authorization" not in responses.calls[0].request.headers


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-ä", "sk a"])
@responses.activate
def test_a_key_that_can_not_be_sent_is_told_without_it(key: str) -> None:
    api = service(key=key)
    with pytest.raises(ApiKeyRefused) as caught:
        post(api)
    assert str(caught.value) == api.lacks_key("SOME_KEY")
    assert key not in "".join(traceback.format_exception(caught.value))


def test_spaces_around_a_key_are_not_part_of_it() -> None:
    assert service(key=f" {KEY}\n").lacks_key("SOME_KEY") is None


def test_a_base_url_with_a_password_is_refused() -> None:
    with pytest.raises(ValueError, match="password") as caught:
        service(base="https://me:secret@host/v1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("code", ["moderation_blocked", "content_policy_violation"])
@pytest.mark.parametrize("status", [200, 400, 403, 429])
@responses.activate
def test_a_refusal_by_moderation_is_its_own_failure(status: int, code: str) -> None:
    answers((status, {"error": {"code": code, "message": f"No: {PROMPT}"}}))
    with pytest.raises(ModerationBlocked) as caught:
        post(service())
    assert caught.value.code == "moderation_blocked"
    assert len(responses.calls) == 1


@responses.activate
def test_the_reasons_of_openrouters_moderation_are_understood() -> None:
    error = {"code": 403, "metadata": {"reasons": ["violence"], "flagged_input": PROMPT}}
    answers((403, {"error": error}))
    with pytest.raises(ModerationBlocked):
        post(service())


@pytest.mark.parametrize("status", [401, 403])
@responses.activate
def test_a_key_that_is_not_accepted_is_its_own_failure(status: int) -> None:
    answers((status, {"error": {"code": "invalid_api_key", "message": f"Incorrect: {KEY}"}}))
    with pytest.raises(ApiKeyRefused, match="does not accept the key") as caught:
        post(service())
    assert caught.value.code == "api_key_refused"
    assert f"({status}, invalid_api_key)" in str(caught.value)


FAILURES = [
    (200, {"error": {"code": 502, "message": PROMPT}}, "failed (502)"),
    (200, {"error": {"code": "429"}}, "too much to do just now (429)"),
    (200, {"error": {"code": "²²²"}}, "does not accept the request."),
    (200, {"error": {"message": PROMPT}}, "does not accept the request."),
    (200, "", "not JSON"),
    (200, "[]", "not JSON"),
    (200, "<html>", "not JSON"),
    (200, '{"data": [', "not JSON"),
    (200, "[" * 100_000, "not JSON"),
    (302, "", "redirect"),
    (400, {"error": {"code": "invalid_size"}}, "does not accept the request (400, invalid_size)"),
    (400, "<html>", "does not accept the request (400)"),
    (402, {"detail": PROMPT}, "out of credit"),
    (404, {"error": "no"}, "does not know this model"),
    (422, {"detail": PROMPT}, "does not accept the request (422)"),
    (429, {"error": {"code": "insufficient_quota"}}, "out of credit"),
    (500, {"error": {"code": f"key {KEY}"}}, "failed (500)."),
    (500, {"error": {"code": KEY}}, "failed (500)."),
    (503, "busy", "failed (503)"),
]


@pytest.mark.parametrize(("status", "content", "told"), FAILURES)
@responses.activate
def test_every_failure_is_one_sentence_and_not_sent_again(
    status: int, content: object, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers((status, content))
    with pytest.raises(BackendFailed) as caught:
        post(service())
    assert told in str(caught.value)
    assert len(responses.calls) == 1
    everything = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert KEY not in everything
    assert PROMPT not in everything


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.5),
        ("0", 0.5),
        ("1.5", 2.0),
        ("Thu, 01 Jan 2026 12:00:20 GMT", 20.5),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.5),
        ("soon", 0.375),
        ("-1", 0.375),
        (None, 0.375),
    ],
)
@responses.activate
def test_429_is_sent_again_when_it_was_asked_for(header: str | None, seconds: float) -> None:
    headers = {"Retry-After": header} if header else {}
    answers((429, {"error": {"code": "rate_limit_exceeded"}}, headers), (200, {"data": [1]}))
    clock = Clock()
    assert post(service(clock)) == {"data": [1]}
    assert clock.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    "first", [(503, "", {"Retry-After": "3"}), REFUSED], ids=["503", "refused"]
)
@responses.activate
def test_what_was_surely_not_taken_is_sent_again(first: object) -> None:
    answers(first, (200, {"ok": 1}))
    assert post(service()) == {"ok": 1}
    assert len(responses.calls) == 2


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (requests.ReadTimeout("slow"), BackendTimedOut),
        (requests.ConnectionError("reset"), BackendUnreachable),
        (requests.exceptions.ChunkedEncodingError("cut"), BackendUnreachable),
        (requests.exceptions.SSLError("certificate"), BackendUnreachable),
    ],
    ids=str,
)
@responses.activate
def test_what_may_have_been_taken_is_never_sent_again(
    error: Exception, expected: type[ServerError]
) -> None:
    answers(error, (200, {"ok": 1}))
    with pytest.raises(expected):
        post(service())
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    "first",
    [requests.ReadTimeout("x"), requests.ConnectionError("x"), REFUSED, (500, ""), (502, "")],
)
@responses.activate
def test_looking_is_repeated_after_anything_that_may_pass(first: object) -> None:
    answers(first, first, (200, {"ok": 1}), method="GET")
    clock = Clock()
    assert get(service(clock)) == {"ok": 1}
    assert clock.seconds == pytest.approx(0.375 + 0.75)


@pytest.mark.parametrize(
    ("answer", "expected"), [((429, ""), BackendFailed), (REFUSED, BackendUnreachable)], ids=str
)
@responses.activate
def test_the_deadline_bounds_all_repetitions(answer: object, expected: type[ServerError]) -> None:
    answers(answer)
    clock = Clock()
    with pytest.raises(expected):
        post(service(clock, deadline_seconds=60))
    assert 30 < clock.seconds <= 60
    assert 4 < len(responses.calls) < 12


@responses.activate
def test_nobody_waits_for_a_retry_after_beyond_the_deadline() -> None:
    answers((429, "", {"Retry-After": "3600"}))
    clock = Clock()
    with pytest.raises(BackendFailed, match="too much to do"):
        post(service(clock))
    assert clock.seconds == 0


@responses.activate
def test_waiting_ends_when_the_run_is_not_wanted_any_more() -> None:
    answers((429, "", {"Retry-After": "50"}))
    clock, run = Clock(), FakeRun()

    def cancel() -> None:
        run.wanted = clock.seconds < 3

    clock.on_sleep = cancel
    with pytest.raises(NotWanted):
        post(service(clock), run)
    assert clock.seconds == 3


@responses.activate
def test_a_run_that_is_not_wanted_is_not_even_sent() -> None:
    run = FakeRun()
    run.wanted = False
    with pytest.raises(NotWanted):
        post(service(), run)


def test_neither_repr_nor_attributes_show_the_key() -> None:
    api = service()
    assert KEY not in repr(api) + str(api) + repr(vars(api))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "E005"}, "E005"),
        ({"code": None, "type": "server_error"}, "server_error"),
        ({"code": 429}, None),
        ({"code": "a text with words"}, None),
        ({"code": "x" * 60}, None),
        ("text", None),
    ],
)
def test_only_what_looks_like_a_code_is_taken_for_one(error: object, code: str | None) -> None:
    assert error_code({"error": error}) == code
    assert error_code(None) is None


# On a real socket


def real(url: str, **more: Any) -> ApiService:
    return service(base=url, max_answer_bytes=1000, **more)


def test_a_redirect_is_not_followed_and_the_key_stays_here() -> None:
    asked: list[str | None] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers.get("Authorization"))
        body(b"{}")(handler)

    with serving({PATH: note}) as other:
        there = body(b"", status=307, Location=f"{other}{PATH}")
        with serving({PATH: there}) as url:
            for call in (post, get):
                with pytest.raises(BackendFailed, match="redirect"):
                    call(real(url))
    assert asked == []


def test_a_whole_answer_arrives_in_pieces() -> None:
    with serving({PATH: body(json.dumps({"data": "x" * 900}).encode())}) as url:
        assert post(real(url)) == {"data": "x" * 900}


def test_a_chunked_answer_is_read() -> None:
    def chunked(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in (b'{"da', b'ta": 1}', b""):
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    with serving({PATH: chunked}) as url:
        assert post(real(url)) == {"data": 1}


def test_an_answer_without_end_is_bounded() -> None:
    with (
        serving({PATH: body(b"[" + b"0," * 1000)}) as url,
        pytest.raises(BackendFailed, match="too large"),
    ):
        post(real(url))


def test_a_cut_answer_is_a_broken_connection_and_not_sent_again() -> None:
    count = 0

    def cut(handler: BaseHTTPRequestHandler) -> None:
        nonlocal count
        count += 1
        body(b'{"data": 1}', announce=100)(handler)

    with serving({PATH: cut}) as url, pytest.raises(BackendUnreachable, match="broke"):
        post(real(url))
    assert count == 1


def test_a_cut_answer_is_looked_at_again() -> None:
    given = [body(b'{"data"', announce=100), body(b'{"data": 1}')]

    def next_one(handler: BaseHTTPRequestHandler) -> None:
        given.pop(0)(handler)

    with serving({PATH: next_one}) as url:
        assert get(real(url)) == {"data": 1}


def test_a_dripping_answer_ends_at_the_deadline() -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(1000):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.02)

    started = time.monotonic()
    with serving({PATH: drip}) as url, pytest.raises(BackendTimedOut):
        post(_hurried(url, 0.1))
    assert time.monotonic() - started < 15  # it drips for 20 s


def _hurried(url: str, seconds: float) -> ApiService:
    """A service with a real clock and little time."""
    return ApiService("Service", url, None, deadline_seconds=seconds)


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        clock = Clock()
        with pytest.raises(BackendUnreachable, match="can't be reached"):
            post(service(clock, base=url, deadline_seconds=5))
    assert clock.seconds > 1


def test_a_proxy_leads_to_the_service_and_learns_no_key() -> None:
    with (
        serving({}) as origin,
        proxying(origin, refuses=True) as proxy,
        pytest.raises(BackendUnreachable) as caught,
    ):
        post(service(base="https://api.example.org/v1", proxy=proxy.url, deadline_seconds=0.1))
    assert proxy.heads[0].startswith(b"CONNECT api.example.org:443 HTTP/1.")
    assert KEY.encode() not in b"".join(proxy.heads)
    assert KEY not in str(caught.value)


def test_what_costs_is_sent_once_to_a_proxy_that_hangs_up() -> None:
    with (
        proxying("http://127.0.0.1:9", hangs_up=True) as proxy,
        pytest.raises(BackendUnreachable, match="broke"),
    ):
        post(service(base="http://api.example.org/v1", proxy=proxy.url))
    assert len(proxy.heads) == 1
