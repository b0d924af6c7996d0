"""Which sound stands for which thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from ..scene import seeded
from .animals import ANIMALS
from .birds import BIRDS
from .gestures import GESTURES, motif
from .machines import MACHINES
from .moods import Key, data
from .nature import NATURE
from .people import PEOPLE
from .score import Cue
from .syllables import Spoken, spoken
from .tones import Mono, release, samples
from .voicing import Stage

Sound = Callable[[Stage], Mono]
SOUNDS: dict[str, Sound] = {
    sound.__name__: sound for sound in (*ANIMALS, *BIRDS, *PEOPLE, *NATURE, *MACHINES, *GESTURES)
}
MOTIF = "motif"
LONGEST = 2.4  # seconds
PEAK = 0.5  # a click has little energy and must not be loud for it
LEVEL = 0.115  # RMS of a sound's loudest 0.2 seconds, so that a mouse is heard beside a lion


@cache
def _by_pictogram() -> Mapping[str, str]:
    return {pictogram: row["sound"] for row in data()["sounds"] for pictogram in row["pictograms"]}


def sound_of(pictogram: str) -> str:
    """The name of a thing's sound; `motif` where it has none and its word is played."""
    known = _by_pictogram()
    return known.get(pictogram) or known.get(pictogram.split("-", maxsplit=1)[0]) or MOTIF


def sounded(cue: Cue, key: Key, seed: int) -> Mono:
    """The samples of a cue: tuned to the key, evenly loud, at most `LONGEST` seconds."""
    stage = Stage(key, seeded(seed, cue.sound, cue.word, str(cue.take)))
    if cue.sound == MOTIF:
        words = spoken(cue.word) or (Spoken(cue.word or "?", (0, 2)),)
        heights = tuple(height for word in words for height in word.heights)
        sound = motif(stage, Spoken(cue.word or "?", heights))
    else:
        sound = SOUNDS[cue.sound](stage)
    sound = release(sound[: samples(LONGEST)].copy(), 0.08)
    window = samples(0.2)
    padded = np.pad(sound, (0, -len(sound) % window))
    loudest = np.sqrt(np.max(np.mean(padded.reshape(-1, window) ** 2, axis=1)))
    highest = float(np.abs(sound).max())
    sound *= np.float32(min(LEVEL / max(float(loudest), 1e-6), PEAK / max(highest, 1e-6)))
    if cue.speed != 1.0:
        at = np.arange(0, len(sound) - 1, cue.speed)
        sound = np.interp(at, np.arange(len(sound)), sound).astype(np.float32)
    if cue.cut is not None:
        sound = release(sound[: samples(cue.cut)].copy(), 0.02)
    return sound[::-1] if cue.backwards else sound
