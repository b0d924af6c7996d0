"""A text of 1,000 characters against all word lists, beside one compiled pattern of 5,000 words."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figure import Figure
from devserver.my_app.services.safe_words import WordLists
from devserver.my_app.services.safe_words.inflections import forms
from devserver.my_app.services.safe_words.matcher import SCHEMAS
from devserver.my_app.services.safe_words.word_lists import load_word_lists

_PROMPTS = Path(__file__).parents[1] / "tests" / "data" / "safety" / "harmless_frozen.txt"
_TEXTS = 60
_CHARACTERS = 1000
_ENTRIES = 5000
_PASSES = 5
_LIMIT = 3.0


def measure() -> list[Figure]:
    """Each side checks all texts in its own pass, in turns; a value is a median of medians.

    The texts are children's prompts, whose words the lists have met before, as in a workshop. The
    pattern knows forms of listed words as whole words and nothing of evasions or compounds.
    """
    lists = WordLists()
    entries = _entries()
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, entries)) + r")\b", re.IGNORECASE)
    texts = _texts()
    for text in _texts(seed=2):
        lists.check(text, "kids")
    passes = [
        (
            _timed(lambda text: lists.check(text, "kids"), texts),
            _timed(pattern.findall, texts),
        )
        for _ in range(_PASSES)
    ]
    ours, peer = (statistics.median(column) * 1000 for column in zip(*passes, strict=True))
    ratio = statistics.median(a / b for a, b in passes)
    detail = (
        f"ours {ours:.2f} ms, pattern of {len(entries)} words {peer:.2f} ms, {len(texts)} texts"
    )
    return [
        Figure("check 1,000 characters against the word lists", ratio, _LIMIT, "x pattern", detail),
        Figure("check 1,000 characters against the word lists", ours, 1.0, "ms", detail),
    ]


def _texts(seed: int = 1) -> list[str]:
    lines = _PROMPTS.read_text(encoding="utf-8").splitlines()
    prompts = [line for line in lines if line and not line.startswith("#")]
    shuffle = random.Random(seed)
    texts = []
    for _ in range(_TEXTS):
        shuffle.shuffle(prompts)
        texts.append(". ".join(prompts)[:_CHARACTERS])
    return texts


def _entries() -> list[str]:
    """Forms of single listed words, in the spelling of a child."""
    found, _ = load_word_lists(SCHEMAS / "safety")
    entries = sorted(
        {
            form
            for listed in found
            for block in listed.lists
            if block.matching in ("word", "inflected", "compound", "part")
            for term in block.terms
            for form in forms(term, block.language)
        }
    )
    return sorted(random.Random(3).sample(entries, min(_ENTRIES, len(entries))))


def _timed(check: Callable[[str], object], texts: list[str]) -> float:
    """The median of the seconds for one text."""
    seconds = []
    for text in texts:
        started = time.perf_counter()
        check(text)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
