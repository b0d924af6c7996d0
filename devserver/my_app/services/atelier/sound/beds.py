"""The air of a place: waves, wind, rain, night. Stereo, all the way through, and quiet."""

from __future__ import annotations

import math
from random import Random

import numpy as np
from numpy.typing import NDArray

from ..scene import Scene
from .birds import chirp, hoot
from .machines import tick
from .mixing import Mix, Stereo
from .moods import Key
from .nature import bubbles, crickets, thunder
from .tones import Curve, Mono, hertz, modes, noise, samples
from .voicing import Stage

INDOORS = ("room", "stage")
OUTDOORS = ("meadow", "garden", "farm", "forest", "mountains", "beach", "desert")
SINGING = {"meadow": 3, "garden": 3, "farm": 3, "forest": 5}  # calls in twelve seconds
WINDY = {
    "desert": (320, 0.026),
    "mountains": (320, 0.026),
    "sky": (320, 0.03),
    "snow": (480, 0.026),
}


def bed(scene: Scene, key: Key, seconds: float, rng: Random) -> Stereo:
    """The surroundings of a scene for `seconds`, about as loud as a quiet room beside a voice."""
    mix = Mix(seconds)
    stage = Stage(key, rng)
    _place(mix, stage, scene)
    night_outside = scene.time == "night" and scene.place in OUTDOORS
    if night_outside:
        _crickets(mix, stage, owl=scene.place == "forest")
    wet = {"rain", "storm"} & scene.weathers
    if scene.place in SINGING and not night_outside and not wet:
        _birds(mix, stage, SINGING[scene.place])
    if wet:
        _rain(mix, rng, 0.03 if scene.place not in INDOORS else 0.014)
    if "storm" in scene.weathers:
        _storm(mix, stage)
    if "wind" in scene.weathers:
        _wind(mix, rng, 380, 0.04)
    if "fog" in scene.weathers:
        _wind(mix, rng, 220, 0.016)
    return mix.wave


def _place(mix: Mix, stage: Stage, scene: Scene) -> None:
    """What is always there."""
    place, rng = scene.place, stage.rng
    if place in ("sea", "beach"):
        _waves(mix, rng)
    elif place == "underwater":
        _deep(mix, stage)
    elif place in ("space", "moon"):
        _space(mix, stage.key, rng)
    elif place == "city":
        _city(mix, stage)
    elif place in INDOORS:
        _room(mix, stage, clock=place == "room")
    elif place in WINDY:
        _wind(mix, rng, *WINDY[place])
    else:
        _wind(mix, rng, 260, 0.014)
    if place == "forest":
        _leaves(mix, rng)


def wide(seconds: float, low: float, high: float, rng: Random, slope: float = 0.0) -> Stereo:
    """Noise that differs between left and right, RMS 1 a side."""
    return np.stack([noise(seconds, low, high, rng, slope=slope) for _ in range(2)], axis=1)


def slow(seconds: float, period: float, rng: Random, floor: float = 0.0) -> Curve:
    """A smooth curve from `floor` to 1 that swells about every `period` seconds."""
    count = samples(seconds)
    at = np.linspace(0, seconds, 40 * math.ceil(seconds))
    phase = rng.uniform(0, 2 * np.pi)
    swing = np.sin(2 * np.pi * at / period + phase) + 0.4 * np.sin(
        2 * np.pi * at / period / 0.618 + 2 * phase
    )
    smooth = floor + (1 - floor) * (0.5 + swing / 2.8)
    return np.interp(np.linspace(0, seconds, count), at, smooth)


def _seconds(mix: Mix) -> float:
    return len(mix.wave) / samples(1)


def _add(mix: Mix, sound: NDArray[np.float32], loud: Curve | float, level: float) -> None:
    shape = np.asarray(loud, np.float32)
    mix.wave += sound * np.float32(level) * (shape[:, None] if shape.ndim else shape)


def _waves(mix: Mix, rng: Random) -> None:
    """Each wave is dark while it comes and bright as it breaks."""
    seconds = _seconds(mix)
    swell = slow(seconds, rng.uniform(4.2, 5.2), rng)
    later = np.roll(swell, samples(0.35))
    _add(mix, wide(seconds, 90, 520, rng, -2), 0.25 + 0.75 * swell**1.5, 0.03)
    _add(mix, wide(seconds, 600, 3_600, rng, -4), 0.06 + later**3, 0.026)


def _wind(mix: Mix, rng: Random, middle: float, level: float) -> None:
    seconds = _seconds(mix)
    _add(
        mix, wide(seconds, 0.5 * middle, 1.5 * middle, rng, -2), slow(seconds, 6.1, rng, 0.3), level
    )
    high = wide(seconds, 1.6 * middle, 3.2 * middle, rng, -3)
    _add(mix, high, slow(seconds, 3.7, rng) ** 2, 0.5 * level)


def _leaves(mix: Mix, rng: Random) -> None:
    seconds = _seconds(mix)
    grains = np.clip(noise(seconds, 5, 22, rng), 0, 2.5)
    _add(mix, wide(seconds, 1_400, 4_200, rng, -3), slow(seconds, 5.3, rng) ** 2 * grains, 0.012)


def _rain(mix: Mix, rng: Random, level: float) -> None:
    """A rush, and single drops near by."""
    seconds = _seconds(mix)
    _add(mix, wide(seconds, 500, 4_800, rng, -4), slow(seconds, 7, rng, 0.75), level)
    for _ in range(round(seconds * 14)):
        base = rng.uniform(900, 2_600)
        drop = modes(0.05, (base, 1.7 * base), (1, 0.4), (0.035, 0.02))
        mix.add(drop, rng.uniform(0, seconds), rng.uniform(-0.9, 0.9), rng.uniform(0.01, 0.06))


def _scattered(mix: Mix, sounds: list[Mono], rng: Random, level: float, first: float = 0.4) -> None:
    """Sounds at even distances, shifted a little, here and there."""
    gap = (_seconds(mix) - first) / len(sounds)
    for i, sound in enumerate(sounds):
        start = first + gap * (i + rng.uniform(0.0, 0.5))
        mix.add(sound, start, rng.uniform(-0.9, 0.9), level * rng.uniform(0.6, 1.0))


def _birds(mix: Mix, stage: Stage, birds: int) -> None:
    count = max(1, round(birds * _seconds(mix) / 12))
    _scattered(mix, [chirp(stage) for _ in range(count)], stage.rng, 0.075)


def _crickets(mix: Mix, stage: Stage, *, owl: bool) -> None:
    count = max(1, round(_seconds(mix) / 1.5))
    _scattered(mix, [crickets(stage) for _ in range(count)], stage.rng, 0.1, 0.05)
    if owl:
        _scattered(mix, [hoot(stage)], stage.rng, 0.12, _seconds(mix) / 3)


def _deep(mix: Mix, stage: Stage) -> None:
    """A dull pressure, and bubbles that rise."""
    seconds = _seconds(mix)
    _add(mix, wide(seconds, 60, 300, stage.rng, -3), slow(seconds, 5, stage.rng, 0.4), 0.04)
    count = max(1, round(seconds / 2.2))
    _scattered(mix, [bubbles(stage) for _ in range(count)], stage.rng, 0.12)


def _space(mix: Mix, key: Key, rng: Random) -> None:
    """The tonic and its fifth, very wide and slow."""
    seconds = _seconds(mix)
    for degree, place in ((0, -0.7), (4, 0.7), (7, 0.0)):
        base = hertz(key.pitch(degree) - 12)
        tone = modes(seconds, (base, base * 1.003, 2 * base), (1, 1, 0.25), (900, 900, 900))
        mix.add((tone * slow(seconds, 5 + 2 * degree, rng)).astype(np.float32), 0, place, 0.016)
    _add(mix, wide(seconds, 700, 2_400, rng, -5), slow(seconds, 8, rng) ** 2, 0.006)


def _city(mix: Mix, stage: Stage) -> None:
    """A far hum and cars that pass."""
    seconds, rng = _seconds(mix), stage.rng
    _add(mix, wide(seconds, 70, 420, rng, -3), slow(seconds, 9, rng, 0.6), 0.03)
    for _ in range(max(1, round(seconds / 5))):
        long = min(3.0, seconds)
        rush = noise(long, 200, 1_300, rng, slope=-3) * slow(long, 2 * long, Random(0)) ** 2
        start = rng.uniform(0, max(0.0, seconds - long))
        hump = np.hanning(len(rush)).astype(np.float32)
        mix.add((rush * hump).astype(np.float32), start, rng.uniform(-0.8, 0.8), 0.035)


def _room(mix: Mix, stage: Stage, *, clock: bool) -> None:
    seconds = _seconds(mix)
    _add(mix, wide(seconds, 80, 500, stage.rng, -4), 1.0, 0.006)
    if clock:
        for i in range(int(seconds * 2)):
            mix.add(tick(low=i % 2 == 1), i / 2, -0.55, 0.05)


def _storm(mix: Mix, stage: Stage) -> None:
    seconds = _seconds(mix)
    _wind(mix, stage.rng, 420, 0.022)
    count = max(1, round(seconds / 6))
    _scattered(mix, [thunder(stage) for _ in range(count)], stage.rng, 0.2, 0.1)
