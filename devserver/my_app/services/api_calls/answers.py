"""What answers of API services say: objects, errors, and how failures are named.

Errors are read tolerantly, in the forms of OpenAI (`error.code`, `error.type`) and of OpenRouter
(the status as `error.code`, reasons of a moderation in `error.metadata`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_ERROR_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,47}")
_MODERATION_CODES = frozenset(
    {"moderation_blocked", "content_policy_violation", "content_filter", "content_policy"}
    | {"safety_violation"}
)
_NO_CREDIT_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "insufficient_credits"}
)


def error_code(body: Mapping[str, Any] | None) -> str | None:
    """The service's short code for its error; None for anything that may be a text."""
    error = (body or {}).get("error")
    values = (error.get("code"), error.get("type")) if isinstance(error, dict) else ()
    return next((v for v in values if isinstance(v, str) and _ERROR_CODE.fullmatch(v)), None)


def is_moderation(body: Mapping[str, Any] | None) -> bool:
    """Whether an error says that the text or the result is against the service's rules.

    Codes as OpenAI gives them; OpenRouter tells its reasons in `error.metadata`.
    """
    error = (body or {}).get("error")
    if not isinstance(error, dict):
        return False
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and ("flagged_input" in metadata or "reasons" in metadata):
        return True
    return any(
        isinstance(value, str) and value in _MODERATION_CODES
        for value in (error.get("code"), error.get("type"))
    )


def what_it_means(status: int, body: Mapping[str, Any] | None) -> str:
    """The end of a sentence that begins with the service's name."""
    if status in (401, 403):
        return "does not accept the key of this server"
    if status == 402 or credit_is_gone(body):
        return "is out of credit for this server's account"
    if status == 404:
        return "does not know this model or address"
    if status == 429:
        return "has too much to do just now"
    return "failed" if status >= 500 else "does not accept the request"


def credit_is_gone(body: Mapping[str, Any] | None) -> bool:
    """Whether asking again is useless until somebody pays; OpenAI tells it under 429."""
    return error_code(body) in _NO_CREDIT_CODES


def is_api_error(body: Mapping[str, Any]) -> bool:
    """An `error` that is an object; a text there is part of a Replicate prediction."""
    return isinstance(body.get("error"), dict)


def status_inside(body: Mapping[str, Any]) -> int:
    """The HTTP status that the error of an answer names; 0 when it names none."""
    code = body["error"].get("code")
    if isinstance(code, str) and re.fullmatch(r"[0-9]{3}", code):
        code = int(code)
    return code if isinstance(code, int) and 400 <= code < 600 else 0


def json_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object in `data`; None when it is anything else."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
