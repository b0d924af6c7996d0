"""Runs as plain values, so that every format that is made of text says the same of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from devserver.my_app.services.run_metadata import RunMetadata

_BREAKS_LINES = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}
"""What some tools take for the end of a line; in JSON it can stand only inside a text."""


def plain_run(run: RunMetadata) -> dict[str, Any]:
    """All that metadata.json says, with its keys: only dicts, lists, texts, numbers, bool and None.

    Numbers that JSON has no word for (NaN, infinity) are None. A step whose beginning was not
    written down has no such key. Texts are as they are.
    """
    values: dict[str, Any] = plain(run.model_dump(by_alias=True))
    for step, said in zip(run.stages, values["stages"], strict=True):
        if "started_at" not in step.model_fields_set:
            del said["started_at"]
    return values


def json_text(value: object, *, indent: int | None = None) -> bytes:
    """`value`, as `plain_run` makes it, as JSON in UTF-8 on one line, or indented for people.

    Lone surrogates, which UTF-8 can't hold, are written as JSON's own escape of them, so nothing
    is lost. Characters that some tools take for the end of a line are escaped, too.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return text.translate(_BREAKS_LINES).encode("utf-8", "backslashreplace")


def plain(value: Any) -> Any:
    """`value` with nothing in it that JSON has no word for."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
