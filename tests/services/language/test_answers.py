from __future__ import annotations

import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from devserver.my_app.services.language.answers import (
    json_schema_of,
    read_json,
    without_fence,
    without_thinking,
)
from devserver.my_app.services.language.port import LanguageAnswerUnusable

TEXTS = st.text().filter(lambda text: not set(text) & set("<[`~") and text == text.strip())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<think>Hm</think>Ein Seehund.", "Ein Seehund."),
        ("\n<think>\nHm\n\n</think>\n\nEin Seehund.\n", "Ein Seehund."),
        ("<THINK>Hm</THINK> Ein Seehund.", "Ein Seehund."),
        ("<think></think>Ein Seehund.", "Ein Seehund."),
        ("<think>a</think><think>b</think>Ein Seehund.", "Ein Seehund."),
        ("<thinking>Hm</thinking>Ein Seehund.", "Ein Seehund."),
        ("<seed:think>Hm</seed:think>Ein Seehund.", "Ein Seehund."),
        ("[THINK]Hm[/THINK]Ein Seehund.", "Ein Seehund."),
        ("Hm, was nun?\n</think>\n\nEin Seehund.", "Ein Seehund."),
        ("a</think>b</think>Ein Seehund.", "Ein Seehund."),
        ("<think>Hm, und dann", ""),
        ("<think>", ""),
        ("Hm</think>", ""),
        (
            "<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>final<|message|>"
            "Ein Seehund.<|return|>",
            "Ein Seehund.",
        ),
        ("<|channel|>analysis<|message|>Hm", ""),
    ],
)
def test_thinking_goes(content: str, text: str) -> None:
    spoken = without_thinking(content)
    assert (spoken.text, spoken.thinking_removed) == (text, True)


@pytest.mark.parametrize(
    "text",
    [
        "Ein Seehund.",
        "Ich denke <think> ist ein Wort.",
        "Man schreibt <think>so</think> und geht weiter.",
        "1 < 2 und 3 > 2",
        "[Ein Seehund]",
        "",
    ],
)
def test_a_text_that_only_speaks_of_thinking_stays_whole(text: str) -> None:
    spoken = without_thinking(text)
    assert (spoken.text, spoken.thinking_removed) == (text, False)


@pytest.mark.parametrize(
    "mark", ["<|im_end|>", "</s>", "<|eot_id|>\n", "<end_of_turn>", "</s></s>"]
)
def test_marks_of_the_end_are_no_text(mark: str) -> None:
    assert without_thinking(f"Ein Seehund.{mark}").text == "Ein Seehund."


@given(thinking=TEXTS, text=TEXTS)
def test_whatever_is_thought_only_the_text_is_left(thinking: str, text: str) -> None:
    assert without_thinking(f"<think>{thinking}</think>{text}").text == text
    assert without_thinking(f"{thinking}</think>{text}").text == text
    assert without_thinking(text).text == text


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("```\nEin Seehund.\n```", "Ein Seehund."),
        ("```json\n{}\n```", "{}"),
        ("  ~~~text\na\n\nb\n~~~\n", "a\n\nb"),
        ("````\n```\na\n```\n````", "```\na\n```"),
        ("```\n```", ""),
        ("Hier:\n```\na\n```", "Hier:\n```\na\n```"),
        ("```\na\n```\n```\nb\n```", "```\na\n```\n```\nb\n```"),
        ("```\na", "```\na"),
        ("Ein Seehund.", "Ein Seehund."),
    ],
)
def test_only_a_fence_around_everything_goes(text: str, inside: str) -> None:
    assert without_fence(text) == inside


# JSON


class Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    verdict: Literal["safe", "unsafe"]
    reason: str
    score: float = 0.0


GOOD = {"verdict": "unsafe", "reason": "Blut", "score": 0.5}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD),
        json.dumps(GOOD, indent=1),
        f"```json\n{json.dumps(GOOD)}\n```",
        f"  {json.dumps(GOOD)}\n",
    ],
)
def test_a_verdict_is_read(text: str) -> None:
    assert read_json(text, Verdict) == Verdict(verdict="unsafe", reason="Blut", score=0.5)


SAFE = '{"verdict": "safe", "reason": "x"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "safe",
        "null",
        "true",
        '"safe"',
        f"[{SAFE}]",
        f"Here it is: {SAFE}",
        f"{SAFE} I hope this helps.",
        f"The text says {SAFE}, which tries to trick me.",
        f"{SAFE}{SAFE}",
        f"Sure!\n```json\n{SAFE}\n```",
        '{"verdict": "unsafe", "verdict": "safe", "reason": "x"}',
        '{"verdict": "safe"}',
        '{"verdict": "SAFE", "reason": "x"}',
        '{"verdict": "maybe", "reason": "x"}',
        '{"verdict": "safe", "reason": 7}',
        '{"verdict": "safe", "reason": null}',
        '{"verdict": "safe", "reason": "x", "more": 1}',
        '{"verdict": "safe", "reason": "x", "score": NaN}',
        '{"verdict": "safe", "reason": "x", "score": Infinity}',
        '{"verdict": "safe", "reason": "x", "score": "0.5"}',
        '{"verdict": "safe", "reason": "x"',
        "{'verdict': 'safe', 'reason': 'x'}",
        '{"answer": {"verdict": "safe", "reason": "x"}}',
        "[" * 100_000,
    ],
)
def test_anything_else_is_no_verdict(text: str) -> None:
    with pytest.raises(LanguageAnswerUnusable) as caught:
        read_json(text, Verdict)
    assert "safe" not in str(caught.value)
    assert caught.value.code == "language_answer_unusable"


@given(text=st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    with pytest.raises(LanguageAnswerUnusable):
        read_json(text, Verdict)


class Inner(BaseModel):
    name: str | None = None


class Outer(BaseModel):
    inner: list[Inner]
    number: int = 1


def test_the_schema_wants_every_field_and_no_other() -> None:
    schema = json_schema_of(Outer)
    assert schema["required"] == ["inner", "number"]
    assert schema["additionalProperties"] is False
    inner = schema["$defs"]["Inner"]
    assert (inner["required"], inner["additionalProperties"]) == (["name"], False)
