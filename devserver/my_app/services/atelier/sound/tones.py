"""Sound as numbers: damped and gliding tones, noise, envelopes. Mono, float32, 44,100 a second."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float32]
Curve = NDArray[np.float64]

RATE = 44_100
BLOCK = 256
DECAY_60_DB = 6.908  # ln(1000): a tone's "decay" is the time in which it falls by 60 dB
SMALL_PRODUCT = 200_000  # multiplications
HIGHEST = 7_000.0  # Hz; partials above would only be sharp
LOOP = 1 << 18  # samples; noise is made as a seamless loop of six seconds


def samples(seconds: float) -> int:
    """How many samples `seconds` are, at least one."""
    return max(1, round(seconds * RATE))


def hertz(pitch: float) -> float:
    """The frequency of a MIDI pitch; 69 is 440 Hz."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def modes(
    seconds: float,
    frequencies: Sequence[float],
    amplitudes: Sequence[float],
    decays: Sequence[float],
) -> Mono:
    """A sum of damped sines, as a struck or plucked body gives; each starts at zero.

    A damped sine is a power of one complex number, so that a short table of its first powers times
    a table of its large steps gives all of it; one product of matrices sums all modes.
    """
    count = samples(seconds)
    kept = [i for i, frequency in enumerate(frequencies) if frequency < HIGHEST]
    if not kept:
        return np.zeros(count, np.float32)
    frequency, amplitude, decay = (
        np.asarray([values[i] for i in kept], np.float64)
        for values in (frequencies, amplitudes, decays)
    )
    step = (-DECAY_60_DB / decay + 2j * np.pi * frequency) / RATE
    rows = -(-count // BLOCK)
    large = np.exp(np.outer(np.arange(rows) * BLOCK, step)) * amplitude
    small = np.exp(np.outer(step, np.arange(BLOCK)))
    left = np.hstack((large.real, large.imag)).astype(np.float32)
    right = np.vstack((small.imag, small.real)).astype(np.float32)
    # Small products: a linear algebra library that starts threads for larger ones only loses time.
    step_rows = max(1, SMALL_PRODUCT // right.size)
    out = np.empty((rows, BLOCK), np.float32)
    for first in range(0, rows, step_rows):
        out[first : first + step_rows] = left[first : first + step_rows] @ right
    return out.ravel()[:count]


def attack(sound: Mono, seconds: float) -> Mono:
    """The sound with a short smooth beginning."""
    count = min(len(sound), samples(seconds))
    sound[:count] *= rise(count)
    return sound


def release(sound: Mono, seconds: float) -> Mono:
    """The sound with a smooth end."""
    count = min(len(sound), samples(seconds))
    sound[-count:] *= rise(count)[::-1]
    return sound


def rise(count: int) -> Mono:
    """From 0 to 1 along half a cosine."""
    return (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).astype(np.float32)


def curve(seconds: float, points: Sequence[tuple[float, float]]) -> Curve:
    """A line through (part of the time from 0 to 1, value)."""
    at = np.linspace(0, 1, samples(seconds))
    return np.interp(at, [x for x, _ in points], [y for _, y in points])


def gliding(frequency: Curve) -> Mono:
    """A sine whose frequency follows a curve."""
    return np.sin(np.cumsum(frequency) * (2 * np.pi / RATE)).astype(np.float32)


def generator(rng: Random) -> np.random.Generator:
    """NumPy's chance, drawn from the piece's own."""
    return np.random.Generator(np.random.PCG64(rng.getrandbits(64)))


def noise(
    seconds: float, low: float, high: float, rng: Random, *, slope: float = 0.0, edge: float = 1.0
) -> Mono:
    """Noise between two frequencies in Hz with an RMS of 1, made as a loop without a seam.

    `slope` is in dB an octave; `edge` how many octaves the band's flanks take.
    """
    count = samples(seconds)
    length = min(LOOP, 1 << max(count - 1, 1023).bit_length())
    # Beyond two flanks nothing would be left of it.
    per_bin = RATE / length
    first = max(1, int(low * 2 ** (-2 * edge) / per_bin))
    last = max(first + 2, min(length // 2, int(high * 2 ** (2 * edge) / per_bin) + 1))
    at = np.arange(first, last, dtype=np.float32) * np.float32(per_bin)
    octaves_out = np.maximum(np.log2(low / at), np.log2(at / high)).clip(0)
    gain = np.exp(-((octaves_out / edge) ** 2) * 2.3) * (at / low) ** (slope / 6.02)
    phase = generator(rng).random(len(at), np.float32) * np.float32(2 * np.pi)
    spectrum = np.zeros(length // 2 + 1, np.complex64)
    spectrum[first:last] = gain * np.cos(phase) + 1j * (gain * np.sin(phase))
    loop = np.fft.irfft(spectrum, length).astype(np.float32)
    loop /= np.sqrt(np.mean(loop**2)) + 1e-12
    start = rng.randrange(length)
    return np.take(loop, np.arange(start, start + count), mode="wrap")
