"""The figures of a film, and how they come: put in by a hand, or travelling by themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..scene import Figure
from .clock import Clock, bounced, wave
from .habits import Habit
from .pose import HOME, Motion, Pose

EDGE = 0.03  # nothing swings nearer to the edge than this
# These come from the side, by themselves; all else is put in.
TRAVELLERS = frozenset(("drives", "cruises", "climbs", "flies", "swims", "bobs", "drifts"))


@dataclass(frozen=True)
class Actor:
    """A figure in a film.

    start: when it comes. settled: when its life begins, not before it has arrived. phase: its own
    place in every rhythm, in turns.
    """

    figure: Figure
    habit: Habit
    clock: Clock
    start: float
    settled: float
    phase: float

    @property
    def ahead(self) -> int:
        """Which way it looks: OpenMoji draws animals and vehicles from the left (-1)."""
        if self.habit in ("climbs", "cruises") and self.figure.pictogram not in ("1F681", "1F320"):
            return -1 if self.figure.flipped else 1
        return 1 if self.figure.flipped else -1

    def height(self, most: float) -> float:
        """How far it may rise, `most` or less."""
        return max(0.0, min(most, self.figure.box[1] - EDGE))

    def room(self, most: float) -> float:
        """How far it may swing to both sides, `most` or less."""
        left, _, right, _ = self.figure.box
        return max(0.0, min(most, left - EDGE, 1 - EDGE - right))


def entrance(actor: Actor) -> Motion:
    """How a figure comes: those who can move travel in, all others are put in with a bounce."""
    if actor.habit in TRAVELLERS:
        return _journey(actor)
    return put_in(actor.start, actor.clock.entrance, actor.phase)


def put_in(start: float, seconds: float, phase: float, drop: float = 0.09) -> Motion:
    """Held by a hand, dropped, bouncing a little: turned and nearer at first."""
    way = -1 if phase < 0.5 else 1

    def motion(t: float) -> Pose | None:
        if t < start - 1e-6:
            return None
        share = (t - start) / seconds
        if share >= 1:
            return HOME
        gone = 1 - bounced(share, 2.6)
        near = 1 + 0.16 * gone
        return Pose(dy=-drop * gone, turn=way * 9 * gone, wide=near, high=near)

    return motion


def _journey(actor: Actor) -> Motion:
    figure, ahead = actor.figure, actor.ahead
    way = figure.x + figure.width / 2 if ahead > 0 else 1 - figure.x + figure.width / 2
    far = min(way + 0.06, 1.1)

    def motion(t: float) -> Pose | None:
        if t < actor.start - 1e-6:
            return None
        share = (t - actor.start) / actor.clock.journey
        if share >= 1:
            return HOME
        gone = 1 - math.sin(share * math.pi / 2)
        if actor.habit == "climbs":
            return Pose(dx=-ahead * 0.5 * gone, dy=0.9 * gone)
        arc = {"flies": 0.1, "swims": 0.03, "cruises": 0.05}.get(actor.habit, 0.0)
        bump = -0.006 * abs(wave(t, 0.3)) * gone if actor.habit == "drives" else 0.0
        return Pose(
            dx=-ahead * far * gone, dy=-actor.height(arc) * math.sin(math.pi * share) + bump
        )

    return motion
