"""The montage manner (Dada): torn paper, things tilted, cut and wrongly put together, letters."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageDraw

from .. import pictograms
from ..lettering import font, letter, letters_of, settable
from ..montage import INK, SPOTS, mixed, printed, torn
from ..paper import bordered, lay, mask_of
from ..roles import having
from ..scene import Figure, Scene, seeded
from ..shapes import Colour, mix, rgb
from ..surroundings import surroundings
from .board import ROD, TOP, WOOD, base, ground
from .cutouts import MOST_PIXELS, PIXELS, THICKNESS, Cutout, Workshop
from .glb import Piece, Quaternion
from .lathe import rod
from .posture import lowest, matrix, turned_by

PALE, TORN = rgb("#f7efdc"), rgb("#fbf7ec")
# x, z and the longest side for one to five things: never in each other's way, however turned.
SLOTS: tuple[tuple[tuple[float, float, float], ...], ...] = (
    ((0.0, 0.03, 0.54),),
    ((-0.22, 0.04, 0.42), (0.23, -0.02, 0.42)),
    ((-0.30, 0.06, 0.33), (0.02, -0.05, 0.40), (0.32, 0.07, 0.33)),
    ((-0.34, -0.04, 0.34), (-0.12, 0.11, 0.28), (0.13, -0.06, 0.34), (0.34, 0.10, 0.30)),
    (
        (-0.36, -0.05, 0.31),
        (-0.20, 0.13, 0.26),
        (0.02, -0.06, 0.34),
        (0.19, 0.13, 0.26),
        (0.37, -0.04, 0.31),
    ),
)
ALOFT = ((-0.36, -0.17, 0.50), (0.37, -0.17, 0.46))  # x, z and height of the mixed creatures
MOST_WORDS, MOST_CARDS = 3, 16
SIDE = 480  # pixels of a torn paper, for one unit


def pieces_of(
    scene: Scene, text: str, workshop: Workshop, paper: Colour, *, letters: bool
) -> list[Piece]:
    """The board with torn papers behind it, the things, and words in single letters."""
    rng = seeded(scene.seed, "montage")
    spots = rng.choice(SPOTS)
    page = newspaper(text, rng, paper)
    pieces = [base(), ground(paper, page, workshop)]
    pieces += _papers(scene, page, rng, spots, workshop)
    actors = actors_of(scene)
    drawings = [_drawn(actor, 0.4) for actor in actors]
    if len(drawings) > 1:
        pieces += _creatures(actors, drawings, rng, spots, workshop)
    slots = list(SLOTS[max(0, len(actors) - 1)]) if actors else []
    rng.shuffle(slots)
    for number, (actor, slot) in enumerate(zip(actors, slots, strict=True)):
        pieces += _thing(actor, slot, rng, workshop, cut=number % 2 == 1)
    if letters:
        pieces += _words(scene, text, rng, spots, workshop)
    return pieces


def actors_of(scene: Scene) -> list[Figure]:
    """One figure for each thing, then further ones of the same, the largest first; at most five."""
    by_size = sorted(
        (f for f in scene.figures if f.pictogram not in having("backdrop") or f.role != "repeat"),
        key=lambda f: (-f.width * f.height, f.x),
    )
    first: dict[tuple[str, str | None], Figure] = {}
    for figure in by_size:
        first.setdefault((figure.pictogram, figure.colour), figure)
    again = [f for f in by_size if f.role != "repeat" and f not in first.values()]
    return [*first.values(), *again][: len(SLOTS)]


def newspaper(text: str, rng: Random, paper: Colour) -> Image.Image:
    """Columns of the text itself, too small and too often to be read."""
    side, size, column = 640, 13, 128
    canvas = Image.new("RGB", (side, side), mix(paper, rgb("#cdbf9f"), 0.4))
    words = ["".join(s for s in w.lower() if s.isascii()) for w in settable(text).split()]
    words = [word for word in words if word] or ["dada"]
    ink = mix(INK, paper, 0.5)
    strips = []
    for _ in range(12):
        line = " ".join(rng.choice(words) for _ in range(9))[:40]
        strip = Image.new("L", (column - 14, size + 4))
        ImageDraw.Draw(strip).text((0, 0), line, font=font(size), fill=255)
        strips.append(strip)
    for x in range(0, side, column):
        for y in range(rng.randrange(size), side, size + 5):
            if rng.random() < 0.93:
                canvas.paste(ink, (x, y), rng.choice(strips))
    return canvas


def _papers(
    scene: Scene, page: Image.Image, rng: Random, spots: tuple[Colour, Colour], workshop: Workshop
) -> list[Piece]:
    """A torn view of the place in the middle, newspaper and coloured papers beside and behind."""
    around = surroundings(
        scene.place,
        scene.time,
        scene.weathers,
        seeded(scene.seed, "surroundings"),
        light_in_sky=not scene.has_luminary,
    )
    view = Image.new("RGB", (SIDE, SIDE), mix(around.sky[0], around.sky[1], 0.35))
    for sheet in (*around.back, *around.front):
        lay(view, sheet)
    plans: list[tuple[Colour | Image.Image, float, float, float, float, float]] = [
        (view, 0.0, -0.24, 0.68, 0.66, rng.uniform(-9, 9)),
        (spots[0], -0.33, -0.295, 0.36, 0.60, rng.uniform(-4, 14)),
        (spots[1], 0.34, -0.30, 0.34, 0.54, rng.uniform(-14, 4)),
        (page.resize((SIDE, SIDE)), 0.16, -0.335, 0.5, 0.78, rng.uniform(-8, 8)),
        (INK, -0.14, -0.34, 0.4, 0.74, rng.uniform(-8, 8)),
    ]
    pieces = []
    for picture, x, z, wide, high, degrees in plans:
        cutout = workshop.cut(_torn(picture, wide, high, rng), 1 / SIDE, thickness=0.008)
        yaw = rng.uniform(-3, 3)
        turn = turned_by(roll=degrees, yaw=yaw if z > -0.3 else 0.0)
        pieces.append(
            Piece("torn paper", cutout.body, (x, TOP - lowest(cutout.body, turn), z), turn)
        )
    return pieces


def _torn(picture: Colour | Image.Image, wide: float, high: float, rng: Random) -> Image.Image:
    """A piece torn out of a picture or a coloured paper, with the pale edge of the tear."""
    left, top = (1 - wide) / 2, (1 - high) / 2
    corners = [(left, top), (1 - left, top), (1 - left, 1 - top), (left, 1 - top)]
    outer = mask_of((torn(corners, rng, 0.008),), SIDE)
    small = [(0.5 + (x - 0.5) * 0.96, 0.5 + (y - 0.5) * 0.97) for x, y in corners]
    inner = mask_of((torn(small, rng, 0.005),), SIDE)
    sheet = Image.new("RGBA", (SIDE, SIDE), (*TORN, 0))
    if outer and inner:
        sheet.paste((*TORN, 255), outer[1], outer[0])
        source = (
            picture if isinstance(picture, Image.Image) else Image.new("RGB", (SIDE, SIDE), picture)
        )
        x, y = inner[1]
        box = (x, y, x + inner[0].width, y + inner[0].height)
        sheet.paste(source.crop(box), (x, y), inner[0])
    return sheet.crop(sheet.getbbox() or (0, 0, 8, 8))


def _drawn(figure: Figure, side: float) -> Image.Image:
    """A figure's picture whose longer side is `side` units."""
    aspect = pictograms.outline(figure.pictogram).aspect
    height = side if aspect <= 1 else side / aspect
    pixels = max(24, min(round(height * PIXELS), MOST_PIXELS))
    return pictograms.image(figure.pictogram, pixels, figure.colour)


def _thing(
    figure: Figure, slot: tuple[float, float, float], rng: Random, workshop: Workshop, *, cut: bool
) -> list[Piece]:
    """A thing, tilted and turned; or cut in two and put together a little wrong."""
    x, z, side = slot
    drawn = _drawn(figure, side)
    yaw = rng.choice((-1, 1)) * rng.uniform(5, 16)
    turn = turned_by(roll=rng.uniform(-11, 11), yaw=yaw)
    if not cut:
        cutout = workshop.pasted(drawn, 1 / PIXELS, side)
        y = TOP - lowest(cutout.body, turn)
        piece = Piece(figure.word, cutout.body, (x, y, z), turn)
        return [piece, _prop(cutout, (x, y, z), turn)]
    middle = round(drawn.height * 0.52)
    lower = workshop.pasted(drawn.crop((0, middle, *drawn.size)), 1 / PIXELS, side)
    upper = workshop.pasted(drawn.crop((0, 0, drawn.width, middle)), 1 / PIXELS, side)
    straight = turned_by(yaw=yaw)
    shifted = turned_by(roll=rng.choice((-1, 1)) * rng.uniform(4, 9), yaw=yaw)
    # Before the lower half, by a little more than paper is thick.
    along, ahead = matrix(straight)[:, 0], matrix(straight)[:, 2]
    off = along * rng.choice((-1, 1)) * 0.09 * lower.width + ahead * (THICKNESS + 0.004)
    y = TOP - lowest(lower.body, straight)
    above = (x + float(off[0]), y + lower.height * 0.96, z + float(off[2]))
    return [
        Piece(figure.word, lower.body, (x, y, z), straight),
        Piece(figure.word, upper.body, above, shifted),
        _prop(lower, (x, y, z), straight),
    ]


def _prop(cutout: Cutout, at: tuple[float, float, float], turn: Quaternion) -> Piece:
    """A stick behind a piece, from the board to a little over its middle."""
    up, behind = matrix(turn)[:, 1], -matrix(turn)[:, 2]
    point = up * cutout.height * 0.5 + behind * (THICKNESS / 2 + 2 * ROD + 0.003)
    x, y, z = (a + float(b) for a, b in zip(at, point, strict=True))
    lean = abs(math.sin(2 * math.atan2(turn[1], turn[3]))) * ROD
    return Piece("stick", rod(max(y - TOP, 0.02), ROD, WOOD), (x, TOP, z - lean))


def _creatures(
    actors: list[Figure],
    drawings: list[Image.Image],
    rng: Random,
    spots: tuple[Colour, Colour],
    workshop: Workshop,
) -> list[Piece]:
    """One's top on another's bottom, in the ink of cheap print, high on sticks."""
    pieces = []
    for number, (x, z, high) in enumerate(ALOFT):
        one = number % len(actors)
        two = (number + 1) % len(actors)
        both = mixed(
            printed(drawings[one], spots[number]), printed(drawings[two], spots[1 - number])
        )
        share = 0.2 * PIXELS / max(both.size)
        both = both.resize((max(8, round(both.width * share)), max(8, round(both.height * share))))
        cutout = workshop.cut(bordered(both, 6, rgb("#f3ead4")), 1 / PIXELS)
        turn = turned_by(roll=rng.choice((-1, 1)) * rng.uniform(10, 30))
        at = (x, TOP + high, z)
        name = f"{actors[one].word} + {actors[two].word}"
        pieces += [Piece(name, cutout.body, at, turn), _prop(cutout, at, turn)]
    return pieces


def _words(
    scene: Scene, text: str, rng: Random, spots: tuple[Colour, Colour], workshop: Workshop
) -> list[Piece]:
    """Single words along the front edge, each letter on its own leaning card."""
    seen = [figure.word for figure in scene.figures] + [word for word, _ in scene.setting_words]
    said = [settable(word) for word in dict.fromkeys(seen)]
    words = [word for word in said if word and " " not in word] or settable(text).split()
    signs: list[tuple[str, str]] = []
    for word in rng.sample(words, min(MOST_WORDS, len(words))):
        own = [(sign, word) for sign in letters_of(word)][:MOST_CARDS]
        if len(signs) + len(own) <= MOST_CARDS:
            signs += [("", ""), *own] if signs else own
    if not signs:
        return []
    step = min(0.085, 0.92 / len(signs))
    pieces = []
    for i, (sign, word) in enumerate(signs):
        x = (i - (len(signs) - 1) / 2) * step
        if not sign:
            continue
        cutout = workshop.cut(_card(sign, step * rng.uniform(0.66, 0.8), rng, spots[0]), 1 / PIXELS)
        turn = turned_by(roll=rng.uniform(-5, 5), yaw=rng.uniform(-16, 16))
        # Along the bowed front edge of the board.
        z = 0.225 + 0.055 * (1 - (x / 0.53) ** 2)
        pieces.append(Piece(word, cutout.body, (x, TOP - lowest(cutout.body, turn), z), turn))
    return pieces


def _card(sign: str, wide: float, rng: Random, spot: Colour) -> Image.Image:
    """A letter on a card, light on dark or dark on light, `wide` units wide."""
    back, ink = (INK, PALE) if rng.random() < 0.45 else (PALE, rng.choice((INK, spot)))
    side = max(20, round(wide * PIXELS))
    card = Image.new("RGBA", (side, round(side * 1.3)), (*back, 255))
    glyph = letter(sign, round(side * 1.05), ink)
    glyph.thumbnail((round(side * 0.78), round(side * 1.06)))
    card.alpha_composite(
        glyph, ((card.width - glyph.width) // 2, (card.height - glyph.height) // 2)
    )
    return card
