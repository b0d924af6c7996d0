"""Language models at Ollama, on a machine of one's own.

`POST /api/chat` without streaming; durations come in nanoseconds. Facts are from Ollama's
`docs/api.md`, `api/types.go` and `server/routes.go` (August 2026).
"""

from __future__ import annotations

import base64
import re
from typing import Any

from devserver.my_app.services.language.client import LanguageClient
from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import (
    CheckWanted,
    LanguageRequest,
    Message,
    NotOnOwnMachines,
)
from devserver.my_app.services.language.server import LanguageServer, Reply, count, part, word

_SECONDS_OF_NANO = 1e-9
_WARM_UP_SECONDS = 900.0
"""As long as a very large model takes to load from a slow disk."""
_SHOW_SECONDS = 15.0
_CLOUD_TAG = re.compile(r":(?:[^/:]*-)?cloud\s*\Z", re.IGNORECASE)


class OllamaServer(LanguageServer):
    """Asks Ollama, always with the same keep-alive and context length, so that models stay loaded.

    A call with another context length makes Ollama load the model anew, as a shorter keep-alive
    makes it unload. A text longer than `context_tokens` is a failure and not cut in silence, where
    Ollama is new enough to know `truncate`. Models are asked not to think; some do nevertheless.

    Ollama runs some models elsewhere: its cloud's, by tag (`:cloud`, `…-cloud`), and whatever
    `/api/show` has a `remote_host` for. When the client may only use one's own machines, those
    are refused with NotOnOwnMachines before anything is sent to them; each model is looked up once.
    """

    backend = "ollama"

    def __init__(
        self,
        client: LanguageClient,
        places: CallPlaces,
        *,
        keep_alive: str,
        context_tokens: int,
        warm_up_seconds: float = _WARM_UP_SECONDS,
    ) -> None:
        super().__init__(client, places, warm_up_seconds=warm_up_seconds)
        # A number without a unit is seconds, and only as a JSON number.
        is_number = re.fullmatch(r"-?[0-9]+", keep_alive)
        self._keep_alive = int(keep_alive) if is_number else keep_alive
        self._context_tokens = context_tokens
        self._known_as_own: set[str] = set()

    def _reply(self, request: LanguageRequest, deadline: float, check_wanted: CheckWanted) -> Reply:
        self._refuse_elsewhere(request.model, deadline, check_wanted)
        body: dict[str, Any] = {
            **self._body(request.model),
            "messages": [_message(one) for one in request.messages],
            "think": False,
            "truncate": False,
            "shift": False,
        }
        body["options"] |= {
            "temperature": request.temperature,
            "seed": request.wire_seed,
            "num_predict": request.max_tokens,
        }
        if request.json_schema is not None:
            body["format"] = request.json_schema
        answer = self._client.post("/api/chat", body, deadline=deadline, check_wanted=check_wanted)
        if self._client.own_machines_only and answer.get("remote_host"):
            self._known_as_own.discard(request.model)
            raise self._elsewhere(request.model)
        message = part(answer.get("message"))
        content = message.get("content")
        if not isinstance(content, str) or answer.get("done") is False:
            raise self._no_answer()
        load_nanoseconds = count(answer.get("load_duration"))
        return Reply(
            content=content,
            thought=bool(message.get("thinking")),
            finish_reason=word(answer.get("done_reason"), "stop"),
            seed=request.wire_seed,
            temperature=request.temperature,
            max_tokens=request.max_tokens,
            prompt_tokens=count(answer.get("prompt_eval_count")),
            answer_tokens=count(answer.get("eval_count")),
            load_seconds=None
            if load_nanoseconds is None
            else round(load_nanoseconds * _SECONDS_OF_NANO, 6),
        )

    def _warm_up(self, model: str, deadline: float, check_wanted: CheckWanted) -> None:
        """Load the model: a chat without messages does just that, and starts the keep-alive."""
        self._refuse_elsewhere(model, deadline, check_wanted)
        body = {**self._body(model), "messages": []}
        self._client.post("/api/chat", body, deadline=deadline, check_wanted=check_wanted)

    def _body(self, model: str) -> dict[str, Any]:
        return {
            "model": model,
            "stream": False,
            "keep_alive": self._keep_alive,
            "options": {"num_ctx": self._context_tokens},
        }

    def _refuse_elsewhere(self, model: str, deadline: float, check_wanted: CheckWanted) -> None:
        if not self._client.own_machines_only or model in self._known_as_own:
            return
        if _CLOUD_TAG.search(model):
            raise self._elsewhere(model)
        until = min(deadline, self._client.clock() + _SHOW_SECONDS)
        shown = self._client.post(
            "/api/show", {"model": model}, deadline=until, check_wanted=check_wanted
        )
        if shown.get("remote_host") or shown.get("remote_model"):
            raise self._elsewhere(model)
        self._known_as_own.add(model)

    def _elsewhere(self, model: str) -> NotOnOwnMachines:
        return NotOnOwnMachines(
            f"{self.label} runs the model {model} on machines of others, which eco mode does not "
            "use."
        )


def _message(message: Message) -> dict[str, Any]:
    """A message with its pictures as base64, as `/api/chat` takes them."""
    told: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.pictures:
        told["images"] = [base64.b64encode(picture).decode() for picture in message.pictures]
    return told
