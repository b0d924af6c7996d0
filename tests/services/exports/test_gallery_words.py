from __future__ import annotations

import pytest

from devserver.my_app.services.atelier.pictograms import CREDIT
from devserver.my_app.services.exports.gallery_words import GalleryWords
from devserver.my_app.services.exports.port import Language


@pytest.mark.parametrize(
    ("language", "step", "technique", "backend", "level"),
    [
        ("de", "Schütteln", "stille Post", "dieser Server", "Kinder (kids)"),
        ("en", "Shaking", "whisper chain", "this server", "Kids (kids)"),
    ],
)
def test_ids_have_names_in_both_languages(
    language: Language, step: str, technique: str, backend: str, level: str
) -> None:
    words = GalleryWords(language)
    assert words.step("shake") == step
    assert words.technique("whisper_chain") == technique
    assert words.backend("embedded") == backend
    assert words.level("kids") == level


def test_steps_of_a_kind_share_their_words() -> None:
    words = GalleryWords("de")
    assert words.step("listener_12") == "Weitergesagt, Ohr 12"
    assert words.step("without_ä") == "Ohne „ä“"
    assert words.step("n_plus_7") == "Sieben Wörter weiter"


def test_a_credit_is_in_the_language_and_names_its_licence_once() -> None:
    licence = "CC BY-SA 4.0"
    german = "Piktogramme: OpenMoji (openmoji.org), CC BY-SA 4.0, umgefärbt und ergänzt"
    words = GalleryWords("de")
    assert words.credit(CREDIT, licence) == german
    assert GalleryWords("en").credit(CREDIT, licence).startswith("Pictograms: OpenMoji")
    assert words.credit("A painter", licence) == "A painter · CC BY-SA 4.0"
    assert words.credit(None, licence) == licence
    assert words.credit("A painter", None) == "A painter"
    assert words.credit(None, None) == ""


def test_what_has_no_word_keeps_its_id() -> None:
    words = GalleryWords("de")
    for name in ("", "folded_twice", "folded_2", "without_them", "step.{number}"):
        assert words.step(name) == name
        assert words.technique(name) == words.backend(name) == words.level(name) == name
