"""A picture as pieces of paper in the order they are laid, each of which can also be moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from .paper import grained, lay, stick
from .scene import Figure
from .shapes import Matter, Sheet

Kind = Matter | Literal["sky", "figure", "frame", "scrap", "view", "piece", "letter", "shape"]


@dataclass(frozen=True)
class Cutting:
    """An RGBA picture cut out; `at` is its upper left corner in pixels."""

    picture: Image.Image
    at: tuple[int, int]
    lift: float = 0.5
    strength: float = 0.45


@dataclass(frozen=True)
class Layer:
    """What is laid in one movement: sheets and cuttings that stick together.

    `figure` is whom it shows, if it is one of the scene's; `shadow` is the sheets' own.
    """

    kind: Kind
    parts: tuple[Sheet | Cutting, ...]
    figure: Figure | None = None
    shadow: float = 0.42


@dataclass(frozen=True)
class Drawing:
    """A ground (RGB, square) and what is laid on it, from far to near.

    The layers may be asked for only once: they are made one by one, as they are needed.
    """

    ground: Image.Image
    layers: Iterable[Layer]


def put(canvas: Image.Image, layer: Layer, *, bleed: int = 0) -> None:
    """Lays a layer on the canvas, which is `bleed` pixels larger than the picture on each side."""
    for part in layer.parts:
        if isinstance(part, Sheet):
            lay(canvas, part, shadow=layer.shadow, bleed=bleed)
        else:
            stick(
                canvas, part.picture, part.at, lift=part.lift, strength=part.strength, bleed=bleed
            )


def painted(drawing: Drawing) -> Image.Image:
    """The finished picture, with the grain of paper all over."""
    for layer in drawing.layers:
        put(drawing.ground, layer)
    return grained(drawing.ground)
