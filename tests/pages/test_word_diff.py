"""js/word-diff.js, run where it is used: in the browser."""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.running_server import RunningServer

COMPARE = """async pairs => {
    const { changedWords } = await import("/static/js/word-diff.js")
    return pairs.map(([before, after]) => changedWords(before, after))
}"""


def compared(page: Page, server: RunningServer, pairs: list[tuple[str, str]]) -> Any:
    page.goto(server.url)
    return page.evaluate(COMPARE, pairs)


def test_words_that_changed_are_told(page: Page, server: RunningServer) -> None:
    [shown] = compared(page, server, [("Ein Hund  schläft gern", "Eine Katze schläft sehr gern")])
    assert shown == {
        "before": [
            {"kind": "removed", "text": "Ein Hund  "},
            {"kind": "kept", "text": "schläft gern"},
        ],
        "after": [
            {"kind": "added", "text": "Eine Katze "},
            {"kind": "kept", "text": "schläft "},
            {"kind": "added", "text": "sehr "},
            {"kind": "kept", "text": "gern"},
        ],
    }


def test_a_comma_changes_no_word(page: Page, server: RunningServer) -> None:
    [shown] = compared(page, server, [("Mein Hund.", "Mein Hund, der bellt.")])
    assert shown["before"] == [{"kind": "kept", "text": "Mein Hund."}]
    assert shown["after"] == [
        {"kind": "kept", "text": "Mein Hund"},
        {"kind": "added", "text": ", der bellt"},
        {"kind": "kept", "text": "."},
    ]


def common_words(a: list[str], b: list[str]) -> int:
    """The length of the longest common subsequence, by the textbook."""
    row = [0] * (len(b) + 1)
    for one in a:
        before = row[:]
        for j, other in enumerate(b):
            row[j + 1] = before[j] + 1 if one == other else max(row[j], before[j + 1])
    return row[-1]


def test_pieces_are_the_texts_and_as_much_as_possible_is_kept(
    page: Page, server: RunningServer
) -> None:
    draw = random.Random(7)
    words = ["a", "b", "c", "Wort", "🐈", "<b>"]

    def text() -> str:
        count = draw.randrange(12)
        parts = [draw.choice(words) + draw.choice([" ", "\n", "  "]) for _ in range(count)]
        return draw.choice(["", " ", "\n\n"]) + "".join(parts)

    pairs = [(text(), text()) for _ in range(300)]
    for (before, after), shown in zip(pairs, compared(page, server, pairs), strict=True):
        assert "".join(piece["text"] for piece in shown["before"]) == before
        assert "".join(piece["text"] for piece in shown["after"]) == after
        for side, kinds in (("before", {"kept", "removed"}), ("after", {"kept", "added"})):
            assert {piece["kind"] for piece in shown[side]} <= kinds
            kept = " ".join(piece["text"] for piece in shown[side] if piece["kind"] == "kept")
            assert len(kept.split()) == common_words(before.split(), after.split())


@pytest.mark.parametrize("word", ["a ", "Wort "])
def test_the_longest_texts_are_compared_too(page: Page, server: RunningServer, word: str) -> None:
    before = (word * 8000)[:7000] + "x " * 500
    after = "y " * 500 + (word * 8000)[:7000]
    [shown] = compared(page, server, [(before, after)])
    assert "".join(piece["text"] for piece in shown["before"]) == before
    assert "".join(piece["text"] for piece in shown["after"]) == after
