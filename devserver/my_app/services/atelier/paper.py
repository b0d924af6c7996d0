"""Cutting and laying paper: shadows, light edges, cream borders, grain.

Everything works on whole Pillow images in C; the only numbers that matter for speed are the sizes
of the boxes touched.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .shapes import Colour, Polygon, Sheet, mix

CREAM: Colour = (255, 250, 236)
SHADE: Colour = (24, 20, 38)
SHARPER = 2  # polygons are drawn this many times larger and reduced
GRAIN = 7  # strength of the grain, in steps of 256
TILE = 256


def mask_of(
    polygons: tuple[Polygon, ...], size: int, bleed: int = 0
) -> tuple[Image.Image, tuple[int, int]] | None:
    """The shape of polygons (units of the side) as a smooth mask and where it begins, in pixels.

    It is cut off `bleed` pixels outside the picture.
    """
    xs = [x for polygon in polygons for x, _ in polygon]
    ys = [y for polygon in polygons for _, y in polygon]
    if not xs:
        return None
    least, most = -bleed, size + bleed
    left, top = max(int(min(xs) * size) - 1, least), max(int(min(ys) * size) - 1, least)
    right, bottom = min(int(max(xs) * size) + 2, most), min(int(max(ys) * size) + 2, most)
    if right <= left or bottom <= top:
        return None
    large = Image.new("L", ((right - left) * SHARPER, (bottom - top) * SHARPER))
    pen = ImageDraw.Draw(large)
    for polygon in polygons:
        pen.polygon(
            [((x * size - left) * SHARPER, (y * size - top) * SHARPER) for x, y in polygon],
            fill=255,
        )
    return large.reduce(SHARPER), (left, top)


def drop_shadow(
    canvas: Image.Image,
    mask: Image.Image,
    at: tuple[int, int],
    *,
    lift: float,
    strength: float,
    bleed: int = 0,
) -> None:
    """Darkens `canvas` softly where the paper `mask` at `at` throws its shadow.

    Here as below the canvas is `bleed` pixels larger than the picture on every side; `at` counts
    from the picture's corner.
    """
    if lift <= 0:
        return
    size = canvas.width - 2 * bleed
    blur = max(1.0, size * 0.011 * (0.4 + lift))
    drop = size * 0.009 * (0.3 + lift)
    # Soft shapes need no detail: a quarter of the size, blurred, enlarged again.
    step = 4 if min(mask.size) >= 32 else 1
    pad = int(blur * 2.5 / step) + 2
    small = mask.resize(
        (max(1, mask.width // step), max(1, mask.height // step)), Image.Resampling.BILINEAR
    )
    room = Image.new("L", (small.width + 2 * pad, small.height + 2 * pad))
    room.paste(small, (pad, pad))
    room = room.filter(ImageFilter.BoxBlur(blur / step * 0.6)).filter(
        ImageFilter.BoxBlur(blur / step * 0.6)
    )
    room = room.point([round(i * strength) for i in range(256)])
    left = round(at[0] - pad * step + drop * 0.6) + bleed
    top = round(at[1] - pad * step + drop) + bleed
    scaled = (round(room.width * step), round(room.height * step))
    canvas.paste(SHADE, (left, top), room.resize(scaled, Image.Resampling.BILINEAR))


def lay(canvas: Image.Image, sheet: Sheet, *, shadow: float = 0.42, bleed: int = 0) -> None:
    """Lays one sheet on the canvas: shadow, light edge, colour."""
    size = canvas.width - 2 * bleed
    cut = mask_of(sheet.polygons, size, bleed)
    if cut is None:
        return
    mask, at = cut
    drop_shadow(canvas, mask, at, lift=sheet.lift, strength=shadow, bleed=bleed)
    at = at[0] + bleed, at[1] + bleed
    rim = max(1, round(size / 420))
    if sheet.lift < 0.15:
        canvas.paste(sheet.colour, at, mask)
        return
    # Paper in the dark has a dimmer edge.
    canvas.paste(mix(sheet.colour, (255, 255, 255), 0.1 + sum(sheet.colour) / 2400), at, mask)
    inner = Image.new("L", mask.size)
    inner.paste(mask, (0, rim))
    canvas.paste(sheet.colour, at, ImageChops.darker(mask, inner))


def bordered(picture: Image.Image, border: int, colour: Colour = CREAM) -> Image.Image:
    """A cut-out: the picture on a piece of paper `border` pixels larger on every side."""
    pad = border + 2
    wide, high = picture.width + 2 * pad, picture.height + 2 * pad
    alpha = Image.new("L", (wide, high))
    alpha.paste(picture.getchannel("A"), (pad, pad))
    # Blurring and raising grows a shape smoothly; half size is enough and four times faster.
    half = alpha.resize((max(1, wide // 2), max(1, high // 2)), Image.Resampling.BILINEAR)
    grown = half.filter(ImageFilter.BoxBlur(border / 2 * 0.95))
    grown = grown.point([min(255, max(0, (i - 12) * 22)) for i in range(256)])
    paper = Image.new("RGBA", (wide, high), (*colour, 0))
    paper.putalpha(ImageChops.lighter(grown.resize((wide, high), Image.Resampling.BILINEAR), alpha))
    paper.alpha_composite(picture, (pad, pad))
    return paper


def stick(
    canvas: Image.Image,
    cutting: Image.Image,
    at: tuple[int, int],
    *,
    lift: float = 0.5,
    strength: float = 0.45,
    bleed: int = 0,
) -> None:
    """Puts an RGBA cutting on the canvas with its shadow; `at` is its upper left corner."""
    mask = cutting.getchannel("A")
    drop_shadow(canvas, mask, at, lift=lift, strength=strength, bleed=bleed)
    canvas.paste(cutting, (at[0] + bleed, at[1] + bleed), mask)


@lru_cache(maxsize=2)
def grain(size: int) -> Image.Image:
    """A tile of fine paper grain repeated over the whole picture, around 128."""
    source = np.random.Generator(np.random.PCG64(20240229))
    fine = source.integers(-GRAIN, GRAIN + 1, (TILE, TILE))
    soft = (fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1) + np.roll(fine, (1, 1), (0, 1))) // 3
    tile = (128 + soft).astype(np.uint8)
    times = -(-size // TILE)
    return Image.fromarray(np.tile(tile, (times, times))[:size, :size])


def grained(canvas: Image.Image) -> Image.Image:
    """The canvas with paper grain all over."""
    fine = grain(canvas.width)
    return ImageChops.add(canvas, Image.merge("RGB", (fine, fine, fine)), 1.0, -128)
