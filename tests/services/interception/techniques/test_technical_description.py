from __future__ import annotations

from random import Random

import pytest

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting


def description(text: str, seed: int = 1) -> Rewriting:
    return TECHNIQUES["technical_description"](text, random=Random(seed), parameters={})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Zwei kleine Hunde im Wald", ["Teil 1: Hund (2 Stück),", "Teil 2: Wald,"]),
        ("Die Hunde", ["Teil 1: Hunde,"]),
        ("ein roter drache", ["Teil 1: Drache,"]),
        ("Ich kann fliegen", ["Teil 1: fliegen,"]),
        ("Das", ["Teil 1: Das,"]),
        ("3 cats and a cat on the moon", ["Part 1: cat (3 pieces),", "Part 2: moon,"]),
    ],
)
def test_the_parts(text: str, parts: list[str]) -> None:
    rows = description(text).text.split("\n")
    assert rows[0].endswith(f": {text}")
    numbered = [row for row in rows if row.startswith(("Teil ", "Part "))]
    assert len(numbered) == len(parts)
    assert all(row.startswith(part) for row, part in zip(numbered, parts, strict=True))


def test_movements_are_shown() -> None:
    assert "Kleine Striche zeigen die Bewegung: „rennt“." in description("Der Hund rennt").text
    assert "Little dashes show the movement: “flies”." in description("The owl flies").text
    assert "Bewegung" not in description("Der Hund schläft").text


def test_measures_have_the_comma_of_the_language() -> None:
    german = "".join(description("Hund", seed).text for seed in range(30))
    english = "".join(description("dog", seed).text for seed in range(30))
    assert ",5 cm" in german
    assert ".5 cm" in english
    assert ",5 cm" not in english


def test_other_languages_get_numbers_and_arrows() -> None:
    rows = description("Кіт спить").text.split("\n")
    assert rows[0] == "📐 Кіт спить"
    assert [row.split(" ")[:2] for row in rows[1:3]] == [["①", "Кіт"], ["②", "спить"]]
    assert rows[-1].startswith("1 : ")
