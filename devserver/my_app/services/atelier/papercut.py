"""The papercut manner: layered paper, pictograms with cream borders, a frame around all."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from . import pictograms
from .layers import Cutting, Drawing, Layer
from .paper import bordered
from .roles import having
from .scene import Figure, Scene, seeded
from .shapes import Colour, Sheet, box, disc, mix
from .surroundings import Surroundings, surroundings

RINGS = (1.18, 0.92, 0.68, 0.46, 0.28)


def drawing(scene: Scene, size: int, frame: Colour | None) -> Drawing:
    """The scene as a collage, `size` by `size` pixels."""
    glow = _glow(scene)
    around = surroundings(
        scene.place,
        scene.time,
        scene.weathers,
        seeded(scene.seed, "surroundings"),
        light_in_sky=not scene.has_luminary and glow is not None,
        glow=glow,
    )
    ground = Image.new("RGB", (size, size), around.sky[0])
    return Drawing(ground, _layers(scene, around, size, frame))


def _layers(scene: Scene, around: Surroundings, size: int, frame: Colour | None) -> Iterator[Layer]:
    if scene.place != "room":  # a wallpaper has no rings of light
        for sheet in _sky(around):
            yield Layer("sky", (sheet,), shadow=0.16)
    for sheet in around.back:
        yield Layer(sheet.matter, (sheet,))
    for figure in scene.figures:
        cut = Cutting(*cutting(figure, size), lift=0.35 + 0.3 * figure.depth)
        yield Layer("figure", (cut,), figure)
    for sheet in (*around.front, *around.weather):
        yield Layer(sheet.matter, (sheet,))
    if frame is not None:
        yield Layer("frame", (_frame(frame),))


def _glow(scene: Scene) -> tuple[float, float] | None:
    """Where the light is: at the sun or moon among the figures, else where they leave room."""
    for figure in scene.figures:
        if figure.pictogram in having("luminary"):
            return figure.x, figure.y - figure.height / 2
    taken = [figure.box for figure in scene.figures if figure.pictogram not in having("backdrop")]
    places = ((0.2, 0.2), (0.8, 0.2), (0.5, 0.17), (0.35, 0.17), (0.65, 0.17))
    order = places if scene.seed % 2 else (places[1], places[0], *places[2:])
    for x, y in order:
        if all(
            abs(x - min(max(x, b[0]), b[2])) > 0.1 or abs(y - min(max(y, b[1]), b[3])) > 0.1
            for b in taken
        ):
            return x, y
    return None


def _sky(around: Surroundings) -> list[Sheet]:
    """Rings of paper that grow lighter towards the glow."""
    x, y = around.glow
    return [
        Sheet(
            mix(around.sky[0], around.sky[1], (number + 1) / len(RINGS)),
            (disc(x, y, radius, steps=96),),
            0.35,
        )
        for number, radius in enumerate(RINGS)
    ]


def cutting(figure: Figure, size: int) -> tuple[Image.Image, tuple[int, int]]:
    """A figure cut out of cream paper, and where its upper left corner goes."""
    height = max(8, round(figure.height * size))
    drawn = pictograms.image(figure.pictogram, height, figure.colour)
    if figure.flipped:
        drawn = drawn.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if abs(figure.turn) > 0.5:
        drawn = drawn.rotate(figure.turn, Image.Resampling.BICUBIC, expand=True)
    border = max(2, round(size * 0.0085 * min(1.0, 0.45 + figure.height * 2)))
    cut = bordered(drawn, border)
    left = round(figure.x * size - cut.width / 2)
    top = round(figure.y * size - cut.height) + border
    return cut, (left, top)


def _frame(colour: Colour) -> Sheet:
    wide = 0.022
    sides = (
        box(-0.1, -0.1, 1.1, wide),
        box(-0.1, -0.1, wide, 1.1),
        box(1 - wide, -0.1, 1.1, 1.1),
        box(-0.1, 1 - wide, 1.1, 1.1),
    )
    return Sheet(colour, sides, 0.55)
