"""What every diorama is built on: the wooden board, paper on it, the bent sky and its frame.

One unit is the width of the picture a scene was composed for: x from -0.5 to 0.5, y = 0 under the
board, the viewer at positive z. What is bent follows arcs around the stage: a depth is given as
`arc`, its z in the middle; at x it lies BEND * (2x)² further in front.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from ..paper import lay
from ..papercut import RINGS
from ..shapes import Colour, Sheet, disc, mix, rgb
from .cutouts import Workshop
from .extrusion import extruded, filled
from .glb import Piece
from .solids import Flat, Print, lying, moved

BEND = 0.12
BASE, GROUND = 0.020, 0.010  # how thick the wooden board and the paper on it are
TOP = BASE + GROUND
BACK = -0.375  # z of the board's edge
SKY_ARC, SKY_HEIGHT = -0.29, 0.84
WOOD, DARK_WOOD, CREAM = rgb("#c9a06c"), rgb("#a87d4f"), rgb("#fffaec")
PIXELS = 560  # of a printed sheet, for one unit
SHEET = 0.007  # thickness of the scenery
ROD = 0.0042  # radius of the sticks


def bow(x: float) -> float:
    """How much further in front an arc lies at x than in its middle."""
    return BEND * 4 * x * x


def base(wide: float = 0.53) -> Piece:
    """The wooden board: straight behind, bowed in front."""
    body = extruded(apron(wide, 0.0), BASE, front=WOOD, back=DARK_WOOD, edge=DARK_WOOD)
    return Piece("board", moved(lying(body), by=(0, BASE / 2, 0)))


def apron(wide: float, less: float) -> Flat:
    """The board seen from above, y backwards, `less` smaller on every side."""
    side, back, front = wide - less, -BACK - less, 0.26 - less
    corner = 0.03
    steps = 28
    edge = [
        (side * (2 * i / steps - 1), -front - 0.06 * (1 - (2 * i / steps - 1) ** 2))
        for i in range(steps + 1)
    ]
    rim = [(side, back - corner), (side - corner, back), (-side + corner, back)]
    return filled([*edge, *rim, (-side, back - corner)])


def ground(
    colour: Colour, picture: Image.Image | None = None, workshop: Workshop | None = None
) -> Piece:
    """Paper on the board, in one colour or with a picture of what lies there."""
    flat = apron(0.53, 0.035)
    top: Colour | Print = colour
    if picture is not None and workshop is not None:
        low, high = flat.points.min(axis=0), flat.points.max(axis=0)
        wide, deep = float(high[0] - low[0]), float(high[1] - low[1])
        fitted = picture.resize((picture.width, round(picture.width * deep / wide)))
        top = Print(workshop.atlas.add(fitted), low[0], high[1], wide, deep)
    body = extruded(flat, GROUND, front=top, back=colour, edge=lighter(colour))
    return Piece("ground", moved(lying(body), by=(0, BASE + GROUND / 2, 0)))


def lighter(colour: Colour) -> Colour:
    """The cut edge of coloured paper."""
    return mix(colour, CREAM, 0.12 + sum(colour) / 2600)


def backdrop(
    sky: tuple[Colour, Colour],
    glow: tuple[float, float],
    printed: list[Sheet],
    workshop: Workshop,
    share: float = SKY_HEIGHT,
) -> Piece:
    """The bent board behind everything: rings of light, and what is printed on them.

    `share` is how much of the picture's height it shows.
    """
    canvas = Image.new("RGB", (PIXELS, PIXELS), sky[0])
    x, y = glow
    for number, radius in enumerate(RINGS):
        colour = mix(sky[0], sky[1], (number + 1) / len(RINGS))
        lay(canvas, Sheet(colour, (disc(x, y, radius, steps=96),), 0.35), shadow=0.16)
    for sheet in printed:
        lay(canvas, sheet)
    tile = workshop.atlas.add(canvas.crop((0, 0, PIXELS, round(share * PIXELS))))
    body = extruded(
        rounded(0.5, SKY_HEIGHT, 0.05),
        SHEET,
        front=Print(tile, -0.5, SKY_HEIGHT, 1.0, SKY_HEIGHT),
        back=mix(sky[0], CREAM, 0.25),
        edge=lighter(sky[0]),
        bend=BEND,
    )
    return Piece("sky", body, (0.0, TOP, SKY_ARC))


def rounded(half: float, high: float, radius: float) -> Flat:
    """A board that stands on y = 0, its upper corners round."""
    arc = [math.pi / 2 * i / 10 for i in range(11)]
    right = [
        (half - radius + radius * math.cos(a), high - radius + radius * math.sin(a)) for a in arc
    ]
    left = [(-x, y) for x, y in reversed(right)]
    return filled([(-half, 0.0), (half, 0.0), *right, *left])


def rim(colour: Colour) -> list[Piece]:
    """A larger board of paper behind the sky, seen as a frame around it, and what holds it up."""
    body = extruded(
        rounded(0.522, SKY_HEIGHT + 0.024, 0.065),
        SHEET,
        front=colour,
        back=colour,
        edge=lighter(colour),
        bend=BEND,
    )
    pieces = [Piece("frame", body, (0.0, TOP, SKY_ARC - SHEET))]
    brace = moved(
        extruded(
            filled([(0.0, 0.0), (0.075, 0.0), (0.0, 0.45)]),
            2 * SHEET,
            front=WOOD,
            back=WOOD,
            edge=DARK_WOOD,
        ),
        matrix=np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]),
    )
    for x in (-0.2, 0.2):
        z = SKY_ARC - 1.5 * SHEET + bow(abs(x) - SHEET)
        pieces.append(Piece("brace", brace, (x, BASE, z)))
    return pieces
