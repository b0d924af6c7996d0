"""The instruments of the ensemble: each gives one tone by frequency, length and loudness.

All are struck or plucked bodies as sums of modes, or pipes and pads as sums of harmonics. A louder
tone is a brighter one, as on real instruments.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .tones import Mono, attack, curve, modes, release, samples

STIFFNESS = 0.00006  # how sharp a string's harmonics are
HIGHEST_HARMONIC = 5_500.0  # Hz, of pipes


@dataclass(frozen=True)
class Body:
    """Something struck: its modes as multiples of the tone, how strong, how long (to -60 dB)."""

    ratios: tuple[float, ...]
    levels: tuple[float, ...]
    decays: tuple[float, ...]


def _string(place: float, decay: float, fall: float) -> Body:
    """A string's harmonics by where it is plucked (0 to 1); the higher ones die sooner."""
    orders = range(1, 19)
    return Body(
        tuple(k * (1 + STIFFNESS * k * k) for k in orders),
        tuple(float(np.sin(np.pi * k * place)) / k**fall for k in orders),
        tuple(decay / (1 + 0.3 * (k - 1)) for k in orders),
    )


STRUCK: dict[str, Body] = {
    "music_box": Body((1, 2.003, 3.01, 6.27), (1, 0.3, 0.1, 0.13), (1.9, 1.1, 0.6, 0.2)),
    # A bar of wood, tuned to its double octave, over a tube.
    "marimba": Body((1, 3.96, 9.2), (1, 0.3, 0.08), (1.0, 0.28, 0.1)),
    "kalimba": Body((1, 2.0, 5.42, 0.5), (1, 0.12, 0.16, 0.14), (1.3, 0.6, 0.16, 0.2)),
    "glockenspiel": Body((1, 2.76, 5.4), (1, 0.22, 0.08), (2.2, 0.8, 0.3)),
    # Hum, prime, minor third, fifth, octave.
    "bell": Body(
        (0.5, 1, 1.19, 1.5, 2.0, 2.52, 3.01),
        (0.35, 1, 0.3, 0.2, 0.45, 0.12, 0.15),
        (3.6, 2.8, 2.0, 1.6, 1.4, 0.9, 0.7),
    ),
    "toy_piano": Body((1, 2.01, 4.07, 6.6), (1, 0.4, 0.22, 0.1), (1.2, 0.7, 0.35, 0.15)),
    "harp": _string(2 / 7, 2.2, 1.25),
    "pizzicato": _string(0.21, 0.75, 1.2),
    "bass": _string(0.4, 1.9, 1.6),
}
# The strengths of a pipe's harmonics, and the seconds in which it speaks.
PIPES: dict[str, tuple[tuple[float, ...], float]] = {
    "flute": ((1, 0.28, 0.12, 0.03), 0.07),
    "clarinet": ((1, 0.03, 0.36, 0.02, 0.16, 0, 0.06), 0.035),
    "horn": (tuple(0.9 ** (k * k) / k**0.7 for k in range(1, 8)), 0.03),
}
# The machines of the geometric manner: harmonics of softened waves.
MACHINES: dict[str, dict[int, float]] = {
    "square": {k: 1 / k**1.35 for k in (1, 3, 5, 7)},
    "triangle": {k: 1.2 * (-1) ** (k // 2) / k**2 for k in (1, 3, 5)},
    "circle": {1: 1.2, 2: 0.2},
}
PAD = "pad"
NAMES = (*STRUCK, *PIPES, *MACHINES, PAD)


@lru_cache(maxsize=64)
def _tone(name: str, frequency: float, seconds: float, loudness: float) -> Mono:
    if name in STRUCK:
        tone = _struck(STRUCK[name], frequency, loudness)
    elif name in PIPES:
        tone = _blown(*PIPES[name], frequency, seconds, loudness)
    elif name in MACHINES:
        tone = _switched(MACHINES[name], frequency, seconds) * np.float32(0.6 * loudness)
    else:
        tone = _pad(frequency, seconds) * np.float32(0.1 * loudness)
    tone.flags.writeable = False
    return tone


def play(name: str, frequency: float, seconds: float, loudness: float) -> Mono:
    """One tone; loudness is 0 to 1. What is struck rings on whatever its length.

    The array is shared and must not be changed. Raises KeyError for a name not in NAMES.
    """
    if name not in NAMES:
        raise KeyError(name)
    return _tone(name, round(frequency, 3), round(seconds, 3), round(loudness, 2))


def _struck(body: Body, frequency: float, loudness: float) -> Mono:
    """Low tones ring longer; the upper modes grow with loudness."""
    lasting = (330.0 / frequency) ** 0.4
    bright = 0.45 + 0.75 * loudness
    levels = [body.levels[0], *(level * bright for level in body.levels[1:])]
    tone = modes(
        max(body.decays) * lasting,
        [frequency * ratio for ratio in body.ratios],
        levels,
        [decay * lasting for decay in body.decays],
    )
    return release(attack(tone * np.float32(loudness), 0.003), 0.05)


def _blown(
    levels: tuple[float, ...], speaks: float, frequency: float, seconds: float, loudness: float
) -> Mono:
    """A pipe with a late, gentle vibrato."""
    at = np.arange(samples(seconds)) / samples(1)
    depth = curve(seconds, ((0, 0), (0.3, 0.1), (1, 1))) * min(1.0, seconds) * 0.05
    angle = 2 * np.pi * frequency * at + depth * frequency / 100 * np.sin(2 * np.pi * 4.9 * at)
    turning = np.exp(1j * angle)
    power, tone = turning.copy(), np.zeros(len(at))
    for order, level in enumerate(levels, 1):
        if order * frequency < HIGHEST_HARMONIC:
            tone += level * (0.5 + 0.5 * loudness if order > 1 else 1) * power.imag
        power *= turning
    swell = curve(seconds, ((0, 0.9), (0.35, 1), (1, 0.7)))
    return release(attack((tone * swell * loudness * 0.55).astype(np.float32), speaks), 0.09)


def _switched(levels: dict[int, float], frequency: float, seconds: float) -> Mono:
    """A tone of a machine: on, then off."""
    decay = max(2.5 * seconds, 0.5)
    frequencies = [frequency * k for k in levels]
    tone = modes(seconds, frequencies, list(levels.values()), [decay] * len(levels))
    return release(attack(tone, 0.006), 0.04)


def _pad(frequency: float, seconds: float) -> Mono:
    """A soft choir of strings that swells in and out; three, a little out of tune."""
    choir = [(k * detuned, 1 / k**1.7) for detuned in (0.9985, 1.0, 1.0017) for k in range(1, 6)]
    frequencies = [frequency * ratio for ratio, _ in choir]
    tone = modes(seconds, frequencies, [level for _, level in choir], [60.0] * len(choir))
    return release(attack(tone, min(0.5, seconds * 0.4)), min(0.7, seconds * 0.5))
