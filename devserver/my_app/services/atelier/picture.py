"""From a text to a finished picture."""

from __future__ import annotations

import io

from PIL import Image

from . import geometry, lettering, montage, papercut
from .composition import compose
from .layers import Drawing, painted
from .manner import Manner
from .scene import Scene
from .shapes import rgb
from .work import Depiction, Subject, Work, depictions, subject_of

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


def make_picture(
    text: str, *, original_text: str = "", seed: int, manner: Manner | None = None, size: int = 1024
) -> Work:
    """Draw a PNG of what `text` says; if nothing in it is known, `original_text`; else its letters.

    Guarantees: any Unicode text of any length gives a `size` by `size` picture; the same arguments
    give the same pixels in every process. Raises ValueError if `size` is outside 64 to 2048.
    """
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"size is {size}; it must be {SMALLEST} to {LARGEST}")
    manner = manner or Manner()
    subject = subject_of(text, original_text)
    things: tuple[Depiction, ...] = ()
    scene: Scene | None = None
    if subject.source != "letters":
        scene = scene_of(subject, seed, manner)
        things = depictions(scene)
    image = painted(drawing_of(subject.text, scene, seed, manner, size))
    return Work(_png(finished(image, manner)), things, subject.source)


def scene_of(subject: Subject, seed: int, manner: Manner) -> Scene:
    """The scene of what was recognised, as `manner` wants it."""
    time = None if manner.time == "as_written" else manner.time
    return compose(subject.reading, seed, time=time, exaggeration=manner.exaggeration)


def drawing_of(text: str, scene: Scene | None, seed: int, manner: Manner, size: int) -> Drawing:
    """A scene in layers as `manner` draws it; without one the letters of `text`."""
    if scene is None:
        return lettering.drawing(text, seed, size)
    if manner.style == "montage":
        return montage.drawing(scene, text, size, ground=rgb(manner.paper), letters=manner.letters)
    if manner.style == "geometric":
        return geometry.drawing(scene, size)
    return papercut.drawing(scene, size, frame=rgb(manner.paper) if manner.frame else None)


def finished(image: Image.Image, manner: Manner) -> Image.Image:
    """The last changes of a picture: its palette, and whether it stands on its head."""
    if manner.upside_down:
        image = image.transpose(Image.Transpose.ROTATE_180)
    if manner.palette in PALETTES:
        image = image.convert("RGB", PALETTES[manner.palette])
    return image


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=COMPRESSION)
    return buffer.getvalue()
