"""Triangles that fill a simple polygon with holes: ear clipping in exact whole numbers."""

from __future__ import annotations

from collections.abc import Sequence

from .outlines import Shape

Point = tuple[int, int]
Triangle = tuple[int, int, int]


def triangulated(shape: Shape) -> tuple[list[Point], list[Triangle]]:
    """The points of all rings one after the other, and triangles of their indices.

    Guarantees for a simple polygon: triangles run counter-clockwise, each has an area above 0,
    together they cover the polygon once, and every edge of a ring is the edge of exactly one.
    Raises ValueError for a polygon that crosses itself so that no ear is left.
    """
    points: list[Point] = []
    rings: list[list[int]] = []
    for ring in shape.rings:
        rings.append(list(range(len(points), len(points) + len(ring))))
        points += [(int(x), int(y)) for x, y in ring.tolist()]
    chain = rings[0]
    # The hole that reaches farthest to the right can always see the outer ring.
    holes = sorted(rings[1:], key=lambda ring: -max(points[i] for i in ring)[0])
    for number, hole in enumerate(holes):
        chain = _bridged(points, chain, hole, holes[number:])
    return points, _clipped(points, chain)


def turn(a: Point, b: Point, c: Point) -> int:
    """Twice the area of a triangle; above 0 if it runs counter-clockwise."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _bridged(
    points: Sequence[Point], chain: list[int], hole: list[int], holes: list[list[int]]
) -> list[int]:
    """The hole joined to the chain by an edge that is walked there and back."""
    start = max(range(len(hole)), key=lambda i: points[hole[i]])
    tip = points[hole[start]]
    edges = [(points[a], points[b]) for a, b in zip(chain, chain[1:] + chain[:1], strict=True)]
    for ring in holes:
        edges += [(points[a], points[b]) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]

    def near(place: int) -> tuple[int, int]:
        x, y = points[chain[place]]
        return (x - tip[0]) ** 2 + (y - tip[1]) ** 2, place

    for _, place in sorted(map(near, range(len(chain)))):
        here = points[chain[place]]
        before, after = points[chain[place - 1]], points[chain[(place + 1) % len(chain)]]
        if _opens(before, here, after, tip) and not any(_blocks(tip, here, a, b) for a, b in edges):
            walk = hole[start:] + hole[: start + 1]
            return [*chain[: place + 1], *walk, *chain[place:]]
    raise ValueError("a hole does not lie in its polygon")


def _opens(before: Point, here: Point, after: Point, goal: Point) -> bool:
    """Whether the way from a corner to `goal` begins inside the polygon."""
    if turn(before, here, after) > 0:
        return turn(before, here, goal) > 0 and turn(here, after, goal) > 0
    return turn(before, here, goal) > 0 or turn(here, after, goal) > 0


def _blocks(p: Point, q: Point, a: Point, b: Point) -> bool:
    """Whether edge a-b touches the way p-q anywhere but at its ends."""
    if max(a[0], b[0]) < min(p[0], q[0]) or min(a[0], b[0]) > max(p[0], q[0]):
        return False
    if max(a[1], b[1]) < min(p[1], q[1]) or min(a[1], b[1]) > max(p[1], q[1]):
        return False
    one, two = turn(p, q, a), turn(p, q, b)
    if a in (p, q) or b in (p, q):
        other = b if a in (p, q) else a
        return other not in (p, q) and turn(p, q, other) == 0 and _between(p, q, other)
    if (one > 0 and two > 0) or (one < 0 and two < 0):
        return False
    three, four = turn(a, b, p), turn(a, b, q)
    return not ((three > 0 and four > 0) or (three < 0 and four < 0))


def _between(p: Point, q: Point, other: Point) -> bool:
    """Whether a point on the line p-q lies between its ends."""
    along = (other[0] - p[0]) * (q[0] - p[0]) + (other[1] - p[1]) * (q[1] - p[1])
    return 0 < along < (q[0] - p[0]) ** 2 + (q[1] - p[1]) ** 2


def _clipped(points: Sequence[Point], chain: list[int]) -> list[Triangle]:
    """Ear after ear of a chain of points, which may walk along bridges twice."""
    count = len(chain)
    at = [points[i] for i in chain]
    before = [i - 1 for i in range(count)]
    before[0] = count - 1
    after = [*range(1, count), 0]
    # Only corners that are not convex can lie in an ear.
    hollow = {i for i in range(count) if turn(at[before[i]], at[i], at[after[i]]) <= 0}

    def is_ear(i: int) -> bool:
        a, b, c = at[before[i]], at[i], at[after[i]]
        left, right = min(a[0], b[0], c[0]), max(a[0], b[0], c[0])
        low, high = min(a[1], b[1], c[1]), max(a[1], b[1], c[1])
        for j in hollow:
            p = at[j]
            if left <= p[0] <= right and low <= p[1] <= high:
                if p in (a, b, c):
                    continue
                if turn(a, b, p) >= 0 and turn(b, c, p) >= 0 and turn(c, a, p) >= 0:
                    return False
        return True

    triangles: list[Triangle] = []
    i, misses = 0, 0
    while count > 3:
        if i in hollow or not is_ear(i):
            i, misses = after[i], misses + 1
            if misses > count:
                raise ValueError("the polygon crosses itself")
            continue
        one, two = before[i], after[i]
        triangles.append((chain[one], chain[i], chain[two]))
        after[one], before[two] = two, one
        count, misses = count - 1, 0
        for j in (one, two):
            if turn(at[before[j]], at[j], at[after[j]]) <= 0:
                hollow.add(j)
            else:
                hollow.discard(j)
        # Going on behind the neighbour gives fewer needles than a fan would.
        i = after[two]
    if turn(at[before[i]], at[i], at[after[i]]) <= 0:
        raise ValueError("the polygon crosses itself")
    triangles.append((chain[before[i]], chain[i], chain[after[i]]))
    return triangles
