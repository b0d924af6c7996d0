"""Songs: in the scale, in harmony, phrase and answer, home at the end."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.atelier.manner import Manner
from devserver.my_app.services.atelier.sound.melody import Turn, compose_song
from devserver.my_app.services.atelier.sound.piece import Piece
from devserver.my_app.services.atelier.sound.score import Note
from devserver.my_app.services.atelier.sound.syllables import spoken

from .pieces import TEXTS, composed, rubs


def part(piece: Piece, name: str) -> list[Note]:
    notes = [note for note in piece.score.notes if note.part == name]
    return sorted(notes, key=lambda note: note.start)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TEXTS) | st.text(max_size=60), st.integers(0, 2**53 - 1))
def test_every_song_is_in_its_scale_and_comes_home(text: str, seed: int) -> None:
    piece = composed(text, seed=seed)
    key = piece.mood.key
    tones = {(key.root + step) % 12 for step in key.steps}
    assert {note.pitch % 12 for note in piece.score.notes} <= tones
    melody, bass = part(piece, "melody"), part(piece, "bass")
    assert melody[-1].pitch % 12 == bass[-1].pitch % 12 == key.root % 12
    assert melody[-1].seconds > piece.form.beat * 1.5
    assert rubs(piece.score.notes) == []
    assert max(note.start + note.seconds for note in melody) <= piece.form.end + 0.01
    assert all(53 <= note.pitch <= 92 for note in melody)


def test_a_phrase_stays_open_and_its_answer_has_the_same_rhythm() -> None:
    for seed in range(10):
        piece = composed("Ein Hund und ein Frosch im Wald", seed=seed)
        form = piece.form
        middle = form.at(form.line_beats)
        melody = part(piece, "melody")
        phrase = [note for note in melody if note.start < middle - 0.01]
        answer = [note for note in melody if note.start >= middle - 0.01]
        starts = [note.start - form.lead for note in phrase]
        assert starts == pytest.approx([note.start - middle for note in answer])
        open_bass = [note for note in part(piece, "bass") if note.start < middle - 0.01][-1]
        assert open_bass.pitch % 12 != piece.mood.key.root % 12


def test_the_rhythm_is_that_of_the_syllables() -> None:
    quick = part(composed("Schokolade Schokolade Schokolade"), "melody")
    calm = part(composed("Mond Meer Schiff"), "melody")
    assert len(quick) > len(calm)


def test_vowels_are_heard() -> None:
    piece = composed("Sonne")

    def middle(text: str) -> float:
        songs = [
            compose_song(piece.mood, piece.form, spoken(text), Random(seed), Turn())
            for seed in range(12)
        ]
        pitches = [note.pitch for song in songs for note in song if note.part == "melody"]
        return sum(pitches) / len(pitches)

    assert middle("bibi kiki mimi") > middle("bubu kuku mumu") + 2


def test_a_melody_moves_in_steps() -> None:
    steps = []
    for text in TEXTS:
        melody = part(composed(text), "melody")
        steps += [abs(second.pitch - first.pitch) for first, second in pairwise(melody)]
    assert max(steps) <= 12
    assert sum(step <= 5 for step in steps) > 0.85 * len(steps)
    assert sum(step == 0 for step in steps) < 0.3 * len(steps)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_a_mirror_swaps_up_and_down(power: float) -> None:
    up, down = Turn(power), Turn(power, mirrored=True)
    assert up.wish(8) - up.wish(0) == pytest.approx(down.wish(0) - down.wish(8))
    assert up.wish(3.5) == down.wish(3.5)


def test_exaggeration_widens_the_melody() -> None:
    def width(power: float) -> int:
        total = 0
        for seed in range(8):
            manner = Manner(exaggeration=power)
            piece = composed("Igel und Uhu im Wind und Mut", manner, seed=seed)
            pitches = [note.pitch for note in part(piece, "melody")]
            total += max(pitches) - min(pitches)
        return total

    assert width(2.0) > width(0.0)
