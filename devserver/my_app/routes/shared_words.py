"""What the page of a shared run says, in German and in English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from devserver.my_app.services.atelier.pictograms import CREDIT

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = ("de", "en")

_WORDS: Mapping[str, tuple[str, str]] = {
    "title_image": ("Aus Worten wurde ein Bild", "Words became a picture"),
    "title_audio": ("Aus Worten wurde ein Klang", "Words became a sound"),
    "title_video": ("Aus Worten wurde ein Film", "Words became a film"),
    "title_3d": ("Aus Worten wurde ein Objekt", "Words became an object"),
    "title_text": ("Aus Worten wurden andere", "Words became others"),
    "idea": ("Die Idee", "The idea"),
    "rewritten": ("Daraus wurde", "It became"),
    "style": ("Stil: {}", "Style: {}"),
    "image": ("Bild zu: {}", "Picture of: {}"),
    "audio": ("Klang zu: {}", "Sound of: {}"),
    "video": ("Film zu: {}", "Film of: {}"),
    "3d": ("Ansicht eines 3D-Objekts zu: {}", "View of a 3D object of: {}"),
    "save_image": ("Bild speichern", "Save the picture"),
    "save_audio": ("Klang speichern", "Save the sound"),
    "save_video": ("Film speichern", "Save the film"),
    "save_3d": ("3D-Objekt speichern", "Save the 3D object"),
    "by_model": ("Mit einem KI-Modell gemacht", "Made with an AI model"),
    "by_rules": (
        "Vom Computer nach Regeln gemacht, ohne KI-Modell",
        "Made by a computer from rules, without an AI model",
    ),
    "pictograms": (
        "Piktogramme: OpenMoji (openmoji.org), CC BY-SA 4.0, umgefärbt und ergänzt",
        CREDIT,
    ),
    "archived": (
        "Die Dateien dieses Laufs liegen gerade im Archiv.",
        "The files of this run are in the archive just now.",
    ),
    "until": (
        "Diese Seite ist bis {} zu sehen. Wer den Link hat, kann sie ansehen und nichts ändern.",
        "This page can be seen until {}. Whoever has the link can look at it and change nothing.",
    ),
    "link_expired": ("Dieser Link ist abgelaufen", "This link is over"),
    "link_expired_more": (
        "Links zu Werken gelten nur einige Tage. In der Werkstatt kann ein neuer gemacht werden.",
        "Links to works last only some days. A new one can be made in the workshop.",
    ),
    "link_not_found": ("Hier ist nichts", "There is nothing here"),
    "link_not_found_more": (
        "Diesen Link gibt es nicht, oder das Werk dazu wurde gelöscht. Stimmt die Adresse?",
        "There is no such link, or its work was deleted. Is the address right?",
    ),
    "failed": ("Das hat gerade nicht geklappt", "That didn't work just now"),
    "failed_more": (
        "Versuche es in einem Moment noch einmal.",
        "Try again in a moment.",
    ),
}
_MONTHS: Mapping[Language, str] = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
}


def words_in(language: Language) -> dict[str, str]:
    """All words in one language, by their names."""
    column = LANGUAGES.index(language)
    return {name: both[column] for name, both in _WORDS.items()}


def credit_in(language: Language, credit: str | None) -> str:
    """What an output owes, in that language where it is the atelier's own sentence."""
    return words_in(language)["pictograms"] if credit == CREDIT else credit or ""


def day_in(language: Language, day: datetime) -> str:
    """A day as it is written in that language: 29. November 2026, 29 November 2026."""
    month = _MONTHS[language].split()[day.month - 1]
    return f"{day.day}{'.' if language == 'de' else ''} {month} {day.year}"
