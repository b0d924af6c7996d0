"""What tests of language models share: a question, and a server of each kind asked through it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.language.client import LanguageClient
from devserver.my_app.services.language.ollama import OllamaServer
from devserver.my_app.services.language.openai_compatible import OpenAICompatibleServer
from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import LanguageRequest, Message
from devserver.my_app.services.language.server import LanguageServer
from tests.fake_language_servers import FakeLanguageServer, FakeOllama, FakeOpenAICompatible
from tests.services.backends.api_rig import Clock

MODEL = "llama3.2:3b"
PROMPT = "Ein Walross im Ballkleid tanzt"
KEY = "sk-Geheim-0123456789abcdef"
REQUEST = LanguageRequest(
    model=MODEL,
    messages=(Message("system", "Schreibe um."), Message("user", PROMPT)),
    seed=2**40 + 7,
    temperature=0.7,
    max_tokens=200,
    seconds=100.0,
)


class NotWanted(ServerError):
    """What `check_wanted` raises in these tests."""


def asking(**changes: Any) -> LanguageRequest:
    return replace(REQUEST, **changes)


def client_of(url: str, **more: Any) -> LanguageClient:
    """A client that never really sleeps between its attempts, and looks often."""
    clock = Clock()
    given: dict[str, Any] = {
        "clock": clock,
        "sleep": clock.sleep,
        "now": clock.now,
        "jitter": lambda: 0.5,
        "look_seconds": 0.01,
        "key": SecretStr(KEY),
        **more,
    }
    return LanguageClient("Server", url, **given)


def ollama_at(url: str, **more: Any) -> OllamaServer:
    places = more.pop("places", None) or CallPlaces(3)
    return OllamaServer(client_of(url, **more), places, keep_alive="24h", context_tokens=8192)


def compatible_at(url: str, **more: Any) -> OpenAICompatibleServer:
    places = more.pop("places", None) or CallPlaces(3)
    return OpenAICompatibleServer("openai_compatible", client_of(url, **more), places)


class Pair:
    """A fake server, and the adapters that ask it."""

    def __init__(self, fake: FakeLanguageServer, adapter_at: Callable[..., LanguageServer]) -> None:
        self.fake = fake
        self.adapter_at = adapter_at
        self.clock = Clock()

    def adapter(self, **more: Any) -> LanguageServer:
        clock = {"clock": self.clock, "sleep": self.clock.sleep, "now": self.clock.now}
        return self.adapter_at(self.fake.url, **{**clock, **more})

    def hurried(self, **more: Any) -> LanguageServer:
        """An adapter on a real clock, for what has to end at a real time."""
        return self.adapter_at(
            self.fake.url, **{"clock": time.monotonic, "sleep": time.sleep, **more}
        )


PAIRS: dict[str, tuple[type[FakeLanguageServer], Callable[..., LanguageServer]]] = {
    "ollama": (FakeOllama, ollama_at),
    "openai_compatible": (FakeOpenAICompatible, compatible_at),
}
