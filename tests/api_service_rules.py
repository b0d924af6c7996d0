"""What the API services accept: each request is checked as strictly as the real service does it.

Field names, types and ranges are those of the published references: OpenAI's for images, the
OpenRouter one for chat completions, Replicate's HTTP API and the input schemas of its models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]
Headers = Mapping[str, str]


class Rejection(Exception):
    """The service says no, in its own form."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def _one_of(*values: str) -> Check:
    return lambda value: isinstance(value, str) and value in values


def _whole(lowest: int, highest: int) -> Check:
    return lambda value: type(value) is int and lowest <= value <= highest


def _text(longest: int) -> Check:
    return lambda value: isinstance(value, str) and 0 < len(value) <= longest


def _number(value: Any) -> bool:
    return type(value) in (int, float)


def _is(*types: type) -> Check:
    return lambda value: type(value) in types


def first_fault(
    body: Mapping[str, Any], fields: Mapping[str, Check], required: tuple[str, ...]
) -> tuple[str, str] | None:
    """The first (field, what is wrong: "unknown", "missing" or "value"), None when all is well."""
    for name in required:
        if name not in body:
            return name, "missing"
    for name, value in body.items():
        if name not in fields:
            return name, "unknown"
        if not fields[name](value):
            return name, "value"
    return None


# OpenAI Images

_GPT_IMAGE = {
    "model": _one_of("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2"),
    "prompt": _text(32_000),
    "n": _whole(1, 10),
    "size": _one_of("auto", "1024x1024", "1536x1024", "1024x1536"),
    "quality": _one_of("auto", "low", "medium", "high"),
    "output_format": _one_of("png", "jpeg", "webp"),
    "output_compression": _whole(0, 100),
    "background": _one_of("auto", "opaque", "transparent"),
    "moderation": _one_of("auto", "low"),
    "stream": _is(bool),
    "partial_images": _whole(0, 3),
    "user": _is(str),
}
_OPENAI_CODES = {
    "missing": "missing_required_parameter",
    "unknown": "unknown_parameter",
    "value": "invalid_value",
}


def openai_error(
    status: int, code: str | None, message: str, kind: str = "invalid_request_error", **more: Any
) -> Rejection:
    """An error as OpenAI tells it."""
    error = {"message": message, "type": kind, "param": None, "code": code, **more}
    return Rejection(status, {"error": error})


def check_openai(body: Any, headers: Headers, key: str) -> None:
    """A request for images with a GPT image model: no `seed`, no `response_format`."""
    if headers.get("Authorization") != f"Bearer {key}":
        raise openai_error(401, "invalid_api_key", "Incorrect API key provided.")
    _check_is_json(body, headers, lambda text: openai_error(400, None, text))
    fault = first_fault(body, _GPT_IMAGE, ("prompt", "model"))
    if fault:
        name, what = fault
        raise openai_error(400, _OPENAI_CODES[what], f"Parameter '{name}': {what}.", param=name)


def check_plain(body: Any, headers: Headers) -> None:
    """A small server that speaks OpenAI's words: needs no key, passes over what it doesn't know."""
    _check_is_json(body, headers, lambda text: Rejection(400, {"detail": text}))
    if not isinstance(body.get("prompt"), str):
        raise Rejection(422, {"detail": "prompt: field required"})


def _check_is_json(body: Any, headers: Headers, rejection: Callable[[str], Rejection]) -> None:
    if headers.get("Content-Type", "").partition(";")[0] != "application/json":
        raise rejection("The request has to be application/json.")
    if not isinstance(body, dict):
        raise rejection("The body has to be a JSON object.")


# OpenRouter


def _are_messages(value: Any) -> bool:
    return bool(value) and all(
        isinstance(message, dict)
        and message.keys() <= {"role", "content", "name"}
        and message.get("role") in ("system", "user", "assistant", "tool")
        and isinstance(message.get("content"), str | list)
        for message in (value if isinstance(value, list) else [None])
    )


_CHAT = {
    "model": lambda value: isinstance(value, str) and "/" in value,
    "messages": _are_messages,
    "modalities": lambda value: (
        isinstance(value, list) and bool(value) and set(value) <= {"image", "text", "audio"}
    ),
    "stream": _is(bool),
    "seed": _is(int),
    "temperature": _number,
    "max_tokens": _whole(1, 10**6),
    "image_config": _is(dict),
    "provider": _is(dict),
    "usage": _is(dict),
    "user": _is(str),
}


def openrouter_error(status: int, message: str, **metadata: Any) -> Rejection:
    """An error as OpenRouter tells it: the status again inside, reasons in `metadata`."""
    error: dict[str, Any] = {"message": message, "code": status}
    return Rejection(status, {"error": {**error, **({"metadata": metadata} if metadata else {})}})


def check_openrouter(body: Any, headers: Headers, key: str) -> None:
    """A chat completion."""
    if headers.get("Authorization") != f"Bearer {key}":
        raise openrouter_error(401, "No auth credentials found")
    _check_is_json(body, headers, lambda text: openrouter_error(400, text))
    fault = first_fault(body, _CHAT, ("model", "messages"))
    if fault:
        raise openrouter_error(400, f"{fault[0]}: {fault[1]}")


# Replicate

_SEED = _whole(0, 2**31 - 1)
_RATIOS = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
_MODELS: dict[str, dict[str, Check]] = {
    "black-forest-labs/flux-schnell": {
        "prompt": _text(10**6),
        "aspect_ratio": _one_of(*_RATIOS),
        "num_outputs": _whole(1, 4),
        "num_inference_steps": _whole(1, 4),
        "seed": _SEED,
        "output_format": _one_of("webp", "jpg", "png"),
        "output_quality": _whole(0, 100),
        "disable_safety_checker": _is(bool),
        "go_fast": _is(bool),
        "megapixels": _one_of("1", "0.25"),
    },
    "wan-video/wan-2.2-t2v-fast": {
        "prompt": _text(10**6),
        "seed": _SEED,
        "num_frames": _whole(81, 121),
        "frames_per_second": _whole(5, 30),
        "resolution": _one_of("480p", "720p"),
        "aspect_ratio": _one_of("16:9", "9:16"),
        "go_fast": _is(bool),
    },
    "stability-ai/stable-audio-2.5": {
        "prompt": _text(10**6),
        "seed": _SEED,
        "duration": _whole(1, 190),
        "steps": _whole(4, 8),
        "cfg_scale": _number,
    },
    "tencent/hunyuan-3d-3.1": {
        "prompt": _text(1024),
        "enable_pbr": _is(bool),
        "face_count": _whole(40_000, 1_500_000),
        "generate_type": _one_of("Normal", "Geometry"),
    },
}
_PREFER = re.compile(r"wait(=([1-9]|[1-5][0-9]|60))?")


def replicate_error(status: int, title: str, detail: str) -> Rejection:
    """An error as Replicate tells it (a problem document)."""
    return Rejection(status, {"title": title, "detail": detail, "status": status})


def check_replicate_key(headers: Headers, token: str) -> None:
    """Every call needs the token."""
    if headers.get("Authorization") != f"Bearer {token}":
        raise replicate_error(
            401, "Unauthenticated", "You did not pass a valid authentication token"
        )


def check_prediction(body: Any, headers: Headers, model: str | None) -> None:
    """A new prediction; without `model`, a version is named and its inputs are not known here."""
    _check_is_json(body, headers, lambda text: replicate_error(400, "Bad request", text))
    prefer = headers.get("Prefer")
    if prefer is not None and not _PREFER.fullmatch(prefer):
        raise replicate_error(400, "Bad request", "Prefer: wait=1 to wait=60")
    fields: dict[str, Check] = {
        "input": _is(dict),
        "webhook": _is(str),
        "webhook_events_filter": _is(list),
        "stream": _is(bool),
    }
    if model is None:
        fields["version"] = lambda v: isinstance(v, str) and bool(re.fullmatch("[0-9a-f]{64}", v))
    required = ("input",) if model else ("version", "input")
    fault = first_fault(body, fields, required)
    if fault is None and model is not None:
        if model not in _MODELS:
            raise replicate_error(404, "Not found", "The requested resource could not be found.")
        fault = first_fault(body["input"], _MODELS[model], ("prompt",))
    if fault:
        detail = f"- input.{fault[0]}: {fault[1]}"
        raise replicate_error(422, "Input validation failed", detail)
