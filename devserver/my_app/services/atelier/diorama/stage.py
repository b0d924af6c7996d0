"""The theatre without its actors: terraces and sheets of paper between the board and the sky."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..paper import lay, mask_of
from ..scene import Scene, seeded
from ..shapes import Colour, Sheet, mix
from ..surroundings import Surroundings, surroundings
from .board import (
    BEND,
    CREAM,
    PIXELS,
    ROD,
    SHEET,
    SKY_ARC,
    SKY_HEIGHT,
    TOP,
    WOOD,
    backdrop,
    base,
    bow,
    ground,
    lighter,
    rim,
)
from .cutouts import THICKNESS, Workshop, flats_of
from .extrusion import extruded
from .glb import Piece
from .lathe import rod
from .sheets import Board, Sorted, extent, sorted_sheets
from .solids import Body, Flat, Print, lying, moved, together

STEP = 0.028  # of the terraces
TERRACES = (0.035, -0.05)  # arcs of their front edges
FIRST_ARC, LAST_ARC = -0.26, -0.15  # of the standing sheets
OUTLINE_PIXELS = 420
FRONTS = ((0.195, 0.03), (0.265, -0.02))  # arc and bend of sheets before the actors
WAVE = 0.006  # how far the edge of a terrace swings
FLAT_PLACES = frozenset(("room", "stage", "city", "moon"))


@dataclass(frozen=True)
class Stage:
    """What stands there before anybody enters. `levels` are the heights of floor and terraces."""

    pieces: tuple[Piece, ...]
    levels: tuple[float, ...]
    floor: float  # where it begins in the picture, from the upper edge
    front_arc: float  # nothing of the scenery behind the actors reaches further to the front

    def level_at(self, x: float, z: float, width: float) -> float:
        """The height of what something flat, `width` wide at (x, z), stands on."""
        level = self.levels[0]
        for height, arc in zip(self.levels[1:], TERRACES, strict=False):
            if z - THICKNESS < arc + bow(min(abs(x) + width / 2, 0.5)) + WAVE:
                level = height
        return level


def built(scene: Scene, workshop: Workshop, frame: Colour | None) -> Stage:
    """The stage of a scene; `frame` is the colour of its frame, None for none."""
    around = surroundings(
        scene.place,
        scene.time,
        scene.weathers,
        seeded(scene.seed, "surroundings"),
        light_in_sky=not scene.has_luminary,
    )
    paper = sorted_sheets(scene.place, around)
    pieces = [base(), _floor(paper, workshop)]
    levels = [TOP]
    if scene.place not in FLAT_PLACES:
        for number, arc in enumerate(TERRACES):
            colour = mix(paper.ground, around.sky[1], 0.16 * (number + 1))
            pieces.append(_terrace(arc, TOP + number * STEP, colour))
            levels.append(TOP + (number + 1) * STEP)
    share = min(paper.floor, SKY_HEIGHT)
    pieces.append(backdrop(around.sky, around.glow, paper.sky, workshop, share))
    arcs = _spread(len(paper.standing))
    pieces += [
        _board(board, arc, paper.floor + levels[-1] - TOP, workshop)
        for board, arc in zip(paper.standing, arcs, strict=True)
    ]
    pieces += _aloft(paper, workshop)
    pieces += _front(around, paper, workshop)
    if frame is not None:
        pieces += rim(frame)
    last = arcs[-1] if arcs else SKY_ARC + 0.03
    return Stage(tuple(pieces), tuple(levels), paper.floor, last + SHEET)


def _spread(count: int) -> list[float]:
    """Arcs for a number of sheets, the last always at the same place."""
    step = min(0.05, (LAST_ARC - FIRST_ARC) / max(1, count - 1))
    return [LAST_ARC - step * (count - 1 - i) for i in range(count)]


def _floor(paper: Sorted, workshop: Workshop) -> Piece:
    """The ground in the colour of the place, with what lies on it."""
    if not paper.lying:
        return ground(paper.ground)
    canvas = Image.new("RGB", (PIXELS, PIXELS), paper.ground)
    for sheet in paper.lying:
        lay(canvas, sheet, shadow=0.25)
    picture = canvas.crop((0, round(paper.floor * PIXELS), PIXELS, PIXELS))
    return ground(paper.ground, picture, workshop)


def _terrace(arc: float, low: float, colour: Colour) -> Piece:
    """A step whose front edge runs along an arc, in soft waves."""
    steps, side = 48, 0.495
    xs = [side * (2 * i / steps - 1) for i in range(steps + 1)]
    edge = [(x, -(arc + bow(x) + WAVE * math.sin(9 * x + 40 * arc))) for x in xs]
    back = [(x, -(LAST_ARC + SHEET + bow(x))) for x in reversed(xs)]
    points = np.array([*edge, *back])
    count = len(points)
    quads = [(i, i + 1, count - 2 - i, count - 1 - i) for i in range(steps)]
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    body = extruded(
        Flat(points, np.array(triangles)), STEP, front=colour, back=colour, edge=lighter(colour)
    )
    return Piece("terrace", moved(lying(body), by=(0, low + STEP / 2, 0)))


def _board(
    board: Board, arc: float, foot: float, workshop: Workshop, *, bend: float = BEND
) -> Piece:
    """A standing sheet: its outline down to `foot`, bent along its arc."""
    body = drawn(board, foot, workshop, bend=bend)
    return Piece("scenery", body, (0.0, TOP, arc))


def drawn(board: Board, foot: float, workshop: Workshop, *, bend: float) -> Body:
    """The body of a board with y = 0 at `foot` of the picture."""
    mask = Image.new("L", (OUTLINE_PIXELS, OUTLINE_PIXELS))
    for sheet in board.cut:
        part = mask_of(sheet.polygons, OUTLINE_PIXELS)
        if part is not None:
            mask.paste(255, part[1], part[0])
    mask = mask.crop((0, 0, OUTLINE_PIXELS, max(2, round(foot * OUTLINE_PIXELS))))
    left, top, right, _ = mask.getbbox() or (0, 0, mask.width, mask.height)
    mask = mask.crop((left, top, right, mask.height))
    unit = 1 / OUTLINE_PIXELS
    shift = np.array([left * unit - 0.5, 0.0])
    colour = board.sheets[0].colour
    paint: Colour | Print = colour
    if len(board.sheets) > 1:
        canvas = Image.new("RGB", (PIXELS, PIXELS), colour)
        for sheet in board.sheets:
            lay(canvas, sheet)
        share = PIXELS / OUTLINE_PIXELS
        corners = (left, top, right, top + mask.height)
        tile = workshop.atlas.add(canvas.crop(tuple(round(c * share) for c in corners)))  # type: ignore[arg-type]  # four numbers
        paint = Print(
            tile, left * unit - 0.5, mask.height * unit, mask.width * unit, mask.height * unit
        )
    return together(
        extruded(
            Flat(flat.points + shift, flat.triangles),
            SHEET,
            front=paint,
            back=mix(colour, CREAM, 0.25),
            edge=lighter(colour),
            bend=bend,
        )
        for flat in flats_of(mask, unit)
    )


def _aloft(paper: Sorted, workshop: Workshop) -> list[Piece]:
    """Clouds, sun and planets: held before the sky by pegs."""
    pieces = []
    for number, board in enumerate(paper.aloft):
        picture, left, top = _pasted(board)
        if picture is None:
            continue
        cutout = workshop.cut(picture, 1 / PIXELS, thickness=SHEET)
        x = (left + picture.width / 2) / PIXELS - 0.5
        x = min(max(x, -0.49 + cutout.width / 2), 0.49 - cutout.width / 2)
        y = TOP + paper.floor - (top + picture.height) / PIXELS
        gap = 0.026 + 0.012 * (number % 3)
        # The sky is bent: at the outer side of a flat cloud it comes nearest.
        arc = SKY_ARC + bow(abs(x) + cutout.width / 2) + gap
        pieces.append(Piece("sky paper", cutout.body, (x, y, arc)))
        pieces.append(_peg(x, y + cutout.height / 2, arc - SHEET / 2))
    return pieces


def _pasted(board: Board) -> tuple[Image.Image | None, int, int]:
    """The picture of sheets with a thin edge of paper, and where its corner is, in pixels."""
    mask = Image.new("L", (PIXELS, PIXELS))
    canvas = Image.new("RGB", (PIXELS, PIXELS), board.sheets[0].colour)
    for sheet in board.sheets:
        lay(canvas, sheet)
        part = mask_of(sheet.polygons, PIXELS)
        if part is not None and sheet.lift > 0.2:
            mask.paste(255, part[1], part[0])
    area = mask.getbbox()
    if area is None or min(area[2] - area[0], area[3] - area[1]) < 6:
        return None, 0, 0
    picture = canvas.crop(area).convert("RGBA")
    picture.putalpha(mask.crop(area))
    return picture, area[0], area[1]


def _peg(x: float, y: float, z: float) -> Piece:
    """A short stick from the sky to the back of a cloud."""
    sky = SKY_ARC + bow(x) + SHEET / 2
    body = moved(
        rod(max(z - sky, 0.002), ROD, WOOD),
        matrix=np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]),
    )
    return Piece("peg", body, (x, y, sky))


def _front(around: Surroundings, paper: Sorted, workshop: Workshop) -> list[Piece]:
    """Waves, grass and weeds before the actors, and the curtains of a theatre."""
    pieces = []
    for number, sheet in enumerate(around.front):
        left, top, right, _ = extent([sheet])
        is_wide = left <= 0 and right >= 1 and len(sheet.polygons) == 1
        foot = min(1.0, top + 0.075) if is_wide else 1.0
        arc, bend = FRONTS[number % 2] if is_wide else FRONTS[1]
        board = Board([Sheet(sheet.colour, sheet.polygons, 0.5)])
        body = drawn(board, foot, workshop, bend=bend)
        pieces.append(Piece("scenery", body, (0.0, TOP, arc)))
    if paper.wings:
        body = drawn(paper.wings, 0.84, workshop, bend=0.0)
        pieces.append(Piece("curtain", body, (0.0, TOP, 0.215)))
    return pieces
