"""How the figures of a film move once they are there.

Every movement begins and ends at the figure's own place, so that the last drawing is the finished
picture. Lengths are in units of the side.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..scene import Figure
from .arrivals import EDGE, Actor
from .clock import STEP, smooth, wave
from .habits import Habit
from .pose import HOME, Motion, Pose


def living(actor: Actor) -> Motion | None:
    """What a figure does between its coming and the end; None for what stands still."""
    live = LIVES.get(actor.habit)
    if live is None:
        return None

    def motion(t: float) -> Pose:
        if not actor.settled < t < actor.clock.rest:
            return HOME
        return live(actor, t, actor.clock.life(t, actor.settled))

    return motion


def _nods(actor: Actor, t: float, _life: float) -> Pose:
    """One hop, at a time of its own."""
    moment = actor.settled + actor.phase * max(actor.clock.rest - actor.settled - 0.7, 0.0)
    share = (t - moment) / 0.6
    if not 0 < share < 1:
        return HOME
    up = math.sin(math.pi * share)
    return Pose(
        dy=-actor.height(0.1 * actor.figure.height) * up, turn=7 * math.sin(math.tau * share) * up
    )


def _hops(actor: Actor, t: float, life: float) -> Pose:
    """Three hops, a pause, three hops; pressed flat on the ground, stretched in the air."""
    beat = (t - actor.settled) / 0.42 + 6 * actor.phase
    if int(beat / 3) % 2:
        return Pose(high=1 + 0.015 * life * wave(t, 1.0))
    up = abs(math.sin(math.pi * beat))
    stretch = 1 + life * (0.1 * up - 0.06)
    side = actor.room(0.05) * wave(beat, 6.0)
    return Pose(
        dx=actor.ahead * side * life,
        dy=-actor.height(0.2 * actor.figure.height) * up * life,
        turn=3 * life * wave(beat, 2.0),
        wide=2 - stretch,
        high=stretch,
    )


def _walks(actor: Actor, t: float, life: float) -> Pose:
    """From one foot to the other, a little way there and back."""
    step = wave(t, 0.9, actor.phase)
    return Pose(
        dx=actor.ahead * actor.room(0.03) * wave(t, 3.6, actor.phase) * life,
        dy=-0.022 * actor.figure.height * abs(step) * life,
        turn=3.4 * step * life,
    )


def _crawls(actor: Actor, t: float, life: float) -> Pose:
    long = 1 + 0.09 * life * wave(t, 0.8, actor.phase)
    creep = actor.ahead * actor.room(0.06) * wave(t - actor.settled, 5.0) * life
    return Pose(dx=creep, wide=long, high=2 - long)


def _dances(actor: Actor, t: float, life: float) -> Pose:
    beat = wave(t, 0.8, actor.phase)
    return Pose(
        dx=actor.room(0.05) * wave(t, 1.6, actor.phase) * life,
        dy=-actor.height(0.1 * actor.figure.height) * abs(beat) * life,
        turn=9 * wave(t, 1.6, actor.phase + 0.25) * life,
    )


def _breathes(actor: Actor, t: float, life: float) -> Pose:
    deep = 1 + 0.03 * life * wave(t, 1.6, actor.phase)
    return Pose(high=deep, wide=1 + (deep - 1) / 2)


def _passes(actor: Actor, share: float) -> float:
    """How far off: out of the picture ahead and in again from behind, home at share 1."""
    figure = actor.figure
    low = -figure.width / 2 - 0.06
    round_trip = 1 + figure.width + 0.12
    x = figure.x + actor.ahead * share * round_trip
    return (x - low) % round_trip + low - figure.x


def _way(actor: Actor, t: float) -> float:
    """How much of its round is over; not all set off at once."""
    wait = 0.3 * actor.phase * max(actor.clock.rest - actor.settled, 0.0)
    return actor.clock.share(t, actor.settled + wait)


def _drives(actor: Actor, t: float, life: float) -> Pose:
    share = _way(actor, t)
    return Pose(
        dx=_passes(actor, share),
        dy=-0.005 * abs(wave(t, 0.34)) * life,
        turn=0.8 * wave(t, 0.5) * life,
    )


def _cruises(actor: Actor, t: float, life: float) -> Pose:
    share = _way(actor, t)
    return Pose(
        dx=_passes(actor, share),
        dy=-actor.height(0.03) * math.sin(math.tau * share),
        turn=4 * wave(t, 1.7) * life,
    )


def _climbs(actor: Actor, t: float, life: float) -> Pose:
    """Up along its slant and slowly back, trembling."""
    up = actor.height(actor.room(0.07)) * smooth(
        0.5 - 0.5 * math.cos(math.tau * (t - actor.settled) / 2.4)
    )
    shake = 0.7 * (1 if round(t / STEP) % 2 else -1)
    return Pose(dx=actor.ahead * up * life, dy=-up * life, turn=shake * life)


def _there_and_back(actor: Actor, angle: float, most: float) -> tuple[float, float]:
    """How far off on a round to both sides, or to the one with room; and how wide it then looks.

    It turns around like a sheet of paper: narrower, then as its mirror image.
    """
    left, _, right, _ = actor.figure.box
    rooms = {-1: left - EDGE, 1: 1 - EDGE - right}
    side = max(rooms, key=lambda way: (rooms[way], way))
    if actor.room(most) > most / 2:
        dx = actor.ahead * actor.room(most) * math.sin(angle)
        facing = 3.5 * math.cos(angle)
    else:
        dx = side * max(min(rooms[side], 2 * most), 0.0) * (1 - math.cos(angle)) / 2
        # Near home it looks as it does at home.
        facing = 3.5 * actor.ahead * side * math.sin(angle) + 8 * max(math.cos(angle) - 0.85, 0)
    if max(rooms.values()) < 0.04:
        return dx, 1.0
    facing = min(max(facing, -1.0), 1.0)
    return dx, math.copysign(max(abs(facing), 0.35), facing)


def _flies(actor: Actor, t: float, life: float) -> Pose:
    """A figure of eight with beating wings."""
    share = actor.clock.share(t, actor.settled)
    big = actor.figure.width > 0.3
    rounds = 1 if big else max(1, round(actor.clock.seconds / 3.2))
    angle = math.tau * rounds * share
    dx, facing = _there_and_back(actor, angle, 0.08 if big else 0.2)
    beating = wave(t, 0.34, actor.phase) * life
    return Pose(
        dx=dx,
        dy=-actor.height(0.06) * math.sin(2 * angle) + 0.012 * beating,
        turn=-actor.ahead * 7 * math.sin(2 * angle) * life,
        wide=facing * (1 - 0.05 * beating),
        high=1 + 0.1 * beating,
    )


def _swims(actor: Actor, t: float, life: float) -> Pose:
    """Slowly there and back, wriggling."""
    share = actor.clock.share(t, actor.settled)
    dx, facing = _there_and_back(actor, math.tau * share, 0.2)
    return Pose(
        dx=dx,
        dy=0.018 * wave(t, 1.8, actor.phase) * life,
        turn=4 * wave(t, 0.7, actor.phase) * life,
        wide=facing * (1 + 0.03 * life * wave(t, 0.7, actor.phase + 0.25)),
    )


def _pulses(actor: Actor, t: float, life: float) -> Pose:
    pulse = wave(t, 1.1, actor.phase)
    return Pose(
        dy=0.03 * life * wave(t, 1.1, actor.phase - 0.2),
        wide=1 + 0.06 * pulse * life,
        high=1 - 0.07 * pulse * life,
    )


def _bobs(actor: Actor, t: float, life: float) -> Pose:
    return Pose(
        dx=actor.ahead * actor.room(0.045) * wave(t - actor.settled, 3.4) * life,
        dy=0.01 * wave(t, 1.5, actor.phase) * life,
        turn=3.2 * wave(t, 1.9, actor.phase) * life,
    )


def _sways(actor: Actor, t: float, life: float) -> Pose:
    return Pose(lean=0.075 * wave(t, 1.9, actor.phase) * life)


def _floats(actor: Actor, t: float, life: float) -> Pose:
    return Pose(
        dx=actor.room(0.02) * wave(t, 2.9, actor.phase) * life,
        dy=0.022 * wave(t, 1.9, actor.phase) * life,
        turn=4 * wave(t, 2.3, actor.phase + 0.3) * life,
    )


def _drifts(actor: Actor, t: float, life: float) -> Pose:
    return Pose(dx=actor.room(0.06) * wave(t - actor.settled, 4.0) * life)


def _shines(actor: Actor, t: float, life: float) -> Pose:
    swell = 1 + 0.03 * wave(t, 1.6) * life
    return Pose(turn=8 * wave(t, 2.6, actor.phase) * life, wide=swell, high=swell)


def _twinkles(actor: Actor, t: float, life: float) -> Pose:
    swell = 1 + 0.13 * wave(t, 0.9, actor.phase) * life
    return Pose(turn=7 * wave(t, 1.3, actor.phase) * life, wide=swell, high=swell)


def _beats(_actor: Actor, t: float, life: float) -> Pose:
    swell = 1 + 0.1 * life * max(wave(t, 0.85), 0.6 * wave(t, 0.85, 0.7), 0.0)
    return Pose(wide=swell, high=swell)


def _flickers(actor: Actor, t: float, life: float) -> Pose:
    return Pose(
        high=1 + 0.08 * wave(t, 0.43, actor.phase) * life,
        lean=0.06 * wave(t, 0.61, actor.phase) * life,
    )


LIVES: dict[Habit, Callable[[Actor, float, float], Pose]] = {
    "nods": _nods,
    "hops": _hops,
    "walks": _walks,
    "crawls": _crawls,
    "dances": _dances,
    "breathes": _breathes,
    "drives": _drives,
    "cruises": _cruises,
    "climbs": _climbs,
    "flies": _flies,
    "swims": _swims,
    "pulses": _pulses,
    "bobs": _bobs,
    "sways": _sways,
    "floats": _floats,
    "drifts": _drifts,
    "shines": _shines,
    "twinkles": _twinkles,
    "beats": _beats,
    "flickers": _flickers,
}
# What turns around its middle; everything else around its foot.
CENTRED = frozenset(
    ("shines", "twinkles", "beats", "floats", "flies", "swims", "pulses", "cruises", "climbs")
)


def pivot_of(figure: Figure, habit: Habit) -> tuple[float, float]:
    """The point a figure turns around: its foot, or its middle if it hangs in the air."""
    return figure.x, figure.y - (figure.height / 2 if habit in CENTRED else 0.0)
