"""The geometric manner (Bauhaus): balls, cones, cubes and cylinders in five colours.

The scene's place and hour decide which bodies are built and of what; the figures keep their
drawing in the five colours and stand on plinths.
"""

from __future__ import annotations

from dataclasses import replace

from ..geometry import BLACK, BLUE, CREAM, RED, YELLOW
from ..scene import Scene, seeded
from ..shapes import Colour, mix
from .board import BASE, BEND, GROUND, TOP, apron
from .constructions import FLOORS, FRONT, GROUNDS, PALE, STICK, WALL_HIGH, Built, hills, wall
from .cutouts import THICKNESS, Workshop
from .extrusion import box, extruded
from .glb import Piece
from .lathe import ball, rod, turned
from .placing import Place, placed
from .posture import lowest
from .solids import Body, lying, moved
from .stage import Stage
from .theatre import inside
from .weather import is_clear

FLIGHT = 0.8  # floor line in the picture
FOOT = 0.016  # radius of the ball a stick stands on
PLINTH = 0.045


def pieces_of(scene: Scene, workshop: Workshop) -> list[Piece]:
    """A construction of solids, and the figures among them."""
    rng = seeded(scene.seed, "geometry")
    dark = scene.time == "night" or scene.place in ("space", "moon")
    line = CREAM if dark else BLACK
    pieces = _board(scene, dark)
    ground = GROUNDS.get(scene.place, hills)
    built = (*wall(scene, rng, dark), *ground(rng, line))
    pieces += [Piece("solid", body, (x, TOP + y, z)) for body, (x, y, z) in built]
    stage = Stage(tuple(pieces), (TOP,), FLIGHT, FRONT)
    places = placed(scene, stage)
    for body, (x, y, z) in _falling(scene, line, places):
        pieces.append(Piece("weather", body, (x, TOP + y, z)))
    number = 0
    for place in sorted(places, key=lambda place: -place.figure.height):
        plinth = None
        if number < 3 and _has_room(place, places):
            plinth, number = number, number + 1
        pieces += _actor(place, workshop, plinth, line)
    return pieces


def _has_room(place: Place, places: list[Place]) -> bool:
    """Whether a plinth fits under somebody, with nobody else near or on top."""
    left, _, right, _ = place.figure.box
    return place.hold == "stands" and not any(
        other is not place
        and other.hold in ("stands", "rests")
        and (other.figure.box[0] < right and other.figure.box[2] > left)
        for other in places
    )


def _board(scene: Scene, dark: bool) -> list[Piece]:
    floor = FLOORS.get(scene.place, mix(YELLOW, CREAM, 0.55))
    edge = CREAM if dark else BLACK
    board = extruded(apron(0.53, 0.0), BASE, front=edge, back=edge, edge=edge)
    paper = extruded(apron(0.53, 0.035), GROUND, front=floor, back=floor, edge=floor)
    return [
        Piece("board", moved(lying(board), by=(0, BASE / 2, 0))),
        Piece("ground", moved(lying(paper), by=(0, BASE + GROUND / 2, 0))),
    ]


def _actor(place: Place, workshop: Workshop, plinth: int | None, line: Colour) -> list[Piece]:
    """A cut-out; the first three who stand get a plinth, who flies gets a stick."""
    figure = place.figure
    spans = place.hold == "spans"
    cutout, scale = workshop.figure(
        figure.pictogram,
        figure.colour,
        figure.height,
        flipped=figure.flipped,
        own=spans or figure.colour == "rainbow",
        bend=BEND if spans else 0.0,
    )
    y = place.y - lowest(cutout.body, (0.0, 0.0, 0.0, 1.0)) * scale
    wide = cutout.width * scale
    x = inside(place.x, wide)
    piece = Piece(figure.word, cutout.body, (x, y, place.z), scale=scale)
    if plinth is not None:
        body = _plinth(plinth, min(wide * 0.7, 0.14), line)
        return [
            replace(piece, at=(x, y + PLINTH, place.z)),
            Piece("plinth", body, (x, TOP, place.z)),
        ]
    if place.hold != "flies":
        return [piece]
    back = place.z - THICKNESS / 2 * scale - STICK - 0.0005
    length = max(y + cutout.height * scale / 2 - TOP, FOOT * 2 + 0.01)
    return [
        piece,
        Piece("stick", rod(length - 2 * FOOT, STICK, line), (x, TOP + 2 * FOOT, back)),
        Piece("foot", ball(FOOT, RED, steps=10), (x, TOP, back)),
    ]


def _plinth(number: int, wide: float, line: Colour) -> Body:
    """A drum, a slab or a cut cone under the first three who stand."""
    if number == 0:
        return rod(PLINTH, max(wide / 2, 0.03), YELLOW if line == BLACK else BLUE, sides=48)
    if number == 1:
        return box(wide, PLINTH, 0.07, RED)
    top, foot = max(wide / 3, 0.022), max(wide / 2, 0.035)
    return turned(((0, 0), (foot, 0), (top, PLINTH), (0, PLINTH)), PALE, sides=40)


def _falling(scene: Scene, line: Colour, places: list[Place]) -> Built:
    """Rain and snow: sticks and balls on threads."""
    falls = {"rain", "storm", "snowfall"} & scene.weathers
    z = -0.03
    for i in range(21 if falls else 0):
        row = i // 7
        x, y = (i % 7 - 3) * 0.14 + 0.02 * (row - 1), 0.72 - 0.14 * row - 0.03 * (i % 2)
        if not is_clear(x, z, places):
            continue
        if "snowfall" in falls:
            yield ball(0.014, mix(BLUE, CREAM, 0.7), steps=8), (x, y, z)
        else:
            yield rod(0.055, 0.005, BLUE), (x, y, z)
        yield rod(WALL_HIGH - y - 0.055, 0.001, line, sides=5), (x, y + 0.05, z)
    if falls:
        yield box(0.96, 0.012, 0.012, line), (0.0, WALL_HIGH - 0.006, z)
        for x in (-0.47, 0.47):
            yield box(0.012, WALL_HIGH - 0.0065, 0.012, line), (x, 0.0, z)
