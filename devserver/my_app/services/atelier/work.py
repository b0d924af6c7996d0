"""What every maker here gives back, and how each finds out what there is to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .lexicon import name_of
from .pictograms import CREDIT, LICENSE
from .reading import Reading, read
from .scene import Scene

Source = Literal["transformed_text", "input_text", "letters"]


@dataclass(frozen=True)
class Depiction:
    """A word of the text and what it was taken for.

    `name` is the English name of the pictogram, or that of the place, time or weather; `pictogram`
    is OpenMoji's file name (code points joined by `-`), None for painted surroundings.
    """

    word: str
    name: str
    pictogram: str | None


@dataclass(frozen=True)
class Work:
    """A finished medium and what is in it.

    data: the whole file. things: what of the text can be seen or heard, in the order of the text.
    drawn_from: the text it was made from; `letters` when nothing was recognised in either.
    license, credit: what has to stand beside it wherever it is shown; None where all is our own.
    """

    data: bytes
    things: tuple[Depiction, ...]
    drawn_from: Source
    license: str | None = LICENSE
    credit: str | None = CREDIT


@dataclass(frozen=True)
class Subject:
    """What there is to show: `reading` of `text`, which is where `source` says it is from."""

    reading: Reading
    text: str
    source: Source


def subject_of(text: str, original_text: str) -> Subject:
    """What `text` says; if nothing in it is known, `original_text`; else its letters."""
    for candidate, source in ((text, "transformed_text"), (original_text, "input_text")):
        reading = read(candidate)
        if reading:
            return Subject(reading, candidate, source)  # type: ignore[arg-type]  # the literals above
    return Subject(read(""), text if text.strip() else original_text, "letters")


def depictions(scene: Scene) -> tuple[Depiction, ...]:
    """What of the text is in the scene."""
    seen: dict[Depiction, None] = {}
    for figure in sorted(scene.figures, key=lambda figure: figure.order):
        seen[Depiction(figure.word, name_of(figure.pictogram), figure.pictogram)] = None
    for word, name in scene.setting_words:
        seen[Depiction(word, name, None)] = None
    return tuple(seen)
