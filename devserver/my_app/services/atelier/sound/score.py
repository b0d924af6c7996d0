"""What is played when: a piece in numbers. No samples.

Times are in seconds from the beginning, pitches MIDI numbers, places from -1 (left) to 1 (right).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """One tone of one instrument."""

    start: float
    seconds: float
    pitch: int
    loudness: float
    instrument: str
    place: float = 0.0
    part: str = "melody"  # melody, harmony or bass


@dataclass(frozen=True)
class Cue:
    """One sound that stands for a thing of the text.

    `take` tells its repeats apart; `backwards`, `speed` and `cut` (only so many seconds of it) are
    the montage's.
    """

    start: float
    sound: str
    word: str
    place: float
    loudness: float = 1.0
    take: int = 0
    backwards: bool = False
    speed: float = 1.0
    cut: float | None = None


@dataclass(frozen=True)
class Score:
    """All of a piece but its surroundings."""

    notes: tuple[Note, ...]
    cues: tuple[Cue, ...]
