"""What the stages ask of a language model, what comes back, and the ways in which it can fail.

A prompt and an answer are in no sentence that is raised or logged here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from devserver.my_app.services.errors import ServerError

CheckWanted = Callable[[], None]
"""Raises when nobody wants the answer any more; called from other threads too."""
Waiting = Callable[[int], None]
"""Is told how many calls wait for a place before this one, whenever that changes."""


class LanguageModelNotConfigured(ServerError):
    """The server that a model is to be asked at is not set up, or may not be used for this."""

    code = "language_model_not_configured"


class NotOnOwnMachines(LanguageModelNotConfigured):
    """A model of eco mode would be asked elsewhere than on machines of one's own."""


class LanguageModelUnreachable(ServerError):
    """The language server does not answer, or the connection to it broke."""

    code = "language_model_unreachable"


class LanguageModelFailed(ServerError):
    """The language server answered, but with a failure or with nothing that is an answer."""

    code = "language_model_failed"


class LanguageModelTimedOut(ServerError):
    """The answer took longer than it may, the waiting for a place included."""

    code = "language_model_timed_out"


class LanguageModelRefused(ServerError):
    """The service's own moderation refused the text; the run is blocked by it."""

    code = "moderation_blocked"


class LanguageKeyRefused(LanguageModelFailed):
    """The service does not accept the key."""

    code = "api_key_refused"


class LanguageAnswerUnusable(LanguageModelFailed):
    """An answer that has to be JSON of a certain form is not. Never a reason to let a text pass."""

    code = "language_answer_unusable"


@dataclass(frozen=True)
class Message:
    """One message of a conversation. `pictures` are WebP files that it shows."""

    role: Literal["system", "user", "assistant"]
    content: str = field(repr=False)
    pictures: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class LanguageRequest:
    """One question to one model.

    `seconds` is the longest it may take in all: waiting for a place, repetitions and the answer.
    `max_tokens` bounds the answer. With a `json_schema` the answer is asked for in that form, where
    the server can do that; it has to be checked by `answers.read_json` all the same.
    """

    model: str
    messages: tuple[Message, ...]
    seed: int
    temperature: float
    max_tokens: int
    seconds: float
    json_schema: Mapping[str, Any] | None = None

    @property
    def wire_seed(self) -> int:
        """The seed as it is sent: 31 bits, since llama.cpp takes no more; the rest is cut off."""
        return self.seed & 0x7FFF_FFFF


@dataclass(frozen=True)
class LanguageAnswer:
    """What a model said, without its thinking, and how it came about.

    `seed`, `temperature` and `max_tokens` are what was sent; None where the server takes none.
    `seconds` is the time at the server, `waited_seconds` that before. `load_seconds` is how long
    the model was loaded. `calls` is 2 when it had to be asked once more, with room to think. Tokens
    as the server counts them.
    """

    text: str = field(repr=False)
    backend: str
    server: str
    model: str
    seed: int | None
    temperature: float | None
    max_tokens: int | None
    finish_reason: str
    thinking_removed: bool
    prompt_tokens: int | None
    answer_tokens: int | None
    seconds: float
    waited_seconds: float
    load_seconds: float | None
    calls: int

    @property
    def is_cut_off(self) -> bool:
        """Whether the answer ends where its tokens ended, and not where the model was done."""
        return self.finish_reason == "length"


def details_of(request: LanguageRequest, answer: LanguageAnswer | None) -> dict[str, Any]:
    """What a stage's record keeps under `details`; without an answer, what was asked.

    `messages` are the exact ones, for the researcher's view only; of pictures their number.
    """
    asked: dict[str, Any] = {
        "seed": request.wire_seed,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
    }
    if answer is not None:
        asked = {
            "server": answer.server,
            "seed": answer.seed,
            "temperature": answer.temperature,
            "max_tokens": answer.max_tokens,
            "finish_reason": answer.finish_reason,
            "thinking_removed": answer.thinking_removed,
            "prompt_tokens": answer.prompt_tokens,
            "answer_tokens": answer.answer_tokens,
            "seconds": answer.seconds,
            "waited_seconds": answer.waited_seconds,
            "load_seconds": answer.load_seconds,
            "calls": answer.calls,
        }
    messages = [
        {"role": one.role, "content": one.content}
        | ({"pictures": len(one.pictures)} if one.pictures else {})
        for one in request.messages
    ]
    return {**asked, "messages": messages}


def still_wanted() -> None:
    """The answer to whether a call is still wanted, where that is not the question."""


def nobody_waits(ahead: int) -> None:
    """Where nobody is told how many wait before."""


class LanguageModel(Protocol):
    """A server with language models; safe to share between threads."""

    @property
    def backend(self) -> str:
        """The name by which settings and metadata know it."""

    @property
    def label(self) -> str:
        """Its name for people."""

    @property
    def server(self) -> str:
        """Where it is."""

    def ask(
        self,
        request: LanguageRequest,
        *,
        check_wanted: CheckWanted = still_wanted,
        waiting: Waiting = nobody_waits,
    ) -> LanguageAnswer:
        """The model's answer, which is never empty.

        Raises LanguageModelUnreachable, LanguageModelTimedOut, LanguageModelFailed,
        LanguageKeyRefused, LanguageModelRefused, NotOnOwnMachines, and what `check_wanted` raises,
        also while the model is at work: the call is then given up.
        """

    def warm_up(self, model: str, *, check_wanted: CheckWanted = still_wanted) -> None:
        """Have the model ready for the first question. Sends no text; raises as `ask`."""
