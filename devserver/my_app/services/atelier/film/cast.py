"""Who comes when, what each does, and who moves with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..reading import Mention
from ..scene import Figure, Scene, seeded
from .arrivals import TRAVELLERS, Actor, entrance
from .clock import STEP, Clock
from .habits import habit_of
from .lives import living, pivot_of
from .pose import Move

# What rests on these may move by itself.
FIRM = frozenset(("stands", "sways", "nods", "breathes"))


class Cast:
    """The figures of a scene as actors: the most important first, guests after their hosts.

    `mentions` are those of the scene: a figure's order is its place among them.
    """

    def __init__(self, scene: Scene, mentions: Sequence[Mention], clock: Clock) -> None:
        self._clock = clock
        self._hosts = _hosts(scene.figures, mentions)
        self._actors: dict[Figure, Actor] = {}
        order = self._order(scene.figures)
        rng = seeded(scene.seed, "film")
        for number, figure in enumerate(order):
            mention = mentions[figure.order]
            aloft = figure.role == "sky" or mention.thing.home in ("sky", "air")
            habit = habit_of(figure.pictogram, mention.motion, scene.place, aloft=aloft)
            lasts = clock.journey if habit in TRAVELLERS else clock.entrance
            # The first is nearly there when the film begins: its first frame is its poster.
            start = -0.8 * lasts
            if number:
                begin, end = 2 * STEP, max(clock.arrived - lasts, 2 * STEP)
                start = begin + (end - begin) * (number - 1) / max(len(order) - 2, 1)
            host = self._actors.get(self._hosts.get(figure, figure))
            if host is not None:
                start = max(start, host.settled)
                self._actors[host.figure] = replace(host, settled=start + lasts)
            self._actors[figure] = Actor(figure, habit, clock, start, start + lasts, rng.random())

    def _order(self, figures: Sequence[Figure]) -> list[Figure]:
        ranks = {"hero": 0, "sky": 1, "repeat": 2}

        def key(figure: Figure) -> tuple[int, int, bool, float]:
            host = self._hosts.get(figure)
            of = host or figure
            return ranks[of.role], of.order, host is not None, -figure.width * figure.height

        return sorted(dict.fromkeys(figures), key=key)

    def moves(self, figure: Figure) -> tuple[Move, ...]:
        """How a figure comes and lives; a guest moves with its host."""
        actor = self._actors[figure]
        pivot = pivot_of(figure, actor.habit)
        found = [Move(entrance(actor), (figure.x, figure.y))]
        host = self._actors.get(self._hosts.get(figure, figure))
        own = living(actor)
        if own and (host is None or host is actor or host.habit in FIRM or actor.habit == "flies"):
            found.append(Move(own, pivot))
        if host is not None and host is not actor and (carried := living(host)):
            found.append(Move(carried, pivot_of(host.figure, host.habit)))
        return tuple(found)

    def start(self, figure: Figure) -> float:
        """When a figure comes, in seconds."""
        return self._actors[figure].start


def _hosts(figures: Sequence[Figure], mentions: Sequence[Mention]) -> dict[Figure, Figure]:
    """Whom the text puts on or in whom, as the staging has placed them: one depth step apart."""
    hosts: dict[Figure, Figure] = {}
    heroes = [figure for figure in figures if figure.role == "hero"]
    for guest in heroes:
        if mentions[guest.order].relation not in ("on", "in"):
            continue
        for host in heroes:
            near = abs(abs(host.depth - guest.depth) - 0.01) < 1e-6
            if host.order == guest.order + 1 and near and abs(host.x - guest.x) < host.width:
                hosts[guest] = host
    return hosts
