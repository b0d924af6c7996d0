"""Vehicles, tools and other things people made."""

from __future__ import annotations

import numpy as np

from .instruments import play
from .tones import Mono, attack, curve, gliding, modes, noise, release, samples
from .voicing import Stage, in_a_row, whistled, wobble


def harmonics(line: np.ndarray, levels: dict[int, float]) -> np.ndarray:
    """A tone of some harmonics whose fundamental follows a line."""
    total = np.zeros(len(line))
    for order, level in levels.items():
        total += level * gliding(line * order)
    return total


def puff(stage: Stage, seconds: float, low: float, high: float, level: float) -> Mono:
    """A short push of air."""
    air = noise(seconds, low, high, stage.rng)
    shape = curve(seconds, ((0, 0), (0.12, 1), (0.5, 0.35), (1, 0)))
    return (level * air * shape).astype(np.float32)


def engine(stage: Stage) -> Mono:
    """A car that passes, and its horn: tut tut."""
    seconds, base = 1.3, stage.tuned(82)
    line = curve(seconds, ((0, 0.9 * base), (0.5, 1.25 * base), (1, 0.85 * base)))
    motor = harmonics(line, {1: 0.6, 2: 1, 3: 0.5, 4: 0.6, 6: 0.25, 8: 0.15})
    motor = motor * curve(seconds, ((0, 0), (0.5, 1), (1, 0))) * 0.26
    tut = _beep(stage, (349, 440), 0.16)
    return in_a_row((motor.astype(np.float32), 0.5), (tut, 0.24), (tut, 0))


def _beep(stage: Stage, tones: tuple[float, ...], seconds: float) -> Mono:
    """A horn of two tones of the key."""
    total = np.zeros(samples(seconds))
    for tone in tones:
        line = np.full(samples(seconds), stage.tuned(tone))
        total += harmonics(line, {1: 1, 2: 0.5, 3: 0.35, 4: 0.15})
    return release(attack((0.22 * total).astype(np.float32), 0.015), 0.04)


def siren(stage: Stage) -> Mono:
    """A fire engine: ta-tü, ta-tü, in a fourth of the key's own tones."""
    low = stage.tuned(440)
    high = low * 2 ** (5 / 12)
    parts = []
    for base in (low, high, low, high):
        line = np.full(samples(0.36), base)
        tone = harmonics(line, {1: 1, 2: 0.35, 3: 0.3, 5: 0.1})
        parts.append((release(attack((0.34 * tone).astype(np.float32), 0.02), 0.05), 0.37))
    return in_a_row(*parts)


def train(stage: Stage) -> Mono:
    """A steam engine: it puffs faster and faster, and whistles a chord."""
    parts = []
    pause = 0.3
    for i in range(7):
        strong = 0.34 if i % 4 == 0 else 0.2
        parts.append((puff(stage, 0.2, 250, 2_200, strong), pause))
        pause *= 0.87
    whistle = np.zeros(samples(0.8), np.float32)
    for tone in (620, 780, 930):
        base = stage.tuned(tone)
        line = ((0, 0.94 * base), (0.12, base), (0.8, base), (1, 0.95 * base))
        whistle += whistled(0.8, line, ((0, 0), (0.1, 1), (0.7, 0.9), (1, 0)), 0.2)
    whistle += 0.05 * noise(0.8, 700, 2_000, stage.rng) * curve(0.8, ((0, 0), (0.2, 1), (1, 0)))
    return in_a_row(*parts, (whistle.astype(np.float32), 0))


def bicycle_bell(stage: Stage) -> Mono:
    """Ring ring."""
    base = stage.tuned(1_320)
    strokes = []
    for i in range(8):
        ring = modes(0.5, (base, base * 1.51, base * 2.32), (0.3, 0.14, 0.06), (0.5, 0.35, 0.2))
        strokes.append((attack(ring, 0.002), 0.06 if i != 3 else 0.3))
    return in_a_row(*strokes)


def ship_horn(stage: Stage) -> Mono:
    """A steamer, far out: a low long tone and its fifth."""
    seconds, base = 1.5, stage.tuned(110)
    line = curve(seconds, ((0, 0.96 * base), (0.1, base), (1, base)))
    tone = harmonics(line, {1: 1, 2: 0.7, 3: 0.55, 4: 0.3, 5: 0.2, 6: 0.1})
    loud = curve(seconds, ((0, 0), (0.12, 1), (0.8, 0.9), (1, 0)))
    return (0.3 * tone * loud).astype(np.float32)


def propeller(stage: Stage) -> Mono:
    """An aeroplane that flies over."""
    seconds, base = 2.2, stage.tuned(104)
    line = curve(
        seconds, ((0, 1.08 * base), (0.45, 1.05 * base), (0.6, 0.95 * base), (1, 0.9 * base))
    )
    tone = harmonics(line, {1: 1, 2: 0.7, 3: 0.5, 4: 0.35, 5: 0.2})
    tone = tone * (1 + 0.35 * (wobble(seconds, 22, 1.0) - 1)[: len(tone)])
    return (0.24 * tone * curve(seconds, ((0, 0), (0.5, 1), (1, 0)))).astype(np.float32)


def rocket(stage: Stage) -> Mono:
    """A rocket: three short tones count down, then it lifts off."""
    count = [(play("circle", stage.tuned(523), 0.12, 0.6), 0.26) for _ in range(3)]
    seconds = 1.9
    rush = noise(seconds, 80, 1_400, stage.rng, slope=-3)
    climb = gliding(curve(seconds, ((0, 90), (1, 700))))
    loud = curve(seconds, ((0, 0), (0.08, 1), (0.4, 0.7), (1, 0)))
    return in_a_row(*count, (((0.28 * rush + 0.16 * climb) * loud).astype(np.float32), 0))


def ufo(stage: Stage) -> Mono:
    """A flying saucer: a singing saw that swings between tones of the key."""
    seconds, low = 1.8, stage.tuned(440)
    high = stage.tuned(low * 1.5)
    line = curve(seconds, ((0, low), (0.25, high), (0.5, low), (0.75, high), (1, 0.75 * low)))
    tone = harmonics(line * wobble(seconds, 7, 0.02)[: len(line)], {1: 1, 2: 0.2, 3: 0.06})
    loud = curve(seconds, ((0, 0), (0.15, 1), (0.8, 0.8), (1, 0)))
    return (0.42 * tone * loud).astype(np.float32)


def robot(stage: Stage) -> Mono:
    """A robot that thinks: quick tones of the key, from a small loudspeaker."""
    parts = []
    for _ in range(stage.rng.randint(7, 9)):
        degree = stage.rng.choice((0, 2, 4, 7, 9, 11))
        frequency = 440 * 2 ** ((stage.key.pitch(degree) + 12 - 69) / 12)
        seconds = stage.rng.choice((0.07, 0.07, 0.14))
        parts.append((play("square", frequency, seconds, 0.6), seconds + 0.03))
    return in_a_row(*parts)


def ticking(stage: Stage) -> Mono:
    """A clock: tick tock, tick tock."""
    pace = stage.vary(0.4)
    return in_a_row(*((tick(low=i % 2 == 1), pace) for i in range(4)))


def tick(*, low: bool) -> Mono:
    """One stroke of a clock's wheel."""
    base = 1_150 if low else 1_500
    knock = modes(0.07, (base, 2.4 * base, 0.4 * base), (0.5, 0.2, 0.35), (0.05, 0.03, 0.06))
    return attack(knock, 0.001)


def ringing(stage: Stage) -> Mono:
    """A telephone with a real bell, twice."""
    parts = []
    for i in range(16):
        base = stage.tuned(1_050) * (1.0 if i % 2 else 1.26)
        ring = modes(0.25, (base, 2.1 * base), (0.26, 0.06), (0.3, 0.15))
        parts.append((attack(ring, 0.003), 0.05 if i != 7 else 0.4))
    return in_a_row(*parts)


def church_bell(stage: Stage) -> Mono:
    """A bell that strikes three times."""
    base = stage.tuned(294)
    return in_a_row(*((play("bell", base, 2.0, level), 0.7) for level in (0.75, 0.6, 0.7)))


def knocking(stage: Stage) -> Mono:
    """Somebody knocks on wood: three times."""
    parts = []
    for pause in (0.2, 0.2, 0.0):
        base = stage.vary(210)
        knock = modes(0.2, (base, 2.3 * base, 4.1 * base), (0.8, 0.4, 0.2), (0.16, 0.08, 0.05))
        parts.append((attack(knock, 0.002), pause))
    return in_a_row(*parts)


def bounce(stage: Stage) -> Mono:
    """A ball that bounces out."""
    parts, pause, level = [], 0.42, 0.9
    base = stage.tuned(131)
    while pause > 0.06:
        line = curve(0.12, ((0, 1.7 * base), (0.3, base), (1, 0.9 * base)))
        tone = gliding(line) * curve(0.12, ((0, 0), (0.04, 1), (1, 0))) * level
        parts.append((tone.astype(np.float32), pause))
        pause, level = pause * 0.74, level * 0.86
    return in_a_row(*parts)


def drum(stage: Stage) -> Mono:
    """A hand drum: bum, ba-ba bum."""
    parts = []
    for deep, pause in ((True, 0.36), (False, 0.18), (False, 0.18), (True, 0.0)):
        parts.append((struck_skin(stage, 92 if deep else 175), pause))
    return in_a_row(*parts)


def struck_skin(stage: Stage, base: float) -> Mono:
    """One stroke on a drum."""
    line = curve(0.35, ((0, 1.6 * base), (0.1, base), (1, 0.94 * base)))
    tone = gliding(line) * curve(0.35, ((0, 0), (0.015, 1), (0.3, 0.4), (1, 0)))
    slap = puff(stage, 0.04, 500, 2_400, 0.14)
    tone[: len(slap)] += slap
    return (0.8 * tone).astype(np.float32)


def stomping(stage: Stage) -> Mono:
    """Two feet that stamp in anger."""
    return in_a_row(*((struck_skin(stage, stage.vary(92)), 0.24) for _ in range(5)))


def heartbeat(stage: Stage) -> Mono:
    """A heart: bu-bumm, bu-bumm."""
    parts = []
    pulse = stage.vary(0.6, 0.12)
    for base, pause in ((88, 0.2), (76, pulse), (88, 0.2), (76, 0.0)):
        line = curve(0.22, ((0, 1.8 * base), (0.2, 1.2 * base), (1, base)))
        tone = harmonics(line, {1: 1, 2: 0.4, 3: 0.12})
        parts.append(
            ((0.8 * tone * curve(0.22, ((0, 0), (0.1, 1), (1, 0)))).astype(np.float32), pause)
        )
    return in_a_row(*parts)


def crunch(stage: Stage) -> Mono:
    """Somebody bites and chews."""
    parts = []
    for level, pause in ((0.9, 0.42), (0.5, 0.28), (0.45, 0.28), (0.4, 0.0)):
        seconds = 0.16
        grains = np.clip(noise(seconds, 25, 90, stage.rng), 0, 2.5)
        bite = noise(seconds, 500, 2_200, stage.rng, slope=-3, edge=0.7) * grains
        shape = curve(seconds, ((0, 0), (0.1, 1), (1, 0)))
        parts.append(((0.24 * level * bite * shape).astype(np.float32), pause))
    return in_a_row(*parts)


def slurp(stage: Stage) -> Mono:
    """Somebody drinks, and likes it."""
    seconds = 0.6
    grains = np.clip(noise(seconds, 14, 40, stage.rng), 0, 2)
    line = curve(seconds, ((0, 380), (1, 820)))
    tone = gliding(line) * grains * curve(seconds, ((0, 0), (0.3, 1), (0.9, 1), (1, 0))) * 0.4
    swallowed = gliding(curve(0.14, ((0, 420), (0.5, 220), (1, 320))))
    gulp = swallowed * curve(0.14, ((0, 0), (0.3, 1), (1, 0))) * 0.6
    return in_a_row((tone.astype(np.float32), 0.72), (gulp.astype(np.float32), 0))


def shutter(stage: Stage) -> Mono:
    """A camera: click, and its wheel."""
    wheel = [(puff(stage, 0.02, 800, 2_200, 0.2), 0.045) for _ in range(7)]
    return in_a_row((puff(stage, 0.05, 600, 2_200, 0.5), 0.14), *wheel)


def sleigh_bells(stage: Stage) -> Mono:
    """Small bells on a harness, in a trot."""
    parts = []
    for i in range(8):
        total = np.zeros(samples(0.3), np.float32)
        for _ in range(4):
            base = stage.vary(2_500, 0.2)
            total += modes(0.3, (base, base * 1.4), (0.09, 0.04), (0.2, 0.14))
        parts.append((attack(total * np.float32(1.0 if i % 2 == 0 else 0.6), 0.004), 0.19))
    return in_a_row(*parts)


MACHINES = (
    engine,
    siren,
    train,
    bicycle_bell,
    ship_horn,
    propeller,
    rocket,
    ufo,
    robot,
    ticking,
    ringing,
    church_bell,
    knocking,
    bounce,
    drum,
    stomping,
    heartbeat,
    crunch,
    slurp,
    shutter,
    sleigh_bells,
)
