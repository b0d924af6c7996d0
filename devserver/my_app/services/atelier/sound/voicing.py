"""A throat: a buzzing source whose harmonics pass through resonances that move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from .moods import Key
from .tones import RATE, Curve, Mono, attack, curve, gliding, hertz, noise, release

Points = Sequence[tuple[float, float]]
CEILING = 5_200.0  # Hz
MOST_HARMONICS = 26


@dataclass(frozen=True)
class Stage:
    """What every sound is made with: the key it must fit, and its own chance."""

    key: Key
    rng: Random

    def tuned(self, frequency: float) -> float:
        """The tone of the tonic chord nearest to a frequency."""
        pitch = 69 + 12 * np.log2(frequency / 440)
        return hertz(self.key.nearest(pitch))

    def vary(self, value: float, share: float = 0.06) -> float:
        """The value, a little more or less: no animal calls twice the same."""
        return value * self.rng.uniform(1 - share, 1 + share)


def wobble(seconds: float, rate: float, depth: float) -> Curve:
    """A curve around 1 that swings `rate` times a second."""
    at = np.arange(len(curve(seconds, ((0, 0), (1, 0))))) / RATE
    return 1 + depth * np.sin(2 * np.pi * rate * at)


def voiced(
    seconds: float,
    pitch: Curve,
    formants: Sequence[tuple[Points, float, float]],
    loudness: Points,
    *,
    breath: float = 0.0,
    roughness: float = 0.0,
    rng: Random | None = None,
) -> Mono:
    """A call: `pitch` in Hz for each sample, formants as (Hz over time, width in Hz, gain).

    `breath` mixes in noise; `roughness` makes the voice flutter irregularly. The peak is about 1.
    """
    chance = rng or Random(0)
    count = len(pitch)
    if roughness:
        pitch = pitch * (1 + 0.1 * roughness * noise(seconds, 15, 60, chance)[:count])
    turning = np.exp(2j * np.pi * np.cumsum(pitch) / RATE)
    # Amplitudes change slowly: every 64th sample is enough.
    few = np.arange(0, count + 64, 64)
    slow = np.interp(few, np.arange(count), pitch)
    ways = [
        (np.interp(few / count, [x for x, _ in points], [y for _, y in points]), width, gain)
        for points, width, gain in formants
    ]
    out, power = np.zeros(count), turning.copy()
    orders = min(MOST_HARMONICS, int(CEILING / float(pitch.min())) or 1)
    for order in range(1, orders + 1):
        at = order * slow
        gain = sum(g / (1 + ((at - way) / width) ** 2) for way, width, g in ways)
        gain = np.where(at < CEILING, gain, 0) / order**0.5
        out += np.interp(np.arange(count), few, gain) * power.imag
        power *= turning
    out /= np.abs(out).max() + 1e-9
    if breath:
        middle = float(np.mean(ways[-1][0]))
        out = out + breath * noise(seconds, middle * 0.6, middle * 1.5, chance)[:count] * 0.4
    if roughness:
        out *= 1 + roughness * 0.5 * np.clip(noise(seconds, 20, 70, chance)[:count], -1.5, 1.5)
    shaped = (out * curve(seconds, loudness)[:count]).astype(np.float32)
    return release(attack(shaped, 0.008), 0.03)


def whistled(seconds: float, frequency: Points, loudness: Points, level: float) -> Mono:
    """A whistle along a line of frequencies."""
    tone = gliding(curve(seconds, frequency)) * curve(seconds, loudness) * level
    return release(attack(tone.astype(np.float32), 0.006), 0.012)


def in_a_row(*parts: tuple[Mono, float]) -> Mono:
    """Sounds one after another; each comes with the seconds from its start to the next one's."""
    starts = np.cumsum([0.0, *(pause for _, pause in parts)])[:-1]
    ends = [round(start * RATE) + len(part) for (part, _), start in zip(parts, starts, strict=True)]
    out = np.zeros(max(ends), np.float32)
    for (part, _), start in zip(parts, starts, strict=True):
        begin = round(start * RATE)
        out[begin : begin + len(part)] += part
    return out
