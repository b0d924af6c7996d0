"""A fake Ollama and a fake OpenAI-compatible server on real sockets of 127.0.0.1, without models.

    with FakeOllama() as ollama:
        ollama.says = Says("Ein Walross.", thinking="Hm.")
        ollama.fail(status(503), hang)

They take requests strictly: what the real ones don't document is refused and remembered in
`violations`, which fails the test at the end. Answers have the shapes of Ollama's api/types.go and
of the recordings in tests/data/language. A token is a word. `fail` lines up what goes wrong with
the next calls, each time once; then all is well again.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

from pydantic import Base64Str, BaseModel, ConfigDict, Field, ValidationError

Json = dict[str, Any]


@dataclass(frozen=True)
class Says:
    """What a model says. `marks` are around its thinking when that stands in the content."""

    content: str
    thinking: str = ""
    marks: tuple[str, str] | None = None

    def within(self, tokens: int) -> tuple[str, str, str]:
        """Content, thinking and the reason of the end, when there are so many tokens."""
        thinking, words = self.thinking.split(), self.content.split()
        thought = thinking[:tokens]
        spoken = self.content if len(thinking) + len(words) <= tokens else ""
        end = "stop" if spoken == self.content else "length"
        if end == "length":
            spoken = " ".join(words[: tokens - len(thought)])
        if self.marks is None or not thinking:
            return spoken, self.thinking if thought == thinking else " ".join(thought), end
        closed = self.marks[1] if len(thought) == len(thinking) < tokens else ""
        return f"{self.marks[0]}{' '.join(thought)}{closed}{spoken}", "", end


@dataclass
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Json


class Exchange:
    """One request that is to be answered, well or badly."""

    def __init__(self, handler: BaseHTTPRequestHandler, server: FakeLanguageServer) -> None:
        self.handler = handler
        self.server = server

    def send(
        self,
        data: bytes,
        *,
        status: int = 200,
        announce: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with `data`; `announce` is the Content-Length it claims."""
        self.handler.send_response(status)
        self.handler.send_header("Content-Type", "application/json")
        self.handler.send_header("Content-Length", str(len(data) if announce is None else announce))
        self.handler.send_header("Connection", "close")
        for name, value in (headers or {}).items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(data)

    def send_json(self, value: object, *, status: int = 200) -> None:
        self.send(json.dumps(value).encode(), status=status)

    def wait_until_gone(self) -> None:
        """Say nothing more until the client, or this server, ends the connection."""
        with contextlib.suppress(OSError):
            while self.handler.connection.recv(1):
                pass
        self.server.hung_up.set()


Fault = Callable[[Exchange], None]


def status(number: int, body: object = None, headers: Mapping[str, str] | None = None) -> Fault:
    """An answer with another status; without a body one that a proxy could send."""
    page = b"<html>proxy</html>" if body is None else json.dumps(body).encode()
    return lambda exchange: exchange.send(page, status=number, headers=headers)


def answer(value: object) -> Fault:
    """Status 200 with any JSON value."""
    return lambda exchange: exchange.send_json(value)


def raw(
    data: bytes, *, announce: int | None = None, headers: Mapping[str, str] | None = None
) -> Fault:
    """Status 200 with any bytes."""
    return lambda exchange: exchange.send(data, announce=announce, headers=headers)


def hang(exchange: Exchange) -> None:
    """No answer at all."""
    exchange.wait_until_gone()


def hang_in_body(exchange: Exchange) -> None:
    """Half an answer, and then nothing."""
    exchange.send(b'{"half": ', announce=1000)
    exchange.wait_until_gone()


def drip(exchange: Exchange) -> None:
    """A header line that never ends, byte by byte."""
    connection = exchange.handler.connection
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        connection.settimeout(0.02)
        while True:
            connection.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1):
                    break
    exchange.server.hung_up.set()


def reset(exchange: Exchange) -> None:
    """A connection that is torn down (RST) after the request was taken."""
    connection = exchange.handler.connection
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class FakeLanguageServer:
    """What both have in common. `says` is a reply, or a function from the request's body to one."""

    chat_path: str

    def __init__(self) -> None:
        self.says: Says | Callable[[Json], Says] = Says("Ein Walross im Ballkleid.")
        self.key: str | None = None
        self.received: list[Received] = []
        self.violations: list[str] = []
        self.hung_up = threading.Event()
        self.let_go = threading.Event()
        self.let_go.set()
        self.at_work = 0
        self.most_at_work = 0
        self.busy = threading.Semaphore(0)
        self._faults: dict[str, deque[Fault]] = {}
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._server = self._listen()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._thread.join()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        assert self.violations == []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """The base URL."""
        return self.origin

    @property
    def chats(self) -> list[Json]:
        """The bodies of the chat calls, in the order of their coming."""
        return [one.body for one in self.received if one.path == self.chat_path]

    def fail(self, *faults: Fault, path: str | None = None) -> None:
        """Let the next calls go wrong, each in its way."""
        self._faults.setdefault(path or self.chat_path, deque()).extend(faults)

    def _listen(self) -> ThreadingHTTPServer:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                fake._connections.append(self.request)
                super().setup()

            def do_GET(self) -> None:
                self.close_connection = True
                with contextlib.suppress(ConnectionError):
                    fake._handle(self)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False
        return server

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        data = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        body = json.loads(data) if data else {}
        received = Received(handler.command, handler.path, dict(handler.headers), body)
        with self._lock:
            self.received.append(received)
            waiting = self._faults.get(handler.path)
            fault = waiting.popleft() if waiting else None
        exchange = Exchange(handler, self)
        if fault:
            fault(exchange)
        elif self._takes_key(exchange):
            self._answer(exchange, received)

    def _takes_key(self, exchange: Exchange) -> bool:
        given = exchange.handler.headers.get("Authorization")
        if self.key is None or given == f"Bearer {self.key}":
            return True
        error = {"message": f"Incorrect API key provided: {given}", "code": "invalid_api_key"}
        exchange.send_json({"error": error}, status=401)
        return False

    def _work(self, body: Json) -> Says:
        """What the model says, while `let_go` is set; counts who is asked at once."""
        with self._lock:
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        self.busy.release()
        try:
            self.let_go.wait()
            return self.says(body) if callable(self.says) else self.says
        finally:
            with self._lock:
                self.at_work -= 1

    def _answer(self, exchange: Exchange, received: Received) -> None:
        raise NotImplementedError

    def _is_like(self, form: type[BaseModel], received: Received) -> bool:
        kind = received.headers.get("Content-Type", "").partition(";")[0]
        try:
            form.model_validate(received.body)
        except ValidationError as error:
            self.violations.append(str(error))
            return False
        if kind != "application/json" or received.method != "POST":
            self.violations.append(f"{received.method} {kind}")
            return False
        return True


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Message(_Strict):
    role: Literal["system", "user", "assistant"]
    content: str


class _OllamaMessage(_Message):
    images: list[Base64Str] | None = None


class _ImageUrl(_Strict):
    url: str = Field(pattern=r"^(data:image/|https://)")


class _Part(_Strict):
    type: Literal["text", "image_url"]
    text: str | None = None
    image_url: _ImageUrl | None = None


class _OpenAIMessage(_Strict):
    role: Literal["system", "user", "assistant"]
    content: str | list[_Part]


class _OllamaOptions(_Strict):
    num_ctx: int = Field(ge=1)
    temperature: float | None = None
    seed: int | None = Field(None, ge=0, lt=2**31)
    num_predict: int | None = Field(None, ge=1)


class _OllamaChat(_Strict):
    model: str = Field(min_length=1)
    messages: list[_OllamaMessage]
    stream: Literal[False]
    keep_alive: int | str
    options: _OllamaOptions
    think: bool | None = None
    truncate: bool | None = None
    shift: bool | None = None
    format: Json | None = None


class _OllamaShow(_Strict):
    model: str = Field(min_length=1)


_GO_DURATION = re.compile(r"-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+")


@dataclass
class OllamaModel:
    """An installed model. `obeys`: it does not think when asked not to."""

    obeys: bool = True
    remote_host: str | None = None


@dataclass
class FakeOllamaState:
    """What is installed, and what is loaded with which keep-alive and context length."""

    models: dict[str, OllamaModel] = field(default_factory=lambda: {"llama3.2:3b": OllamaModel()})
    loaded: dict[str, tuple[int | str, int]] = field(default_factory=dict)
    loads: int = 0


class FakeOllama(FakeLanguageServer):
    """`/api/chat` without streaming and `/api/show`, as api/types.go and routes.go have them."""

    chat_path = "/api/chat"

    def __init__(self) -> None:
        super().__init__()
        self.state = FakeOllamaState()

    def _answer(self, exchange: Exchange, received: Received) -> None:
        forms: dict[str, type[BaseModel]] = {
            self.chat_path: _OllamaChat,
            "/api/show": _OllamaShow,
        }
        form = forms.get(received.path)
        if form is None:
            exchange.send(b"404 page not found", status=404)
            return
        if not self._is_like(form, received) or not self._keeps_alive(received.body):
            exchange.send_json({"error": "bad request"}, status=400)
            return
        name = received.body["model"]
        model = self.state.models.get(name)
        if model is None:
            exchange.send_json({"error": f"model '{name}' not found"}, status=404)
        elif form is _OllamaShow:
            told = {"remote_host": model.remote_host, "remote_model": name}
            shown = {"details": {"family": "llama"}, "capabilities": ["completion"]}
            exchange.send_json(shown | (told if model.remote_host else {}))
        else:
            self._chat(exchange, received.body, model)

    def _keeps_alive(self, body: Json) -> bool:
        value = body.get("keep_alive", 0)
        if isinstance(value, int) or _GO_DURATION.fullmatch(value):
            return True
        self.violations.append(f"keep_alive {value}")
        return False

    def _chat(self, exchange: Exchange, body: Json, model: OllamaModel) -> None:
        name, options = body["model"], body["options"]
        wanted = (body["keep_alive"], options["num_ctx"])
        if self.state.loaded.get(name, (0, 0))[1] != options["num_ctx"]:
            self.state.loads += 1
        self.state.loaded[name] = wanted
        answered: Json = {"model": name, "created_at": "2026-01-01T12:00:00Z", "done": True}
        if not body["messages"]:
            message = {"role": "assistant", "content": ""}
            exchange.send_json({**answered, "message": message, "done_reason": "load"})
            return
        says = self._work(body)
        if model.obeys and body.get("think") is False:
            says = Says(says.content)
        content, thinking, end = says.within(options["num_predict"])
        message = {"role": "assistant", "content": content}
        if thinking:
            message["thinking"] = thinking
        if model.remote_host:
            answered |= {"remote_host": model.remote_host, "remote_model": name}
        exchange.send_json(
            {
                **answered,
                "message": message,
                "done_reason": end,
                "total_duration": 2_000_000_000,
                "load_duration": 500_000_000,
                "prompt_eval_count": sum(len(m["content"].split()) for m in body["messages"]),
                "eval_count": len(f"{content} {thinking}".split()),
            }
        )


class _JsonSchema(_Strict):
    name: str
    strict: bool
    schema_: Json = Field(alias="schema")


class _ResponseFormat(_Strict):
    type: Literal["json_schema", "json_object"]
    json_schema: _JsonSchema | None = None
    schema_: Json | None = Field(None, alias="schema")


class _OpenAIChat(_Strict):
    model: str = Field(min_length=1)
    messages: list[_OpenAIMessage] = Field(min_length=1)
    stream: Literal[False]
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    seed: int | None = Field(None, ge=0, lt=2**31)
    response_format: _ResponseFormat | None = None
    provider: Json | None = None


class FakeOpenAICompatible(FakeLanguageServer):
    """`/v1/chat/completions` and `/v1/models`.

    `rejects` maps parameters that it can't take to the answer that says so; `json_object` and
    `json_schema` are such, too.
    """

    chat_path = "/v1/chat/completions"

    def __init__(self) -> None:
        super().__init__()
        self.rejects: dict[str, Fault] = {}

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    def _answer(self, exchange: Exchange, received: Received) -> None:
        if (received.method, received.path) == ("GET", "/v1/models"):
            models = [{"id": "smollm2", "object": "model", "owned_by": "me"}]
            exchange.send_json({"object": "list", "data": models})
        elif received.path != self.chat_path:
            exchange.send_json({"detail": "Not Found"}, status=404)
        elif not self._is_like(_OpenAIChat, received):
            exchange.send_json({"error": {"message": "bad request"}}, status=400)
        else:
            self._chat(exchange, received.body)

    def _chat(self, exchange: Exchange, body: Json) -> None:
        given = {*body, body.get("response_format", {}).get("type")}
        if rejected := next((name for name in self.rejects if name in given), None):
            self.rejects[rejected](exchange)
            return
        tokens = body.get("max_tokens") or body["max_completion_tokens"]
        content, thinking, end = self._work(body).within(tokens)
        message: Json = {"role": "assistant", "content": content or None}
        if thinking:
            message["reasoning_content"] = thinking
        used = sum(len(str(one["content"]).split()) for one in body["messages"])
        said = len(f"{content} {thinking}".split())
        exchange.send_json(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1767268800,
                "model": body["model"],
                "choices": [
                    {"index": 0, "message": message, "logprobs": None, "finish_reason": end}
                ],
                "usage": {
                    "prompt_tokens": used,
                    "completion_tokens": said,
                    "total_tokens": used + said,
                },
            }
        )
