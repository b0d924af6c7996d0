"""What a child is told when a text is stopped by something else than a word list.

Word lists have a message for each of their categories, see `safe_words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from devserver.my_app.services.schema_files import (
    LocalisedText,
    PartInvalid,
    SchemaFile,
    load_schema_file,
)

SafetyCode = Literal[
    "guard",
    "personal_data",
    "personal_data_replaced",
    "safety_unavailable",
    "moderation_blocked",
    "image_check",
]
"""Why a text was stopped; `personal_data_replaced` is a warning and stops nothing."""


class _SafetyMessages(SchemaFile):
    messages: dict[SafetyCode, LocalisedText]


def load_safety_messages(path: Path) -> Mapping[SafetyCode, LocalisedText]:
    """A message for every code: what happened and what to try next. Raises SchemaFileInvalid."""
    return MappingProxyType(load_schema_file(path, _SafetyMessages, _is_complete).messages)


def _is_complete(found: _SafetyMessages) -> None:
    if missing := [code for code in get_args(SafetyCode) if code not in found.messages]:
        raise PartInvalid(("messages",), f"There is no message for: {', '.join(missing)}.")
