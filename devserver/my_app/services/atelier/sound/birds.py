"""Birds: those that whistle and those that call."""

from __future__ import annotations

import numpy as np

from .tones import Mono, curve, gliding, noise, release
from .voicing import Stage, in_a_row, voiced, whistled


def chirp(stage: Stage) -> Mono:
    """A small bird: a phrase of short glides, an octave below the sharpest ones."""
    base, parts = stage.tuned(stage.vary(1_650, 0.12)), []
    shapes = (((0, 1.0), (1, 1.3)), ((0, 1.4), (1, 1.0)), ((0, 1.0), (0.5, 1.35), (1, 1.05)))
    for shape in stage.rng.choices(shapes, k=stage.rng.randint(4, 6)):
        seconds = stage.vary(0.12, 0.3)
        line = tuple((at, base * ratio) for at, ratio in shape)
        parts.append(
            (whistled(seconds, line, ((0, 0), (0.3, 1), (1, 0)), 0.42), stage.vary(0.17, 0.25))
        )
    return in_a_row(*parts)


def peep(stage: Stage) -> Mono:
    """A chick: piep, piep, piep."""
    base = stage.tuned(1_800)
    line = ((0, 1.2 * base), (1, 0.95 * base))
    return in_a_row(
        *((whistled(0.12, line, ((0, 0), (0.2, 1), (1, 0)), 0.38), 0.24) for _ in range(3))
    )


def cry(stage: Stage) -> Mono:
    """An eagle: a long falling whistle."""
    base = stage.tuned(1_500)
    line = ((0, base), (0.12, 1.25 * base), (0.5, 1.1 * base), (1, 0.85 * base))
    return whistled(0.9, line, ((0, 0), (0.1, 1), (0.6, 0.6), (1, 0)), 0.36)


def hoot(stage: Stage) -> Mono:
    """An owl: hu, hu-huu."""
    base, parts = stage.tuned(stage.vary(370)), []
    for seconds, pause in ((0.32, 0.62), (0.16, 0.22), (0.62, 0)):
        tone = gliding(curve(seconds, ((0, 0.95 * base), (0.3, base), (1, 0.96 * base))))
        air = 0.12 * noise(seconds, 300, 700, stage.rng)[: len(tone)]
        loud = curve(seconds, ((0, 0), (0.3, 1), (0.7, 0.8), (1, 0)))
        parts.append((release(((tone + air) * loud * 0.75).astype(np.float32), 0.03), pause))
    return in_a_row(*parts)


def quack(stage: Stage) -> Mono:
    """A duck: three nasal calls."""
    base, parts = stage.tuned(stage.vary(270)), []
    for up, seconds in ((1.1, 0.19), (1.0, 0.17), (0.95, 0.17)):
        pitch = curve(seconds, ((0, 1.1 * base * up), (1, 0.85 * base * up)))
        formants = ((((0, 950), (1, 800)), 150, 0.8), (((0, 1800), (1, 1600)), 220, 0.9))
        loud = ((0, 0), (0.12, 1), (0.7, 0.7), (1, 0))
        parts.append(
            (voiced(seconds, pitch, formants, loud, breath=0.1, roughness=0.4, rng=stage.rng), 0.26)
        )
    return in_a_row(*parts)


def crow(stage: Stage) -> Mono:
    """A cock: ki-ke-ri-ki, in tones of the key."""
    base, parts = stage.tuned(470), []
    for up, seconds in ((1.0, 0.15), (1.25, 0.15), (1.25, 0.15), (1.5, 0.62)):
        top = stage.tuned(base * up)
        pitch = curve(seconds, ((0, 0.92 * top), (0.2, top), (0.7, top), (1, 0.82 * top)))
        formants = ((((0, 850), (1, 900)), 260, 0.9), (((0, 1900), (1, 1700)), 350, 0.6))
        loud = ((0, 0), (0.1, 1), (0.8, 0.8), (1, 0))
        call = voiced(seconds, pitch, formants, loud, breath=0.06, roughness=0.2, rng=stage.rng)
        parts.append((call, seconds + 0.04))
    return in_a_row(*parts)


def caw(stage: Stage) -> Mono:
    """A raven: two rough calls."""
    parts = []
    for up in (1.0, 0.93):
        base = stage.vary(330) * up
        pitch = curve(0.34, ((0, 0.9 * base), (0.2, base), (1, 0.75 * base)))
        formants = ((((0, 900), (1, 800)), 260, 1.0), (((0, 1600), (1, 1500)), 300, 0.6))
        loud = ((0, 0), (0.12, 1), (0.6, 0.8), (1, 0))
        parts.append(
            (voiced(0.34, pitch, formants, loud, breath=0.2, roughness=0.7, rng=stage.rng), 0.5)
        )
    return in_a_row(*parts)


BIRDS = (chirp, peep, cry, hoot, quack, crow, caw)
