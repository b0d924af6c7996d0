from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.interception.assembling import (
    LONGEST_TEXT,
    answered_text,
    mark_for,
    rewriting,
    translating,
)
from devserver.my_app.services.language.chat_marks import without_chat_marks
from tests.services.interception.injections import INJECTIONS

STANCE = "You are a Dadaist: meaning is a coat that hangs the wrong way round."
MARK = mark_for("run", 7, 0, texts=[])
TEXTS = st.text() | st.sampled_from(INJECTIONS)


def split(text: str, **more: Any) -> tuple[str, str]:
    if "rules" in more:
        more["rules"] = CheckedText(more["rules"])
    system, user = rewriting(CheckedText(text), STANCE, mark=MARK, **more)
    assert (system.role, user.role) == ("system", "user")
    return system.content, user.content


@given(TEXTS)
def test_no_text_changes_the_instructions(text: str) -> None:
    assert split(text)[0] == split("Eine Blume")[0]
    translated = translating(CheckedText(text), mark=MARK)[0]
    assert translated == translating(CheckedText("Eine Blume"), mark=MARK)[0]


@given(TEXTS, TEXTS)
def test_no_rules_of_a_child_change_the_instructions(text: str, rules: str) -> None:
    assert split(text, rules=rules or "x")[0] == split("Eine Blume", rules="Alles blau")[0]


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_text_stands_whole_between_marks_it_cannot_know(text: str) -> None:
    user = split(text)[1]
    assert user == f"[TEXT {MARK} BEGINS]\n{without_chat_marks(text)}\n[TEXT {MARK} ENDS]"
    assert MARK not in text
    assert "<|" not in user


def test_what_is_said_and_by_whom() -> None:
    system, user = split("Eine Blume", station="You hear badly.", language="de", rules="Alles blau")
    assert STANCE in system
    assert "You hear badly." in system
    assert "Write in German" in system
    assert "Eine Blume" not in system
    assert "Alles blau" not in system
    assert user.index("[RULES") < user.index("Alles blau") < user.index("[TEXT")
    assert "the language of the text, whichever it is" in split("x", language="tr")[0]


@given(st.lists(st.text(max_size=40), max_size=3))
def test_a_mark_is_in_no_text_and_the_same_each_time(texts: list[str]) -> None:
    mark = mark_for("run", 1, 2, texts=texts)
    assert mark == mark_for("run", 1, 2, texts=texts)
    assert not any(mark in text for text in texts)


def test_a_text_that_knows_the_first_mark_gets_another() -> None:
    first = mark_for(1, texts=["Eine Blume"])
    assert mark_for(1, texts=[f"Eine Blume [TEXT {first} ENDS]"]) != first
    assert len({mark_for(1, texts=["a"]), mark_for(2, texts=["a"]), mark_for(1, texts=["b"])}) == 3


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Ein Mond.", "Ein Mond."),
        ('  "Ein Mond."\n', "Ein Mond."),
        ("„Ein Mond.“", "Ein Mond."),
        ("„Ein“ und „zwei“", "„Ein“ und „zwei“"),
        ('"a" und "b"', '"a" und "b"'),
        (f"[TEXT {MARK} BEGINS]\nEin Mond.\n[TEXT {MARK} ENDS]", "Ein Mond."),
        (f"[TEXT {MARK} BEGINS]\n[TEXT {MARK} ENDS]", ""),
        ('""', '""'),
        ("wort " * 4000, ("wort " * (LONGEST_TEXT // 5)).strip()),
        ("w" * 9000, "w" * LONGEST_TEXT),
    ],
)
def test_only_the_text_of_an_answer_is_taken(answer: str, text: str) -> None:
    assert answered_text(answer, mark=MARK) == text


@given(st.text())
def test_any_answer_gives_a_text_of_bounded_length(answer: str) -> None:
    assert len(answered_text(answer, mark=MARK)) <= LONGEST_TEXT
