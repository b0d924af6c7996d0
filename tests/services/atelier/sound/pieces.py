"""Pieces to test, and what is measured of a wave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devserver.my_app.services.atelier.manner import Manner
from devserver.my_app.services.atelier.sound.piece import Piece, compose_piece, perform
from devserver.my_app.services.atelier.sound.score import Note
from devserver.my_app.services.atelier.sound.tones import RATE
from devserver.my_app.services.atelier.work import subject_of

PAPERCUT, MONTAGE, GEOMETRIC = MANNERS = tuple(
    Manner(style=style) for style in ("papercut", "montage", "geometric")
)
TEXTS = (
    "Eine Katze sitzt am Meer in der Nacht",
    "Drei Hunde und ein Frosch im Wald, es regnet",
    "The dragon flies over the city in a storm",
    "ich bin traurig",
    "I am happy",
    "Sonne",
    "xyzzy",
    "قطة",
    "",
)


def composed(
    text: str, manner: Manner = PAPERCUT, *, seed: int = 1, seconds: float = 12.0
) -> Piece:
    """The piece in numbers."""
    return compose_piece(subject_of(text, ""), seed, manner, seconds)


@lru_cache(maxsize=64)
def played(
    text: str, manner: Manner = PAPERCUT, *, seed: int = 1, seconds: float = 12.0
) -> NDArray[np.float32]:
    """The piece as samples."""
    return perform(composed(text, manner, seed=seed, seconds=seconds), seed, manner, seconds)


def rubs(notes: Sequence[Note]) -> list[tuple[Note, Note]]:
    """Pairs that sound together a semitone (or seventh, or ninth) apart."""
    found = []
    for first in notes:
        for second in notes:
            together = min(first.start + first.seconds, second.start + second.seconds) - max(
                first.start, second.start
            )
            # A pad's end fades under the next chord's beginning.
            fades = 0.46 if "pad" in (first.instrument, second.instrument) else 0.06
            if together > fades and abs(first.pitch - second.pitch) % 12 in (1, 11):
                found.append((first, second))
    return found


def decibels(value: float) -> float:
    """An amplitude in dB below full scale."""
    return float(20 * np.log10(value + 1e-12))


def rms(wave: NDArray[np.floating[Any]]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(wave.astype(np.float64) ** 2)))


def share_above(wave: NDArray[np.float32], frequency: float) -> float:
    """How much of a wave's energy lies above a frequency in Hz, 0 to 1."""
    mono = wave if wave.ndim == 1 else wave.mean(axis=1)
    energy = np.abs(np.fft.rfft(mono)) ** 2
    at = np.fft.rfftfreq(len(mono), 1 / RATE)
    return float(energy[at > frequency].sum() / energy.sum())


def loudest_frequency(wave: NDArray[np.float32]) -> float:
    """Where the spectrum is highest, in Hz."""
    energy = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 18))
    return float(np.argmax(energy) * RATE / (1 << 18))
