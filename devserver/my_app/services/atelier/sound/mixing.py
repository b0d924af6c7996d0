"""From single sounds to a finished stereo wave: places, room, loudness, edges."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..scene import seeded
from .tones import Mono, noise, release, rise, samples

Stereo = NDArray[np.float32]

LOUDNESS = 10 ** (-18 / 20)  # RMS of the whole piece
CEILING = 0.89  # -1 dBFS, so that no player's filter clips
ROOM_SECONDS = 1.7
LOOKAHEAD = 64  # samples a step of the limiter


class Mix:
    """A stereo wave that sounds are laid into."""

    def __init__(self, seconds: float) -> None:
        self.wave: Stereo = np.zeros((samples(seconds), 2), np.float32)

    def add(self, sound: Mono, start: float, place: float, gain: float = 1.0) -> None:
        """Lay a mono sound at `start` seconds; what passes the end is cut by the last fade."""
        begin = round(start * samples(1))
        end = min(begin + len(sound), len(self.wave))
        if begin < 0 or end <= begin:
            return
        # Equal power: as loud in the middle as at the sides.
        angle = (np.clip(place, -1, 1) + 1) * np.pi / 4
        sides = np.array((np.cos(angle), np.sin(angle)), np.float32) * np.float32(gain)
        self.wave[begin:end] += sound[: end - begin, None] * sides


def at_level(wave: Stereo, level: float) -> Stereo:
    """The wave so loud that its louder moments (the loudest seventh) have an RMS of `level`."""
    window = samples(0.1)
    count = len(wave) // window
    power = np.mean(wave[: count * window].reshape(count, -1) ** 2, axis=1)
    loud = np.sqrt(np.quantile(power, 6 / 7))
    return wave * np.float32(level / loud) if loud > 1e-6 else wave


def in_room(wave: Stereo, amount: float) -> Stereo:
    """The wave in a small hall: each wall hears mostly its own side, and some of the other."""
    length = _fast(len(wave) + samples(ROOM_SECONDS))
    heard = np.float32(0.72) * wave + np.float32(0.28) * wave[:, ::-1]
    out = wave.copy()
    for side, tail in enumerate(_reverberation()):
        wet = np.fft.rfft(heard[:, side], length)
        wet *= np.fft.rfft(tail, length)
        out[:, side] += np.float32(amount) * np.fft.irfft(wet, length)[: len(wave)]
    return out


@cache
def _reverberation() -> tuple[Mono, ...]:
    """What comes back left and right after one clap: noise that decays, darker the later."""
    rng = seeded(0, "hall")
    count = samples(ROOM_SECONDS)
    at = np.arange(count, dtype=np.float32) / count
    tails = []
    for _ in range(2):
        bright = noise(ROOM_SECONDS, 250, 4_500, rng) * np.exp(-9 * at)
        dark = noise(ROOM_SECONDS, 180, 1_600, rng) * np.exp(-6 * at)
        tail = (0.5 * bright + 0.6 * dark).astype(np.float32)
        tail[: samples(0.012)] = 0
        tail = release(tail, ROOM_SECONDS / 10)
        tails.append(tail / np.sqrt(np.sum(tail**2)))
    return tuple(tails)


def _fast(length: int) -> int:
    """The next length whose only factors are 2, 3 and 5, which Fourier transforms like."""
    best = 1 << (length - 1).bit_length()
    for five in (1, 5, 25):
        for three in (1, 3, 9):
            odd = five * three
            best = min(best, odd << max(0, (-(-length // odd) - 1).bit_length()))
    return best


def finished(wave: Stereo) -> Stereo:
    """Even loudness (RMS -18 dBFS), no peak above -1 dBFS, no DC, silent at both edges."""
    wave = wave - wave.mean(axis=0)
    seconds = len(wave) / samples(1)
    wave = _faded(wave, min(0.03, seconds * 0.02), min(1.3, seconds * 0.14))
    for _ in range(4):  # the limiter takes a little loudness away
        wave = _limited(wave * np.float32(LOUDNESS / (np.sqrt(np.mean(wave**2)) + 1e-9)))
    return wave.clip(-CEILING, CEILING)


def _faded(wave: Stereo, first: float, last: float) -> Stereo:
    begin, end = samples(first), samples(last)
    wave[:begin] *= rise(begin)[:, None]
    wave[-end:] *= (rise(end)[::-1] ** 2)[:, None]
    return wave


def _limited(wave: Stereo) -> Stereo:
    """Lower the gain smoothly around every peak above the ceiling."""
    blocks = -(-len(wave) // LOOKAHEAD)
    padded = np.zeros((blocks * LOOKAHEAD, 2), np.float32)
    padded[: len(wave)] = wave
    peaks = np.abs(padded).reshape(blocks, -1).max(axis=1)
    if peaks.max() <= CEILING:
        return wave
    wanted = np.minimum(1.0, CEILING / np.maximum(peaks, 1e-9))
    reach = 9
    held = np.pad(wanted, reach, mode="edge")
    lowest = np.min(np.lib.stride_tricks.sliding_window_view(held, 2 * reach + 1), axis=1)
    window = np.hanning(reach + 2)[1:-1]
    smooth = np.convolve(
        np.pad(lowest, reach // 2, mode="edge"), window / window.sum(), mode="valid"
    )[:blocks]
    middles = np.arange(blocks) * LOOKAHEAD + LOOKAHEAD / 2
    gain = np.interp(np.arange(len(wave)), middles, smooth)
    return (wave * gain[:, None]).astype(np.float32)
