"""The word lists themselves: complete, without doubles, and nothing a child should not read."""

from __future__ import annotations

from typing import Any

import pytest

from devserver.my_app.services.interception.techniques.word_data import FOLDER, word_data

DENIED_TEXT = (
    "waffe messer pistole gewehr krieg mord blut tod tot leiche galgen sarg hass skelett gott "
    "teufel nackt bier gun knife war blood dead death murder kill sword bomb coffin hate "
    "god devil hell naked beer wine sex"
)
DENIED = frozenset(DENIED_TEXT.split())
GERMAN_ADJECTIVES = frozenset(["hell", "dick"])  # which mean something else in English


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in [key, *strings(item)]]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "never_said")
)
def test_no_word_is_denied(name: str) -> None:
    said = {word.lower() for text in strings(word_data(name)) for word in text.split()}
    denied = DENIED | set(word_data("never_said")["words"])
    assert not said & (denied - GERMAN_ADJECTIVES if name.endswith("_de") else denied)


@pytest.mark.parametrize("language", ["de", "en"])
def test_nouns(language: str) -> None:
    rows = word_data(f"nouns_{language}")
    assert len(rows) >= 400
    assert len({row["word"].lower() for row in rows}) == len(rows)
    assert all(row["plural"] is None or row["plural"].strip() for row in rows)
    if language == "de":
        assert {row["gender"] for row in rows} == {"m", "f", "n"}
        assert all(row["word"][0].isupper() for row in rows)


@pytest.mark.parametrize("language", ["de", "en"])
def test_opposites(language: str) -> None:
    data = word_data(f"opposites_{language}")
    pairs = [tuple(pair) for key in ("adjectives", "words", "prepositions") for pair in data[key]]
    assert len(pairs) >= 120
    assert len(set(pairs)) == len(pairs)
    assert all(len(pair) == 2 and pair[0] != pair[1] for pair in pairs)
    for noun in data.get("nouns", []):
        assert {noun["gender"], noun["opposite_gender"]} <= {"m", "f", "n"}


@pytest.mark.parametrize("language", ["de", "en"])
def test_sound_alikes(language: str) -> None:
    groups = word_data(f"sound_alikes_{language}")["rhymes"]
    assert all(len(set(group)) == len(group) >= 2 for group in groups)
