"""From a text to a finished film."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from ..composition import cast as mentions_of
from ..manner import Manner
from ..paper import grained
from ..picture import drawing_of, finished, scene_of
from ..scene import Scene, seeded
from ..sound import waveform
from ..work import Depiction, Subject, Work, depictions, subject_of
from . import construction, dada, words
from .cast import Cast
from .clock import FRAMES_PER_SECOND, HELD, Clock
from .collage import Collage
from .encoding import SAMPLE_RATE, mp4
from .sprite import Piece, stick

SMALLEST, LARGEST = 64, 1080
SHORTEST, LONGEST = 1.0, 20.0


def make_film(
    text: str,
    *,
    original_text: str = "",
    seed: int,
    manner: Manner | None = None,
    size: int = 512,
    seconds: float = 5.0,
) -> Work:
    """Make an MP4 of the paper picture of `text` coming alive, with music of the same length.

    What is shown is what `make_picture` shows for the same arguments: it is put together piece by
    piece, lives, and the last frame is that picture. Guarantees: any Unicode text of any length
    gives `size` by `size` pixels at 24 frames a second, H.264 and AAC, the index in front; the same
    arguments give the same frames in every process. Raises ValueError if `size` is odd or outside
    64 to 1080, or `seconds` outside 1 to 20.
    """
    if not SMALLEST <= size <= LARGEST or size % 2:
        raise ValueError(f"size is {size}; it must be even and {SMALLEST} to {LARGEST}")
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"seconds is {seconds}; it must be {SHORTEST:g} to {LONGEST:g}")
    manner = manner or Manner()
    subject = subject_of(text, original_text)
    things: tuple[Depiction, ...] = ()
    scene: Scene | None = None
    if subject.source != "letters":
        scene = scene_of(subject, seed, manner)
        things = depictions(scene)
    clock = Clock(seconds)
    film = mp4(
        frames_of(subject, scene, seed=seed, manner=manner, clock=clock, size=size),
        _sound(subject, seed, manner, clock),
        size=size,
        frames_per_second=FRAMES_PER_SECOND,
    )
    return Work(film, things, subject.source)


def frames_of(
    subject: Subject, scene: Scene | None, *, seed: int, manner: Manner, clock: Clock, size: int
) -> Iterator[tuple[Image.Image, int]]:
    """The drawings of the film, RGB, and for how many frames each is held."""
    drawing = drawing_of(subject.text, scene, seed, manner, size)
    layers, rng = drawing.layers, seeded(seed, "film", "pieces")
    if scene is None:
        pieces = words.pieces(layers, clock, size, rng)
    elif manner.style == "montage":
        pieces = dada.pieces(layers, clock, size, rng)
    else:
        cast = Cast(scene, mentions_of(subject.reading), clock)
        if manner.style == "geometric":
            pieces = construction.pieces(layers, cast, clock, size)
        else:
            pieces = Collage(cast, clock, size).pieces(layers)
    for frame, held in _drawn(drawing.ground, list(pieces), clock):
        yield finished(frame, manner), held


def _drawn(
    ground: Image.Image, pieces: list[Piece], clock: Clock
) -> Iterator[tuple[Image.Image, int]]:
    ground = grained(ground)
    still = next((i for i, piece in enumerate(pieces) if piece.moves), len(pieces))
    for piece in pieces[:still]:
        stick(ground, piece, 0.0)
    for number in range(0, clock.frames, HELD):
        frame = ground.copy()
        for piece in pieces[still:]:
            stick(frame, piece, number / FRAMES_PER_SECOND)
        yield frame, min(HELD, clock.frames - number)


def _sound(subject: Subject, seed: int, manner: Manner, clock: Clock) -> np.ndarray:
    """The music, exactly as long as the frames."""
    samples = round(clock.frames * SAMPLE_RATE / FRAMES_PER_SECOND)
    made = waveform(subject, seed, manner, clock.seconds)[:samples]
    return np.pad(made, ((0, samples - len(made)), (0, 0)))
