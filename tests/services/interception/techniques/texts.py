"""Texts that every technique has to live with."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.schemas import load_interception_schemas

CLAUSES = {"clauses": {"de": ["in Rot", "aus Kreisen"], "en": ["in red", "made of circles"]}}
PARAMETERS: Mapping[str, Mapping[str, object]] = {
    # The last schema of a technique stands for all of them.
    schema.technique.name: schema.technique.parameters
    for schema in load_interception_schemas(
        PROJECT_FOLDER / "devserver" / "schemas" / "interception"
    ).values()
}

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇩🇪"
HARD_TEXTS = (
    "Eine Blume auf der Wiese",
    "A flower in the meadow.",
    "Hund",
    "Schmetterling",
    "cat",
    "a",
    "I",
    "ß",
    "7",
    "???",
    "ja ja ja",
    "猫",
    "我喜欢猫",
    "القطة تنام على السطح",
    "קשת בענן",
    "हिन्दी में क्षमा",
    "한국어 고양이",
    "สวัสดี",
    "Кошка спит",
    "Кіт спить на даху",
    "Kedi çatıda uyuyor",
    "Une fleur dans le jardin",
    "🌈",
    f"{FAMILY} {FLAG}🇫🇷",
    "👍🏽👍🏿",
    "e\u0301cole nai\u0308ve",
    "Zeile eins\n\nZeile zwei\n",
    "  am Rand  ",
    "HALLO WELT!",
    "„Miau“, sagte die Katze – und ging.",
    "3,5 Äpfel um 12:30 Uhr",
    "Der kleine Hund rennt durch den dunklen Wald. " * 170,
    "a" * 8000,
    "🌈" * 8000,
    "ao " * 2666,
    "猫" * 8000,
)

_CLUSTERS = (
    "a",
    "B",
    "ö",
    "o\u0308",
    "é",
    "ß",
    "y",
    "q",
    "u",
    "7",
    "猫",
    "ق",
    FAMILY,
    FLAG,
    "👍🏽",
)
_WORDS = ("Blume", "Der", "der", "the", "Hund", "kleine", "rennt", "dragon", "and", "on", "Katze")
_MARKS = (" ", " ", " ", "\n", "\n\n", ",", ".", "!", "?", "'", "-", "„")

texts = st.lists(
    st.sampled_from(_CLUSTERS) | st.sampled_from(_WORDS) | st.sampled_from(_MARKS),
    min_size=1,
    max_size=40,
).map("".join)
any_texts = st.text(min_size=1, max_size=80)
seeds = st.integers(min_value=0, max_value=2**53 - 1)
