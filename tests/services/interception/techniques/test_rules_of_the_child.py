from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting, longest_result

from .texts import any_texts


def by_rules(text: str, rules: str) -> Rewriting:
    parameters = {"rules": rules}
    return TECHNIQUES["rules_of_the_child"](text, random=Random(1), parameters=parameters)


@pytest.mark.parametrize(
    ("text", "rules", "expected"),
    [
        ("Der kleine Hund rennt", "Ersetze Hund durch Katze", "Die kleine Katze rennt"),
        ("Ein kleiner Hund rennt", "Hund wird zu Katze", "Eine kleine Katze rennt"),
        ("Hunde bellen", "aus Hund wird Katze.", "Katzen bellen"),
        ("Der Hund", "ersetze „Hund“ durch „ein Einhorn“", "Das Einhorn"),
        ("Ein Hund", "Hund heißt jetzt Bello", "Ein Bello"),
        ("Eine Blume", "Blume = Rakete; Rakete -> Mond", "Ein Mond"),
        ("Guten Tag Welt", "ersetze Guten Tag durch Hallo", "Hallo Welt"),
        ("Eine Blume", "ersetze e durch o", "Oino Blumo"),
        ("Ein Hund im Wald", "alles soll blau sein", "Ein blauer Hund im blauen Wald"),
        ("Der kleine Hund", "immer blau", "Der kleine blaue Hund"),
        ("Zwei Hunde", "mach alles bunt", "Zwei bunte Hunde"),
        ("Eine Blume", "Schreib alles in Großbuchstaben!", "EINE BLUME"),
        ("Eine Blume", "klein", "eine blume"),
        ("Eine Blume", "rückwärts", "emulB eniE"),
        ("Eine Blume blüht", "die Wörter rückwärts", "blüht Blume Eine"),
        ("Hund", "1. dreimal", "Hund Hund Hund"),
        ("Ein Hund", "zweimal sagen", "Ein Hund. Ein Hund."),
        ("Eine Blume", "ohne den Buchstaben e", "in Blum"),
        ("A cat sleeps", "Instead of cat say owl", "An owl sleeps"),
        ("My cats", "turn cat into a dog", "My dogs"),
        ("A cat", "- everything is orange\n- all caps", "AN ORANGE CAT"),
        ("A cat", "write it backwards", "tac A"),
        ("Кіт спить", "Кіт = Пес", "Пес спить"),
        ("🌈", "ersetze 🌈 durch ⭐", "⭐"),
    ],
)
def test_rules_that_are_understood(text: str, rules: str, expected: str) -> None:
    assert by_rules(text, rules).text == expected


@pytest.mark.parametrize(
    ("text", "rules", "expected"),
    [
        ("Ein Hund", "Alle tragen Hüte.", "Ein Hund. Regel: Alle tragen Hüte."),
        ("A dog!", "everybody wears hats", "A dog! Rule: everybody wears hats."),
        ("Кіт", "усі в капелюхах", "Кіт — усі в капелюхах"),
        ("Ein Hund", "ersetze Katze durch Maus", "Ein Hund. Regel: ersetze Katze durch Maus."),
        ("Ein Hund", "GROSS\nes regnet; es schneit", "EIN HUND. Regel: es regnet; es schneit."),
        ("Regen", "rückwärts", "Regen. Regel: rückwärts."),
        ("Ein Hund", "", "Ein Hund, nach meinen eigenen Regeln"),
        ("A dog", " ", "A dog, by my own rules"),
    ],
)
def test_the_others_are_said_with_the_text(text: str, rules: str, expected: str) -> None:
    assert by_rules(text, rules).text == expected


def test_each_rule_that_worked_is_a_step() -> None:
    steps = by_rules("Ein Hund", "Hund = Katze\nalle tanzen\nGROSS").steps
    assert [(step.name, step.text) for step in steps] == [
        ("rule_1", "Eine Katze"),
        ("rule_3", "EINE KATZE"),
        ("rules_said", "EINE KATZE. Regel: alle tanzen."),
    ]


RULE_WORDS_TEXT = (
    "ersetze durch aus wird zu statt sag immer alles ohne rückwärts groß replace with without "
    "always everything becomes twice a e Hund cat 🌈 猫 = ; . ' „"
)


@settings(max_examples=150, deadline=None)
@given(
    text=any_texts.filter(lambda text: bool(text.strip())),
    rules=st.lists(st.sampled_from(RULE_WORDS_TEXT.split()), max_size=12).map(" ".join)
    | st.text(max_size=60),
)
def test_whatever_the_rules(text: str, rules: str) -> None:
    said = by_rules(text, rules)
    assert said == by_rules(text, rules)
    assert said.text.strip() not in {"", text.strip()}
    assert len(said.text) <= longest_result(text)


@pytest.mark.parametrize("rules", ["x" * 8000, "ersetze a durch " + "b" * 40, "a=aa\n" * 1500])
def test_long_rules_are_cut(rules: str) -> None:
    text = "a " * 200
    assert len(by_rules(text, rules).text) <= longest_result(text)
