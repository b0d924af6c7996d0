"""The papercut manner as a paper theatre: a stage, and the figures as cut-outs on it."""

from __future__ import annotations

from ..scene import Scene
from ..shapes import Colour
from .board import BEND, ROD, WOOD
from .cutouts import THICKNESS, Workshop
from .glb import Piece
from .lathe import rod
from .placing import Place, placed
from .posture import lowest, turned_by
from .stage import Stage, built
from .weather import falling


def pieces_of(scene: Scene, workshop: Workshop, frame: Colour | None) -> list[Piece]:
    """Everything of the theatre, from the board to the last actor."""
    stage = built(scene, workshop, frame)
    pieces = list(stage.pieces)
    places = placed(scene, stage)
    # The largest of a kind first: the others share its body.
    for place in sorted(places, key=lambda place: -place.figure.height):
        pieces += _actor(place, stage, workshop)
    return [*pieces, *falling(scene, places)]


def _actor(place: Place, stage: Stage, workshop: Workshop) -> list[Piece]:
    figure = place.figure
    spans = place.hold == "spans"
    cutout, scale = workshop.figure(
        figure.pictogram,
        figure.colour,
        figure.height,
        flipped=figure.flipped,
        own=spans,
        bend=BEND if spans else 0.0,
    )
    turn = turned_by(roll=figure.turn)
    # Turned things stand on their lowest point.
    low = lowest(cutout.body, turn) * scale
    x = inside(place.x, cutout.width * scale)
    piece = Piece(figure.word, cutout.body, (x, place.y - low, place.z), turn, scale)
    if place.hold != "flies":
        return [piece]
    return [piece, stick(x, place.z, place.y + cutout.height * scale * 0.5, scale, stage)]


def inside(x: float, width: float) -> float:
    """x, so far from the edge that something of this width stays on the board."""
    room = max(0.0, 0.485 - width / 2)
    return min(max(x, -room), room)


def stick(x: float, z: float, top: float, scale: float, stage: Stage) -> Piece:
    """A round stick from the board up to the middle of what it holds, behind its back."""
    back = z - THICKNESS / 2 * scale - ROD - 0.0005
    foot = stage.level_at(x, back - ROD, 2 * ROD)
    return Piece("stick", rod(max(top - foot, 0.01), ROD, WOOD), (x, foot, back))
