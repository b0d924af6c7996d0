"""Cut-outs: pictures with an outline made into thick printed paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from .. import pictograms
from ..paper import CREAM, bordered
from .atlas import Atlas
from .extrusion import extruded
from .outlines import STEPS, shapes_of
from .solids import Body, Flat, Print, together
from .triangulation import triangulated

THICKNESS = 0.014
PIXELS = 900  # of print for one unit of length
MOST_PIXELS = 640
OUTLINE_PIXELS = 190  # the longer side of a mask whose outline is taken
BORDER = 0.0085  # of cream paper around a pictogram, for one that is high enough


@dataclass(frozen=True)
class Cutout:
    """A body whose lowest point is at y = 0 and whose middle is at x = 0; its size in units."""

    body: Body
    width: float
    height: float


class Workshop:
    """Cuts and prints; the same thing asked for again is the same cut-out."""

    def __init__(self, palette: tuple[str, ...] = ()) -> None:
        self.atlas = Atlas()
        self._palette = palette
        self._figures: dict[tuple[str, str | None, bool], tuple[Cutout, float]] = {}

    def figure(
        self,
        pictogram: str,
        colour: str | None,
        height: float,
        *,
        flipped: bool = False,
        own: bool = False,
        bend: float = 0.0,
    ) -> tuple[Cutout, float]:
        """A pictogram `height` high without its border, and how much it has to be enlarged.

        Ask for the largest first: smaller ones share its body. `own` keeps its own colours.
        """
        key = pictogram, colour, flipped
        if key not in self._figures:
            pixels = min(round(height * PIXELS), MOST_PIXELS)
            palette = () if own else self._palette
            drawn = pictograms.image(pictogram, max(24, pixels), colour, palette)
            if drawn.width > MOST_PIXELS:
                drawn = drawn.resize(
                    (MOST_PIXELS, max(1, round(drawn.height * MOST_PIXELS / drawn.width)))
                )
            if flipped:
                drawn = drawn.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            cutout = self.pasted(drawn, height / drawn.height, height, bend=bend)
            self._figures[key] = cutout, height
        cutout, first = self._figures[key]
        return cutout, height / first

    def pasted(
        self, drawn: Image.Image, unit: float, height: float, *, bend: float = 0.0
    ) -> Cutout:
        """An RGBA picture on cream paper with a border; one pixel is `unit` long."""
        border = BORDER * min(1.0, 0.45 + height * 2) / unit
        return self.cut(bordered(drawn, max(2, round(border))), unit, bend=bend)

    def cut(
        self,
        picture: Image.Image,
        unit: float,
        *,
        thickness: float = THICKNESS,
        bend: float = 0.0,
    ) -> Cutout:
        """An RGBA picture cut along its outline; both sides are printed, the edge is cream."""
        mask, share = _small(picture.getchannel("A"))
        flats = flats_of(_joined(mask), unit / share)
        paper = Image.new("RGB", picture.size, CREAM)
        paper.paste(picture, (0, 0), picture)
        tile = self.atlas.add(paper)
        area = Print(tile, 0.0, picture.height * unit, picture.width * unit, picture.height * unit)
        points = np.concatenate([flat.points for flat in flats])
        low, high = points.min(axis=0), points.max(axis=0)
        shift = np.array([(low[0] + high[0]) / 2, low[1]])
        area = Print(tile, -shift[0], area.top - shift[1], area.width, area.height)
        body = together(
            extruded(
                Flat(flat.points - shift, flat.triangles),
                thickness,
                front=area,
                back=area,
                edge=CREAM,
                bend=bend,
            )
            for flat in flats
        )
        size = high - low
        return Cutout(body, float(size[0]), float(size[1]))


def flats_of(mask: Image.Image, unit: float) -> tuple[Flat, ...]:
    """The filled shapes of a mask, one pixel `unit` long, from its lower left corner.

    A mask that is empty or too small to be cut counts as wholly covered.
    """
    shapes = shapes_of(mask)
    if not shapes:
        side = max(6, mask.width), max(6, mask.height)
        shapes = shapes_of(Image.new("L", side, 255))
    made = []
    for shape in shapes:
        points, triangles = triangulated(shape)
        made.append(Flat(np.array(points) * (unit / STEPS), np.array(triangles)))
    return tuple(made)


def _small(mask: Image.Image) -> tuple[Image.Image, float]:
    """The mask at the size its outline is taken from, and how much smaller that is."""
    share = min(1.0, OUTLINE_PIXELS / max(mask.size))
    size = max(1, round(mask.width * share)), max(1, round(mask.height * share))
    return mask.resize(size, Image.Resampling.BOX), share


def _joined(mask: Image.Image) -> Image.Image:
    """Parts that lie apart are joined by paper between them, as far as that is near enough."""
    for reach in (4, 9):
        if len(shapes_of(mask)) < 2:
            break
        pad = reach + 2
        room = Image.new("L", (mask.width + 2 * pad, mask.height + 2 * pad))
        room.paste(mask, (pad, pad))
        closed = room.filter(ImageFilter.MaxFilter(2 * reach + 1))
        closed = closed.filter(ImageFilter.MinFilter(2 * reach + 1))
        closed = closed.filter(ImageFilter.GaussianBlur(1.2))
        closed = closed.crop((pad, pad, pad + mask.width, pad + mask.height))
        mask = ImageChops.lighter(mask, closed)
    return mask
