from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from devserver.my_app.services.exports.shown_text import readable, runs_rightwards, visible
from devserver.my_app.services.journey import Change


@given(st.text(alphabet=st.characters(codec=None)))
def test_what_is_visible_can_stand_in_xml(text: str) -> None:
    element = etree.Element("x")
    element.text = visible(text)
    assert etree.fromstring(etree.tostring(element)).text == (element.text or None)


@given(st.text())
def test_to_be_visible_once_is_enough(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "M"])))
def test_ordinary_texts_stay(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a[U+0000]b"),
        ("a\u202eb", "a[U+202E]b"),
        ("\ud83d", "[U+D83D]"),
        ("a\r\nb\rc\u2028d\te", "a\nb\nc\nd\te"),
    ],
)
def test_hidden_signs_become_numbers(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "rightwards"), [("abc", True), ("123 مرحبا abc", False), ("", True), ("! שלום", False)]
)
def test_the_first_letter_says_the_direction(text: str, rightwards: bool) -> None:
    assert runs_rightwards(text) is rightwards


def test_only_long_kept_stretches_are_cut_short() -> None:
    long = "x" * 1000
    changes = (Change("removed", long), Change("kept", long), Change("added", long))
    removed, kept, added = readable(changes, "[{} left out]", longest=300)
    assert (removed.text, added.text) == (long + " ", long)
    assert kept.text == "x" * 100 + " [800 left out] " + "x" * 100
