from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.interception.techniques.syllables import Language, syllables


@pytest.mark.parametrize(
    ("word", "language", "expected"),
    [
        ("Schmetterling", "de", "Schmet-ter-ling"),
        ("Regenbogen", "de", "Re-gen-bo-gen"),
        ("Katze", "de", "Kat-ze"),
        ("Zucker", "de", "Zu-cker"),
        ("Drache", "de", "Dra-che"),
        ("Einhorn", "de", "Ein-horn"),
        ("Theater", "de", "The-a-ter"),
        ("Elefant", "de", "E-le-fant"),
        ("Qualle", "de", "Qual-le"),
        ("Pyramide", "de", "Py-ra-mi-de"),
        ("Hund", "de", "Hund"),
        ("butterfly", "en", "but-ter-fly"),
        ("rainbow", "en", "rain-bow"),
        ("elephant", "en", "e-le-phant"),
        ("table", "en", "ta-ble"),
        ("cake", "en", "cake"),
        ("jumped", "en", "jumped"),
        ("painted", "en", "pain-ted"),
        ("station", "en", "sta-tion"),
        ("piano", "en", "pi-a-no"),
    ],
)
def test_syllables(word: str, language: Language, expected: str) -> None:
    assert "-".join(syllables(word, language)) == expected


@given(st.text(), st.sampled_from(["de", "en"]))
def test_nothing_is_lost(word: str, language: Language) -> None:
    assert "".join(syllables(word, language)) == word
