"""Children who post texts to a server that is killed all the time, and what they were told."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.fake_api_services import FakeApiServices, Script
from tests.media_samples import png_bytes
from tests.running_server import RunningServer

Json = dict[str, Any]

SCHEMAS = ("dada", "passthrough", "bauhaus", "piglatin")
_SYLLABLES = ("ba", "lo", "mi", "ne", "su", "ta", "ko", "ri", "fe", "du")
_CONFIGS: Mapping[str, tuple[str, ...]] = {
    "atelier": ("atelier_image",),
    "comfyui": ("comfyui_test_card",),
    "both": ("atelier_image", "comfyui_test_card"),
    "openai": ("gpt_image_1",),
    "replicate": ("replicate_image",),
    "text": (),
}
PAID = frozenset({"gpt_image_1", "replicate_image"})
_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 900
_AT_WORK = ("queued", "running")


@dataclass(frozen=True)
class Wish:
    """What one child wants, and how it goes about it."""

    number: int
    kind: str
    schema: str
    has_key: bool
    waits: bool
    cancels: bool
    edits: bool

    @classmethod
    def of(cls, seed: int, number: int) -> Wish:
        """The same for the same numbers."""
        chance = random.Random(f"{seed}, {number}")
        kind = chance.choice(tuple(_CONFIGS))
        return cls(
            number=number,
            kind=kind,
            # What is paid for is counted by its prompt, so nothing may be made of that text.
            schema="passthrough" if PAID & set(_CONFIGS[kind]) else chance.choice(SCHEMAS),
            has_key=chance.random() < 0.5,
            waits=chance.random() < 0.5,
            cancels=chance.random() < 0.1,
            edits=chance.random() < 0.25,
        )

    @property
    def configs(self) -> tuple[str, ...]:
        return _CONFIGS[self.kind]

    def text(self, attempt: int) -> str:
        """A text of its own for each run that is asked for; only a key makes two requests one."""
        numbers = f"{self.number:04}{'' if self.has_key else attempt}"
        return f"Ein Baum am See, {''.join(_SYLLABLES[int(digit)] for digit in numbers)}"

    def body(self, attempt: int) -> Json:
        body: Json = {
            "schema": self.schema,
            "input_text": self.text(attempt),
            "execution_mode": "fast" if PAID & set(self.configs) else "eco",
            "seed": self.number,
        }
        if self.configs:
            return {**body, "output_configs": list(self.configs)}
        return {**body, "output_type": "text"}


@dataclass
class Told:
    """What the children heard; each run_id only once a server has said it."""

    runs: set[str] = field(default_factory=set)
    by_key: dict[str, set[str]] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    edited: dict[str, str] = field(default_factory=dict)
    given_up: threading.Event = field(default_factory=threading.Event)
    """Set when there will be no server any more."""

    def pause(self) -> None:
        """Wait a moment before asking again. Fails when there is nobody to ask."""
        assert not self.given_up.wait(_PAUSE_SECONDS), "Nobody starts the server any more."


class Child:
    """Posts one wish after the other and follows each run to its end, through all kills."""

    def __init__(self, server: RunningServer, services: FakeApiServices, told: Told) -> None:
        self._server = server
        self._services = services
        self._told = told

    def want(self, wish: Wish) -> None:
        """Bring one wish to its end; fails when the server says what it never should."""
        run_id = self._start(wish)
        if wish.cancels:
            self._cancel(run_id)
        state = self._at_rest(run_id)
        if state["status"] == "awaiting_edit":
            self._edit(wish, run_id)
            self._at_rest(run_id)

    def _start(self, wish: Wish) -> str:
        path = "interception" if wish.edits else "execute"
        headers = {}
        key = f"tap-{wish.number}"
        if wish.has_key:
            headers["Idempotency-Key"] = key
        attempt = 0

        def post() -> requests.Response:
            nonlocal attempt
            attempt += 1
            if attempt > 1 or not wish.waits:  # who waited in vain is content with a run_id
                headers["Prefer"] = "respond-async"
            self._expect_payment(wish, wish.text(attempt))
            body = wish.body(attempt)
            url = f"{self._server.url}/api/schema/pipeline/{path}"
            return requests.post(url, json=body, headers=headers, timeout=120)

        run_id = self._run_id_in(self._until_answered(post))
        if wish.has_key:
            heard = self._told.by_key.setdefault(key, set())
            heard.add(run_id)
            heard.add(self._run_id_in(self._until_answered(post)))  # a second tap
        return run_id

    def _run_id_in(self, answer: requests.Response) -> str:
        run_id = answer.json().get("run_id")
        assert isinstance(run_id, str), (answer.status_code, answer.text)
        self._told.runs.add(run_id)
        return run_id

    def _expect_payment(self, wish: Wish, text: str) -> None:
        picture = png_bytes(16, 12)
        if wish.kind == "openai":
            script = Script(media=(picture,), shape="b64_json", manner="slow")
            self._services.when(text, script)
        elif wish.kind == "replicate":
            statuses = ("starting", "processing", "succeeded")
            self._services.when(text, Script(media=(picture,), shape="list", statuses=statuses))

    def _cancel(self, run_id: str) -> None:
        answer = self._until_answered(
            lambda: requests.post(f"{self._server.url}/api/runs/{run_id}/cancel", timeout=30)
        )
        assert answer.status_code in (200, 409), answer.text
        if answer.status_code == 200:
            self._told.cancelled.add(run_id)

    def _edit(self, wish: Wish, run_id: str) -> None:
        text = f"{wish.text(1)}, und Wolken"
        self._expect_payment(wish, text)
        # 409 when an answer was lost: then the edit has arrived.
        answer = self._until_answered(
            lambda: requests.post(
                f"{self._server.url}/api/runs/{run_id}/continue",
                json={"text": text},
                headers={"Prefer": "respond-async"},
                timeout=30,
            )
        )
        assert answer.status_code in (202, 409), answer.text
        self._told.edited[run_id] = text

    def _at_rest(self, run_id: str) -> Json:
        url = f"{self._server.url}/api/runs/{run_id}"
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._until_answered(lambda: requests.get(url, timeout=30))
            assert answer.status_code == 200, (run_id, answer.text)
            state: Json = answer.json()
            if state["status"] not in _AT_WORK:
                return state
            self._told.pause()
        raise AssertionError(f"The run {run_id} did not come to an end.")

    def _until_answered(self, ask: Callable[[], requests.Response]) -> requests.Response:
        """The first answer; asked again while the server is killed, starts again or has no room."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = ask()
            except requests.RequestException:
                self._told.pause()
                continue
            # Without Retry-After, 503 says how the run ended; with it, that nothing was done.
            if answer.status_code not in (429, 503) or "Retry-After" not in answer.headers:
                return answer
            self._told.pause()
        raise AssertionError("The server did not answer any more.")
