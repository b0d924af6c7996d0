"""What all language servers have in common: a place, a deadline, and an answer without thinking."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from devserver.my_app.services.language.answers import Spoken, without_fence, without_thinking
from devserver.my_app.services.language.client import LanguageClient
from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import (
    CheckWanted,
    LanguageAnswer,
    LanguageModelFailed,
    LanguageRequest,
    Waiting,
    nobody_waits,
    still_wanted,
)

ROOM_TO_THINK = 4096
"""Tokens that a model gets on top when all it was given went into thinking."""


@dataclass(frozen=True)
class Reply:
    """What a server answered, as it came; `seed` and the others as `LanguageAnswer` has them."""

    content: str
    thought: bool
    finish_reason: str
    seed: int | None
    temperature: float | None
    max_tokens: int | None
    prompt_tokens: int | None
    answer_tokens: int | None
    load_seconds: float | None = None


class LanguageServer(ABC):
    """A `LanguageModel`; what differs from server to server is `_reply` and `_warm_up`."""

    backend: str

    def __init__(
        self, client: LanguageClient, places: CallPlaces, *, warm_up_seconds: float
    ) -> None:
        self._client = client
        self._places = places
        self._warm_up_seconds = warm_up_seconds

    @property
    def label(self) -> str:
        """The server's name for people."""
        return self._client.label

    @property
    def server(self) -> str:
        """Its base URL."""
        return self._client.base_url

    def ask(
        self,
        request: LanguageRequest,
        *,
        check_wanted: CheckWanted = still_wanted,
        waiting: Waiting = nobody_waits,
    ) -> LanguageAnswer:
        """See `LanguageModel.ask`.

        A model that only thought, until its tokens were used up, is asked once more with room to
        think. A fence around the whole of a text is taken away.
        """
        arrived = self._client.clock()
        deadline = arrived + request.seconds
        place = self._places.place(request.seconds, check_wanted=check_wanted, waiting=waiting)
        with place:
            started = self._client.clock()
            calls = 1
            reply = self._reply(request, deadline, check_wanted)
            spoken = _spoken(reply, request)
            if not spoken.text and reply.finish_reason == "length":
                calls = 2
                more = replace(request, max_tokens=request.max_tokens + ROOM_TO_THINK)
                reply = self._reply(more, deadline, check_wanted)
                spoken = _spoken(reply, request)
        thought = reply.thought or spoken.thinking_removed
        if not spoken.text:
            did = "only thought and gave no answer" if thought else "gave an empty answer"
            raise LanguageModelFailed(f"The model {request.model} at {self.label} {did}.")
        return LanguageAnswer(
            text=spoken.text,
            backend=self.backend,
            server=self.server,
            model=request.model,
            seed=reply.seed,
            temperature=reply.temperature,
            max_tokens=reply.max_tokens,
            finish_reason=reply.finish_reason,
            thinking_removed=thought,
            prompt_tokens=reply.prompt_tokens,
            answer_tokens=reply.answer_tokens,
            seconds=round(self._client.clock() - started, 6),
            waited_seconds=round(started - arrived, 6),
            load_seconds=reply.load_seconds,
            calls=calls,
        )

    def warm_up(self, model: str, *, check_wanted: CheckWanted = still_wanted) -> None:
        """See `LanguageModel.warm_up`. Takes no place: a server loads while it answers others."""
        self._warm_up(model, self._client.clock() + self._warm_up_seconds, check_wanted)

    @abstractmethod
    def _reply(self, request: LanguageRequest, deadline: float, check_wanted: CheckWanted) -> Reply:
        """Ask once and return what came, be it empty. `deadline` is of the client's clock."""

    @abstractmethod
    def _warm_up(self, model: str, deadline: float, check_wanted: CheckWanted) -> None:
        """Have `model` ready."""

    def _no_answer(self) -> LanguageModelFailed:
        return LanguageModelFailed(f"{self.label} answered with something that is not an answer.")


def _spoken(reply: Reply, request: LanguageRequest) -> Spoken:
    """What was said. JSON that quotes the end of a thinking has not thought up to there."""
    if request.json_schema is not None:
        begins_with_json = reply.content.lstrip().startswith(("{", "```"))
        return without_thinking(reply.content, closing_alone=not begins_with_json)
    spoken = without_thinking(reply.content)
    return replace(spoken, text=without_fence(spoken.text))


def count(value: object) -> int | None:
    """A number of tokens; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def word(value: object, otherwise: str) -> str:
    """A short word of a wire format, in lower case; `otherwise` for anything else."""
    return value.lower() if isinstance(value, str) and 0 < len(value) <= 40 else otherwise


def part(value: object) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
