"""Insects, water, wind, fire: sounds without a throat."""

from __future__ import annotations

import numpy as np

from .tones import Mono, attack, curve, gliding, modes, noise, release, samples
from .voicing import Stage, in_a_row, wobble


def buzz(stage: Stage) -> Mono:
    """A bee that passes by."""
    seconds, base = 1.3, stage.tuned(stage.vary(208))
    line = curve(seconds, ((0, 0.96 * base), (0.5, base * 1.03), (1, 0.93 * base)))
    line = line * wobble(seconds, 13, 0.02)
    tone = np.zeros(len(line))
    for order in range(1, 9):
        tone += gliding(line * order) / order**0.9
    loud = curve(seconds, ((0, 0), (0.5, 1), (1, 0)))
    return (0.3 * tone * loud).astype(np.float32)


def crickets(stage: Stage) -> Mono:
    """A cricket: four short rows of pulses."""
    base, parts = stage.vary(2_700), []
    for _ in range(4):
        row = wobble(0.16, 33, 1.0) / 2
        tone = gliding(np.full(len(row), base)) * row * curve(0.16, ((0, 0), (0.3, 1), (1, 0)))
        parts.append(((0.22 * tone).astype(np.float32), 0.27))
    return in_a_row(*parts)


def flutter(stage: Stage) -> Mono:
    """Wings of a butterfly: soft quick beats and a tone that turns."""
    beats = []
    for i in range(11):
        beat = noise(0.05, 300, 1_500, stage.rng) * curve(0.05, ((0, 0), (0.4, 1), (1, 0)))
        beats.append(((beat * (0.16 + 0.08 * (i % 2))).astype(np.float32), stage.vary(0.085, 0.2)))
    return in_a_row(*beats)


def hops(stage: Stage) -> Mono:
    """Something that jumps: low springs that rise."""
    parts = []
    for up in (1.0, 1.25, 1.5):
        base = stage.tuned(165 * up)
        line = curve(0.26, ((0, 0.7 * base), (0.5, 1.5 * base), (1, 2.0 * base)))
        tone = gliding(line) * curve(0.26, ((0, 0), (0.1, 1), (1, 0)))
        parts.append(((0.7 * tone).astype(np.float32), 0.32))
    return in_a_row(*parts)


def patter(stage: Stage) -> Mono:
    """Many small feet."""
    parts = []
    for _ in range(stage.rng.randint(9, 12)):
        knock = modes(0.06, (stage.vary(900, 0.25), stage.vary(1_700, 0.2)), (1, 0.4), (0.05, 0.03))
        parts.append((attack(knock * np.float32(0.4), 0.002), stage.vary(0.095, 0.3)))
    return in_a_row(*parts)


def bubbles(stage: Stage) -> Mono:
    """Bubbles under water, each a small tone that rises."""
    parts = []
    for _ in range(stage.rng.randint(7, 9)):
        seconds, base = stage.vary(0.09, 0.3), stage.tuned(stage.rng.uniform(350, 1_000))
        rising = gliding(curve(seconds, ((0, base), (1, 1.7 * base))))
        tone = rising * curve(seconds, ((0, 0), (0.15, 1), (1, 0)))
        parts.append(((0.5 * tone).astype(np.float32), stage.rng.uniform(0.05, 0.22)))
    return in_a_row(*parts)


def drops(stage: Stage) -> Mono:
    """Drops that fall into a basin, in tones of the key."""
    parts = []
    for frequency in stage.rng.sample((660, 880, 990, 740, 1_100, 830), 4):
        base = stage.tuned(frequency)
        line = curve(0.14, ((0, 1.3 * base), (0.15, base), (1, 1.12 * base)))
        tone = gliding(line) * curve(0.14, ((0, 0), (0.06, 1), (1, 0))) ** 2
        parts.append(((0.6 * tone).astype(np.float32), stage.vary(0.3, 0.35)))
    return in_a_row(*parts)


def splash(stage: Stage) -> Mono:
    """Something that falls into water."""
    body = (
        noise(0.7, 350, 3_200, stage.rng, slope=-2) * curve(0.7, ((0, 0), (0.04, 1), (1, 0))) ** 2
    )
    return in_a_row(((0.35 * body).astype(np.float32), 0.12), (bubbles(stage), 0))


def sea_wave(stage: Stage) -> Mono:
    """One wave that comes, breaks and runs out."""
    seconds = 2.2
    low = noise(seconds, 120, 700, stage.rng) * curve(seconds, ((0, 0), (0.4, 1), (1, 0)))
    breaking = curve(seconds, ((0, 0), (0.3, 0.1), (0.45, 1), (1, 0)))
    foam = noise(seconds, 900, 3_800, stage.rng, slope=-3) * breaking
    return (0.22 * low + 0.2 * foam).astype(np.float32)


def gust(stage: Stage) -> Mono:
    """A gust of wind that whistles a little."""
    seconds, base = 1.7, stage.tuned(520)
    loud = curve(seconds, ((0, 0), (0.45, 1), (1, 0)))
    rush = noise(seconds, 180, 900, stage.rng) * loud
    pipe = noise(seconds, 0.985 * base, 1.015 * base, stage.rng, edge=0.05) * loud**2
    return (0.22 * rush + 0.12 * pipe).astype(np.float32)


def thunder(stage: Stage) -> Mono:
    """Thunder from far away: a dull stroke that rolls."""
    seconds = 2.4
    roll = 1 + 0.8 * np.clip(noise(seconds, 1.5, 6, stage.rng), -1, 2)
    loud = curve(seconds, ((0, 0), (0.03, 1), (0.2, 0.55), (0.5, 0.35), (1, 0)))
    low = noise(seconds, 45, 260, stage.rng, slope=-2) * roll * loud
    crack = noise(0.3, 200, 1_500, stage.rng) * curve(0.3, ((0, 0), (0.08, 1), (1, 0))) ** 2
    return in_a_row(((0.3 * crack).astype(np.float32), 0.0), ((0.42 * low).astype(np.float32), 0))


def crackle(stage: Stage) -> Mono:
    """A fire: a soft rush with snaps."""
    seconds = 1.6
    rush = 0.1 * noise(seconds, 150, 900, stage.rng) * curve(seconds, ((0, 0), (0.3, 1), (1, 0)))
    out = rush.astype(np.float32)
    for _ in range(16):
        snap = noise(0.02, 700, 2_400, stage.rng) * curve(0.02, ((0, 1), (1, 0))) ** 2
        at = stage.rng.randrange(len(out) - samples(0.03))
        out[at : at + len(snap)] += stage.rng.uniform(0.1, 0.4) * attack(
            snap.astype(np.float32), 0.001
        )
    return release(out, 0.3)


def rustle(stage: Stage) -> Mono:
    """Leaves in a breath of wind."""
    seconds = 1.4
    grains = np.clip(noise(seconds, 6, 26, stage.rng), 0, 2.5)
    loud = curve(seconds, ((0, 0), (0.4, 1), (1, 0)))
    return (
        0.15 * noise(seconds, 900, 2_800, stage.rng, slope=-4, edge=0.7) * grains * loud
    ).astype(np.float32)


def pages(stage: Stage) -> Mono:
    """Pages that are turned."""
    parts = []
    for _ in range(3):
        sweep = noise(0.26, 700, 2_600, stage.rng, slope=-4, edge=0.7) * curve(
            0.26, ((0, 0), (0.3, 0.4), (0.8, 1), (1, 0))
        )
        parts.append(((0.2 * sweep).astype(np.float32), stage.vary(0.42)))
    return in_a_row(*parts)


NATURE = (
    buzz,
    crickets,
    flutter,
    hops,
    patter,
    bubbles,
    drops,
    splash,
    sea_wave,
    gust,
    thunder,
    crackle,
    rustle,
    pages,
)
