from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.interception.techniques import TECHNIQUES


def snowball(text: str, seed: int = 7) -> str:
    return TECHNIQUES["snowball"](text, random=Random(seed), parameters={}).text


@given(size=st.integers(2, 60), seed=st.integers(0, 1000))
def test_every_line_has_one_word_more_and_the_order_stays(size: int, seed: int) -> None:
    said = [f"w{number}" for number in range(size)]
    lines = [line.split() for line in snowball(" ".join(said), seed).split("\n")]
    assert [len(line) for line in lines] == list(range(1, len(lines) + 1))
    rolled = [word for line in lines for word in line]
    assert list(dict.fromkeys(rolled)) == said
    assert rolled == sorted(rolled, key=said.index)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Die kleine Maus", "Die\nkleine Maus"),
        ("Ich sehe einen Drachen auf dem", "Ich\nsehe einen\nDrachen auf dem"),
        ("Maus", "M\nMa\nMau\nMaus"),
        ("cat", "c\nca\ncat"),
        ("🌈", "🌈\n🌈 🌈\n🌈 🌈 🌈"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert snowball(text) == expected
