"""In which key and how fast: the scale, tempo and instruments of a text's mood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..feelings import felt_in
from ..lexicon import SCHEMAS
from ..manner import Manner
from ..scene import Scene, seeded
from ..work import Subject
from .syllables import spoken

PACE = {"papercut": 1.0, "montage": 1.2, "geometric": 1.2}
LOWEST_ROOT = 57  # a; the highest is e'
PALETTE_INSTRUMENTS = {
    "warm": ("marimba", "horn", "clarinet", "harp"),
    "cool": ("glockenspiel", "bell", "flute", "toy_piano"),
    "pastel": ("music_box", "harp", "flute", "kalimba"),
}


@dataclass(frozen=True)
class Key:
    """The tones of a piece: `steps` are the scale's seven semitones above `root` (MIDI)."""

    root: int
    scale: str
    steps: tuple[int, ...]
    open: tuple[tuple[int, ...], ...]
    closed: tuple[tuple[int, ...], ...]

    def pitch(self, degree: int) -> int:
        """The pitch of a degree of the scale; 0 is the root, 7 its octave."""
        return self.root + 12 * (degree // 7) + self.steps[degree % 7]

    def nearest(self, pitch: float, degrees: tuple[int, ...] = (0, 2, 4)) -> int:
        """The pitch of one of `degrees`, in any octave, nearest to `pitch`."""
        choices = [
            self.pitch(degree) + 12 * octave for degree in degrees for octave in range(-4, 5)
        ]
        return min(choices, key=lambda choice: (abs(choice - pitch), choice))


@dataclass(frozen=True)
class Mood:
    """How a piece is meant: its key, beats a minute, and what plays its melody."""

    key: Key
    tempo: float
    instruments: tuple[str, ...]
    names: tuple[str, ...]


@cache
def data() -> Mapping[str, Any]:
    """The lists of `sounds.json`."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / "sounds.json").read_text("utf-8"))
    return loaded


def mood_of(subject: Subject, scene: Scene | None, seed: int, manner: Manner) -> Mood:
    """The mood of a text: feelings before weather before place before hour."""
    rows = _rows(subject, scene)
    rng = seeded(seed, "mood", subject.text)
    if not rows:
        # Only letters: which mood is theirs decides the text, not the seed.
        chance = seeded(0, "letters", *(word.word.casefold() for word in spoken(subject.text)))
        choices = [
            row for row in data()["feelings"] if row["name"] in ("happy", "calm", "enchanted")
        ]
        rows = [chance.choice(choices)]
    scale = next(row for row in data()["scales"] if row["name"] == rows[0]["scale"])
    key = Key(
        LOWEST_ROOT + rng.choice((0, 1, 3, 4, 5, 7)),
        scale["name"],
        tuple(scale["steps"]),
        tuple(map(tuple, scale["open"])),
        tuple(map(tuple, scale["closed"])),
    )
    # The first mood leads, the others pull.
    weights = [2.0, *(1.0 for _ in rows[1:])]
    tempo = sum(w * row["tempo"] for w, row in zip(weights, rows, strict=True)) / sum(weights)
    instruments = tuple(rows[0]["instruments"])
    if manner.palette in PALETTE_INSTRUMENTS:
        # Others than it would be: a palette must be heard.
        wished = PALETTE_INSTRUMENTS[manner.palette]
        instruments = tuple(name for name in wished if name not in instruments)
    elif manner.palette == "monochrome":
        instruments = instruments[:1]
    pace = PACE[manner.style] * rng.uniform(0.96, 1.04)
    return Mood(key, tempo * pace, instruments, tuple(row["name"] for row in rows))


def _rows(subject: Subject, scene: Scene | None) -> list[dict[str, Any]]:
    """All moods that apply, the strongest first."""
    if scene is None:
        return []
    felt = {pictogram for _, pictogram in felt_in(subject.text, subject.reading.language)}
    felt |= {figure.pictogram for figure in scene.figures}
    rows = [row for row in data()["feelings"] if felt & set(row["pictograms"])][:2]
    rows += [row for row in data()["weathers"] if row["name"] in scene.weathers]
    rows += [
        row for row in data()["places"] if row["name"] == scene.place and _said(subject, scene)
    ]
    hour = next(row for row in data()["times"] if row["name"] == scene.time)
    # Daylight is what there is when nothing else was said.
    return [*rows, hour] if scene.time != "day" or not rows else rows


def _said(subject: Subject, scene: Scene) -> bool:
    """Whether somebody is at this place for a reason; a meadow is where nothing was said."""
    return scene.place != "meadow" or bool(subject.reading.places)
