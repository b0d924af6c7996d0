"""The montage manner (Dada): torn, turned, halved and mixed pieces on a page of newspaper.

The whole things lie on top, so that what the text says is still seen; the pieces around them are
cut from the same pictograms, and the words are the text's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from . import pictograms
from .layers import Cutting, Drawing, Layer
from .lettering import font, letter, letters_of, settable
from .paper import bordered, lay, mask_of
from .scene import Figure, Scene, seeded
from .shapes import Colour, Polygon, Sheet, mix, rgb
from .surroundings import surroundings

INK: Colour = rgb("#2a2624")
SPOTS = tuple(
    (rgb(a), rgb(b))
    for a, b in (
        ("#cf3b2e", "#e0b43c"),
        ("#d2552c", "#2f6f7e"),
        ("#c23a4b", "#8fae9b"),
        ("#dd8a1f", "#31496b"),
    )
)
WORD_PLACES = ((0.05, 0.065), (0.36, 0.94), (0.54, 0.06))
# Middle and share of the side, for one to five things.
PLACES = (
    ((0.50, 0.52, 0.62),),
    ((0.33, 0.40, 0.48), (0.68, 0.64, 0.48)),
    ((0.30, 0.34, 0.42), (0.71, 0.40, 0.40), (0.46, 0.74, 0.40)),
    ((0.29, 0.31, 0.37), (0.70, 0.29, 0.35), (0.34, 0.72, 0.36), (0.72, 0.70, 0.37)),
    (
        (0.26, 0.28, 0.33),
        (0.70, 0.25, 0.31),
        (0.50, 0.53, 0.34),
        (0.25, 0.77, 0.31),
        (0.75, 0.77, 0.32),
    ),
)


def drawing(scene: Scene, text: str, size: int, *, ground: Colour, letters: bool) -> Drawing:
    """The scene as a montage, `size` by `size` pixels."""
    rng = seeded(scene.seed, "montage")
    spots = rng.choice(SPOTS)
    page = _newspaper(text, rng, size, ground)
    return Drawing(page, _layers(scene, text if letters else "", size, rng, spots))


def _layers(
    scene: Scene, text: str, size: int, rng: Random, spots: tuple[Colour, Colour]
) -> Iterator[Layer]:
    yield from _scraps(rng, spots)
    yield _view(scene, size, rng)
    actors = _actors(scene)
    yield from _pieces(actors, size, rng, spots)
    places = list(PLACES[max(0, min(len(actors), 5) - 1)])
    rng.shuffle(places)
    for number, (figure, place) in enumerate(zip(actors, places, strict=False)):
        yield _whole(figure, place, size, rng, sliced=number % 2 == 1)
    if text:
        yield from _words(scene, text, size, rng, spots)


def _actors(scene: Scene) -> list[Figure]:
    """One figure for each thing, then further ones of the same, the largest first; at most five."""
    by_size = sorted(scene.figures, key=lambda f: (-f.width * f.height, f.x))
    first: dict[tuple[str, str | None], Figure] = {}
    for figure in by_size:
        first.setdefault((figure.pictogram, figure.colour), figure)
    again = [f for f in by_size if f.role != "repeat" and f not in first.values()]
    actors = [*first.values(), *again]
    if scene.place == "moon" and not scene.has_luminary:
        actors.append(Figure("moon", "1F315", 0.5, 0.9, 0.4, 0.4, "sky"))
    return actors[: len(PLACES)]


def _newspaper(text: str, rng: Random, size: int, ground: Colour) -> Image.Image:
    """Columns of the text itself, too small and too often to be read."""
    canvas = Image.new("RGB", (size, size), mix(ground, rgb("#cdbf9f"), 0.45))
    words = settable(text).split() or ["DADA"]
    columns = Image.new("RGB", (size, size), canvas.getpixel((0, 0)))
    pen = ImageDraw.Draw(columns)
    pixels = max(6, round(size * 0.017))
    kind, ink = font(pixels), mix(INK, ground, 0.52)
    column = size // 5
    step = max(7, round(pixels * 1.28))
    plain = ["".join(sign for sign in word.lower() if sign.isascii()) for word in words]
    # One long strip of words, cut into lines: drawing text is slow, so each line is drawn once.
    strips = []
    for _ in range(14):
        line = " ".join(rng.choice(plain) for _ in range(9))[:48]
        strip = Image.new("L", (column - round(size * 0.02), step))
        ImageDraw.Draw(strip).text((0, 0), line, font=kind, fill=255)
        strips.append(strip)
    for number in range(6):
        x = number * column - round(column * 0.25)
        for y in range(rng.randrange(step), size, step):
            if rng.random() < 0.93:
                columns.paste(ink, (x, y), rng.choice(strips))
        pen.line((x - size // 100, 0, x - size // 100, size), fill=mix(ink, ground, 0.3))
    turned = columns.rotate(
        rng.choice((-7, 5, 8, -4)), Image.Resampling.BILINEAR, fillcolor=canvas.getpixel((0, 0))
    )
    canvas.paste(turned)
    return canvas


def torn(points: list[tuple[float, float]], rng: Random, rough: float = 0.006) -> Polygon:
    """A polygon whose edges are torn: many small steps off the straight line."""
    edge: list[tuple[float, float]] = []
    for (x, y), (next_x, next_y) in zip(points, points[1:] + points[:1], strict=True):
        steps = max(2, round(math.dist((x, y), (next_x, next_y)) / 0.012))
        for k in range(steps):
            share = k / steps
            edge.append(
                (
                    x + (next_x - x) * share + rng.uniform(-rough, rough),
                    y + (next_y - y) * share + rng.uniform(-rough, rough),
                )
            )
    return tuple(edge)


def _tilted(x: float, y: float, wide: float, high: float, turn: float) -> list[tuple[float, float]]:
    cos, sin = math.cos(turn), math.sin(turn)
    corners = (
        (-wide / 2, -high / 2),
        (wide / 2, -high / 2),
        (wide / 2, high / 2),
        (-wide / 2, high / 2),
    )
    return [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in corners]


def _scraps(rng: Random, spots: tuple[Colour, Colour]) -> Iterator[Layer]:
    """Large torn papers in the two spot colours and black, with the white edge of a tear."""
    corners = [(0.12, 0.16), (0.9, 0.2), (0.12, 0.86), (0.88, 0.88), (0.5, 0.06)]
    rng.shuffle(corners)
    for number, (x, y) in enumerate(corners[:4]):
        colour = (spots[0], spots[1], INK, spots[0])[number]
        wide, high = rng.uniform(0.3, 0.5), rng.uniform(0.2, 0.4)
        corners_of = _tilted(x, y, wide, high, rng.uniform(-0.6, 0.6))
        edge = Sheet(rgb("#fbf7ec"), (torn(corners_of, rng, 0.009),), 0.45)
        inner = [(x + (a - x) * 0.96, y + (b - y) * 0.95) for a, b in corners_of]
        yield Layer("scrap", (edge, Sheet(colour, (torn(inner, rng, 0.005),), 0.0)))


def _view(scene: Scene, size: int, rng: Random) -> Layer:
    """A torn-out view of the place: sky and ground as the text has them."""
    half = size // 2
    around = surroundings(
        scene.place,
        scene.time,
        scene.weathers,
        seeded(scene.seed, "surroundings"),
        light_in_sky=not scene.has_luminary,
    )
    view = Image.new("RGB", (half, half), mix(around.sky[0], around.sky[1], 0.35))
    for sheet in (*around.back, *around.front):
        lay(view, sheet)
    view = view.resize((size, size), Image.Resampling.BILINEAR)
    shape = _tilted(0.5, 0.5, 0.70, 0.66, rng.uniform(-0.16, 0.16))
    edge = Sheet(rgb("#fbf7ec"), (torn(shape, rng, 0.01),), 0.7)
    inner = [(0.5 + (a - 0.5) * 0.965, 0.5 + (b - 0.5) * 0.965) for a, b in shape]
    cut = mask_of((torn(inner, rng, 0.005),), size)
    if cut is None:
        return Layer("view", (edge,))
    mask, (left, top) = cut
    part = view.crop((left, top, left + mask.width, top + mask.height))
    part.putalpha(mask)
    return Layer("view", (edge, Cutting(part, (left, top), lift=0.0)))


def _drawn(figure: Figure, side: float, size: int) -> Image.Image:
    """A figure's picture with the area of a square of `side`."""
    aspect = pictograms.outline(figure.pictogram).aspect
    height = round(side * size / max(aspect, 0.55) ** 0.5)
    height = min(height, round(side * size * 1.3 / max(aspect, 1.0) ** 0.5))
    return pictograms.image(figure.pictogram, max(8, height), figure.colour)


def _whole(
    figure: Figure,
    place: tuple[float, float, float],
    size: int,
    rng: Random,
    *,
    sliced: bool,
) -> Layer:
    x, y, side = place
    drawn = _drawn(figure, side, size)
    if sliced:
        drawn = _shifted(drawn, rng)
    turned = drawn.rotate(rng.uniform(-13, 13), Image.Resampling.BICUBIC, expand=True)
    cut = bordered(turned, max(2, round(size * 0.008)))
    left = min(max(round(x * size - cut.width / 2), 4), size - cut.width - 4)
    top = min(max(round(y * size - cut.height / 2), 4), size - cut.height - 4)
    return Layer("figure", (Cutting(cut, (left, top), lift=0.6),), figure)


def _shifted(drawn: Image.Image, rng: Random) -> Image.Image:
    """Cut in three across and put together a little wrong."""
    shift = max(2, round(drawn.width * 0.09))
    out = Image.new("RGBA", (drawn.width + 2 * shift, drawn.height))
    cuts = [0, round(drawn.height * 0.36), round(drawn.height * 0.68), drawn.height]
    way = rng.choice((-1, 1))
    for number in range(3):
        strip = drawn.crop((0, cuts[number], drawn.width, cuts[number + 1]))
        out.paste(strip, (shift + way * (0, shift, -shift // 2)[number], cuts[number]))
    return out


def printed(drawn: Image.Image, colour: Colour) -> Image.Image:
    """A picture as cheap print: one ink on cream."""
    grey = ImageEnhance.Contrast(ImageOps.grayscale(drawn)).enhance(1.3)
    print_ = ImageOps.colorize(
        grey, black=INK, white=rgb("#f7efdc"), mid=mix(colour, rgb("#f7efdc"), 0.35)
    )
    print_.putalpha(drawn.getchannel("A"))
    return print_


def _pieces(
    actors: list[Figure], size: int, rng: Random, spots: tuple[Colour, Colour]
) -> Iterator[Layer]:
    """Halves of the things in one ink each, and mixed creatures: one's top on another's bottom."""
    if not actors:
        return
    edge = [(0.14, 0.16), (0.86, 0.15), (0.14, 0.84), (0.87, 0.84), (0.5, 0.93), (0.5, 0.08)]
    rng.shuffle(edge)
    for number, (x, y) in enumerate(edge[:4]):
        first = actors[number % len(actors)]
        second = actors[(number + 1) % len(actors)]
        drawn = printed(_drawn(first, 0.3, size), spots[number % 2])
        if len(actors) > 1 and number % 2 == 0:
            drawn = mixed(drawn, printed(_drawn(second, 0.3, size), spots[(number + 1) % 2]))
        else:
            drawn = drawn.crop((0, 0, drawn.width, round(drawn.height * 0.55)))
        drawn = drawn.rotate(
            rng.choice((-1, 1)) * rng.uniform(15, 50), Image.Resampling.BICUBIC, expand=True
        )
        cut = bordered(drawn, max(2, round(size * 0.006)), rgb("#f3ead4"))
        at = round(x * size - cut.width / 2), round(y * size - cut.height / 2)
        yield Layer("piece", (Cutting(cut, at, lift=0.4),))


def mixed(top: Image.Image, bottom: Image.Image) -> Image.Image:
    """The upper half of one picture on the lower half of another."""
    high = round(top.height * 0.5)
    lower = bottom.resize((top.width, round(bottom.height * top.width / bottom.width)))
    out = Image.new("RGBA", (top.width, high + lower.height - lower.height // 2))
    out.paste(top.crop((0, 0, top.width, high)), (0, 0))
    out.paste(lower.crop((0, lower.height // 2, lower.width, lower.height)), (0, high))
    return out


def _words(
    scene: Scene, text: str, size: int, rng: Random, spots: tuple[Colour, Colour]
) -> Iterator[Layer]:
    """Single words as ransom notes along the edges, letters of any size."""
    seen = [figure.word for figure in scene.figures] + [word for word, _ in scene.setting_words]
    said = [settable(word) for word in dict.fromkeys(seen)]
    words = [word for word in said if word and " " not in word] or settable(text).split()
    if not words:
        return
    chosen = rng.sample(words, min(len(WORD_PLACES), len(words)))
    for word, (x, y) in zip(chosen, WORD_PLACES, strict=False):
        signs = letters_of(word)[:18]
        # A card is about as wide as its letter is high.
        largest = min(0.085, (0.97 - x) / len(signs))
        at = x * size
        for sign in signs:
            card = _card(sign, round(size * largest * rng.uniform(0.7, 1.0)), rng, spots[0])
            top = round(y * size + rng.uniform(-0.012, 0.012) * size - card.height / 2)
            yield Layer("letter", (Cutting(card, (round(at), top), lift=0.25, strength=0.4),))
            at += card.width * 0.94


def _card(sign: str, pixels: int, rng: Random, spot: Colour) -> Image.Image:
    """One letter on its own piece of paper, light on dark or dark on light."""
    pale = rgb("#f7efdc")
    back, ink = (INK, pale) if rng.random() < 0.45 else (pale, rng.choice((INK, spot)))
    glyph = letter(sign, pixels, ink)
    margin = max(1, pixels // 6)
    card = Image.new("RGBA", (glyph.width + 2 * margin, glyph.height + 2 * margin), (*back, 255))
    card.alpha_composite(glyph, (margin, margin))
    return card.rotate(rng.uniform(-9, 9), Image.Resampling.BICUBIC, expand=True)
