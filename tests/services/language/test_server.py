"""The same of every adapter: `pair` is each fake server with the adapter that asks it."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.language import client
from devserver.my_app.services.language.client import MAX_ANSWER_BYTES
from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import (
    LanguageKeyRefused,
    LanguageModel,
    LanguageModelFailed,
    LanguageModelRefused,
    LanguageModelTimedOut,
    LanguageModelUnreachable,
    Message,
    NotOnOwnMachines,
    details_of,
)
from devserver.my_app.services.language.server import ROOM_TO_THINK
from tests.fake_language_servers import (
    Fault,
    Says,
    answer,
    drip,
    hang,
    hang_in_body,
    raw,
    reset,
    status,
)
from tests.services.language.rig import (
    KEY,
    MODEL,
    PAIRS,
    PROMPT,
    REQUEST,
    NotWanted,
    Pair,
    asking,
)

OPENAI_ERROR = {"error": {"message": f"No: {PROMPT} {KEY}", "code": "some_code", "type": "x"}}


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    fake_type, adapter_at = PAIRS[request.param]
    with fake_type() as fake:
        yield Pair(fake, adapter_at)


def test_an_answer_says_how_it_came_about(pair: Pair) -> None:
    model: LanguageModel = pair.adapter()
    told = model.ask(REQUEST)
    assert told.text == "Ein Walross im Ballkleid."
    assert (told.model, told.server, told.backend) == (MODEL, pair.fake.url, model.backend)
    assert (told.seed, told.temperature, told.max_tokens) == (7, 0.7, 200)
    assert (told.prompt_tokens, told.answer_tokens) == (7, 4)
    assert (told.finish_reason, told.is_cut_off, told.thinking_removed) == ("stop", False, False)
    assert told.calls == 1
    [sent] = pair.fake.chats
    assert sent["messages"] == [
        {"role": "system", "content": "Schreibe um."},
        {"role": "user", "content": PROMPT},
    ]
    assert sent["stream"] is False


def test_the_record_of_a_stage_has_the_exact_messages_and_values(pair: Pair) -> None:
    told = pair.adapter().ask(REQUEST)
    details = details_of(REQUEST, told)
    assert details["messages"] == pair.fake.chats[0]["messages"]
    assert (details["seed"], details["temperature"], details["answer_tokens"]) == (7, 0.7, 4)
    assert json.loads(json.dumps(details)) == details
    failed = details_of(REQUEST, None)
    assert (failed["messages"], failed["seed"]) == (details["messages"], 7)


def test_neither_prompt_nor_key_nor_answer_is_in_what_is_printed(pair: Pair) -> None:
    model = pair.adapter()
    printed = f"{REQUEST} {REQUEST!r} {model.ask(REQUEST)!r} {vars(model)}"
    assert not [secret for secret in (PROMPT, KEY, "Ballkleid") if secret in printed]


def test_the_key_goes_into_one_header(pair: Pair) -> None:
    pair.fake.key = KEY
    pair.adapter().ask(REQUEST)
    [received] = pair.fake.received
    assert received.headers["Authorization"] == f"Bearer {KEY}"
    pair.fake.key = None
    pair.adapter(key=None).ask(REQUEST)
    assert "Authorization" not in pair.fake.received[-1].headers


# Thinking

MARKS = [("<think>", "</think>\n\n"), ("", "</think>"), ("[THINK]", "[/THINK]")]


@pytest.mark.parametrize("marks", MARKS, ids=str)
def test_thinking_in_the_content_is_taken_away(pair: Pair, marks: tuple[str, str]) -> None:
    pair.fake.fail(_thinking_aloud(pair, f"{marks[0]}Hm, ein Walross?{marks[1]}Ein Seehund."))
    told = pair.adapter().ask(REQUEST)
    assert (told.text, told.thinking_removed) == ("Ein Seehund.", True)


def _thinking_aloud(pair: Pair, content: str | None, end: str = "stop", **more: object) -> Fault:
    """An answer with exactly this content, in the form of the server at hand."""
    message = {"role": "assistant", "content": content, **more}
    if pair.fake.chat_path == "/api/chat":
        return answer({"message": {**message, "content": content or ""}, "done_reason": end})
    return answer({"choices": [{"message": message, "finish_reason": end}]})


def test_who_only_thinks_is_asked_again_with_room_to_think(pair: Pair) -> None:
    pair.fake.fail(
        _thinking_aloud(pair, "<think>Hm " * 50, "length"),
        _thinking_aloud(pair, "<think>Hm</think> Ein Seehund."),
    )
    told = pair.adapter().ask(REQUEST)
    assert (told.text, told.calls, told.max_tokens) == ("Ein Seehund.", 2, 200 + ROOM_TO_THINK)
    assert told.thinking_removed


def test_who_only_thinks_even_then_gave_no_answer(pair: Pair) -> None:
    thinking = _thinking_aloud(pair, "", "length", thinking="Hm", reasoning_content="Hm")
    pair.fake.fail(thinking, thinking)
    with pytest.raises(LanguageModelFailed, match="only thought") as caught:
        pair.adapter().ask(REQUEST)
    assert MODEL in str(caught.value)
    assert len(pair.fake.chats) == 2


@pytest.mark.parametrize("content", ["", "  \n", None, "<|im_end|>", "```\n```"])
def test_an_empty_answer_is_none(pair: Pair, content: str | None) -> None:
    pair.fake.fail(_thinking_aloud(pair, content))
    with pytest.raises(LanguageModelFailed, match="empty answer"):
        pair.adapter().ask(REQUEST)
    assert len(pair.fake.chats) == 1


@pytest.mark.parametrize("end", ["</think>", "<think>", "</s>"])
def test_json_that_quotes_a_mark_stays_whole(pair: Pair, end: str) -> None:
    """A child who writes such a mark must not be able to cut a verdict short."""
    quoting = '{"reason": "It says ' + end + '{}", "safe": false}'
    pair.fake.says = Says(quoting)
    asked = asking(json_schema={"type": "object"})
    assert pair.adapter().ask(asked).text == quoting
    pair.fake.says = Says(f"<think>{{}}</think>{quoting}")
    assert pair.adapter().ask(asked).text == quoting


def test_a_fence_around_a_text_is_taken_away(pair: Pair) -> None:
    pair.fake.says = Says("```text\nEin Seehund.\n```")
    assert pair.adapter().ask(REQUEST).text == "Ein Seehund."


def test_an_answer_that_ends_with_its_tokens_says_so(pair: Pair) -> None:
    told = pair.adapter().ask(asking(max_tokens=2))
    assert (told.text, told.is_cut_off, told.calls) == ("Ein Walross", True, 1)


# Failures: what is told, and how often it was asked

FAILURES: list[tuple[Fault, type[ServerError], str, int]] = [
    (raw(b"<html>"), LanguageModelFailed, "not a JSON object", 1),
    (raw(b""), LanguageModelFailed, "not a JSON object", 1),
    (raw(b"[" * 100_000), LanguageModelFailed, "not a JSON object", 1),
    (raw(b'{"message": {"content": "Ein'), LanguageModelFailed, "not a JSON object", 1),
    (raw(b"{}", headers={"Content-Encoding": "gzip"}), LanguageModelFailed, "compressed", 1),
    (raw(b" " * (MAX_ANSWER_BYTES + 1)), LanguageModelFailed, "too large", 1),
    (answer([]), LanguageModelFailed, "not a JSON object", 1),
    (answer({}), LanguageModelFailed, "not an answer", 1),
    (answer({"message": PROMPT, "choices": PROMPT}), LanguageModelFailed, "not an answer", 1),
    (answer({"message": {}, "choices": [PROMPT]}), LanguageModelFailed, "not an answer", 1),
    (
        answer({"message": {"content": 7}, "choices": [{"message": {"content": 7}}]}),
        LanguageModelFailed,
        "not an answer",
        1,
    ),
    (answer({"error": PROMPT}), LanguageModelFailed, "does not accept the request.", 1),
    (answer(OPENAI_ERROR), LanguageModelFailed, "(some_code)", 1),
    (status(302, headers={"Location": "/elsewhere"}), LanguageModelFailed, "redirect", 1),
    (status(307, headers={"Location": "/elsewhere"}), LanguageModelFailed, "redirect", 1),
    (status(400), LanguageModelFailed, "does not accept the request (400)", 1),
    (status(400, OPENAI_ERROR), LanguageModelFailed, "(400, some_code)", 1),
    (status(400, {"error": f"{PROMPT}: input length"}), LanguageModelFailed, "as long as this", 1),
    (status(401, OPENAI_ERROR), LanguageKeyRefused, "does not accept the key", 1),
    (status(403, {"error": KEY}), LanguageKeyRefused, "does not accept the key", 1),
    (status(402), LanguageModelFailed, "out of credit", 1),
    (status(404, {"error": f"model '{PROMPT}'"}), LanguageModelFailed, "does not know", 1),
    (status(429, {"error": {"code": "insufficient_quota"}}), LanguageModelFailed, "credit", 1),
    (status(500, {"error": f"{PROMPT}: system memory"}), LanguageModelFailed, "too little mem", 3),
    (status(500, {"error": {"code": KEY}}), LanguageModelFailed, "failed (500).", 3),
    (status(502), LanguageModelFailed, "failed (502)", 3),
    (raw(b'{"message"', announce=1000), LanguageModelUnreachable, "broke", 3),
    (reset, LanguageModelUnreachable, "broke", 3),
]


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_is_one_sentence_without_secrets(
    pair: Pair,
    failure: tuple[Fault, type[ServerError], str, int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault, expected, told, asked = failure
    caplog.set_level(logging.DEBUG)
    pair.fake.fail(*[fault] * 5)
    with pytest.raises(expected) as caught:
        pair.adapter().ask(REQUEST)
    assert told in str(caught.value)
    assert len(pair.fake.chats) == asked
    assert pair.fake.received == [one for one in pair.fake.received if one.path != "/elsewhere"]
    everything = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert not [secret for secret in (PROMPT, KEY) if secret in everything]


@pytest.mark.parametrize(
    "fault",
    [
        status(500),
        status(502),
        status(503),
        status(429, headers={"Retry-After": "1"}),
        reset,
        raw(b"{", announce=100),
        answer({"error": {"code": 502}}),
        answer({"error": {"code": 429}}),
    ],
)
def test_what_may_pass_is_asked_again(pair: Pair, fault: Fault) -> None:
    pair.fake.fail(fault, fault)
    assert pair.adapter().ask(REQUEST).text == "Ein Walross im Ballkleid."
    assert len(pair.fake.chats) == 3


@pytest.mark.parametrize("number", [429, 503])
def test_who_is_busy_is_asked_until_the_deadline(pair: Pair, number: int) -> None:
    pair.fake.fail(*[status(number)] * 50)
    with pytest.raises(LanguageModelFailed, match=str(number)):
        pair.adapter().ask(REQUEST)
    assert 50 < pair.clock.seconds <= REQUEST.seconds
    assert 5 < len(pair.fake.chats) < 20


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.5), ("1.5", 2.0), ("Thu, 01 Jan 2026 12:00:20 GMT", 20.5), ("soon", 0.375)],
)
def test_the_server_says_how_long_to_wait(pair: Pair, header: str, seconds: float) -> None:
    pair.fake.fail(status(429, headers={"Retry-After": header}))
    pair.adapter().ask(REQUEST)
    assert pair.clock.seconds == pytest.approx(seconds)


def test_nobody_waits_for_a_retry_after_beyond_the_deadline(pair: Pair) -> None:
    pair.fake.fail(status(429, headers={"Retry-After": "3600"}))
    with pytest.raises(LanguageModelFailed, match="too much to do"):
        pair.adapter().ask(REQUEST)
    assert pair.clock.seconds == 0


def test_nobody_there_is_unreachable(pair: Pair) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
        model = pair.adapter_at(nobody, clock=pair.clock, sleep=pair.clock.sleep)
        with pytest.raises(LanguageModelUnreachable, match="can't be reached") as caught:
            model.ask(REQUEST)
    assert caught.value.code == "language_model_unreachable"
    assert 1 < pair.clock.seconds < 20


@pytest.mark.parametrize("fault", [hang, hang_in_body, drip])
def test_the_deadline_ends_what_does_not_end(pair: Pair, fault: Fault) -> None:
    pair.fake.fail(fault)
    with pytest.raises(LanguageModelTimedOut):
        pair.hurried().ask(asking(seconds=0.3))
    assert pair.fake.hung_up.wait(10)
    assert len(pair.fake.chats) == 1


@pytest.mark.parametrize("fault", [hang, hang_in_body, drip])
def test_a_call_that_is_not_wanted_any_more_is_given_up_at_once(pair: Pair, fault: Fault) -> None:
    pair.fake.fail(fault)

    def check_wanted() -> None:
        if pair.fake.chats:
            raise NotWanted("The run was cancelled.")

    with pytest.raises(NotWanted):
        pair.hurried().ask(REQUEST, check_wanted=check_wanted)
    assert pair.fake.hung_up.wait(10)
    assert len(pair.fake.chats) == 1


def test_a_call_that_is_not_wanted_is_not_sent(pair: Pair) -> None:
    def check_wanted() -> None:
        raise NotWanted("The run was cancelled.")

    with pytest.raises(NotWanted):
        pair.adapter().ask(REQUEST, check_wanted=check_wanted)
    assert pair.fake.received == []


def test_a_broken_check_ends_the_call_too(pair: Pair) -> None:
    def check_wanted() -> None:
        if pair.fake.chats:
            raise OSError("disk")

    pair.fake.fail(hang)
    with pytest.raises(OSError, match="disk"):
        pair.hurried().ask(REQUEST, check_wanted=check_wanted)


# Places


def test_a_call_without_a_place_is_not_sent_and_ends_at_its_deadline(pair: Pair) -> None:
    pair.fake.let_go.clear()
    model = pair.hurried(places=CallPlaces(2))
    with ThreadPoolExecutor(2) as threads:
        sent = [threads.submit(model.ask, REQUEST) for _ in range(2)]
        pair.fake.busy.acquire()
        pair.fake.busy.acquire()
        told: list[int] = []
        with pytest.raises(LanguageModelTimedOut, match="too much to do"):
            model.ask(asking(seconds=0.3), waiting=told.append)
        pair.fake.let_go.set()
        assert [one.result().text for one in sent] == ["Ein Walross im Ballkleid."] * 2
    assert told == [0]
    assert pair.fake.most_at_work == len(pair.fake.chats) == 2


def test_an_answer_says_how_long_it_waited_for_a_place(pair: Pair) -> None:
    places = CallPlaces(1)
    model = pair.adapter(places=places)
    with ThreadPoolExecutor(1) as threads:
        queued = threading.Event()
        with places.place(10):
            late = threads.submit(model.ask, REQUEST, waiting=lambda _: queued.set())
            assert queued.wait(10)
            pair.clock.seconds += 3
        told = late.result()
    assert (told.waited_seconds, told.seconds) == (3, 0)


def test_a_failed_call_gives_its_place_back(pair: Pair) -> None:
    pair.fake.fail(status(400), status(401))
    model = pair.adapter(places=CallPlaces(1))
    for expected in (LanguageModelFailed, LanguageKeyRefused):
        with pytest.raises(expected):
            model.ask(REQUEST)
    assert model.ask(REQUEST).text


def test_moderation_of_a_service_is_a_block(pair: Pair) -> None:
    error = {"code": 403, "message": PROMPT, "metadata": {"reasons": ["violence"]}}
    pair.fake.fail(status(403, {"error": error}))
    with pytest.raises(LanguageModelRefused) as caught:
        pair.adapter().ask(REQUEST)
    assert caught.value.code == "moderation_blocked"


def test_a_stranger_s_address_is_not_connected_to(pair: Pair) -> None:
    # An address of the network for documentation (RFC 5737), and nobody is there in any case.
    model = pair.adapter_at("http://192.0.2.1:9", own_machines_only=True)
    with pytest.raises(NotOnOwnMachines, match="eco mode does not leave") as caught:
        model.ask(REQUEST)
    assert caught.value.code == "language_model_not_configured"
    with pytest.raises(NotOnOwnMachines):
        model.warm_up(MODEL)


def test_a_server_that_the_operator_vouches_for_may_be_anywhere(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "is_own_network", lambda _: False)
    with pytest.raises(NotOnOwnMachines):
        pair.adapter(own_machines_only=True).ask(REQUEST)
    assert pair.fake.received == []
    assert pair.adapter(own_machines_only=True, is_declared_own=True).ask(REQUEST).text


def test_own_machines_are_connected_to(pair: Pair) -> None:
    assert pair.adapter(own_machines_only=True).ask(REQUEST).text


@pytest.mark.parametrize("url", ["http://me:secret@host/v1"])
def test_a_base_url_with_a_password_is_refused(pair: Pair, url: str) -> None:
    with pytest.raises(ValueError, match="password") as caught:
        pair.adapter_at(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-ä", "sk a"])
def test_a_key_that_can_not_be_sent_is_refused(pair: Pair, key: str) -> None:
    with pytest.raises(ValueError, match="can't be in a key") as caught:
        pair.adapter(key=SecretStr(key))
    assert key not in str(caught.value)


def test_warming_up_sends_no_text_and_fails_like_asking(pair: Pair) -> None:
    model = pair.adapter()
    model.warm_up(MODEL)
    assert PROMPT not in str(pair.fake.received)
    pair.fake.key = "another"
    with pytest.raises(LanguageKeyRefused):
        model.warm_up(MODEL)


def test_pictures_go_along_with_a_message(pair: Pair) -> None:
    picture = b"RIFF\x04\x00\x00\x00WEBPVP8 "
    encoded = base64.b64encode(picture).decode()
    request = asking(messages=(Message("user", "Judge this picture.", (picture,)),))
    pair.adapter().ask(request)
    [message] = pair.fake.chats[-1]["messages"]
    if isinstance(message["content"], str):
        assert (message["content"], message["images"]) == ("Judge this picture.", [encoded])
    else:
        text, shown = message["content"]
        assert text == {"type": "text", "text": "Judge this picture."}
        assert shown["image_url"] == {"url": f"data:image/webp;base64,{encoded}"}
    [kept] = details_of(request, None)["messages"]
    assert kept == {"role": "user", "content": "Judge this picture.", "pictures": 1}
