"""Room for everybody: rows on the ground, free spots in the sky. Only boxes and numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

Box = tuple[float, float, float, float]

MARGIN = 0.065
# A group of one stands this high when alone, with one other, …; beyond that rows are made.
SIDES = (0.52, 0.44, 0.385, 0.345, 0.31)
PER_ROW = 5


@dataclass(frozen=True)
class Group:
    """`count` equal figures. `size` is relative to a child; `headroom` is kept free above, as a
    share of the figure's own height."""

    key: int
    aspect: float
    size: float
    count: int = 1
    headroom: float = 0.0


@dataclass(frozen=True)
class Spot:
    """A place for one figure: the middle of its lower edge, its width and height."""

    key: int
    x: float
    y: float
    width: float
    height: float
    depth: float = 0.5


def arrange(groups: list[Group], *, ground: float, ceiling: float, rng: Random) -> list[Spot]:
    """Feet on one line, nobody cut off, nobody's face covered; large crowds in several rows."""
    if not groups:
        return []
    # A mouse alone is a hero too: small casts are drawn larger.
    largest = max(group.size for group in groups)
    lift = min(largest, 1.0) ** -0.6
    groups = [replace(group, size=group.size * lift) for group in groups]
    people = [group for group in groups for _ in range(group.count)]
    rows = _rows(people)
    spots: list[Spot] = []
    for number, row in enumerate(rows):
        far = len(rows) - 1 - number
        y = ground - (0.155 if len(people) > PER_ROW else 0.2) * far
        spots += _row(
            row,
            rng,
            y=y,
            ceiling=ceiling,
            total=len(people),
            scale=0.84**far,
            far=far,
        )
    return spots


def _rows(people: list[Group]) -> list[list[Group]]:
    """From far to near: the largest stand at the back."""
    side = SIDES[min(len(people), len(SIDES)) - 1]
    wide = sum(side * group.size * group.aspect**0.5 for group in people)
    crowd = any(group.count > 2 for group in people)
    if len(people) <= PER_ROW and not (crowd and wide > 0.98):
        return [people]
    count = max(2, -(-len(people) // PER_ROW))
    by_size = sorted(range(len(people)), key=lambda i: (-people[i].size, i))
    per_row = -(-len(people) // count)
    rows = []
    for start in range(0, len(people), per_row):
        rows.append([people[i] for i in sorted(by_size[start : start + per_row])])
    return rows


def _row(
    row: list[Group],
    rng: Random,
    *,
    y: float,
    ceiling: float,
    total: int,
    scale: float,
    far: int,
) -> list[Spot]:
    side = SIDES[min(total, len(SIDES)) - 1] * scale
    room = y - ceiling
    shapes: list[tuple[float, float]] = []
    for group in row:
        # Wide and tall drawings get the same area, so that a snake is not a ribbon.
        own = side * group.size
        width, height = own * group.aspect**0.5, own / group.aspect**0.5
        fit = min(1.0, room / (height * (1 + group.headroom)), 0.8 / width)
        shapes.append((width * fit, height * fit))
    gap = 0.03 if len(row) < 4 else 0.015
    free = 1 - 2 * MARGIN - gap * (len(row) - 1)
    wide = sum(width for width, _ in shapes)
    if wide > free:
        shapes = _fitted(shapes, free)
        wide = sum(width for width, _ in shapes)
    spare = free - wide
    between = min(spare / (len(row) + 1), 0.08)
    x = MARGIN + (spare - between * (len(row) - 1)) / 2
    x += 0.04 * (far % 2 - 0.5) * (spare > 0.12) if total > PER_ROW else 0
    spots = []
    for group, (width, height) in zip(row, shapes, strict=True):
        # Large things stand a step further back than small ones.
        back = 0.035 * (group.size > 1.15) + rng.uniform(0, 0.012)
        depth = 0.5 - 0.1 * far - back
        spots.append(Spot(group.key, x + width / 2, y - back, width, height, depth))
        x += width + gap + between
    return spots


def _fitted(shapes: list[tuple[float, float]], free: float) -> list[tuple[float, float]]:
    """Shrinks the large more than the small until all fit side by side."""
    wide = sum(width for width, _ in shapes)
    mean = wide / len(shapes)
    for _ in range(40):
        wide = sum(width for width, _ in shapes)
        if wide <= free:
            break
        shapes = [
            (width * k, height * k)
            for width, height in shapes
            for k in ((0.93 if width >= mean * 0.9 else 0.975),)
        ]
    return shapes


def room_in_sky(
    width: float,
    height: float,
    bottom: float,
    taken: list[Box],
    rng: Random,
    *,
    centred: bool,
    everywhere: bool = False,
) -> Spot:
    """The free spot for a box above `bottom`, shrunk until it covers nothing that is there."""
    fit = min(1.0, (bottom - MARGIN) / height, (1 - 2 * MARGIN) / width)
    width, height = width * fit, height * fit
    if centred:
        middle = max(min(0.45, bottom - height / 2), MARGIN + height / 2)
        return Spot(-1, 0.5, middle + height / 2, width, height, 0.3)
    for shrink in (1.0, 0.85, 0.72, 0.6, 0.5, 0.4, 0.32):
        w, h = width * shrink, height * shrink
        best: tuple[float, float, float] | None = None
        for column in range(13):
            for row in range(9):
                x = MARGIN + w / 2 + (1 - 2 * MARGIN - w) * column / 12
                low = max(bottom, MARGIN + h)
                y = MARGIN + h + (low - MARGIN - h) * row / 8
                # Off the grid, so that a flock does not stand in rows.
                x = min(max(x + rng.uniform(-0.03, 0.03), MARGIN + w / 2), 1 - MARGIN - w / 2)
                y = min(max(y + rng.uniform(-0.03, 0.03), MARGIN + h), low)
                box = (x - w / 2 - 0.015, y - h - 0.015, x + w / 2 + 0.015, y + 0.015)
                if any(_meet(box, other) for other in taken):
                    continue
                near = min((_distance(x, y - h / 2, other) for other in taken), default=0.5)
                height_wish = abs(y - h / 2 - 0.47) if everywhere else 0.6 * y
                score = min(near, 0.4) - 0.45 * height_wish + rng.uniform(0, 0.1)
                if best is None or score > best[0]:
                    best = (score, x, y)
        if best is not None:
            return Spot(-1, best[1], best[2], w, h, 0.3)
    x = rng.uniform(0.2, 0.8)
    return Spot(-1, x, MARGIN + height * 0.32, width * 0.32, height * 0.32, 0.02)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _distance(x: float, y: float, box: Box) -> float:
    dx = max(box[0] - x, 0, x - box[2])
    dy = max(box[1] - y, 0, y - box[3])
    return float((dx * dx + dy * dy) ** 0.5)


def overlap(a: Box, b: Box) -> float:
    """The share of box `a` that box `b` covers."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    area = (a[2] - a[0]) * (a[3] - a[1])
    return max(wide, 0) * max(high, 0) / area if area > 0 else 0.0
