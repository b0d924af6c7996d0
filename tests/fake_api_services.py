"""The API services on real sockets: OpenAI Images, OpenRouter, Replicate, and a plain server.

Three servers on three ports. `api` speaks the four protocols, checks every request as strictly as
the real services do (api_service_rules), and answers with what a `Script` says for the prompt in
it. `files` is where answers' addresses lead; like Replicate's own it wants no token. `stranger` is
somebody else's machine: nothing may ever arrive there. Everything that arrives is kept.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from tests.api_service_rules import (
    Rejection,
    check_openai,
    check_openrouter,
    check_plain,
    check_prediction,
    check_replicate_key,
    openai_error,
    replicate_error,
)

OPENAI_KEY = "sk-proj-Geheim0123456789openai"
OPENROUTER_KEY = "sk-or-v1-Geheim0123456789router"
REPLICATE_TOKEN = "r8_Geheim0123456789replicate"
KEYS = (OPENAI_KEY, OPENROUTER_KEY, REPLICATE_TOKEN)

Manner = Literal["whole", "slow", "cut", "redirect", "page"]
Delivery = Literal["whole", "gone", "broken once", "redirect", "at a stranger's"]


@dataclass(frozen=True)
class Failure:
    """An answer that is none: its status, its JSON, and further headers."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """What happens with the requests for one prompt.

    First come the failures, one for each request; then `media` in a `shape` of the service, sent in
    a `manner`, with their files delivered as said. Without a shape the last failure stays. A
    prediction of Replicate's passes through `statuses`, one for each look, and ends with the last;
    `look_failures` come in between.
    """

    media: Sequence[bytes] = ()
    mime_type: str = "image/png"
    shape: str | None = None
    failures: Sequence[Failure] = ()
    manner: Manner = "whole"
    delivery: Delivery = "whole"
    statuses: Sequence[str] = ("succeeded",)
    error: str | None = None
    look_failures: Sequence[Failure] = ()


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    server: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class _Prediction:
    id: str
    model: str
    input: Mapping[str, Any]
    script: Script
    looks: int = 0
    cancelled: bool = False


class FakeApiServices:
    """A context manager; while it is open, the three servers answer."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._scripts: dict[str, Script] = {}
        self._failed: dict[str, int] = {}
        self._files: dict[str, tuple[bytes, Script]] = {}
        self._broken: set[str] = set()
        self._predictions: dict[str, _Prediction] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._servers = {
            name: _server(self, name, answer)
            for name, answer in (
                ("api", self._api),
                ("files", self._file),
                ("stranger", lambda _, __: (200, {"error": "not here"}, {})),
            )
        }
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.01,))
            for server in self._servers.values()
        ]

    def __enter__(self) -> FakeApiServices:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def origin(self, server: str) -> str:
        """Where "api", "files" or "stranger" is."""
        return f"http://127.0.0.1:{self._servers[server].server_port}"

    def environment(self) -> dict[str, str]:
        """The settings of a server that uses the three services and trusts `files`."""
        api = self.origin("api")
        return {
            "OPENAI_BASE_URL": f"{api}/openai/v1",
            "OPENAI_API_KEY": OPENAI_KEY,
            "OPENROUTER_BASE_URL": f"{api}/openrouter/api/v1",
            "OPENROUTER_API_KEY": OPENROUTER_KEY,
            "REPLICATE_BASE_URL": f"{api}/replicate/v1",
            "REPLICATE_API_TOKEN": REPLICATE_TOKEN,
            "DEVSERVER_TRUSTED_MEDIA_ORIGINS": self.origin("files"),
        }

    def plain_environment(self) -> dict[str, str]:
        """The settings of a server that uses the plain server, which needs no key."""
        return {
            "OPENAI_BASE_URL": f"{self.origin('api')}/plain/v1",
            "OPENAI_API_KEY": "",
            "DEVSERVER_TRUSTED_MEDIA_ORIGINS": self.origin("files"),
        }

    def when(self, prompt: str, script: Script) -> None:
        """Have the requests for `prompt` go as `script` says."""
        self._scripts[prompt] = script

    def asked_for(self, prompt: str) -> list[Received]:
        """The requests to make something of `prompt`, in their order."""
        with self._lock:
            return [one for one in self.received if _prompt_of(one.body) == prompt]

    def received_by(self, server: str) -> list[Received]:
        """The requests that arrived at "api", "files" or "stranger"."""
        with self._lock:
            return [one for one in self.received if one.server == server]

    # What happens with a request

    def _answer(self, handler: BaseHTTPRequestHandler, server: str, answer: _Answer) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        data = handler.rfile.read(length)
        try:
            body = json.loads(data) if data else None
        except ValueError:
            body = data
        headers = dict(handler.headers.items())
        request = Received(server, handler.command, handler.path, headers, body)
        with self._lock:
            self.received.append(request)
        try:
            status, content, more = answer(request, handler)
        except Rejection as rejection:
            status, content, more = rejection.status, rejection.body, rejection.headers
        if content is not None:
            _send(handler, status, json.dumps(content).encode(), "application/json", more)

    def _api(self, request: Received, handler: BaseHTTPRequestHandler) -> _Reply:
        for method, pattern, service in (
            ("POST", r"/openai/v1/images/generations", self._openai),
            ("POST", r"/plain/v1/images/generations", self._plain),
            ("POST", r"/openrouter/api/v1/chat/completions", self._openrouter),
            ("POST", r"/replicate/v1/predictions", self._create),
            ("POST", r"/replicate/v1/models/([\w.-]+/[\w.-]+)/predictions", self._create),
            ("GET", r"/replicate/v1/predictions/(\w+)", self._look),
            ("POST", r"/replicate/v1/predictions/(\w+)/cancel", self._cancel),
        ):
            match = re.fullmatch(pattern, request.path)
            if match and request.method == method:
                return service(request, handler, *match.groups())
            if match:
                raise Rejection(405, {"error": {"message": "Method not allowed."}})
        raise Rejection(404, {"error": {"message": "Invalid URL.", "code": None}})

    def _script(self, prompt: str | None) -> Script:
        """The script of this prompt; raises its next failure instead while there is one."""
        script = self._scripts.get(prompt or "")
        if script is None:
            raise Rejection(500, {"error": {"message": "There is no script for this prompt."}})
        with self._lock:
            number = self._failed.get(prompt or "", 0)
            self._failed[prompt or ""] = number + 1
        if number < len(script.failures) or (script.shape is None and script.failures):
            raise _told(script.failures[min(number, len(script.failures) - 1)])
        return script

    def _tell(
        self, handler: BaseHTTPRequestHandler, script: Script, content: Any, status: int = 200
    ) -> _Reply:
        """The answer in its manner."""
        data = json.dumps(content).encode()
        match script.manner:
            case "whole":
                return status, content, {}
            case "slow":  # blank lines keep the connection while the model works
                data = b"\n" * 20 + data
                _start(handler, status, len(data), "application/json")
                for at in range(0, 24, 4):
                    handler.wfile.write(data[at : at + 4])
                    time.sleep(0.02)
                handler.wfile.write(data[24:])
            case "cut":
                _start(handler, status, len(data), "application/json")
                handler.wfile.write(data[: len(data) // 2])
            case "redirect":
                return 307, {}, {"Location": self.origin("stranger") + "/openai/v1/images"}
            case "page":
                _send(handler, status, b"<html>Please log in</html>", "text/html", {})
        return status, None, {}

    def _address_of(self, data: bytes, script: Script) -> str:
        path = f"/x/{next(self._numbers)}/out-0"
        if script.delivery == "at a stranger's":
            return self.origin("stranger") + path
        self._files[path] = (data, script)
        return self.origin("files") + path

    def _file(self, request: Received, handler: BaseHTTPRequestHandler) -> _Reply:
        """A file, by ranges too (RFC 9110 §14); any key that arrives here is one too many."""
        if request.path not in self._files:
            raise Rejection(404, {"detail": "Not found"})
        data, script = self._files[request.path]
        etag = {"ETag": f'"{len(data)}-{request.path}"', "Accept-Ranges": "bytes"}
        part = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if script.delivery == "gone":
            raise Rejection(404, {"detail": "Not found"})
        if script.delivery == "redirect":
            return 302, {}, {"Location": f"{self.origin('stranger')}{request.path}"}
        if script.delivery == "broken once" and request.path not in self._broken:
            self._broken.add(request.path)
            _start(handler, 200, len(data), script.mime_type, etag)
            handler.wfile.write(data[: len(data) // 2])
        elif part:
            begin = int(part[1])
            extent = {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}"}
            _send(handler, 206, data[begin:], script.mime_type, {**etag, **extent})
        else:
            _send(handler, 200, data, script.mime_type, etag)
        return 200, None, {}

    # The services

    def _openai(self, request: Received, handler: BaseHTTPRequestHandler) -> _Reply:
        check_openai(request.body, request.headers, OPENAI_KEY)
        script = self._script(request.body["prompt"])
        if script.shape not in ("b64_json", "nothing"):
            raise openai_error(500, None, "A GPT image model gives base64.")
        data = [{"b64_json": _base64(one)} for one in script.media]
        asked = {name: request.body.get(name) for name in ("output_format", "quality", "size")}
        usage = {"input_tokens": 9, "output_tokens": 1056, "total_tokens": 1065}
        content = {"created": 1_767_225_600, "background": "opaque", "data": data, **asked}
        return self._tell(handler, script, {**content, "usage": usage})

    def _plain(self, request: Received, handler: BaseHTTPRequestHandler) -> _Reply:
        check_plain(request.body, request.headers)
        script = self._script(request.body["prompt"])
        forms: dict[str, Callable[[bytes], dict[str, Any]]] = {
            "b64_json": lambda one: {"b64_json": _base64(one)},
            "url": lambda one: {"url": self._address_of(one, script)},
            "url and null": lambda one: {
                "b64_json": None,
                "url": self._address_of(one, script),
                "revised_prompt": "A tree, seen from afar",
            },
            "data URI": lambda one: {"url": _data_uri(one, script.mime_type)},
        }
        form = forms[script.shape or "b64_json"]
        return self._tell(
            handler, script, {"created": 1, "data": [form(one) for one in script.media]}
        )

    def _openrouter(self, request: Received, handler: BaseHTTPRequestHandler) -> _Reply:
        check_openrouter(request.body, request.headers, OPENROUTER_KEY)
        script = self._script(_prompt_of(request.body))
        images = list(script.media) if "image" in request.body.get("modalities", ()) else []
        choices = [
            {
                "index": index,
                "logprobs": None,
                "finish_reason": "content_filter" if script.shape == "refused" else "stop",
                "native_finish_reason": "STOP",
                "message": message,
            }
            for index, message in enumerate(self._messages(images, script))
        ]
        about = {"id": "gen-1767225600-a", "provider": "Google", "object": "chat.completion"}
        more = {"model": request.body["model"], "created": 1_767_225_600, "choices": choices}
        return self._tell(handler, script, {**about, **more})

    def _messages(self, images: list[bytes], script: Script) -> Iterator[dict[str, Any]]:
        """What the model says, in the shape of the script."""
        said: dict[str, Any] = {"role": "assistant", "refusal": None, "reasoning": None}
        text = "Here is your picture!"
        addresses = [
            self._address_of(one, script)
            if script.shape == "url"
            else _data_uri(one, script.mime_type)
            for one in images
        ]
        parts = [{"type": "image_url", "image_url": {"url": one}} for one in addresses]
        match script.shape:
            case "content parts":
                yield {**said, "content": [{"type": "text", "text": text}, *parts]}
            case "bare parts":
                bare = [{"type": "image_url", "image_url": one} for one in addresses]
                yield {**said, "content": bare}
            case "choices":
                for part in parts:
                    yield {**said, "content": "", "images": [part]}
            case "text" | "refused":
                yield {**said, "content": "I would rather write about it."}
            case _:
                yield {**said, "content": text, "images": parts}

    def _create(
        self, request: Received, handler: BaseHTTPRequestHandler, model: str | None = None
    ) -> _Reply:
        check_replicate_key(request.headers, REPLICATE_TOKEN)
        check_prediction(request.body, request.headers, model)
        script = self._script(_prompt_of(request.body))
        known = _Prediction(
            id=f"p{next(self._numbers)}x",
            model=model or request.body["version"],
            input=request.body["input"],
            script=script,
        )
        self._predictions[known.id] = known
        # Prefer: wait holds the answer back until the end, when that comes soon enough.
        ended = len(script.statuses) == 1 and "Prefer" in request.headers
        status = script.statuses[-1] if ended else "starting"
        return self._tell(handler, script, self._told_of(known, status), 201 if ended else 202)

    def _look(self, request: Received, handler: BaseHTTPRequestHandler, known_id: str) -> _Reply:
        known = self._known(request, known_id)
        with self._lock:
            looks, known.looks = known.looks, known.looks + 1
        script = known.script
        if looks < len(script.look_failures):
            raise _told(script.look_failures[looks])
        step = min(looks - len(script.look_failures), len(script.statuses) - 1)
        return 200, self._told_of(known, script.statuses[step]), {}

    def _cancel(self, request: Received, handler: BaseHTTPRequestHandler, known_id: str) -> _Reply:
        known = self._known(request, known_id)
        known.cancelled = True
        return 200, self._told_of(known, "canceled"), {}

    def _known(self, request: Received, known_id: str) -> _Prediction:
        check_replicate_key(request.headers, REPLICATE_TOKEN)
        if known_id not in self._predictions:
            raise replicate_error(404, "Not found", "The requested resource could not be found.")
        return self._predictions[known_id]

    def _told_of(self, known: _Prediction, status: str) -> dict[str, Any]:
        """The prediction; the addresses in `urls` lead to a stranger, and must not be called."""
        status = "canceled" if known.cancelled else status
        base = f"{self.origin('stranger')}/v1/predictions/{known.id}"
        return {
            "id": known.id,
            "model": known.model,
            "version": "hidden",
            "input": known.input,
            "logs": "",
            "output": self._output(known) if status == "succeeded" else None,
            "data_removed": False,
            "error": known.script.error if status == "failed" else None,
            "status": status,
            "created_at": "2026-01-01T00:00:00.000Z",
            "urls": {"get": base, "cancel": f"{base}/cancel", "web": base, "stream": base},
        }

    def _output(self, known: _Prediction) -> Any:
        script = known.script
        match script.shape:
            case "text":
                return ["A tree", " stands", " by the lake."]
            case "nothing":
                return None
            case "data URI":
                return _data_uri(script.media[0], script.mime_type)
        addresses = [self._address_of(one, script) for one in script.media]
        shapes = {
            "url": addresses[:1].pop(),
            "list": addresses,
            "object": {"mesh": addresses[0], "note": "well done", "seed": 7, "preview": None},
            "nested": {"files": [{"url": one, "content_type": "x"} for one in addresses]},
        }
        return shapes[script.shape or "list"]


_Reply = tuple[int, Any, Mapping[str, str]]
"""Status, JSON (None when the handler has sent everything itself), further headers."""
_Answer = Callable[[Received, BaseHTTPRequestHandler], _Reply]


def _server(fake: FakeApiServices, name: str, answer: _Answer) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            self.close_connection = True
            with suppress(ConnectionError):  # the other side need not wait for the end
                fake._answer(self, name, answer)

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 — http.server's names

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 256  # of many who come at once, nobody is turned away
        daemon_threads = True

    return Server(("127.0.0.1", 0), Handler)


def _start(
    handler: BaseHTTPRequestHandler,
    status: int,
    length: int,
    mime_type: str,
    headers: Mapping[str, str] | None = None,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", mime_type)
    handler.send_header("Content-Length", str(length))
    handler.send_header("Connection", "close")
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    data: bytes,
    mime_type: str,
    headers: Mapping[str, str],
) -> None:
    _start(handler, status, len(data), mime_type, headers)
    handler.wfile.write(data)


def _told(failure: Failure) -> Rejection:
    return Rejection(failure.status, failure.body, failure.headers)


def _prompt_of(body: Any) -> str | None:
    """The prompt in a request of any of the services."""
    match body:
        case {"prompt": str(prompt)} | {"input": {"prompt": str(prompt)}}:
            return prompt
        case {"messages": [*_, {"content": str(prompt)}]}:
            return prompt
    return None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _data_uri(data: bytes, mime_type: str) -> str:
    return f"data:{mime_type};base64,{_base64(data)}"
