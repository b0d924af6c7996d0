"""What the errors of language servers mean. Their own words are looked at and never told.

Forms of errors: OpenAI's and OpenRouter's `{"error": {"code", "type", "param", "message"}}`,
Ollama's `{"error": "…"}`, vLLM's `{"object": "error", "message": "…"}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devserver.my_app.services.api_calls import answers
from devserver.my_app.services.language.port import LanguageModelFailed

_PARAMETERS = frozenset({"response_format", "max_tokens", "temperature", "seed"})
_OF_FORMAT = re.compile(r"response[_ ]format|json[_ ]schema|grammar", re.IGNORECASE)
_OF_LENGTH = re.compile(
    r"context[_ ](?:length|size|window)|maximum context|exceeds? the (?:available )?context"
    r"|input (?:length|is too long)|prompt (?:is )?too long",
    re.IGNORECASE,
)
_OF_MEMORY = re.compile(r"system memory|out of memory|CUDA error|cudaMalloc", re.IGNORECASE)


class CallRejected(LanguageModelFailed):
    """The server can't take one parameter of the call, `parameter`; it may be asked without."""

    def __init__(self, message: str, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def failure_inside(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part of an answer under status 200 that has an `error`, as OpenRouter's have; or None."""
    if body.get("error"):
        return body
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("error"):
            return choice
    return None


def rejected_parameter(status: int, body: Mapping[str, Any] | None) -> str | None:
    """The parameter that an error is about, when it is one a call can do without.

    OpenAI names it in `error.param`. Others only write of it, llama-cpp-python under status 500
    (recorded in tests/data/language).
    """
    if not 400 <= status <= 501 or status == 429:
        return None
    error = (body or {}).get("error")
    named = error.get("param") if isinstance(error, dict) else None
    if isinstance(named, str) and (known := named.partition(".")[0]) in _PARAMETERS:
        return known
    return "response_format" if _OF_FORMAT.search(_words(body)) else None


def what_it_means(status: int, body: Mapping[str, Any] | None) -> str:
    """The end of a sentence that begins with the server's name."""
    words = _words(body)
    if _OF_LENGTH.search(words):
        return "can't take a text as long as this"
    if _OF_MEMORY.search(words):
        return "has too little memory for this model"
    return answers.what_it_means(status, body)


def _words(body: Mapping[str, Any] | None) -> str:
    """The error's own words, which may hold anything."""
    body = body or {}
    error = body.get("error")
    found = error.get("message") if isinstance(error, dict) else error or body.get("message")
    return found if isinstance(found, str) else ""
