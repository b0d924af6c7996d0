"""Calls of animals that have a throat. Pitches and formants are by ear and measure, simplified."""

from __future__ import annotations

import numpy as np

from .tones import Mono, attack, curve, noise
from .voicing import Stage, in_a_row, voiced, wobble


def meow(stage: Stage) -> Mono:
    """A cat: m, i, a, u in one breath."""
    seconds = stage.vary(0.85, 0.15)
    top = stage.tuned(stage.vary(560, 0.12))
    pitch = curve(seconds, ((0, 0.72 * top), (0.25, top), (0.55, 0.96 * top), (1, 0.66 * top)))
    formants = (
        (((0, 500), (0.2, 700), (0.5, 1150), (0.8, 850), (1, 450)), 260, 1.0),
        (((0, 2100), (0.25, 2500), (0.5, 1750), (1, 1000)), 320, 0.55),
        (((0, 3300), (1, 3100)), 500, 0.16),
    )
    return voiced(
        seconds,
        pitch,
        formants,
        ((0, 0), (0.12, 0.5), (0.4, 1), (0.75, 0.7), (1, 0)),
        breath=0.04,
        rng=stage.rng,
    )


def bark(stage: Stage) -> Mono:
    """A dog: wau, wau."""
    base = stage.tuned(stage.vary(290, 0.15))
    return in_a_row(*((_woof(stage, base * up), pause) for up, pause in ((1, 0.34), (1.04, 0.34))))


def _woof(stage: Stage, base: float, seconds: float = 0.24) -> Mono:
    pitch = curve(seconds, ((0, 0.8 * base), (0.25, 1.35 * base), (1, 0.7 * base)))
    formants = ((((0, 420), (0.3, 880), (1, 460)), 280, 1.0), (((0, 1300), (1, 1150)), 350, 0.5))
    return voiced(
        seconds,
        pitch,
        formants,
        ((0, 0), (0.08, 1), (0.4, 0.75), (1, 0)),
        breath=0.22,
        roughness=0.35,
        rng=stage.rng,
    )


def bark_of_seal(stage: Stage) -> Mono:
    """A seal: three hoarse barks."""
    base = stage.tuned(230)
    return in_a_row(*((_woof(stage, base * up, 0.3), 0.36) for up in (1, 1.06, 0.98)))


def yap(stage: Stage) -> Mono:
    """A fox: short high barks."""
    base = stage.tuned(620)
    return in_a_row(*((_woof(stage, base * up, 0.16), 0.24) for up in (1, 1, 1.08)))


def howl(stage: Stage) -> Mono:
    """A wolf."""
    seconds, top = 1.9, stage.tuned(stage.vary(430))
    pitch = curve(seconds, ((0, 0.55 * top), (0.22, top), (0.7, 0.99 * top), (1, 0.7 * top)))
    formants = ((((0, 420), (0.25, 560), (1, 430)), 200, 1.0), (((0, 900), (1, 950)), 250, 0.25))
    loud = ((0, 0), (0.2, 0.8), (0.5, 1), (0.75, 0.7), (1, 0))
    return voiced(seconds, pitch * wobble(seconds, 5, 0.008), formants, loud, rng=stage.rng)


def roar(stage: Stage) -> Mono:
    """A lion or a tiger, not too near."""
    return _growling(stage, 1.5, 92, 620, 0.7)


def growl(stage: Stage) -> Mono:
    """A bear or another large animal, good-humoured."""
    return _growling(stage, 1.0, 78, 430, 0.5)


def dragon(stage: Stage) -> Mono:
    """A dragon: a deep roar that ends in breathing fire."""
    deep = _growling(stage, 1.5, 66, 520, 0.8)
    fire = noise(1.3, 300, 2_400, stage.rng, slope=-3) * curve(1.3, ((0, 0), (0.3, 1), (1, 0)))
    flicker = 1 + 0.35 * np.clip(noise(1.3, 8, 28, stage.rng), -2, 2)
    return in_a_row((deep, 0.75), ((0.3 * fire * flicker).astype(np.float32), 0))


def _growling(stage: Stage, seconds: float, base: float, mouth: float, rough: float) -> Mono:
    low = stage.tuned(stage.vary(base))
    pitch = curve(seconds, ((0, 0.85 * low), (0.3, 1.35 * low), (1, 0.8 * low)))
    formants = (
        (((0, 0.6 * mouth), (0.35, mouth), (1, 0.55 * mouth)), 300, 1.0),
        (((0, 2.0 * mouth), (0.35, 2.5 * mouth), (1, 1.9 * mouth)), 420, 0.4),
    )
    loud = ((0, 0), (0.2, 0.8), (0.45, 1), (1, 0))
    return voiced(seconds, pitch, formants, loud, breath=0.25, roughness=rough, rng=stage.rng)


def moo(stage: Stage) -> Mono:
    """A cow: from a closed mouth to an open one."""
    seconds, low = 1.4, stage.tuned(stage.vary(150))
    pitch = curve(seconds, ((0, 0.86 * low), (0.2, low), (0.75, 1.02 * low), (1, 0.8 * low)))
    formants = (
        (((0, 250), (0.25, 330), (0.55, 560), (1, 380)), 130, 1.0),
        (((0, 700), (0.5, 1050), (1, 800)), 220, 0.4),
    )
    return voiced(seconds, pitch, formants, ((0, 0), (0.12, 0.7), (0.6, 1), (1, 0)), rng=stage.rng)


def oink(stage: Stage) -> Mono:
    """A pig: two grunts through the nose."""
    parts = []
    for up in (1.0, 1.18):
        low = stage.vary(125) * up
        pitch = curve(0.26, ((0, low), (0.4, 1.5 * low), (1, low)))
        formants = ((((0, 400), (1, 520)), 160, 1.0), (((0, 1200), (1, 1500)), 300, 0.5))
        loud = ((0, 0), (0.2, 1), (0.7, 0.7), (1, 0))
        parts.append(
            (voiced(0.26, pitch, formants, loud, breath=0.3, roughness=0.8, rng=stage.rng), 0.34)
        )
    return in_a_row(*parts)


def baa(stage: Stage) -> Mono:
    """A sheep or a goat: a trembling e."""
    seconds, base = 0.95, stage.tuned(stage.vary(310))
    tremble = wobble(seconds, 9, 0.03)
    pitch = curve(seconds, ((0, 0.9 * base), (0.15, base), (1, 0.88 * base))) * tremble
    formants = ((((0, 450), (0.2, 680), (1, 640)), 180, 1.0), (((0, 1750), (1, 1650)), 260, 0.5))
    call = voiced(seconds, pitch, formants, ((0, 0), (0.15, 1), (0.7, 0.8), (1, 0)), rng=stage.rng)
    return (call * wobble(seconds, 9, 0.3)[: len(call)]).astype(np.float32)


def neigh(stage: Stage) -> Mono:
    """A horse: a long call that shakes on its way down."""
    seconds, top = 1.35, stage.tuned(stage.vary(760))
    shake = 1 + (wobble(seconds, 11, 0.07) - 1) * curve(seconds, ((0, 0.1), (0.3, 1), (1, 1)))
    pitch = (
        curve(seconds, ((0, 0.6 * top), (0.15, top), (0.4, 0.92 * top), (1, 0.42 * top))) * shake
    )
    formants = (
        (((0, 800), (0.3, 1150), (1, 700)), 320, 1.0),
        (((0, 2200), (0.3, 2400), (1, 1700)), 420, 0.4),
    )
    loud = ((0, 0), (0.12, 0.9), (0.4, 1), (0.8, 0.5), (1, 0))
    return voiced(seconds, pitch, formants, loud, breath=0.06, roughness=0.2, rng=stage.rng)


def bray(stage: Stage) -> Mono:
    """A donkey: i-a."""
    high, low = stage.tuned(470), stage.tuned(235)
    first = voiced(
        0.42,
        curve(0.42, ((0, 0.8 * high), (0.5, high), (1, 0.95 * high))),
        ((((0, 420), (1, 480)), 160, 0.8), (((0, 2100), (1, 2000)), 300, 0.5)),
        ((0, 0), (0.2, 0.8), (1, 0.2)),
        breath=0.2,
        roughness=0.3,
        rng=stage.rng,
    )
    second = voiced(
        0.6,
        curve(0.6, ((0, 1.1 * low), (1, 0.85 * low))),
        ((((0, 700), (1, 620)), 240, 1.0), (((0, 1250), (1, 1100)), 300, 0.5)),
        ((0, 0), (0.1, 1), (0.6, 0.8), (1, 0)),
        breath=0.1,
        roughness=0.45,
        rng=stage.rng,
    )
    return in_a_row((first, 0.46), (second, 0))


def trumpeting(stage: Stage) -> Mono:
    """An elephant's trumpet, softened."""
    seconds, top = 1.15, stage.tuned(stage.vary(430))
    pitch = curve(seconds, ((0, 0.6 * top), (0.2, top), (0.6, 1.06 * top), (1, 0.75 * top)))
    formants = ((((0, 700), (0.3, 1150), (1, 800)), 500, 1.0), (((0, 2100), (1, 1900)), 600, 0.35))
    loud = ((0, 0), (0.15, 0.8), (0.5, 1), (1, 0))
    return voiced(
        seconds,
        pitch * wobble(seconds, 17, 0.02),
        formants,
        loud,
        breath=0.12,
        roughness=0.3,
        rng=stage.rng,
    )


def squeak(stage: Stage) -> Mono:
    """A mouse: three small squeaks, low enough to be kind to ears."""
    parts = []
    for _ in range(3):
        top = stage.vary(1_750, 0.08)
        pitch = curve(0.11, ((0, 0.75 * top), (0.4, top), (1, 0.85 * top)))
        call = voiced(
            0.11, pitch, ((((0, 1900), (1, 1800)), 700, 1.0),), ((0, 0), (0.3, 1), (1, 0))
        )
        parts.append((call * np.float32(0.6), stage.vary(0.19, 0.2)))
    return in_a_row(*parts)


def snuffle(stage: Stage) -> Mono:
    """A hedgehog or another small nose that sniffs."""
    parts = []
    for i in range(5):
        seconds = stage.vary(0.13, 0.25)
        sniff = noise(seconds, 700, 2_600, stage.rng) * curve(seconds, ((0, 0), (0.6, 1), (1, 0)))
        parts.append(((0.22 * sniff).astype(np.float32), seconds + (0.2 if i == 2 else 0.06)))
    return in_a_row(*parts)


def chatter(stage: Stage) -> Mono:
    """A monkey: u u u a a."""
    base, parts = stage.tuned(390), []
    for up, mouth, pause in (
        (1, 420, 0.2),
        (1.12, 450, 0.2),
        (1.26, 500, 0.2),
        (1.5, 950, 0.17),
        (1.4, 900, 0.17),
    ):
        pitch = curve(0.14, ((0, 0.85 * base * up), (0.5, base * up), (1, 0.8 * base * up)))
        formants = (
            (((0, mouth), (1, mouth)), 200, 1.0),
            (((0, 2 * mouth), (1, 2 * mouth)), 300, 0.4),
        )
        loud = ((0, 0), (0.25, 1), (1, 0))
        parts.append((voiced(0.14, pitch, formants, loud, breath=0.1, rng=stage.rng), pause))
    return in_a_row(*parts)


def croak(stage: Stage) -> Mono:
    """A frog: a row of pulses in a resonant throat, twice."""
    base, parts = stage.tuned(stage.vary(440)), []
    for seconds, pause in ((0.22, 0.34), (0.34, 0)):
        pitch = curve(seconds, ((0, 0.92 * base), (1, 1.08 * base)))
        formants = ((((0, 900), (1, 1000)), 260, 1.0), (((0, 1900), (1, 2000)), 350, 0.4))
        call = voiced(seconds, pitch, formants, ((0, 0.2), (0.3, 1), (0.8, 0.9), (1, 0)))
        pulses = np.clip(wobble(seconds, stage.vary(34), 1.0), 0, None) / 2
        parts.append(((call * pulses[: len(call)]).astype(np.float32), pause))
    return in_a_row(*parts)


def hiss(stage: Stage) -> Mono:
    """A snake: sss, kept dull."""
    seconds = 1.0
    loud = curve(seconds, ((0, 0), (0.15, 0.8), (0.35, 0.4), (0.6, 1), (1, 0)))
    return attack(
        (0.2 * noise(seconds, 1_800, 3_300, stage.rng, slope=-3, edge=0.6) * loud).astype(
            np.float32
        ),
        0.02,
    )


def whale(stage: Stage) -> Mono:
    """A whale: one long glide up and down, in tones of the key."""
    seconds, low = 2.2, stage.tuned(stage.vary(165))
    high = stage.tuned(low * 1.9)
    pitch = curve(seconds, ((0, low), (0.3, 1.1 * low), (0.6, high), (0.8, high), (1, 1.3 * low)))
    formants = ((((0, 300), (0.6, 520), (1, 300)), 260, 1.0), (((0, 800), (1, 900)), 300, 0.2))
    loud = ((0, 0), (0.2, 0.8), (0.7, 1), (1, 0))
    return voiced(seconds, pitch * wobble(seconds, 4, 0.012), formants, loud, rng=stage.rng)


def dolphin(stage: Stage) -> Mono:
    """A dolphin: a whistle between clicks, an octave lower than in the sea."""
    clicks = [
        (
            (
                0.35
                * noise(0.008, 900, 2_400, stage.rng)
                * curve(0.008, ((0, 0), (0.2, 1), (1, 0)))
            ).astype(np.float32),
            0.045,
        )
        for _ in range(7)
    ]
    top = stage.tuned(1_750)
    pitch = curve(0.5, ((0, 0.6 * top), (0.5, top), (0.75, 0.8 * top), (1, 1.05 * top)))
    whistle = voiced(
        0.5, pitch, ((((0, 1500), (1, 1500)), 2000, 1.0),), ((0, 0), (0.3, 0.5), (0.8, 0.5), (1, 0))
    )
    return in_a_row(*clicks, (whistle, 0))


ANIMALS = (
    meow,
    bark,
    bark_of_seal,
    yap,
    howl,
    roar,
    growl,
    dragon,
    moo,
    oink,
    baa,
    neigh,
    bray,
    trumpeting,
    squeak,
    snuffle,
    chatter,
    croak,
    hiss,
    whale,
    dolphin,
)
