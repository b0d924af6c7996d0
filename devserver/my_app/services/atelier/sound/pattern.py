"""The geometric manner: three machines that repeat, with few tones, and enter one by one.

The circle is round and low, the square answers in the middle, the triangle is high. How often each
sounds in its round is the number of syllables of a word; the strokes are spread as evenly as whole
steps allow (E. Bjorklund's distribution, as G. Toussaint describes it for rhythms).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .form import Form
from .moods import Mood
from .score import Note
from .syllables import Spoken

TONES = {"circle": (0, 0, 4), "square": (0, 2, 4, 2), "triangle": (7, 4, 9)}
OCTAVES = {"circle": -12, "square": 0, "triangle": 12}
HIGHEST = {"circle": 4, "square": 6, "triangle": 9}  # degrees
PLACES = {"circle": 0.0, "square": -0.45, "triangle": 0.45}
RING = 0.8  # seconds that the last tone lasts beyond its beats
TOGETHER = 0.6  # three at once are loud
LEVELS = {"circle": 0.8, "square": 0.62, "triangle": 0.85}


def even(strokes: int, steps: int) -> list[int]:
    """The steps of `strokes` strokes spread as evenly as possible over `steps`."""
    return [step for step in range(steps) if step * strokes % steps < strokes]


def compose_pattern(
    mood: Mood, form: Form, words: Sequence[Spoken], rng: Random, *, mirrored: bool
) -> list[Note]:
    """All notes of the three machines; everything ends together on the tonic."""
    counts = [len(word.heights) for word in words]
    steps = form.meter * 2  # in eighths: one bar is one round
    bars = form.bars * form.lines
    order = rng.choice(
        (
            ("square", "circle", "triangle"),
            ("circle", "square", "triangle"),
            ("triangle", "square", "circle"),
        )
    )
    moved = rng.choice((3, 4, 5))
    notes: list[Note] = []
    for i, machine in enumerate(order):
        tones = TONES[machine]
        if mirrored:
            tones = tuple(reversed(tones))
        pulses = max(2, min(steps - 1, counts[i % len(counts)] + (4, 2, 4)[i]))
        shift = sum(map(ord, words[i % len(words)].word)) % steps if i else 0
        round_of_tones = 0
        # The first begins alone, each further one some bars later.
        for bar in range(i * bars // 5, bars - 1):
            # The third quarter is the same a few steps away.
            away = moved if bars >= 4 and bars // 2 <= bar < bars * 3 // 4 else 0
            for step in even(pulses, steps):
                at = (step + shift) % steps
                degree = tones[round_of_tones % len(tones)] + away
                degree -= 7 * (degree > HIGHEST[machine])
                round_of_tones += 1
                notes.append(
                    Note(
                        form.at(bar * form.meter + at / 2),
                        form.beat * 0.42,
                        mood.key.pitch(degree % 7) + 12 * (degree // 7) + OCTAVES[machine],
                        LEVELS[machine] * (1.0 if at == 0 else 0.8),
                        machine,
                        -PLACES[machine] if mirrored else PLACES[machine],
                    )
                )
    return [*notes, *_ending(mood, form, mirrored)]


def _ending(mood: Mood, form: Form, mirrored: bool) -> list[Note]:
    """The last bar: all three step home at once."""
    first = form.beats - form.meter
    steps = ((4, 0.0, 1.0), (2, 1.0, 1.0), (0, 2.0, 2.0))
    if mirrored:
        steps = ((2, 0.0, 1.0), (4, 1.0, 1.0), (7, 2.0, 2.0))
    return [
        Note(
            form.at(first + beat),
            beats * form.beat * 0.9 + (RING if beats > 1 else 0.0),
            mood.key.pitch(degree) + OCTAVES[machine],
            LEVELS[machine] * TOGETHER,
            machine,
            PLACES[machine],
        )
        for degree, beat, beats in steps
        for machine in OCTAVES
    ]
