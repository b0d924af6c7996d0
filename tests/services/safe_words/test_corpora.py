"""The corpora: children's harmless prompts pass at kids without a guard, unsafe ones don't."""

from __future__ import annotations

import pytest

from devserver.my_app.services.safe_words import WordLists
from tests.services.safe_words.conftest import corpus, evasions


@pytest.mark.parametrize(("name", "at_least"), [("harmless_frozen", 200), ("harmless_more", 200)])
def test_no_harmless_prompt_is_blocked_at_kids(
    word_lists: WordLists, name: str, at_least: int
) -> None:
    texts = corpus(name)
    blocked = {text: word_lists.check(text, "kids") for text in texts}
    assert {text: hits for text, hits in blocked.items() if hits} == {}
    assert len(set(texts)) >= at_least


@pytest.mark.parametrize("kind", sorted(evasions()))
def test_every_unsafe_text_is_stopped_at_kids(word_lists: WordLists, kind: str) -> None:
    passed = [text for text in evasions()[kind] if not word_lists.check(text, "kids")]
    assert passed == []


def test_the_unsafe_corpus_has_every_kind_of_evasion() -> None:
    kinds = evasions()
    assert sum(map(len, kinds.values())) >= 200
    assert {
        "plain", "inflection", "upper case", "compounds", "spacing", "dots and hyphens",
        "leetspeak", "look-alikes", "zero width", "marks", "umlauts", "repeated letters", "lines",
        "mixed languages", "together",
    } <= set(kinds)  # fmt: skip


def test_the_hard_words_of_the_predecessor_are_in_the_frozen_corpus() -> None:
    texts = " ".join(corpus("harmless_frozen")).casefold()
    for word in (
        "hochhaussiedlung", "eichhörnchen", "gemalt", "painting", "toddler", "potter", "wurde",
        "fotografiert", "blutorange", "scunthorpe", "essex", "analyse", "dickicht", "therapist",
    ):  # fmt: skip
        assert word in texts
