"""What a model's text is without its thinking, and whether it is the JSON that was asked for.

How thinking is marked is for each model family to say: `<think>` (DeepSeek, Qwen and most others),
further names of such tags, `[THINK]` (Magistral), and the channels of OpenAI's harmony format.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from devserver.my_app.services.language.port import LanguageAnswerUnusable

Form = TypeVar("Form", bound=BaseModel)

_TAG = r"(?:think|thinking|thought|reasoning|seed:think)"
_OPENED = re.compile(rf"\s*(?:<{_TAG}>|\[THINK\])", re.IGNORECASE)
_CLOSED = re.compile(rf"(?:</{_TAG}>|\[/THINK\])", re.IGNORECASE)
_HARMONY_FINAL = re.compile(r"<\|channel\|>\s*final[^<]*<\|message\|>")
_HARMONY_OPENED = re.compile(r"\s*(?:<\|start\|>assistant)?<\|channel\|>")
_END_MARKS = re.compile(
    r"(?:\s*(?:<\|(?:im_end|end|return|eot_id|endoftext|end_of_text)\|>|</s>|<end_of_turn>))+\s*\Z"
)
_FENCED = re.compile(r"(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<inside>.*?)\n?(?P=fence)", re.DOTALL)


@dataclass(frozen=True)
class Spoken:
    """What a model said: `text`, and whether thinking was taken away from it."""

    text: str
    thinking_removed: bool


def without_thinking(content: str, *, closing_alone: bool = True) -> Spoken:
    """The text after the thinking it begins with, without marks of its end and blanks around.

    Thinking that is not closed goes on to the end, and the text is empty then. Where a template
    has opened it, only the closing mark is in the content: with `closing_alone` everything up to
    the last one goes. A text that only speaks of such marks further on keeps them.
    """
    text = _END_MARKS.sub("", content)
    if _HARMONY_OPENED.match(text):
        finals = list(_HARMONY_FINAL.finditer(text))
        spoken = text[finals[-1].end() :] if finals else ""
        return Spoken(_END_MARKS.sub("", spoken).strip(), thinking_removed=True)
    removed = False
    while opened := _OPENED.match(text):
        removed = True
        closed = _CLOSED.search(text, opened.end())
        text = text[closed.end() :] if closed else ""
    if (
        closing_alone
        and not removed
        and (marks := list(_CLOSED.finditer(text)))
        and not _speaks_of_it(text, marks)
    ):
        removed = True
        text = text[marks[-1].end() :]
    return Spoken(text.strip(), thinking_removed=removed)


def _speaks_of_it(text: str, marks: list[re.Match[str]]) -> bool:
    """Whether the first closing mark belongs to an opening one further on in the text."""
    before = text[: marks[0].start()]
    return bool(re.search(rf"<{_TAG}>|\[THINK\]", before, re.IGNORECASE))


def without_fence(text: str) -> str:
    """What is inside the code fence (CommonMark 4.5) that is around all of `text`, if one is."""
    fenced = _FENCED.fullmatch(text.strip())
    if fenced is None or fenced["fence"] in fenced["inside"]:
        return text
    return fenced["inside"].strip()


def json_schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema by which a model is asked for a `form`: every field, and no other.

    That is what OpenAI's strict mode wants of every object in it.
    """
    closed: dict[str, Any] = _closed(form.model_json_schema())
    return closed


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed |= {"required": list(closed["properties"]), "additionalProperties": False}
    return closed


def read_json(text: str, form: type[Form]) -> Form:
    """The `form` that an answer is. Strict: all of the text is the one JSON object, or fenced so.

    An object somewhere among words is not looked for: it may be one that the model only quotes,
    from the very text it is asked about. Keys that come twice, NaN, wrong types and missing fields
    are refused too. Raises LanguageAnswerUnusable.
    """
    try:
        value = json.loads(
            without_fence(text), object_pairs_hook=_each_key_once, parse_constant=_no_constant
        )
        if isinstance(value, dict):
            return form.model_validate_json(json.dumps(value), strict=True)
    except (ValueError, ValidationError, RecursionError):
        pass  # what is wrong with it is the model's text, which is not told
    raise LanguageAnswerUnusable("The language model's answer is not in the form asked for.")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
