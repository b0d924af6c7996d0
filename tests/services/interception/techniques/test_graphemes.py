from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.interception.techniques.graphemes import graphemes
from devserver.my_app.services.interception.techniques.pieces import pieces

from .texts import FAMILY, FLAG


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ab", ["a", "b"]),
        ("e\u0301a", ["e\u0301", "a"]),
        (f"{FAMILY}!", [FAMILY, "!"]),
        (f"{FLAG}🇫🇷", [FLAG, "🇫🇷"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("1️⃣2", ["1️⃣", "2"]),
        ("\r\n\n", ["\r\n", "\n"]),
        ("각", ["각"]),
        ("क्षमा", ["क्ष", "मा"]),
        ("❤️🔥", ["❤️", "🔥"]),
    ],
)
def test_clusters(text: str, expected: list[str]) -> None:
    assert graphemes(text) == expected


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    assert "".join(graphemes(text)) == text
    assert "".join(piece.text for piece in pieces(text)) == text


def test_pieces_keep_words_together() -> None:
    found = [piece.text for piece in pieces("Don't U-Boot 3,5 Uhr-") if piece.kind == "word"]
    assert found == ["Don't", "U-Boot", "3,5", "Uhr"]
