"""The time of a film: when pieces come, when they live and when all is at rest again."""

from __future__ import annotations

import math
from dataclasses import dataclass

FRAMES_PER_SECOND = 24
HELD = 2  # each drawing is shown for two frames, as in films of paper
STEP = HELD / FRAMES_PER_SECOND


@dataclass(frozen=True)
class Clock:
    """The parts of a film of some seconds."""

    seconds: float

    @property
    def frames(self) -> int:
        return max(1, round(self.seconds * FRAMES_PER_SECOND))

    @property
    def arrived(self) -> float:
        """When the last piece comes; one or two drawings later it lies still."""
        return min(0.34 * self.seconds, 3.0)

    @property
    def entrance(self) -> float:
        """Seconds a piece takes to come to rest when it is put in."""
        return min(5 * STEP, 0.12 * self.seconds)

    @property
    def journey(self) -> float:
        """Seconds of a drive or flight into the picture."""
        return min(10 * STEP, 0.2 * self.seconds)

    @property
    def rest(self) -> float:
        """From when on nothing moves: the last tenth, but at least three drawings if there are."""
        return min(0.9 * self.seconds, self.seconds - 3 * STEP)

    def share(self, t: float, start: float) -> float:
        """How much of the time between `start` and rest is over, 0 to 1, slow at both ends."""
        return smooth((t - start) / max(self.rest - start, STEP))

    def life(self, t: float, start: float) -> float:
        """How lively it is: grows after `start`, fades before rest, 0 to 1."""
        swell = 0.12 * self.seconds
        return smooth((t - start) / swell) * smooth((self.rest - t) / (1.4 * swell))


def smooth(share: float) -> float:
    """From 0 to 1, slow at both ends."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def bounced(share: float, beyond: float = 1.7) -> float:
    """From 0 to 1, a little beyond, and back."""
    share = min(max(share, 0.0), 1.0) - 1
    return 1 + (beyond + 1) * share**3 + beyond * share**2


def wave(t: float, period: float, phase: float = 0.0) -> float:
    """A sine of time, `phase` in turns."""
    return math.sin(math.tau * (t / period + phase))
