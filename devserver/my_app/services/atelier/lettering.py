"""Letters cut from paper, and shapes for writing that has no letters here.

The only font that is everywhere is the one inside Pillow (Aileron, ASCII). Accents and umlauts are
therefore set by hand above their letter; a script without glyphs becomes cut-out shapes, one for
each sign, instead of empty boxes.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw, ImageFont

from .layers import Cutting, Drawing, Layer
from .paper import bordered
from .scene import seeded
from .shapes import Colour, Polygon, Sheet, disc, mix, rgb, star

PAPERS = tuple(
    map(
        rgb,
        ("#d8503f", "#e9a83a", "#3f7fae", "#5d9c59", "#8a5a9e", "#e8819b", "#2f4a6d", "#3ea69b"),
    )
)
GROUNDS = tuple(map(rgb, ("#fbeecb", "#e4eedd", "#dfe9f2", "#f8e1d4")))
MOST_LETTERS = 72
MOST_SHAPES = 16
DOTS = {"\u0308": ((-0.18, 0.0), (0.18, 0.0)), "\u0307": ((0.0, 0.0),), "\u030a": ((0.0, 0.0),)}
STROKES = {"\u0301": 1, "\u0300": -1}


@lru_cache(maxsize=32)
def font(pixels: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Pillow's own font at a height in pixels."""
    return ImageFont.load_default(max(6, pixels))


def settable(text: str) -> str:
    """What of a text can be set in letters: capitals of ASCII, their accents, digits, signs."""
    spelled = unicodedata.normalize("NFD", text[:4000].replace("ß", "ss").upper())
    kept = []
    for sign in spelled:
        if sign.isspace():
            kept.append(" ")
        elif "!" <= sign <= "~" or (sign in DOTS | STROKES and kept and kept[-1].isalpha()):
            kept.append(sign)
    return " ".join("".join(kept).split())


def mostly_settable(text: str) -> bool:
    """Whether letters would say most of a text."""
    signs = [sign for sign in text[:400] if sign.isalnum()]
    plain = sum(settable(sign) != "" for sign in signs)
    return bool(settable(text)) and plain * 2 >= len(signs)


def letter(sign: str, pixels: int, colour: Colour) -> Image.Image:
    """One letter with its accents as RGBA, cropped; `pixels` is the height of the type."""
    wide = pixels * 2
    mask = Image.new("L", (wide, wide))
    pen = ImageDraw.Draw(mask)
    kind = font(pixels)
    left, top, right, bottom = kind.getbbox(sign[0])
    x, y = (wide - (right - left)) / 2, (wide - (bottom - top)) / 2
    # A stroke around the regular weight makes it bold enough for scissors.
    pen.text(
        (x - left, y - top),
        sign[0],
        font=kind,
        fill=255,
        stroke_width=max(1, pixels // 22),
        stroke_fill=255,
    )
    for mark in sign[1:]:
        for dx, dy in DOTS.get(mark, ()):
            dot = pixels * 0.075
            cx, cy = wide / 2 + dx * pixels, y - pixels * 0.16 + dy
            pen.ellipse((cx - dot, cy - dot, cx + dot, cy + dot), fill=255)
        if lean := STROKES.get(mark, 0):
            cy = y - pixels * 0.09
            pen.line(
                (
                    wide / 2 - lean * pixels * 0.09,
                    cy,
                    wide / 2 + lean * pixels * 0.11,
                    cy - pixels * 0.14,
                ),
                fill=255,
                width=max(2, pixels // 10),
            )
    picture = Image.new("RGBA", mask.size, (*colour, 0))
    picture.putalpha(mask)
    return picture.crop(mask.getbbox() or (0, 0, 1, 1))


def letters_of(word: str) -> list[str]:
    """A word as letters, each with the marks that belong to it."""
    found: list[str] = []
    for sign in word:
        if sign in DOTS or sign in STROKES:
            if found:
                found[-1] += sign
        else:
            found.append(sign)
    return found


def lines_of(text: str) -> list[list[str]]:
    """A text in lines of words, about as wide as high, at most MOST_LETTERS letters."""
    words: list[str] = []
    for word in settable(text).split():
        if sum(map(len, words)) + len(word) > MOST_LETTERS:
            break
        words.append(word)
    words = words or [settable(text)[:MOST_LETTERS]]
    longest, together = max(map(len, words)), sum(map(len, words))
    per_line = max(longest, round((together * 1.9) ** 0.5), 4)
    per_line = min(per_line, 14)
    lines: list[list[str]] = [[]]
    for word in words:
        for piece in (word[i : i + per_line] for i in range(0, len(word), per_line)):
            if lines[-1] and sum(map(len, lines[-1])) + len(lines[-1]) + len(piece) > per_line:
                lines.append([])
            lines[-1].append(piece)
    return lines


def drawing(text: str, seed: int, size: int) -> Drawing:
    """The text itself as paper: its letters, or shapes where there are none."""
    rng = seeded(seed, "letters", text)
    ground = rng.choice(GROUNDS)
    return Drawing(Image.new("RGB", (size, size), ground), _layers(text, size, ground, rng))


def _layers(text: str, size: int, ground: Colour, rng: Random) -> Iterator[Layer]:
    for _ in range(5):
        tone = mix(ground, rng.choice(PAPERS), 0.2)
        spot = _blob(rng.random(), rng.random(), rng.uniform(0.18, 0.36), rng)
        yield Layer("scrap", (Sheet(tone, (spot,), 0.4),), shadow=0.2)
    if mostly_settable(text):
        yield from _set(text, size, rng)
    else:
        yield from _shapes(text, rng)


def _set(text: str, size: int, rng: Random) -> Iterator[Layer]:
    lines = lines_of(text)
    longest = max(
        sum(len(letters_of(word)) for word in line) + 0.6 * (len(line) - 1) for line in lines
    )
    step = min(0.86 / longest, 0.8 / len(lines) / 1.25, 0.3)
    pixels = round(step * size * 1.05)
    y = 0.5 - step * 1.25 * (len(lines) - 1) / 2
    last: Colour | None = None
    for line in lines:
        wide = sum(len(letters_of(word)) for word in line) + 0.6 * (len(line) - 1)
        x = 0.5 - wide * step / 2 + step / 2
        for word in line:
            for sign in letters_of(word):
                colour = rng.choice([paper for paper in PAPERS if paper != last])
                last = colour
                piece = bordered(letter(sign, pixels, colour), max(2, round(size * 0.007)))
                piece = piece.rotate(rng.uniform(-7, 7), Image.Resampling.BICUBIC, expand=True)
                top = y + rng.uniform(-0.06, 0.06) * step
                at = round(x * size - piece.width / 2), round(top * size - piece.height / 2)
                yield Layer("letter", (Cutting(piece, at, lift=0.4),))
                x += step
            x += 0.6 * step
        y += step * 1.25


def _shapes(text: str, rng: Random) -> Iterator[Layer]:
    """A cut-out on a coloured card for each sign: the same sign, the same shape."""
    signs = [sign for sign in text if not sign.isspace() and unicodedata.category(sign)[0] != "C"]
    signs = signs[:MOST_SHAPES] or ["?"]
    side = math.ceil(len(signs) ** 0.5)
    rows = math.ceil(len(signs) / side)
    step = 0.88 / side
    for i, sign in enumerate(signs):
        own = seeded(ord(sign), "shape")
        x = 0.5 + (i % side - (side - 1) / 2) * step
        y = 0.5 + (i // side - (rows - 1) / 2) * step
        card, ink = own.sample(PAPERS, 2)
        half = step * 0.46
        corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        tilted = tuple(
            (
                x + a * half + rng.uniform(-0.05, 0.05) * step,
                y + b * half + rng.uniform(-0.05, 0.05) * step,
            )
            for a, b in corners
        )
        paper = Sheet(mix(card, (255, 255, 255), 0.45), (tilted,), 0.4)
        yield Layer("letter", (paper, Sheet(ink, cut_out(x, y, half * 0.8, own), 0.35)))


def cut_out(x: float, y: float, r: float, rng: Random) -> tuple[Polygon, ...]:
    """A leaf, blob, star or flower around (x, y), r from its middle to its tips."""
    kind = rng.randrange(4)
    if kind == 0:
        return (_leaf(x, y, r, rng),)
    if kind == 1:
        return (_blob(x, y, r, rng),)
    if kind == 2:
        return (star(x, y, r, rng.randint(5, 9), rng.random()),)
    petals = rng.randint(4, 7)
    return tuple(
        disc(x + r * 0.5 * math.cos(a), y + r * 0.5 * math.sin(a), r * 0.42)
        for a in (i * math.tau / petals for i in range(petals))
    )


def _leaf(x: float, y: float, r: float, rng: Random) -> Polygon:
    """A many-fingered leaf, as one cuts it without drawing first."""
    fingers = rng.randint(5, 9)
    turn = rng.uniform(0, math.tau)
    steps = fingers * 12
    return tuple(
        (
            x + r * (0.55 + 0.45 * math.cos(fingers * a)) * math.cos(a + turn),
            y + r * (0.55 + 0.45 * math.cos(fingers * a)) * math.sin(a + turn),
        )
        for a in (i * math.tau / steps for i in range(steps))
    )


def _blob(x: float, y: float, r: float, rng: Random) -> Polygon:
    turns = [(k, rng.uniform(0, math.tau), rng.uniform(0.03, 0.16)) for k in (2, 3, 4)]
    return tuple(
        (
            x + r * (1 + sum(s * math.sin(k * a + t) for k, t, s in turns)) * math.cos(a),
            y + r * (1 + sum(s * math.sin(k * a + t) for k, t, s in turns)) * math.sin(a),
        )
        for a in (i * math.tau / 60 for i in range(60))
    )
