"""All printed pictures on one sheet, as viewers like it: a power of two wide and high."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..manner import Manner
from ..picture import finished

LARGEST = 2048
GUTTER = 4  # pixels around each picture that repeat its edge, so that no neighbour shines through
QUALITY = 88
SIZES = tuple(
    sorted(
        ((w, h) for w in (256, 512, 1024, 2048) for h in (256, 512, 1024, 2048)),
        key=lambda size: (size[0] * size[1], max(size)),
    )
)


class Atlas:
    """Collects pictures; `sheet` lays them out and says where each one is."""

    def __init__(self) -> None:
        self._tiles: list[Image.Image] = []

    def add(self, picture: Image.Image) -> int:
        """The number of an RGB picture that is to be printed."""
        self._tiles.append(picture)
        return len(self._tiles) - 1

    def sheet(self, manner: Manner) -> tuple[bytes, list[tuple[float, float, float, float]]]:
        """A JPEG, and left, top, width and height of each picture as shares of it.

        What does not fit at LARGEST is made smaller, all by the same factor.
        """
        scale = 1.0
        while True:
            sizes = [
                (max(1, round(t.width * scale)), max(1, round(t.height * scale)))
                for t in self._tiles
            ]
            for size in SIZES:
                places = _packed(sizes, size)
                if places is not None:
                    return self._printed(size, sizes, places, manner)
            scale *= 0.9

    def _printed(
        self,
        size: tuple[int, int],
        sizes: list[tuple[int, int]],
        places: list[tuple[int, int]],
        manner: Manner,
    ) -> tuple[bytes, list[tuple[float, float, float, float]]]:
        canvas = Image.new("RGB", size, (250, 243, 226))
        areas = []
        for tile, (wide, high), (left, top) in zip(self._tiles, sizes, places, strict=True):
            fitted = tile if tile.size == (wide, high) else tile.resize((wide, high))
            edge = ((GUTTER, GUTTER), (GUTTER, GUTTER), (0, 0))
            wider = np.pad(np.asarray(fitted.convert("RGB")), edge, mode="edge")
            canvas.paste(Image.fromarray(wider), (left, top))
            # Half a pixel inside, so that the edge itself is never mixed with the gutter.
            areas.append(
                (
                    (left + GUTTER + 0.5) / size[0],
                    (top + GUTTER + 0.5) / size[1],
                    (wide - 1) / size[0],
                    (high - 1) / size[1],
                )
            )
        buffer = io.BytesIO()
        colours_only = Manner(palette=manner.palette)
        finished(canvas, colours_only).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
        return buffer.getvalue(), areas


def _packed(sizes: list[tuple[int, int]], room: tuple[int, int]) -> list[tuple[int, int]] | None:
    """Upper left corners with the gutter, in shelves of falling height; None if they don't fit."""
    places = [(0, 0)] * len(sizes)
    x = y = shelf = 0
    for number in sorted(range(len(sizes)), key=lambda i: (-sizes[i][1], i)):
        wide, high = (side + 2 * GUTTER for side in sizes[number])
        if x + wide > room[0]:
            x, y, shelf = 0, y + shelf, 0
        shelf = max(shelf, high)
        if wide > room[0] or y + high > room[1]:
            return None
        places[number] = (x, y)
        x += wide
    return places
