"""The montage manner: a song cut into beats with scissors, and put together anew, as Dada did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from .form import Form
from .moods import Mood
from .score import Note

INSTRUMENTS = (
    "toy_piano",
    "pizzicato",
    "kalimba",
    "clarinet",
    "marimba",
    "music_box",
    "horn",
    "glockenspiel",
)
WAYS = ("keep", "keep", "keep", "stutter", "swap", "swap", "jump", "late")


def cut_up(song: Sequence[Note], mood: Mood, form: Form, rng: Random) -> list[Note]:
    """The song's beats in another order, on other instruments; the end comes home after all.

    Whole beats are moved with everything in them, so that what sounds together still fits.
    """
    cells = _cells(song, form)
    last = max(1, form.beats - 3)
    order = list(range(len(cells)))
    way_of = {beat: rng.choice(WAYS) for beat in range(last)}
    notes: list[Note] = []
    for beat in range(last):
        way = way_of[beat] if beat else "keep"
        source = rng.choice(order[:last]) if way == "swap" else beat
        instrument = rng.choice(INSTRUMENTS)
        cell = [_changed(note, instrument, jump=way == "jump", rng=rng) for note in cells[source]]
        if way == "late":
            cell = [note for note in cell if note.start >= 0.4] or cell
        if way == "stutter":
            notes += _stuttered(cell, beat, form, rng.choice((2, 3, 4)))
        else:
            notes += [replace(note, start=form.at(beat + note.start)) for note in cell]
    return [*notes, *_cadence(mood, form, last)]


def _cells(song: Sequence[Note], form: Form) -> list[list[Note]]:
    """The notes of each beat, their starts counted in beats from its beginning; no pads."""
    cells: list[list[Note]] = [[] for _ in range(form.beats)]
    for note in song:
        beat = (note.start - form.lead) / form.beat
        index = min(int(beat + 1e-6), form.beats - 1)
        if note.instrument != "pad":
            into = round(beat - index, 6)
            left = min(note.seconds, (1 - into) * form.beat)
            cells[index].append(replace(note, start=into, seconds=left))
    return cells


def _changed(note: Note, instrument: str, *, jump: bool, rng: Random) -> Note:
    if note.part == "bass":
        return replace(note, seconds=min(note.seconds, 0.4))
    place = rng.choice((-0.75, -0.3, 0.3, 0.75))
    if note.part == "harmony":
        return replace(note, instrument="pizzicato", place=place)
    pitch = (
        note.pitch - 12 if note.pitch > 74 and instrument in ("horn", "clarinet") else note.pitch
    )
    if jump:
        pitch += 12 if pitch < 74 else -12
    return replace(note, instrument=instrument, pitch=pitch, place=place)


def _stuttered(cell: Sequence[Note], beat: int, form: Form, times: int) -> list[Note]:
    """The beginning of a beat again and again, as a record that hangs."""
    heads = [note for note in cell if note.start < 0.05] or list(cell[:1])
    return [
        replace(note, start=form.at(beat + i / times), seconds=form.beat / times * 0.8)
        for i in range(times)
        for note in heads
    ]


def _cadence(mood: Mood, form: Form, last: int) -> list[Note]:
    """Fifth, then the tonic chord, as plain as a full stop."""
    key = mood.key
    beats = form.beats - last
    final = form.at(last + (1 if beats > 1 else 0))
    long = form.beat * 1.8
    notes = [
        Note(final, long, key.pitch(0) + 12, 0.65, "bell", 0.2),
        Note(final, long, key.pitch(0) - 12, 0.6, "bass", 0.0, "bass"),
        *(Note(final, long, key.pitch(d), 0.5, "harp", -0.3, "harmony") for d in (0, 2, 4)),
    ]
    if beats > 1:
        notes.append(Note(form.at(last), form.beat * 0.7, key.pitch(4), 0.6, "toy_piano", 0.2))
        notes.append(
            Note(form.at(last), form.beat * 0.7, key.pitch(4) - 24, 0.7, "bass", 0, "bass")
        )
    return notes
