"""Human voices without words: laughing, crying, yawning, humming."""

from __future__ import annotations

import numpy as np

from .tones import Mono, curve, hertz, noise, release
from .voicing import Stage, in_a_row, voiced, wobble


def laughter(stage: Stage) -> Mono:
    """A child: ha ha ha, down the chord."""
    parts = []
    for frequency in (520, 520, 440, 390, 330):
        base = stage.tuned(frequency)
        pitch = curve(0.15, ((0, 1.12 * base), (0.4, base), (1, 0.9 * base)))
        formants = ((((0, 850), (1, 800)), 220, 1.0), (((0, 1500), (1, 1400)), 280, 0.4))
        loud = ((0, 0), (0.25, 1), (0.6, 0.6), (1, 0))
        parts.append((voiced(0.15, pitch, formants, loud, breath=0.16, rng=stage.rng), 0.185))
    return in_a_row(*parts)


def sobbing(stage: Stage) -> Mono:
    """Somebody who cries: three small sighs that sink."""
    parts = []
    for frequency, seconds in ((490, 0.4), (440, 0.4), (390, 0.75)):
        base = stage.tuned(frequency)
        pitch = curve(seconds, ((0, 1.06 * base), (1, 0.84 * base))) * wobble(seconds, 6, 0.02)
        formants = ((((0, 420), (1, 380)), 180, 1.0), (((0, 950), (1, 900)), 260, 0.25))
        loud = ((0, 0), (0.25, 0.9), (1, 0))
        parts.append(
            (voiced(seconds, pitch, formants, loud, breath=0.1, rng=stage.rng), seconds + 0.12)
        )
    return in_a_row(*parts)


def yawn(stage: Stage) -> Mono:
    """A long a that sinks."""
    base = stage.tuned(330)
    pitch = curve(1.3, ((0, 0.9 * base), (0.3, 1.1 * base), (1, 0.55 * base)))
    formants = (
        (((0, 400), (0.35, 780), (1, 420)), 200, 1.0),
        (((0, 900), (0.35, 1250), (1, 800)), 280, 0.4),
    )
    return voiced(1.3, pitch, formants, ((0, 0), (0.3, 0.9), (1, 0)), breath=0.25, rng=stage.rng)


def gasp(stage: Stage) -> Mono:
    """A surprised o."""
    base = stage.tuned(390)
    pitch = curve(0.6, ((0, base), (0.4, 1.5 * base), (1, 1.3 * base)))
    formants = ((((0, 420), (1, 480)), 180, 1.0), (((0, 850), (1, 900)), 240, 0.3))
    return voiced(0.6, pitch, formants, ((0, 0), (0.25, 1), (1, 0)), breath=0.15, rng=stage.rng)


def sneeze(stage: Stage) -> Mono:
    """Ha - tschi."""
    base = stage.tuned(390)
    intake = voiced(
        0.35,
        curve(0.35, ((0, 0.9 * base), (1, 1.2 * base))),
        ((((0, 800), (1, 850)), 240, 1.0),),
        ((0, 0), (0.8, 0.6), (1, 0)),
        breath=0.4,
        rng=stage.rng,
    )
    burst = noise(0.28, 1_000, 2_600, stage.rng, slope=-3, edge=0.7) * curve(
        0.28, ((0, 0), (0.1, 1), (1, 0))
    )
    return in_a_row((intake, 0.45), (release((0.3 * burst).astype(np.float32), 0.05), 0))


def hum(stage: Stage) -> Mono:
    """A person: three hummed tones of the key."""
    degrees = stage.rng.choice(((0, 2, 4), (4, 2, 0), (2, 4, 2), (0, 4, 2)))
    octave = stage.rng.choice((0, 12))  # children sing higher, some of them
    parts = []
    for degree, seconds in zip(degrees, (0.3, 0.3, 0.7), strict=True):
        base = hertz(stage.key.pitch(degree) - 12 + octave)
        pitch = curve(seconds, ((0, 0.97 * base), (0.15, base), (1, base)))
        mouth = stage.rng.choice((520, 640, 760))
        formants = (
            (((0, 300), (0.3, mouth), (1, 400)), 170, 1.0),
            (((0, 1000), (1, 1100)), 240, 0.3),
        )
        loud = ((0, 0), (0.2, 0.9), (0.7, 0.8), (1, 0))
        tone = voiced(
            seconds,
            pitch * wobble(seconds, 5.2, 0.006),
            formants,
            loud,
            breath=0.04,
            rng=stage.rng,
        )
        parts.append((tone, seconds * 0.95))
    return in_a_row(*parts)


PEOPLE = (laughter, sobbing, yawn, gasp, sneeze, hum)
