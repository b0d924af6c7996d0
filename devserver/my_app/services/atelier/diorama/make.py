"""From a text to a finished model."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from ..geometry import PALETTE
from ..manner import Manner
from ..pictograms import CREDIT, LICENSE
from ..picture import finished, scene_of
from ..scene import Scene
from ..shapes import Colour, rgb
from ..work import Depiction, Work, depictions, subject_of
from . import bauhaus, dada, glb, letters, theatre
from .cutouts import Workshop
from .glb import Piece
from .posture import highest


def make_object(
    text: str, *, original_text: str = "", seed: int, manner: Manner | None = None
) -> Work:
    """Build a GLB of what `text` says; else of what `original_text` says; else of its letters.

    Guarantees: any Unicode text of any length gives a binary glTF 2.0 file without extensions,
    about 1 unit wide, standing on y = 0, looking to +z; the same arguments give the same bytes in
    every process. Node names are the words of the text.
    """
    manner = manner or Manner()
    subject = subject_of(text, original_text)
    things: tuple[Depiction, ...] = ()
    workshop = Workshop(PALETTE if manner.style == "geometric" else ())
    frame = rgb(manner.paper) if manner.frame else None
    if subject.source == "letters":
        pieces = letters.pieces_of(subject.text, seed, workshop, frame)
    else:
        scene = scene_of(subject, seed, manner)
        pieces, things = _pieces(scene, subject.text, workshop, manner), depictions(scene)
    borrowed = any(thing.pictogram for thing in things)
    jpeg, areas = workshop.atlas.sheet(manner)
    data = glb.write(
        pieces,
        jpeg=jpeg,
        areas=areas,
        colouring=_colouring(manner),
        root=_root(pieces, manner),
        copyright_=CREDIT if borrowed else None,
    )
    license_, credit = (LICENSE, CREDIT) if borrowed else (None, None)
    return Work(data, things, subject.source, license_, credit)


def _pieces(scene: Scene, text: str, workshop: Workshop, manner: Manner) -> list[Piece]:
    paper = rgb(manner.paper)
    if manner.style == "montage":
        return dada.pieces_of(scene, text, workshop, paper, letters=manner.letters)
    if manner.style == "geometric":
        return bauhaus.pieces_of(scene, workshop)
    return theatre.pieces_of(scene, workshop, paper if manner.frame else None)


def _root(pieces: list[Piece], manner: Manner) -> Piece:
    """What carries all pieces; on its head, the highest of them touches y = 0."""
    if not manner.upside_down:
        return Piece("diorama", ())
    top = max(piece.at[1] + piece.scale * highest(piece.body, piece.turn) for piece in pieces)
    return Piece("diorama", (), (0.0, top, 0.0), (0.0, 0.0, 1.0, 0.0))


def _colouring(manner: Manner) -> Callable[[Colour], Colour]:
    """The palette of a manner for single colours."""
    plain = Manner(palette=manner.palette)

    def coloured(colour: Colour) -> Colour:
        pixel = finished(Image.new("RGB", (1, 1), colour), plain).getpixel((0, 0))
        red, green, blue = pixel  # type: ignore[misc]  # RGB pixels are tuples
        return red, green, blue

    return coloured
