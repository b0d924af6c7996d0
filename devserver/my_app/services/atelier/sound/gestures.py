"""Small figures of music for what has no noise: stars, flowers, kings; and for any other word."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .instruments import play
from .syllables import Spoken
from .tones import Mono, attack, curve, gliding, hertz, release
from .voicing import Stage, in_a_row, wobble

Step = tuple[int, float, float]  # degree of the scale, seconds until the next, loudness


def figure(stage: Stage, instrument: str, steps: Iterable[Step], *, octave: int = 1) -> Mono:
    """Tones of the key one after another; each rings at least half a second."""
    parts = [
        (
            play(
                instrument, hertz(stage.key.pitch(degree) + 12 * octave), max(pause, 0.5), loudness
            ),
            pause,
        )
        for degree, pause, loudness in steps
    ]
    return in_a_row(*parts)


def glitter(stage: Stage) -> Mono:
    """Stars and treasures: quick high tones that fall like sparks."""
    degrees = [stage.rng.choice((7, 9, 11, 14, 16)) for _ in range(10)]
    steps = [(degree, stage.vary(0.085, 0.4), 0.5 - 0.025 * i) for i, degree in enumerate(degrees)]
    return figure(stage, "glockenspiel", steps)


def bloom(stage: Stage) -> Mono:
    """A flower opens: a chord from below."""
    return figure(
        stage, "harp", [(d, 0.13, 0.45 + 0.04 * i) for i, d in enumerate((0, 4, 7, 9, 11))]
    )


def sunrise(stage: Stage) -> Mono:
    """The sun: a warm chord that grows."""
    parts = [
        (play("horn", hertz(stage.key.pitch(degree)), 1.5 - 0.22 * i, 0.5), 0.22)
        for i, degree in enumerate((-7, -3, 0, 2))
    ]
    return in_a_row(*parts)


def moonlight(stage: Stage) -> Mono:
    """The moon: two quiet bells."""
    return figure(stage, "bell", [(4, 0.6, 0.4), (7, 0.6, 0.36)], octave=0)


def rainbow(stage: Stage) -> Mono:
    """Seven colours: the scale in an arch."""
    degrees = (0, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1, 0)
    return figure(
        stage, "music_box", [(d, 0.09 + 0.006 * abs(7 - i), 0.5) for i, d in enumerate(degrees)]
    )


def fanfare(stage: Stage) -> Mono:
    """For kings and winners."""
    steps = ((0, 0.15), (0, 0.1), (0, 0.1), (4, 0.3), (2, 0.15), (4, 0.5))
    parts = [
        (play("horn", hertz(stage.key.pitch(degree)), max(pause * 0.95, 0.12), 0.7), pause)
        for degree, pause in steps
    ]
    return in_a_row(*parts)


def harp_run(stage: Stage) -> Mono:
    """A run over the harp."""
    degrees = (-3, -1, 0, 2, 4, 6, 7, 9, 11, 14)
    return figure(stage, "harp", [(d, 0.07, 0.4) for d in degrees])


def spell(stage: Stage) -> Mono:
    """Magic that is not quite safe: a turning figure, and a low bell."""
    steps = [(d, 0.12, 0.45) for d in (4, 5, 4, 3, 4, 2, 0)]
    low = play("bell", hertz(stage.key.pitch(0) - 12), 1.5, 0.5)
    return in_a_row((figure(stage, "kalimba", steps, octave=0), 0.75), (low, 0))


def ghost(stage: Stage) -> Mono:
    """Huu: a voice like a singing saw that slides."""
    low = stage.tuned(392)
    line = curve(1.7, ((0, 0.8 * low), (0.3, 1.25 * low), (0.6, 1.12 * low), (1, 0.7 * low)))
    tone = gliding(line * wobble(1.7, 5.5, 0.02)[: len(line)])
    return (0.5 * tone * curve(1.7, ((0, 0), (0.3, 1), (1, 0)))).astype(np.float32)


def slide_whistle(stage: Stage) -> Mono:
    """Up, and down again."""
    low = stage.tuned(440)
    line = curve(1.0, ((0, low), (0.45, 2.4 * low), (0.55, 2.4 * low), (1, 0.9 * low)))
    tone = gliding(line) + 0.12 * gliding(line * 2)
    tone = tone * curve(1.0, ((0, 0), (0.08, 1), (0.9, 0.8), (1, 0)))
    return release(attack((0.45 * tone).astype(np.float32), 0.01), 0.05)


def lullaby(stage: Stage) -> Mono:
    """Sleep: three tones that rock."""
    return figure(stage, "music_box", [(2, 0.4, 0.4), (4, 0.6, 0.42), (2, 0.4, 0.34)])


def trembling(stage: Stage) -> Mono:
    """Fear: two neighbours that tremble."""
    steps = [((4, 5)[i % 2], 0.075, 0.25 + 0.025 * min(i, 15 - i)) for i in range(15)]
    return figure(stage, "pizzicato", steps, octave=0)


def guitar(stage: Stage) -> Mono:
    """A strummed chord, twice."""
    strum = figure(stage, "harp", [(d, 0.025, 0.5) for d in (-7, -3, 0, 2, 4, 7)], octave=0)
    return in_a_row((strum, 0.5), (strum * np.float32(0.8), 0))


def piano(stage: Stage) -> Mono:
    """A small run on the keys."""
    return figure(stage, "toy_piano", [(d, 0.13, 0.5) for d in (0, 2, 4, 7, 4, 2)], octave=0)


def violin(stage: Stage) -> Mono:
    """Three bowed tones."""
    parts = []
    for degree, seconds in ((4, 0.35), (5, 0.35), (7, 0.8)):
        base = hertz(stage.key.pitch(degree))
        line = curve(seconds, ((0, base), (1, base))) * wobble(seconds, 5.6, 0.007)
        tone = sum(gliding(line * k) * np.float32(1 / k**1.15) for k in range(1, 8))
        loud = curve(seconds, ((0, 0), (0.2, 0.9), (0.7, 1), (1, 0)))
        parts.append(((0.28 * tone * loud).astype(np.float32), seconds * 0.95))
    return in_a_row(*parts)


def trumpet(stage: Stage) -> Mono:
    """The circus comes."""
    steps = ((4, 0.16), (4, 0.16), (5, 0.16), (4, 0.16), (2, 0.32), (4, 0.4))
    parts = [
        (play("horn", hertz(stage.key.pitch(d)), max(pause * 0.9, 0.12), 0.8), pause)
        for d, pause in steps
    ]
    return in_a_row(*parts)


MOTIF_INSTRUMENTS = ("kalimba", "toy_piano", "pizzicato", "marimba", "glockenspiel", "clarinet")


def motif(stage: Stage, word: Spoken) -> Mono:
    """The name of a thing as a quick call: a tone for each syllable, high for i, low for u.

    The letters choose the instrument, so that a word sounds the same wherever it comes.
    """
    folded = word.word.casefold()
    instrument = MOTIF_INSTRUMENTS[sum(map(ord, folded)) % len(MOTIF_INSTRUMENTS)]
    chord = (-3, 0, 2, 4, 7, 9, 11)
    steps: list[Step] = []
    heights = word.heights[:6]
    for i, height in enumerate(heights):
        letter = ord(folded[(2 * i + 1) % len(folded)])
        degree = chord[max(0, min(6, round((height + 4) * 0.6) + letter % 3 - 1))]
        last = i == len(heights) - 1
        steps.append((degree, 0.16 if not last else 0.3, 0.62 if i == 0 else 0.52))
    if len(steps) == 1:
        # One syllable alone would be no figure: it swings to the next tone of the chord and back.
        only = steps[0][0]
        other = chord[chord.index(only) + (1 if only < 11 else -1)]
        steps = [(only, 0.16, 0.62), (other, 0.16, 0.45), (only, 0.3, 0.5)]
    high = 0 if instrument in ("clarinet", "pizzicato") else 1
    return figure(stage, instrument, steps, octave=high)


GESTURES = (
    glitter,
    bloom,
    sunrise,
    moonlight,
    rainbow,
    fanfare,
    harp_run,
    spell,
    ghost,
    slide_whistle,
    lullaby,
    trembling,
    guitar,
    piano,
    violin,
    trumpet,
)
