"""How hills, water, sun, clouds, stars and weather move. All are at home when the film ends."""

from __future__ import annotations

from ..shapes import Sheet
from .clock import STEP, Clock, bounced, smooth, wave
from .pose import HOME, Motion, Move, Pose

CAMERA = 0.022  # how far the nearest paper slides in the whole film
RAYS = 14  # of the paper sun: turned by one ray it looks the same
STAR_GROUPS = 3
ANYWHERE = (0.0, 0.0)  # the pivot of what never turns
FOOT = (0.5, 1.0)


def camera(clock: Clock, near: float) -> Move:
    """The slow slide of the view for paper that is `near` (0 far, 1 at the heroes' feet)."""

    def motion(t: float) -> Pose:
        return Pose(dx=CAMERA * near * (1 - clock.share(t, 0.0)))

    return Move(motion, ANYWHERE)


def rising(clock: Clock, start: float, *, from_above: bool) -> Move:
    """Up from below, or down from above, a little too far and back."""
    way = -0.35 if from_above else 0.35

    def motion(t: float) -> Pose | None:
        if t < start - 1e-6:
            return None
        return Pose(dy=way * (1 - bounced((t - start) / clock.entrance, 1.2)))

    return Move(motion, ANYWHERE)


def washing(clock: Clock, phase: float) -> Move:
    """Waves slide to and fro."""

    def motion(t: float) -> Pose:
        life = clock.life(t, 0.0)
        return Pose(dx=0.026 * wave(t, 2.7, phase) * life, dy=0.006 * wave(t, 1.6, phase) * life)

    return Move(motion, ANYWHERE)


def shining(clock: Clock, sheet: Sheet) -> Move:
    """The sun turns by two of its rays; the moon nods."""
    rays = len(sheet.polygons) > RAYS
    xs, ys = zip(*sheet.polygons[0], strict=True)
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2

    def motion(t: float) -> Pose:
        if rays:
            return Pose(turn=-2 * 360 / RAYS * (1 - clock.share(t, 0.0)))
        return Pose(turn=6 * wave(t, 2.8) * clock.life(t, 0.0))

    return Move(motion, middle)


def drifting(clock: Clock, x: float) -> Move:
    """In from the side nearer to `x`, then slowly there and back."""
    side = -1 if x < 0.5 else 1

    def motion(t: float) -> Pose:
        gone = 1 - smooth((t + 0.12 * clock.seconds) / (0.4 * clock.seconds))
        drift = 0.02 * wave(t, 3.3, x) * clock.life(t, 0.3 * clock.seconds)
        return Pose(dx=side * 0.4 * gone + drift)

    return Move(motion, ANYWHERE)


def swaying(clock: Clock, strength: float) -> Move:
    """Grass and weed lean to and fro above the lower edge."""

    def motion(t: float) -> Pose:
        return Pose(lean=strength * wave(t, 1.7) * clock.life(t, clock.arrived / 2))

    return Move(motion, FOOT)


def falling(clock: Clock, speed: float, length: float, slant: float = 0.0) -> Move:
    """Falls `speed` sides a second, begins again after `length`; begins when most pieces are there.

    A `slant` of 0.2 is a fifth of that to the right. Bubbles rise with a speed below 0.
    """
    begin = 0.0 if speed < 0 else 0.4 * clock.arrived

    def motion(t: float) -> Pose | None:
        shown = smooth((t - begin) / 0.4)
        if not shown:
            return None
        left = max(clock.seconds - STEP - t, 0.0)
        way = -(left * speed % length) if speed > 0 else left * -speed % length
        # From above its place down to it, or from below it up.
        return Pose(dx=slant * way, dy=way, opacity=shown)

    return Move(motion, ANYWHERE)


def twinkling(clock: Clock, group: int) -> Motion:
    """Stars come group by group and grow pale in turn."""
    start = 0.12 * clock.arrived * group

    def motion(t: float) -> Pose | None:
        if t < start:
            return None
        dim = max(wave(t, 1.5, group / STAR_GROUPS), 0.0) * clock.life(t, start)
        return HOME if dim < 0.02 else Pose(opacity=1 - 0.75 * dim)

    return motion
