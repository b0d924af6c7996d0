"""Language models behind OpenAI's chat completions, which most servers and services speak.

`POST <base>/chat/completions`: OpenAI, OpenRouter, llama.cpp, vLLM, LM Studio, LiteLLM and others.
Facts are from OpenAI's API reference, from OpenRouter's, and from recordings of llama-cpp-python
(tests/data/language).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from devserver.my_app.services.language.client import LanguageClient
from devserver.my_app.services.language.failures import CallRejected
from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import CheckWanted, LanguageRequest, Message
from devserver.my_app.services.language.server import LanguageServer, Reply, count, part, word

_WARM_UP_SECONDS = 30.0
_REFUSING_ENDS = frozenset({"content_filter", "safety", "prohibited_content"})
_JSON_FORMS = ("json_schema", "json_object", None)


@dataclass(frozen=True)
class _Manner:
    """How a model takes its calls: servers differ in what they know."""

    json_form: int = 0
    max_tokens: str = "max_tokens"
    takes_temperature: bool = True
    takes_seed: bool = True

    def without(self, parameter: str) -> _Manner | None:
        """The next manner to try when `parameter` is not taken; None when there is no other."""
        if parameter == "response_format" and self.json_form + 1 < len(_JSON_FORMS):
            return replace(self, json_form=self.json_form + 1)
        if parameter == "max_tokens" and self.max_tokens == "max_tokens":
            return replace(self, max_tokens="max_completion_tokens")  # OpenAI's reasoning models
        if parameter == "temperature" and self.takes_temperature:
            return replace(self, takes_temperature=False)
        if parameter == "seed" and self.takes_seed:
            return replace(self, takes_seed=False)
        return None


class OpenAICompatibleServer(LanguageServer):
    """Asks one server or service, in the manner that it takes.

    What it says it can't take is left out, and stays so: a JSON schema goes as `json_schema`, else
    as `json_object` with a schema (llama-cpp-python), else not at all; `max_tokens` may have to be
    called `max_completion_tokens`. `always` is sent with every call.
    """

    def __init__(
        self,
        backend: str,
        client: LanguageClient,
        places: CallPlaces,
        *,
        always: Mapping[str, Any] | None = None,
        warm_up_seconds: float = _WARM_UP_SECONDS,
    ) -> None:
        super().__init__(client, places, warm_up_seconds=warm_up_seconds)
        self.backend = backend
        self._always = dict(always or {})
        self._manners: dict[str, _Manner] = {}

    def _reply(self, request: LanguageRequest, deadline: float, check_wanted: CheckWanted) -> Reply:
        manner = self._manners.get(request.model, _Manner())
        while True:
            body = _body(request, manner)
            try:
                answer = self._client.post(
                    "/chat/completions",
                    {**self._always, **body},
                    deadline=deadline,
                    check_wanted=check_wanted,
                )
            except CallRejected as rejected:
                other = manner.without(rejected.parameter)
                if other is None or (
                    rejected.parameter == "response_format" and not _asks_json(body)
                ):
                    raise
                manner = other
            else:
                break
        self._manners[request.model] = manner
        return self._reply_in(answer, body)

    def _reply_in(self, answer: Mapping[str, Any], body: Mapping[str, Any]) -> Reply:
        choices = answer.get("choices")
        choice = part(choices[0]) if isinstance(choices, list) and choices else {}
        message = part(choice.get("message"))
        ends = (choice.get("finish_reason"), choice.get("native_finish_reason"))
        if message.get("refusal") or any(word(end, "") in _REFUSING_ENDS for end in ends):
            raise self._client.refused()
        content = _text_of(message.get("content"))
        if not message or content is None or ends[0] == "error":
            raise self._no_answer()
        usage = part(answer.get("usage"))
        return Reply(
            content=content,
            thought=bool(message.get("reasoning_content") or message.get("reasoning")),
            finish_reason=word(ends[0], "stop"),
            seed=body.get("seed"),
            temperature=body.get("temperature"),
            max_tokens=body.get("max_tokens", body.get("max_completion_tokens")),
            prompt_tokens=count(usage.get("prompt_tokens")),
            answer_tokens=count(usage.get("completion_tokens")),
        )

    def _warm_up(self, model: str, deadline: float, check_wanted: CheckWanted) -> None:  # noqa: ARG002
        """See whether the server is there and takes the key; there is no way to load a model."""
        self._client.get("/models", deadline=deadline, check_wanted=check_wanted)


def _body(request: LanguageRequest, manner: _Manner) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(one) for one in request.messages],
        "stream": False,
        manner.max_tokens: request.max_tokens,
    }
    if manner.takes_temperature:
        body["temperature"] = request.temperature
    if manner.takes_seed:
        body["seed"] = request.wire_seed
    form = _JSON_FORMS[manner.json_form]
    if request.json_schema is not None and form == "json_schema":
        named = {"name": "answer", "strict": True, "schema": request.json_schema}
        body["response_format"] = {"type": form, "json_schema": named}
    elif request.json_schema is not None and form == "json_object":
        body["response_format"] = {"type": form, "schema": request.json_schema}
    return body


def _asks_json(body: Mapping[str, Any]) -> bool:
    return "response_format" in body


def _text_of(content: object) -> str | None:
    """The text of a message: itself, the text parts of it, nothing for null. None when neither."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        return None
    parts = [part(item).get("text") for item in content if part(item).get("type") == "text"]
    return "".join(text for text in parts if isinstance(text, str))


def _message(message: Message) -> dict[str, Any]:
    """A message; with pictures its content is in parts, each picture a data URI."""
    if not message.pictures:
        return {"role": message.role, "content": message.content}
    pictures = [
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/webp;base64,{base64.b64encode(picture).decode()}"},
        }
        for picture in message.pictures
    ]
    return {
        "role": message.role,
        "content": [{"type": "text", "text": message.content}, *pictures],
    }
