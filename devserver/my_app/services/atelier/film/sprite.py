"""Pieces of paper cut out once, with their shadow and grain, and laid on many frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from ..layers import Layer, put
from ..paper import TILE, grain
from .pose import IDENTITY, Matrix, Move, placed

# How far paper is drawn outside the picture, as a share of the side: room for camera and waves.
BLEED = 0.06
STILL = frozenset(("sky", "frame"))  # never slide, and show their edge at that of the picture


@dataclass(frozen=True)
class Sprite:
    """An RGBA picture whose upper left corner is at `at`, in pixels of the frame."""

    picture: Image.Image
    at: tuple[int, int]

    def middle(self, size: int) -> tuple[float, float]:
        """Its middle in units of the frame's side."""
        x, y = self.at[0] + self.picture.width / 2, self.at[1] + self.picture.height / 2
        return x / size, y / size


@dataclass(frozen=True)
class Piece:
    """A sprite and how it moves. `again` are copies at these distances, in units of the side.

    What falls above `below` (a share of the side) is not seen: rain comes out of the clouds.
    """

    sprite: Sprite
    moves: tuple[Move, ...] = ()
    again: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    below: float = 0.0


def cut_out(layer: Layer, size: int) -> Sprite | None:
    """A layer with its shadow, cropped; None if nothing of it is in sight."""
    bleed = 0 if layer.kind in STILL else round(size * BLEED)
    side = size + 2 * bleed
    on_black, on_white = (Image.new("RGB", (side, side), ground) for ground in ("black", "white"))
    put(on_black, layer, bleed=bleed)
    put(on_white, layer, bleed=bleed)
    # What white and black shine through alike is how much is not there; black adds no colour.
    alpha = ImageChops.invert(ImageChops.subtract(on_white, on_black).getchannel("G"))
    box = alpha.getbbox()
    if box is None:
        return None
    # One transparent pixel all around, so that turned edges stay smooth.
    left, top = box[0] - 1, box[1] - 1
    edges = (left, top, box[2] + 1, box[3] + 1)
    bands = (*on_black.crop(edges).split(), alpha.crop(edges))
    premultiplied = Image.merge("RGBA", bands)
    straight = Image.frombytes("RGBa", premultiplied.size, premultiplied.tobytes()).convert("RGBA")
    return Sprite(_grained(straight, left - bleed, top - bleed), (left - bleed, top - bleed))


def _grained(picture: Image.Image, left: int, top: int) -> Image.Image:
    """The grain the finished picture has there; it is in the paper and moves with it."""
    tile = np.asarray(grain(TILE))
    rows = (np.arange(picture.height) + top) % TILE
    columns = (np.arange(picture.width) + left) % TILE
    fine = Image.fromarray(tile[rows][:, columns])
    colour = ImageChops.add(
        picture.convert("RGB"), Image.merge("RGB", (fine, fine, fine)), 1.0, -128
    )
    colour.putalpha(picture.getchannel("A"))
    return colour


def stick(frame: Image.Image, piece: Piece, t: float) -> None:
    """Puts a piece on the frame as it lies at time `t` (seconds)."""
    size = frame.width
    place = placed(piece.moves, t, size)
    if place is None or place[1] <= 0:
        return
    matrix, opacity = place
    picture, (left, top) = piece.sprite.picture, piece.sprite.at
    a, b, c, d, e, f = matrix
    if (a, b, d, e) == (IDENTITY[0], IDENTITY[1], IDENTITY[3], IDENTITY[4]):
        left, top = round(left + c), round(top + f)
    else:
        moved = _moved(picture, left, top, matrix, size)
        if moved is None:
            return
        picture, (left, top) = moved
    if opacity < 1:
        picture = picture.copy()
        picture.putalpha(picture.getchannel("A").point([round(i * opacity) for i in range(256)]))
    ceiling = round(piece.below * size)
    for dx, dy in piece.again:
        x, y = left + round(dx * size), top + round(dy * size)
        hidden = min(max(ceiling - y, 0), picture.height)
        seen = picture.crop((0, hidden, *picture.size)) if hidden else picture
        if seen.height:
            frame.paste(seen, (x, y + hidden), seen)


def _moved(
    picture: Image.Image, left: int, top: int, matrix: Matrix, size: int
) -> tuple[Image.Image, tuple[int, int]] | None:
    """The picture under a matrix, only as much of it as the frame shows."""
    a, b, c, d, e, f = matrix
    right, bottom = left + picture.width, top + picture.height
    corners = [(x, y) for x in (left, right) for y in (top, bottom)]
    xs = [a * x + b * y + c for x, y in corners]
    ys = [d * x + e * y + f for x, y in corners]
    x0, y0 = max(math.floor(min(xs)), 0), max(math.floor(min(ys)), 0)
    x1, y1 = min(math.ceil(max(xs)), size), min(math.ceil(max(ys)), size)
    area = a * e - b * d
    if x1 <= x0 or y1 <= y0 or abs(area) < 1e-6:
        return None
    # From a pixel of the result back to one of the picture.
    g, h, j, k = e / area, -b / area, -d / area, a / area
    back = (
        *(g, h, g * (x0 - c) + h * (y0 - f) - left),
        *(j, k, j * (x0 - c) + k * (y0 - f) - top),
    )
    turned = picture.transform(
        (x1 - x0, y1 - y0), Image.Transform.AFFINE, back, Image.Resampling.BILINEAR
    )
    return turned, (x0, y0)
