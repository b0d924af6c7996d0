"""Paper letters on steps; for writing that has no letters here, cut-outs on building blocks."""

from __future__ import annotations

import math
import unicodedata
from random import Random

from PIL import Image, ImageDraw

from .. import lettering
from ..lettering import GROUNDS, MOST_SHAPES, PAPERS
from ..scene import seeded
from ..shapes import Colour, Sheet, disc, mix
from .board import TOP, backdrop, base, ground, rim
from .cutouts import PIXELS, Cutout, Workshop
from .extrusion import box
from .glb import Piece
from .posture import lowest, turned_by
from .solids import Body

WIDE, HIGH = 0.86, 0.62  # of the room all letters have
FRONT, BACK = 0.19, -0.17  # z of the first and the last step
LARGEST = 0.34  # of a letter
SIDE = 120  # pixels of a cut-out shape


def pieces_of(text: str, seed: int, workshop: Workshop, frame: Colour | None) -> list[Piece]:
    """The letters of a text, or a shape for each of its signs, standing on a board."""
    rng = seeded(seed, "letters", text)
    paper = rng.choice(GROUNDS)
    blobs = [
        Sheet(
            mix(paper, rng.choice(PAPERS), 0.3),
            (disc(rng.random(), rng.random() * 0.8, rng.uniform(0.1, 0.28), steps=64),),
            0.4,
        )
        for _ in range(6)
    ]
    pieces = [base(), ground(mix(paper, rng.choice(PAPERS), 0.25))]
    pieces.append(backdrop((paper, mix(paper, (255, 255, 255), 0.5)), (0.5, 0.4), blobs, workshop))
    if frame is not None:
        pieces += rim(frame)
    if lettering.mostly_settable(text):
        return [*pieces, *_lines(text, rng, workshop)]
    return [*pieces, *_blocks(text, rng, workshop)]


def _lines(text: str, rng: Random, workshop: Workshop) -> list[Piece]:
    lines = [
        [(sign, word) for word in line for sign in [*lettering.letters_of(word), ""]][:-1]
        for line in lettering.lines_of(text)
    ]
    longest = max(sum(1.0 if sign else 0.6 for sign, _ in line) for line in lines)
    step = min(WIDE / longest, HIGH / (0.8 * len(lines) + 0.3), LARGEST)
    rows = _steps(len(lines), step * 0.8, rng)
    pieces = [piece for piece, _, _ in rows if piece is not None]
    cut: dict[tuple[str, Colour], Cutout] = {}
    last: Colour | None = None
    for line, (_, y, z) in zip(reversed(lines), rows, strict=True):
        x = -sum(step if sign else 0.6 * step for sign, _ in line) / 2
        for sign, word in line:
            if not sign:
                x += 0.6 * step
                continue
            last = rng.choice([paper for paper in PAPERS if paper != last])
            if (sign, last) not in cut:
                drawn = lettering.letter(sign, max(16, round(step * PIXELS)), last)
                cut[sign, last] = workshop.pasted(drawn, 1 / PIXELS, 0.3)
            body = cut[sign, last].body
            pieces.append(_standing(word, body, (x + step / 2, y, z), rng))
            x += step
    return pieces


def _standing(word: str, body: Body, at: tuple[float, float, float], rng: Random) -> Piece:
    """A little turned, but firmly on its lowest point."""
    turn = turned_by(roll=rng.uniform(-6, 6), yaw=rng.uniform(-10, 10))
    return Piece(word, body, (at[0], at[1] - lowest(body, turn), at[2]), turn)


def _steps(count: int, rise: float, rng: Random) -> list[tuple[Piece | None, float, float]]:
    """Steps from the front to the back: the step, the height and the z one stands at."""
    deep = (FRONT - BACK) / count
    made: list[tuple[Piece | None, float, float]] = []
    for i in range(count):
        z = FRONT - deep * (i + 0.5) if count > 1 else 0.05
        height = rise * i
        step = None
        if i:
            colour = mix(rng.choice(PAPERS), (255, 250, 236), 0.55)
            step = Piece("step", box(0.94, height, deep, colour), (0.0, TOP, z))
        made.append((step, TOP + height, z))
    return made


def _blocks(text: str, rng: Random, workshop: Workshop) -> list[Piece]:
    """For each sign a cut-out on a block; the same sign, the same shape."""
    signs = [sign for sign in text if not sign.isspace() and unicodedata.category(sign)[0] != "C"]
    signs = signs[:MOST_SHAPES] or ["?"]
    per_row = math.ceil(len(signs) ** 0.5 * 1.2)
    rows = [signs[i : i + per_row] for i in range(0, len(signs), per_row)]
    side = min(WIDE / per_row * 0.72, HIGH / (1.6 * len(rows) + 0.4), 0.22)
    pieces = []
    for number, row in enumerate(reversed(rows)):
        y, z = side * 0.95 * number, FRONT - side / 2 - side * 1.05 * number
        for i, sign in enumerate(row):
            own = seeded(ord(sign), "shape")
            card, ink = own.sample(PAPERS, 2)
            x = (i - (len(row) - 1) / 2) * side * 1.32
            colour = mix(card, (255, 255, 255), 0.35)
            pieces.append(Piece(sign, box(side, y + side * 0.8, side, colour), (x, TOP, z)))
            picture = Image.new("RGBA", (SIDE, SIDE), (*ink, 0))
            mask = Image.new("L", (SIDE, SIDE))
            for polygon in lettering.cut_out(SIDE / 2, SIDE / 2, SIDE * 0.46, own):
                ImageDraw.Draw(mask).polygon(polygon, fill=255)
            picture.putalpha(mask)
            cutout = workshop.pasted(picture, side * 0.95 / SIDE, 0.3)
            foot = TOP + y + side * 0.8
            pieces.append(_standing(sign, cutout.body, (x, foot, z), rng))
    return pieces
