from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devserver.config import SafetyLevel
from devserver.my_app.services.safe_words import WordLists

DATA = Path(__file__).parents[2] / "data" / "safety"


@pytest.fixture(scope="session")
def word_lists() -> WordLists:
    return WordLists()


@pytest.fixture
def categories(word_lists: WordLists) -> Callable[..., set[str]]:
    """The categories of the hits in a text."""

    def of(text: str, level: SafetyLevel = "kids") -> set[str]:
        return {hit.category for hit in word_lists.check(text, level)}

    return of


def corpus(name: str) -> list[str]:
    """The texts of a corpus; ⏎ stands for the end of a line inside one."""
    lines = (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [
        line.replace("⏎", "\n") for line in lines if line and not line.startswith(("# ", "== "))
    ]


def evasions() -> dict[str, list[str]]:
    """The unsafe texts by kind of evasion."""
    kinds: dict[str, list[str]] = {}
    for line in (DATA / "unsafe.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            texts = kinds.setdefault(line.removeprefix("== "), [])
        elif line and not line.startswith("# "):
            texts.append(line.replace("⏎", "\n"))
    return kinds
