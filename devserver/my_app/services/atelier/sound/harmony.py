"""Chords: which tones they have, when they sound, and what may be sung over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .moods import Key


@dataclass(frozen=True)
class Chord:
    """The triad on a degree of the scale (0 to 6), from a beat of the line for some beats."""

    beat: float
    beats: float
    degree: int


def laid_out(degrees: Sequence[int], meter: int, bars: int, *, closes: bool) -> tuple[Chord, ...]:
    """Four degrees over the bars of a line; in a single bar only the frame of them is heard."""
    if bars == 1:
        kept = (degrees[-2] if closes else degrees[0], degrees[-1])
        return _in_bar(kept, 0, meter)
    if bars == 2:
        return (*_in_bar(degrees[:2], 0, meter), *_in_bar(degrees[2:], meter, meter))
    if bars == 3:
        two = _in_bar(degrees[:1], 0, meter) + _in_bar(degrees[1:2], meter, meter)
        return (*two, *_in_bar(degrees[2:], 2 * meter, meter))
    return tuple(Chord(i * meter, meter, degree) for i, degree in enumerate(degrees))


def _in_bar(degrees: Sequence[int], begin: int, meter: int) -> tuple[Chord, ...]:
    """One or two chords in a bar; of three beats the second gets two, where the last tone is."""
    if len(degrees) == 1:
        return (Chord(begin, meter, degrees[0]),)
    first = meter // 2
    return (
        Chord(begin, first, degrees[0]),
        Chord(begin + first, meter - first, degrees[1]),
    )


def chord_at(chords: Sequence[Chord], beat: float) -> Chord:
    """The chord that sounds at a beat of the line."""
    return next(chord for chord in reversed(chords) if chord.beat <= beat)


def triad(degree: int) -> tuple[int, int, int]:
    """The three degrees of a chord, each 0 to 6."""
    return degree % 7, (degree + 2) % 7, (degree + 4) % 7


def fitting(key: Key, chord: int, degrees: Iterable[int], *, strong: bool) -> list[int]:
    """Those of `degrees` that may sound over a chord.

    On a beat the chord's own tones; between beats also those that rub against none of them.
    """
    own = triad(chord)
    rubbing = {(key.steps[degree] + step) % 12 for degree in own for step in (1, -1)}
    return [
        degree
        for degree in degrees
        if degree % 7 in own or (not strong and key.steps[degree % 7] not in rubbing)
    ]


def chord_pitches(key: Key, degree: int) -> list[int]:
    """A chord's three pitches, all within one octave below the melody: the voices move little."""
    floor = key.root - 9
    return sorted(floor + (key.root + key.steps[d] - floor) % 12 for d in triad(degree))
