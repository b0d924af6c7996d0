"""The montage comes alive: pieces jump on the beat, turn and change places; letters wander."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from ..layers import Layer
from .arrivals import put_in
from .clock import STEP, Clock, bounced, smooth, wave
from .pose import HOME, Motion, Move, Pose
from .sprite import Piece, cut_out

BEAT = 6 * STEP
JUMP = 3 * STEP  # a jump takes a part of the beat, then all hold still


def pieces(layers: Iterable[Layer], clock: Clock, size: int, rng: Random) -> Iterator[Piece]:
    """Every layer of a montage as a piece that moves, from far to near."""
    cut = [(layer, sprite) for layer in layers if (sprite := cut_out(layer, size)) is not None]
    homes = [sprite.middle(size) for layer, sprite in cut if layer.kind == "piece"]
    counts = dict.fromkeys(("scrap", "view", "piece", "figure", "letter"), 0)
    totals = {kind: sum(layer.kind == kind for layer, _ in cut) for kind in counts}
    for layer, sprite in cut:
        number, counts[layer.kind] = counts[layer.kind], counts[layer.kind] + 1
        middle = sprite.middle(size)
        share = number / totals[layer.kind]
        if layer.kind == "scrap":
            start, own = -0.1 * clock.arrived * (3 - number), _turning(clock, rng, 3)
        elif layer.kind == "view":
            start, own = -clock.entrance, _turning(clock, rng, 2)
        elif layer.kind == "piece":
            start, own = clock.arrived * (0.15 + 0.5 * share), _changing(clock, homes, number)
        elif layer.kind == "figure":
            start = clock.arrived * (0.9 * share) if number else -0.7 * clock.entrance
            own = _jumping(clock, rng)
        else:
            start, own = clock.arrived * (0.4 + 0.6 * share), _wandering(clock, number)
        if layer.kind == "scrap":
            come = _sliding(start, clock, middle)
        else:
            come = put_in(start, clock.entrance, rng.random(), 0.12)
        yield Piece(sprite, (Move(come, middle), Move(own, middle)))


def _sliding(start: float, clock: Clock, middle: tuple[float, float]) -> Motion:
    """In from the nearer side."""
    side = -1 if middle[0] < 0.5 else 1

    def motion(t: float) -> Pose | None:
        if t < start - 1e-6:
            return None
        gone = 1 - bounced((t - start) / clock.entrance, 1.0)
        return Pose(dx=side * 0.4 * gone, turn=side * 20 * gone)

    return motion


def _beat(t: float, start: float) -> tuple[int, float]:
    """Which beat it is since `start`, and how much of its jump is over."""
    number = int((t - start) / BEAT)
    return number, smooth(((t - start) - number * BEAT) / JUMP)


def _beats(clock: Clock) -> int:
    """How many whole beats there are between coming and rest."""
    return max(int((clock.rest - clock.arrived - clock.entrance) / BEAT), 0)


def _turning(clock: Clock, rng: Random, most: float) -> Motion:
    """A small new angle on every beat."""
    angles = [0.0, *(rng.uniform(-most, most) for _ in range(_beats(clock) - 1)), 0.0]
    start = clock.arrived + clock.entrance

    def motion(t: float) -> Pose:
        number, share = _beat(t, start)
        if not 0 <= number < len(angles) - 1 or t < start:
            return HOME
        return Pose(turn=angles[number] + (angles[number + 1] - angles[number]) * share)

    return motion


def _jumping(clock: Clock, rng: Random) -> Motion:
    """Up and down again on some beats, once all the way around."""
    beats = _beats(clock)
    spin = rng.randrange(beats) if beats else -1
    heights = [rng.choice((0.0, 0.03, 0.05)) for _ in range(beats)]
    angles = [0.0, *(rng.uniform(-14, 14) for _ in range(beats - 1)), 0.0]
    way = rng.choice((-1, 1))
    start = clock.arrived + clock.entrance

    def motion(t: float) -> Pose:
        number, share = _beat(t, start)
        if not 0 <= number < beats or t < start:
            return HOME
        turn = angles[number] + (angles[number + 1] - angles[number]) * share
        up = heights[number] * (1 - (2 * share - 1) ** 2)
        return Pose(dy=-up, turn=turn + (way * 360 * share if number == spin else 0.0))

    return motion


def _changing(clock: Clock, homes: list[tuple[float, float]], number: int) -> Motion:
    """From place to place around the page, and home again."""
    count = len(homes)
    rounds = _beats(clock) // count if count else 0
    start = clock.arrived + clock.entrance
    x, y = homes[number]

    def motion(t: float) -> Pose:
        beat, share = _beat(t, start)
        if t < start or not 0 <= beat < rounds * count:
            return HOME
        (a, b), (c, d) = homes[(number + beat) % count], homes[(number + beat + 1) % count]
        turn = 360 * (beat + share) / count
        return Pose(dx=a + (c - a) * share - x, dy=b + (d - b) * share - y, turn=turn)

    return motion


def _wandering(clock: Clock, number: int) -> Motion:
    """A procession: each letter a little later than the one before it."""
    start = clock.arrived + clock.entrance

    def motion(t: float) -> Pose:
        life = clock.life(t, start)
        return Pose(
            dx=0.025 * wave(t, 2.6, -0.03 * number) * life,
            dy=0.016 * wave(t, 1.3, -0.11 * number) * life,
            turn=9 * wave(t, 1.3, -0.11 * number + 0.25) * life,
        )

    return motion
