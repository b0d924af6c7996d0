"""The papercut comes alive: hills rise, figures are put in and live, the camera slides a little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..layers import Kind, Layer
from ..shapes import Sheet
from . import elements
from .cast import Cast
from .clock import Clock
from .pose import Move
from .sprite import Piece, Sprite, cut_out

DETAIL = 0.2  # a sheet that hovers no higher is part of the one it lies on
FARTHEST, NEAREST = 0.2, 0.8  # how near the first and the last paper of the ground are
# Lengths after which what falls or rises begins again: no drop may be seen twice.
RAIN_BEGINS, RAIN_LENGTH, RAIN_SLANT = 0.2, 0.845, -0.2
SNOW_LENGTH, BUBBLE_LENGTH = 1.02, 0.9


class Collage:
    """Makes pieces that move out of the layers of a papercut, from far to near."""

    def __init__(self, cast: Cast, clock: Clock, size: int) -> None:
        self._cast = cast
        self._clock = clock
        self._size = size
        self._near = FARTHEST
        self._ground_number = self._grounds = 0
        self._makers: dict[Kind, Callable[[Layer, Sprite], Piece]] = {
            "ground": self._ground,
            "water": self._ground,
            "light": self._light,
            "cloud": self._cloud,
            "fog": self._cloud,
            "grass": self._plants,
            "weed": self._plants,
            "bubble": self._bubbles,
            "rain": self._rain,
            "snow": self._snow,
            "figure": self._figure,
        }

    def pieces(self, layers: Iterable[Layer]) -> Iterator[Piece]:
        """Every layer as a piece; stars as several; what nothing moves lies still."""
        stack = list(_joined(layers))
        self._grounds = sum(layer.kind in ("ground", "water") for layer in stack)
        for layer in stack:
            if layer.kind == "star":
                yield from self._stars(layer)
            elif (sprite := cut_out(layer, self._size)) is not None:
                maker = self._makers.get(layer.kind)
                yield maker(layer, sprite) if maker else Piece(sprite)

    def _figure(self, layer: Layer, sprite: Sprite) -> Piece:
        figure = layer.figure
        if figure is None:
            return Piece(sprite)
        near = 0.1 if figure.depth <= 0.1 else 0.45 if figure.role == "sky" else self._near
        return Piece(sprite, (*self._cast.moves(figure), elements.camera(self._clock, near)))

    def _ground(self, layer: Layer, sprite: Sprite) -> Piece:
        """All are there when the film begins, the nearest still coming up."""
        self._ground_number += 1
        share = self._ground_number / self._grounds
        self._near = FARTHEST + (NEAREST - FARTHEST) * share
        start = -self._clock.entrance * (1 - 0.75 * share)
        moves = [self._rise(sprite, start)]
        if layer.kind == "water":
            moves.append(elements.washing(self._clock, self._ground_number / 3))
        return Piece(sprite, (*moves, elements.camera(self._clock, self._near)))

    def _rise(self, sprite: Sprite, start: float) -> Move:
        """What hangs in the upper part comes from above."""
        return elements.rising(self._clock, start, from_above=sprite.middle(self._size)[1] < 0.4)

    def _light(self, layer: Layer, sprite: Sprite) -> Piece:
        sheet = layer.parts[0]
        return Piece(
            sprite,
            (elements.shining(self._clock, sheet),) if isinstance(sheet, Sheet) else (),
        )

    def _cloud(self, _layer: Layer, sprite: Sprite) -> Piece:
        x = sprite.middle(self._size)[0]
        return Piece(
            sprite, (elements.drifting(self._clock, x), elements.camera(self._clock, FARTHEST))
        )

    def _plants(self, layer: Layer, sprite: Sprite) -> Piece:
        strength = 0.16 if layer.kind == "weed" else 0.3
        moves = (
            self._rise(sprite, 0.1 * self._clock.arrived),
            elements.swaying(self._clock, strength),
            elements.camera(self._clock, 1.0),
        )
        return Piece(sprite, moves)

    def _bubbles(self, _layer: Layer, sprite: Sprite) -> Piece:
        rise = elements.falling(self._clock, -0.06, BUBBLE_LENGTH)
        return Piece(sprite, (rise,), again=((0, 0), (0, -BUBBLE_LENGTH)))

    def _snow(self, _layer: Layer, sprite: Sprite) -> Piece:
        fall = elements.falling(self._clock, 0.2, SNOW_LENGTH)
        return Piece(sprite, (fall,), again=((0, 0), (0, SNOW_LENGTH)))

    def _rain(self, _layer: Layer, sprite: Sprite) -> Piece:
        """A second one below and, because it falls aslant, a third and a fourth beside them."""
        fall = elements.falling(self._clock, 1.5, RAIN_LENGTH, RAIN_SLANT)
        aside = RAIN_SLANT * RAIN_LENGTH
        again = ((0, 0), (aside, RAIN_LENGTH), (-1, 0), (aside + 1, RAIN_LENGTH))
        return Piece(sprite, (fall,), again, below=RAIN_BEGINS)

    def _stars(self, layer: Layer) -> Iterator[Piece]:
        sheets = [part for part in layer.parts if isinstance(part, Sheet)]
        stars = [replace(s, polygons=(polygon,)) for s in sheets for polygon in s.polygons]
        for group in range(elements.STAR_GROUPS):
            some = replace(layer, parts=tuple(stars[group :: elements.STAR_GROUPS]))
            sprite = cut_out(some, self._size)
            if sprite is not None:
                twinkle = Move(elements.twinkling(self._clock, group), elements.ANYWHERE)
                yield Piece(sprite, (twinkle,))


def _joined(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Windows go with their house, flowers with their meadow."""
    last: Layer | None = None
    for layer in layers:
        sheet = layer.parts[0]
        flat = isinstance(sheet, Sheet) and sheet.lift <= DETAIL
        if last is not None and flat and layer.kind == last.kind == "ground":
            last = replace(last, parts=(*last.parts, *layer.parts))
            continue
        if last is not None:
            yield last
        last = layer
    if last is not None:
        yield last
