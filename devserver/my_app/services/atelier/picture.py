"""From a text to a finished picture."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from . import geometry, lettering, montage, papercut
from .composition import compose
from .lexicon import name_of
from .manner import Manner
from .pictograms import CREDIT, LICENSE
from .reading import Reading, read
from .scene import Scene
from .shapes import rgb

SMALLEST, LARGEST = 64, 2048
# PNG level 1: a grained picture hardly gets smaller above it, only slower.
COMPRESSION = 1
# Rows of a colour matrix, red, green, blue: three factors and an offset each.
PALETTES: dict[str, tuple[float, ...]] = {
    "warm": (1.04, 0.03, 0, 4, 0.02, 0.97, 0.01, 2, 0, 0.03, 0.86, 0),
    "cool": (0.88, 0.03, 0.02, 0, 0, 0.97, 0.04, 2, 0.02, 0.04, 1.02, 6),
    "pastel": (0.62, 0.05, 0.03, 82, 0.04, 0.62, 0.04, 82, 0.03, 0.05, 0.62, 84),
    "monochrome": (0.34, 0.56, 0.11, 6, 0.32, 0.54, 0.1, 4, 0.29, 0.49, 0.1, 2),
}

Source = Literal["transformed_text", "input_text", "letters"]


@dataclass(frozen=True)
class Depiction:
    """A word of the text and what it was taken for.

    `name` is the English name of the pictogram, or that of the place, time or weather; `pictogram`
    is OpenMoji's file name (code points joined by `-`), None for painted surroundings.
    """

    word: str
    name: str
    pictogram: str | None


@dataclass(frozen=True)
class Picture:
    """A finished picture and what is on it.

    png: `size` by `size` RGB. things: what of the text can be seen, in the order of the text.
    drawn_from: the text the picture shows; `letters` when nothing was recognised in either.
    license, credit: what has to stand beside the picture wherever it is shown.
    """

    png: bytes
    things: tuple[Depiction, ...]
    drawn_from: Source
    license: str
    credit: str


def make_picture(
    text: str, *, original_text: str = "", seed: int, manner: Manner | None = None, size: int = 1024
) -> Picture:
    """Draw what `text` says; if nothing in it is known, `original_text`; else its letters.

    Guarantees: any Unicode text of any length gives a `size` by `size` picture; the same arguments
    give the same pixels in every process. Raises ValueError if `size` is outside 64 to 2048.
    """
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"size is {size}; it must be {SMALLEST} to {LARGEST}")
    manner = manner or Manner()
    reading, shown, source = _choose(text, original_text)
    if source == "letters":
        image = lettering.draw(shown, seed, size)
        things: tuple[Depiction, ...] = ()
    else:
        time = None if manner.time == "as_written" else manner.time
        scene = compose(reading, seed, time=time, exaggeration=manner.exaggeration)
        image, things = _draw(scene, shown, manner, size), _depictions(scene)
    return Picture(_png(_finished(image, manner)), things, source, LICENSE, CREDIT)


def _choose(text: str, original_text: str) -> tuple[Reading, str, Source]:
    reading = read(text)
    if reading:
        return reading, text, "transformed_text"
    reading = read(original_text)
    if reading:
        return reading, original_text, "input_text"
    return reading, text if text.strip() else original_text, "letters"


def _draw(scene: Scene, text: str, manner: Manner, size: int) -> Image.Image:
    if manner.style == "montage":
        return montage.draw(scene, text, size, ground=rgb(manner.paper), letters=manner.letters)
    if manner.style == "geometric":
        return geometry.draw(scene, size)
    return papercut.draw(scene, size, frame=rgb(manner.paper) if manner.frame else None)


def _depictions(scene: Scene) -> tuple[Depiction, ...]:
    seen: dict[Depiction, None] = {}
    for figure in sorted(scene.figures, key=lambda figure: figure.order):
        seen[Depiction(figure.word, name_of(figure.pictogram), figure.pictogram)] = None
    for word, name in scene.setting_words:
        seen[Depiction(word, name, None)] = None
    return tuple(seen)


def _finished(image: Image.Image, manner: Manner) -> Image.Image:
    if manner.upside_down:
        image = image.transpose(Image.Transpose.ROTATE_180)
    if manner.palette in PALETTES:
        image = image.convert("RGB", PALETTES[manner.palette])
    return image


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=COMPRESSION)
    return buffer.getvalue()
