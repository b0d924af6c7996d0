"""From a text to a finished piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..manner import Manner
from ..picture import scene_of
from ..scene import Scene, seeded
from ..work import Depiction, Subject, Work, depictions, subject_of
from .beds import bed
from .cues import cues
from .cutup import cut_up
from .encoding import flac
from .form import Form, form_of
from .instruments import play
from .melody import Turn, compose_song
from .mixing import Mix, Stereo, at_level, finished, in_room
from .moods import Mood, mood_of
from .pattern import compose_pattern
from .repertoire import sounded
from .score import Note, Score
from .syllables import Spoken, spoken
from .tones import hertz, rise, samples

SHORTEST, LONGEST = 1.0, 60.0
ROOM = {"papercut": 0.32, "geometric": 0.16, "montage": 0.12}
# How loud each part's louder moments are (RMS), whatever instruments play it.
LEVELS = {"melody": 0.08, "harmony": 0.04, "bass": 0.036}
WITHOUT_WORDS = (Spoken("", (0, 2)), Spoken("", (4, -2, 1)))


@dataclass(frozen=True)
class Piece:
    """All that is decided about a piece before a sample of it is made."""

    scene: Scene | None
    mood: Mood
    form: Form
    score: Score


def make_sound(
    text: str,
    *,
    original_text: str = "",
    seed: int,
    manner: Manner | None = None,
    seconds: float = 12.0,
) -> Work:
    """Compose a FLAC (44,100 Hz, stereo, 16 bit) of what `text` says; if nothing in it is known, of
    `original_text`; else of its letters.

    Guarantees: any Unicode text of any length gives a piece that lasts `seconds` to the sample; the
    same arguments give the same samples in every process. Nothing in it is anybody else's: license
    and credit are None. Raises ValueError if `seconds` is outside 1 to 60.
    """
    subject = subject_of(text, original_text)
    manner = manner or Manner()
    piece = compose_piece(subject, seed, manner, seconds)
    wave = perform(piece, seed, manner, seconds)
    return Work(flac(wave), heard(piece), subject.source, license=None, credit=None)


def waveform(subject: Subject, seed: int, manner: Manner, seconds: float) -> Stereo:
    """The piece as samples, 44,100 a second: float32, shape (round(seconds * 44100), 2), within ±1.

    The same as in `make_sound`'s file but for its rounding to 16 bits. Raises ValueError if
    `seconds` is outside 1 to 60.
    """
    return perform(compose_piece(subject, seed, manner, seconds), seed, manner, seconds)


def compose_piece(subject: Subject, seed: int, manner: Manner, seconds: float) -> Piece:
    """Mood, form and every note and sound of a subject. Raises ValueError as `waveform` does."""
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"seconds is {seconds}; it must be {SHORTEST:g} to {LONGEST:g}")
    scene = None if subject.source == "letters" else scene_of(subject, seed, manner)
    mood = mood_of(subject, scene, seed, manner)
    form = form_of(seconds, mood.tempo, opening=bool(scene and scene.figures))
    words = spoken(subject.text) or WITHOUT_WORDS
    rng = seeded(seed, "song", subject.text)
    notes: list[Note]
    if manner.style == "geometric":
        notes = compose_pattern(mood, form, words, rng, mirrored=manner.upside_down)
    else:
        turn = Turn(manner.exaggeration, manner.upside_down)
        notes = compose_song(mood, form, words, rng, turn)
        if manner.style == "montage":
            notes = cut_up(notes, mood, form, rng)
    things = cues(scene, form, manner, rng) if scene else ()
    return Piece(scene, mood, form, Score(tuple(notes), things))


def heard(piece: Piece) -> tuple[Depiction, ...]:
    """What of the text is in the piece: its things, and what made its air and mood."""
    if piece.scene is None:
        return ()
    words = {cue.word for cue in piece.score.cues}
    return tuple(
        thing for thing in depictions(piece.scene) if thing.pictogram is None or thing.word in words
    )


def perform(piece: Piece, seed: int, manner: Manner, seconds: float) -> Stereo:
    """The samples of a piece."""
    parts = {part: Mix(seconds) for part in LEVELS}
    for note in piece.score.notes:
        tone = play(note.instrument, hertz(note.pitch), note.seconds, note.loudness)
        parts[note.part].add(tone, note.start, note.place)
    mix = Mix(seconds)
    for cue in piece.score.cues:
        mix.add(sounded(cue, piece.mood.key, seed), cue.start, cue.place, cue.loudness)
    for part, level in LEVELS.items():
        mix.wave += at_level(parts[part].wave, level)
    wave = in_room(mix.wave, ROOM[manner.style])
    if piece.scene is not None:
        air = bed(piece.scene, piece.mood.key, seconds, seeded(seed, "bed", piece.scene.place))
        wave += air * _gates(piece.form, len(air), manner, seed)
    return finished(wave)


def _gates(form: Form, count: int, manner: Manner, seed: int) -> Stereo:
    """How loud the air is at each sample: the montage cuts it too."""
    gains = np.ones((count, 1), np.float32)
    if manner.style == "geometric":
        gains *= np.float32(0.6)
    if manner.style == "montage":
        rng = seeded(seed, "gates")
        edge = samples(0.012)
        for beat in range(0, form.beats, 2):
            first, last = samples(form.at(beat)), min(samples(form.at(beat + 2)), count)
            if rng.random() < 0.4 and last - first > 2 * edge:
                gains[first:last] = 0.3
                gains[first : first + edge, 0] = 1 - 0.7 * rise(edge)
                gains[last - edge : last, 0] = 0.3 + 0.7 * rise(edge)
    return gains
