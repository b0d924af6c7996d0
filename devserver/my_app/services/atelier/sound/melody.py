"""A song without words for a text: its syllables are the rhythm, its vowels the rise and fall.

Lines come in pairs, a phrase that stays open and an answer in the same rhythm that comes home.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from .form import Form
from .harmony import Chord, chord_at, chord_pitches, fitting, laid_out
from .moods import Key, Mood
from .score import Note
from .syllables import Spoken

# The lengths of a word's syllables in beats; more than five run in halves.
RHYTHMS: dict[int, tuple[tuple[float, ...], ...]] = {
    1: ((1,), (1,), (0.5, 0.5), (1.5, 0.5)),
    2: ((0.5, 0.5), (1, 1), (1.5, 0.5), (0.5, 0.5)),
    3: ((0.5, 0.5, 1), (1, 0.5, 0.5)),
    4: ((0.5, 0.5, 0.5, 0.5), (0.5, 0.5, 1, 1)),
    5: ((0.5, 0.5, 0.5, 0.5, 1),),
}
LOW, HIGH = -2, 9  # degrees of the scale between which a melody stays
LEAP = 5  # degrees; no wider steps
DEEP = ("clarinet", "horn", "harp", "pizzicato")  # these sing an octave lower
HARP_ORDERS = ((0, 1, 2, 1), (0, 2, 1, 2), (0, 1, 2, 0))


@dataclass(frozen=True)
class Stroke:
    """A tone still without its pitch: when in the line (beats), how long, how high it is spoken."""

    beat: float
    length: float
    height: int


@dataclass(frozen=True)
class Turn:
    """How a melody is bent: `power` widens or flattens its curve, `mirrored` swaps up and down."""

    power: float = 1.0
    mirrored: bool = False

    def wish(self, degree: float) -> float:
        """Where a degree wished for comes to lie."""
        middle = (LOW + HIGH) / 2
        away = (degree - middle) * (0.45 + 0.55 * self.power)
        return middle - away if self.mirrored else middle + away


@dataclass(frozen=True)
class Line:
    """One line before it is sung: rhythm, chords, and whether it comes home."""

    strokes: tuple[Stroke, ...]
    chords: tuple[Chord, ...]
    closes: bool
    lift: int = 0  # degrees; the contrasting line begins higher


def compose_song(
    mood: Mood, form: Form, words: Sequence[Spoken], rng: Random, turn: Turn
) -> list[Note]:
    """Melody, harmony and bass for the whole form; the last melody tone is the tonic."""
    stream = cycle(words)
    first = rhythm(stream, form.line_beats, rng)
    contrast = rhythm(stream, form.line_beats, rng)
    harmonies = rng.choice(mood.key.open), rng.choice(mood.key.closed)
    instruments = list(mood.instruments)
    rng.shuffle(instruments)
    order = rng.choice(HARP_ORDERS)
    model: list[int] = []
    notes: list[Note] = []
    for number in range(form.lines):
        closes = number % 2 == 1 or form.lines == 1
        other = number % 8 in (4, 5)
        line = Line(
            contrast if other else first,
            laid_out(harmonies[closes], form.meter, form.bars, closes=closes),
            closes,
            2 if number % 8 == 4 else 0,
        )
        model = sung(mood.key, line, model if closes else [], rng, turn)
        begin = number * form.line_beats
        instrument = instruments[other % len(instruments)]
        notes += melody(mood.key, form, begin, zip(line.strokes, model, strict=True), instrument)
        notes += accompaniment(mood.key, form, begin, line.chords, order)
    return notes


def rhythm(words: Iterator[Spoken], beats: int, rng: Random) -> tuple[Stroke, ...]:
    """One line: words until only the long last tone is left."""
    last = 2.0 if beats > 4 else 1.0
    strokes: list[Stroke] = []
    beat = 0.0
    while beat < beats - last:
        word = next(words)
        count = len(word.heights)
        lengths = rng.choice(RHYTHMS[count]) if count in RHYTHMS else (0.5,) * count
        for i, length in enumerate(lengths):
            if beat >= beats - last:
                break
            kept = min(length, beats - last - beat)
            strokes.append(Stroke(beat, kept, word.heights[i % count]))
            beat += kept
    return (*strokes, Stroke(beats - last, last, 0))


def sung(key: Key, line: Line, model: Sequence[int], rng: Random, turn: Turn) -> list[int]:
    """The degree of each tone of a line: near the one before, drawn to where the vowel lies.

    Half of an answer follows the phrase before it, `model`; then it turns home.
    """
    degrees: list[int] = []
    count = len(line.strokes)
    last = float(model[0]) if model else rng.choice((2, 4)) + line.lift
    for i, stroke in enumerate(line.strokes):
        chord = chord_at(line.chords, stroke.beat)
        if i == count - 1 and line.closes:
            degrees.append(0 if last < 4 else 7)
            break
        arch = 3.2 * (1 - abs(2 * i / max(count - 1, 1) - 0.9))
        goal = turn.wish(1.2 + arch + 0.9 * stroke.height + line.lift)
        if line.closes and i >= count - 3:
            goal = 1.0 if last < 4 else 6.0
        if model and i < count // 2:
            wished = float(model[i])
        else:
            wished = 0.45 * last + 0.55 * goal + rng.uniform(-0.7, 0.7)
        strong = stroke.beat % 1 == 0 or stroke.length >= 1
        choices = fitting(key, chord.degree, range(LOW, HIGH + 1), strong=strong)
        for later in line.chords:
            if stroke.beat < later.beat < stroke.beat + stroke.length:
                choices = fitting(key, later.degree, choices, strong=False) or choices
        near = [degree for degree in choices if abs(degree - last) <= LEAP] or choices
        best = min(near, key=lambda d: (abs(d - wished) + _standing_still(degrees, d), d))
        degrees.append(best)
        last = best
    return degrees


def _standing_still(degrees: Sequence[int], degree: int) -> float:
    """How unwelcome a tone is that was just there: once a little, twice in a row very."""
    if not degrees or degrees[-1] != degree:
        return 0.0
    return 3.0 if degrees[-2:-1] == [degree] else 0.8


def melody(
    key: Key, form: Form, begin: int, tones: Iterator[tuple[Stroke, int]], instrument: str
) -> Iterator[Note]:
    """The tones of a line, loudest on the first beat of a bar."""
    octave = 0 if instrument in DEEP else 12
    for stroke, degree in tones:
        weight = 0.85 if stroke.beat % form.meter == 0 else 0.72 if stroke.beat % 1 == 0 else 0.6
        yield Note(
            form.at(begin + stroke.beat),
            stroke.length * form.beat * 0.97,
            key.pitch(degree) + octave,
            weight,
            instrument,
            0.12,
        )


def accompaniment(
    key: Key, form: Form, begin: int, chords: Sequence[Chord], order: Sequence[int]
) -> Iterator[Note]:
    """A pad and a bass on each chord, and a harp that breaks it; the last one is only rolled."""
    for chord in chords:
        start, seconds = form.at(begin + chord.beat), chord.beats * form.beat
        voices = chord_pitches(key, chord.degree)
        for voice, place in zip(voices, (-0.5, 0.5, 0.0), strict=True):
            yield Note(start, seconds + 0.45, voice, 0.8, "pad", place, "harmony")
        low = key.nearest(key.root - 12, (chord.degree,))
        yield Note(start, seconds, low, 0.45, "bass", 0.0, "bass")
        final = begin + chord.beat + chord.beats >= form.beats
        for i in range(1, 4 if final else round(chord.beats * 2)):
            after = 0.12 * i / form.beat if final else i / 2
            yield Note(
                form.at(begin + chord.beat + after),
                form.beat / 2,
                voices[order[i % 4]] + 12,
                0.34 if i % 2 == 0 else 0.27,
                "harp",
                -0.35 + 0.2 * (i % 4),
                "harmony",
            )
