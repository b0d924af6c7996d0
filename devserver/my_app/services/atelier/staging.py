"""Puts the cast of a scene in place: on the ground, in the sky, on, in or under one another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from .layout import Group, Spot, arrange, overlap, room_in_sky
from .pictograms import outline
from .places import GROUND, HORIZON
from .reading import Mention
from .roles import Role, having
from .scene import Figure

MOST_FIGURES = 14
GROWING = frozenset(("meadow", "garden", "farm", "forest", "mountains", "beach", "desert"))


@dataclass(frozen=True)
class Seat:
    """Where a guest's feet are: `level` of the host's height from its top, then `sunk` of its own
    height lower; in front of the host or behind it; `share` of its usual size."""

    level: float
    sunk: float = 0.0
    before: bool = True
    share: float = 1.0


# The first row whose relations and role fit.
SEATS: tuple[tuple[tuple[str, ...], Role | None, Seat], ...] = (
    (("under",), "roof", Seat(1.0, share=0.75)),
    (("under",), None, Seat(1.03, share=0.9)),
    (("in",), "foliage", Seat(0.45, share=0.6)),
    (("on", "in"), "boat", Seat(0.7, before=False, share=0.9)),
    (("on",), "ridden", Seat(0.36, sunk=0.42, before=False, share=1.2)),
    (("on",), "wheels", Seat(0.1, sunk=0.42, before=False, share=1.1)),
    (("in",), "tub", Seat(0.52, before=False)),
    (("on", "in"), "container", Seat(0.06, sunk=0.42, before=False)),
    (("in",), None, Seat(1.03)),
    (("on",), None, Seat(0.0, sunk=0.1)),
)


class Staging:
    """The staging of one scene: the same cast, place and chance give the same figures."""

    def __init__(self, place: str, mentions: tuple[Mention, ...], rng: Random) -> None:
        self.place = place
        self.mentions = mentions
        self.rng = rng
        self.ground = GROUND[place]

    def figures(self) -> tuple[Figure, ...]:
        grounded, aloft, pairs = self._divide()
        # Whoever flies needs room above those who stand.
        actors = [
            m for m in aloft if m.thing.size >= 0.74 and m.thing.pictogram not in having("distant")
        ]
        self.ceiling = 0.07 if not actors else 0.4
        heroes = self._on_ground(grounded, pairs)
        sky = self._in_sky(aloft, heroes)
        sky = [*self._backdrop(), *sky]
        repeats = self._repeats(grounded, [*heroes, *sky])
        everyone = [*repeats, *sky, *heroes]
        return tuple(sorted(everyone, key=lambda figure: figure.depth))

    def _divide(self) -> tuple[list[Mention], list[Mention], dict[int, tuple[Mention, str]]]:
        """Who stands, who flies, and who is on, in or under whom (by the host's index)."""
        grounded: list[Mention] = []
        aloft: list[Mention] = []
        pairs: dict[int, tuple[Mention, str]] = {}
        guests: set[int] = set()
        for i, mention in enumerate(self.mentions[:-1]):
            host = self.mentions[i + 1]
            fits = mention.relation in ("on", "in", "under") and i not in pairs
            if fits and self._can_hold(mention, host):
                pairs[i + 1] = (mention, str(mention.relation))
                guests.add(i)
        for i, mention in enumerate(self.mentions):
            if i in guests:
                continue
            (aloft if self._flies(mention) and i not in pairs else grounded).append(mention)
        hosts = {id(self.mentions[i]): pair for i, pair in pairs.items()}
        placed = {i: hosts[id(m)] for i, m in enumerate(grounded) if id(m) in hosts}
        if not grounded and aloft and self.place not in ("space", "sky"):
            keep = [m for m in aloft if m.thing.pictogram not in having("luminary")]
            floating = [m for m in keep if m.thing.home == "air"]
            if floating:
                grounded, aloft = floating, [m for m in aloft if m not in floating]
        return grounded, aloft, placed

    def _can_hold(self, guest: Mention, host: Mention) -> bool:
        if guest.thing.pictogram in having("luminary") or (
            guest.thing.home == "sky" and guest.relation == "under"
        ):
            return False
        if host.thing.home == "sky" and host.thing.pictogram not in having("luminary") | having(
            "roof"
        ) | having("support_in_sky"):
            return False
        return not (guest.relation == "under" and host.thing.pictogram in having("distant"))

    def _flies(self, mention: Mention) -> bool:
        over_another = mention.relation == "above" and mention is not self.mentions[-1]
        if mention.motion == "flies" or over_another:
            return True
        if self.place == "underwater":
            return mention.thing.home in ("sky", "water", "air")
        if self.place == "space":
            return True
        return mention.thing.home in ("sky", "air")

    def _count(self, mention: Mention) -> int:
        """How many are heroes: as many as the text says; of "cats" one, the others stay behind."""
        if mention.count > 1:
            return min(mention.count, 12)
        return 3 if mention.plural and self._flies(mention) else 1

    def _on_ground(
        self, grounded: list[Mention], pairs: dict[int, tuple[Mention, str]]
    ) -> list[Figure]:
        order = list(enumerate(grounded))
        if self.rng.random() < 0.5:
            order.reverse()
        groups: list[Group] = []
        for i, mention in order:
            guest = pairs.get(i)
            groups.append(
                Group(
                    key=i,
                    aspect=outline(mention.thing.pictogram).aspect,
                    size=mention.thing.size * mention.scale * (1.2 if guest else 1.0),
                    count=self._count(mention) if not guest else 1,
                    headroom=0.55 if guest and guest[1] in ("on", "in") else 0.0,
                )
            )
        spots = arrange(groups, ground=self.ground, ceiling=self.ceiling, rng=self.rng)
        figures: list[Figure] = []
        for spot in spots:
            mention = grounded[spot.key]
            figure = self._figure(mention, spot, "hero")
            figure = self._settled(figure, mention)
            figures.append(figure)
            if spot.key in pairs:
                size = mention.thing.size * mention.scale
                figures += self._guests(*pairs[spot.key], figure, size)
        return figures

    def _settled(self, figure: Figure, mention: Mention) -> Figure:
        """Symbols float, moons hang: only what has feet stands on the ground."""
        if self.place == "moon":
            # The ground is the top of a disc around (0.5, 1.12).
            across = min(abs(figure.x - 0.5), 0.5)
            y = 1.12 - (0.53**2 - across**2) ** 0.5 + 0.025
            return replace(figure, y=y)
        if self._flies(mention) or figure.pictogram in having("luminary"):
            return replace(figure, y=min(figure.y, 0.5 + figure.height / 2), turn=0)
        return figure

    def _guests(
        self, guest: Mention, relation: str, host: Figure, host_size: float
    ) -> list[Figure]:
        """One or a few figures on, in or under `host`."""
        count = min(self._count(guest), 3)
        shape = outline(guest.thing.pictogram)
        # A cat is small on a house, an elephant large on a skateboard.
        ratio = 0.7 * (guest.thing.size * guest.scale / host_size) ** 0.8
        side = (host.width * host.height) ** 0.5 * min(max(ratio, 0.35), 1.25)
        side = max(min(side, host.width * 1.1 / count / shape.aspect**0.5), 0.13)
        seat = _seat(relation, host.pictogram)
        side *= seat.share
        width, height = side * shape.aspect**0.5, side / shape.aspect**0.5
        y = min(host.box[1] + seat.level * host.height + seat.sunk * height, 0.95)
        if y - height < 0.05 and seat.level < 1:
            shrink = max((y - 0.05) / height, 0.45)
            width, height = width * shrink, height * shrink
        depth = host.depth + (0.01 if seat.before else -0.01)
        made = []
        for k in range(count):
            x = host.x + (k - (count - 1) / 2) * width * 1.02
            x = min(max(x, 0.05 + width / 2), 0.95 - width / 2)
            spot = Spot(-1, x, y, width, height, depth)
            made.append(self._figure(guest, spot, "hero"))
        return made

    def _figure(
        self, mention: Mention, spot: Spot, role: Literal["hero", "sky", "repeat"]
    ) -> Figure:
        flipped = self.rng.random() < 0.35 and mention.thing.pictogram not in ("1F31B", "1F319")
        turn = self.rng.uniform(-3.0, 3.0) if role != "hero" else self.rng.uniform(-1.5, 1.5)
        if mention.motion == "dances":
            turn = self.rng.choice((-1, 1)) * self.rng.uniform(8, 14)
        return Figure(
            mention.word,
            mention.thing.pictogram,
            spot.x,
            spot.y,
            spot.width,
            spot.height,
            role,
            spot.depth,
            mention.colour,
            round(turn, 2),
            flipped,
            self.mentions.index(mention),
        )

    def _backdrop(self) -> list[Figure]:
        """A rainbow spans the whole picture, behind everybody."""
        made = []
        for mention in self.mentions:
            if mention.thing.pictogram in having("backdrop"):
                width = 0.84
                height = width / outline(mention.thing.pictogram).aspect
                spot = Spot(-1, 0.5, max(HORIZON[self.place] + 0.1, 0.62), width, height, 0.0)
                made.append(replace(self._figure(mention, spot, "sky"), turn=0.0))
        return made

    def _in_sky(self, aloft: list[Mention], heroes: list[Figure]) -> list[Figure]:
        """Sky things around what already stands, each where most room is left."""
        placed = list(heroes)
        alone = not heroes
        everywhere = self.place in ("underwater", "space")
        total = sum(self._count(mention) for mention in aloft)
        bottom = 0.88 if everywhere else HORIZON[self.place] + 0.06 * alone
        base = (0.5 if alone else 0.26) * _crowding(total)
        base *= 1.2 if everywhere and total > 1 else 1.0
        for mention in sorted(aloft, key=lambda m: -m.thing.size * m.scale):
            if mention.thing.pictogram in having("backdrop"):
                continue
            shape = outline(mention.thing.pictogram)
            side = base * mention.thing.size**0.7 * min(mention.scale, 1.35)
            if mention.thing.pictogram not in having("distant") and not alone:
                side *= 1.22
            for number in range(self._count(mention)):
                # Of a flock the first is near, the last far.
                own = (
                    side * self.rng.uniform(0.92, 1.05) * (1.25 - 0.07 * number if total > 3 else 1)
                )
                spot = room_in_sky(
                    max(own, 0.05) * shape.aspect**0.5,
                    max(own, 0.05) / shape.aspect**0.5,
                    bottom,
                    [figure.box for figure in placed],
                    self.rng,
                    centred=alone and total == 1,
                    everywhere=everywhere or alone,
                )
                far = mention.thing.pictogram in having("luminary") | {"2601"}
                spot = replace(spot, depth=0.05 if far else 0.3)
                placed.append(self._figure(mention, spot, "sky"))
        return placed[len(heroes) : len(heroes) + MOST_FIGURES]

    def _repeats(self, grounded: list[Mention], placed: list[Figure]) -> list[Figure]:
        """Smaller ones of a kind towards the horizon, where the heroes leave them room."""
        made: list[Figure] = []
        heroes = {figure.order: figure for figure in reversed(placed) if figure.role == "hero"}
        for mention in grounded:
            grows = mention.thing.pictogram in having("in_numbers") and self.place in GROWING
            if mention.count > 1 or not (grows or mention.plural):
                continue
            hero = heroes[self.mentions.index(mention)]
            wanted = 4 if mention.thing.size < 1 or grows else 3
            for _ in range(60):
                figure = self._smaller(mention, hero)
                left, _, right, _ = figure.box
                hidden = max((overlap(figure.box, f.box) for f in (*placed, *made)), default=0.0)
                if wanted and left > 0.05 and right < 0.95 and hidden < (0.02 if grows else 0.25):
                    made.append(figure)
                    wanted -= 1
        return made

    def _smaller(self, mention: Mention, hero: Figure) -> Figure:
        """A copy of `hero` somewhere behind it, the farther the smaller."""
        far = self.rng.uniform(0.0, 1.0)
        scale = 0.7 - 0.36 * far
        y = hero.y - 0.02 - 0.17 * far
        spot = Spot(
            -1,
            self.rng.uniform(0.08, 0.92),
            y,
            hero.width * scale,
            hero.height * scale,
            0.4 - 0.3 * far,
        )
        return self._figure(mention, spot, "repeat")


def _crowding(total: int) -> float:
    """How much smaller each of `total` things in the sky has to be."""
    return 1.0 if total <= 1 else 0.72 if total <= 3 else 0.56 if total <= 7 else 0.45


def _seat(relation: str, host: str) -> Seat:
    """The seat for a relation; what the host is decides, else there is one for each relation."""
    return next(
        (
            seat
            for asked, role, seat in SEATS
            if relation in asked and (role is None or host in having(role))
        ),
        SEATS[-1][2],
    )
