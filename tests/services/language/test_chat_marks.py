from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.language.answers import without_thinking
from devserver.my_app.services.language.chat_marks import without_chat_marks

MARKS = [
    "<|im_start|>",
    "<|im_end|>",
    "<|start_header_id|>",
    "<|eot_id|>",
    "<|channel|>",
    "<｜User｜>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "<start_of_turn>",
    "<think>",
    "</think>",
    "</THINK>",
    "[THINK]",
    "[/THINK]",
    "<tool_call>",
    "<seed:think>",
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_is_none_any_more(mark: str) -> None:
    text = without_chat_marks(f"Ein{mark}Walross")
    assert mark not in text
    assert text.replace(" ", "") == f"Ein{mark}Walross"


@pytest.mark.parametrize(
    "text", ["Ein Walross <3", "a < b > c", "[Bild]", "<b>fett</b>", "|x|", "<sonne>", "->|"]
)
def test_ordinary_text_stays(text: str) -> None:
    assert without_chat_marks(text) == text


PIECES = st.lists(st.sampled_from([*MARKS, "<", "|", ">", "[", "think", " ", "x", "/", "<<|"]))


@given(pieces=PIECES)
def test_nothing_is_lost_no_mark_is_left_and_once_is_enough(pieces: list[str]) -> None:
    text = "".join(pieces)
    clean = without_chat_marks(text)
    assert clean.replace(" ", "") == text.replace(" ", "")
    assert not [mark for mark in MARKS if mark in clean]
    assert without_chat_marks(clean) == clean


@given(pieces=PIECES)
def test_what_quotes_it_has_not_thought(pieces: list[str]) -> None:
    clean = without_chat_marks("".join(pieces))
    assert not without_thinking(f"Er schrieb: {clean}").thinking_removed
