"""The two manners beside the song: machines and scissors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.atelier.manner import Manner
from devserver.my_app.services.atelier.sound.pattern import even

from .pieces import GEOMETRIC, MONTAGE, TEXTS, composed, rubs

TEXT = "Ein Hund und ein Frosch im Wald"


@given(st.integers(1, 16), st.integers(1, 16))
def test_strokes_are_spread_evenly(strokes: int, steps: int) -> None:
    strokes = min(strokes, steps)
    found = even(strokes, steps)
    assert len(found) == strokes
    assert found[0] == 0
    gaps = [b - a for a, b in zip(found, [*found[1:], steps], strict=True)]
    assert max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(
    "manner", [GEOMETRIC, MONTAGE, Manner(style="geometric", upside_down=True)]
)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("seconds", [1.0, 5.0, 12.0])
def test_in_the_scale_and_home_at_the_end(text: str, manner: Manner, seconds: float) -> None:
    for seed in range(3):
        piece = composed(text, manner, seed=seed, seconds=seconds)
        key = piece.mood.key
        tones = {(key.root + step) % 12 for step in key.steps}
        assert {note.pitch % 12 for note in piece.score.notes} <= tones
        final = max(piece.score.notes, key=lambda note: (note.start, note.part == "melody"))
        assert final.pitch % 12 == key.root % 12
        assert all(0 <= note.start < seconds for note in piece.score.notes)
        assert all(36 <= note.pitch <= 96 for note in piece.score.notes)
        assert rubs(piece.score.notes) == []


def test_machines_keep_to_the_grid_and_to_few_tones() -> None:
    piece = composed(TEXT, GEOMETRIC)
    form = piece.form
    for note in piece.score.notes:
        halves = (note.start - form.lead) / form.beat * 2
        assert halves == pytest.approx(round(halves), abs=1e-6)
    assert len({note.pitch % 12 for note in piece.score.notes}) <= 6
    assert {note.instrument for note in piece.score.notes} == {"circle", "square", "triangle"}


def test_machines_enter_one_by_one_and_repeat() -> None:
    piece = composed(TEXT, GEOMETRIC, seconds=20)
    first: dict[str, float] = {}
    for note in sorted(piece.score.notes, key=lambda note: note.start):
        first.setdefault(note.instrument, note.start)
    starts = sorted(first.values())
    bar = piece.form.beat * piece.form.meter
    assert starts[2] - starts[0] > bar


def test_scissors_use_many_instruments_and_another_order() -> None:
    song, cut = composed(TEXT), composed(TEXT, MONTAGE)
    assert len({n.instrument for n in cut.score.notes if n.part == "melody"}) > 3
    assert len({n.instrument for n in song.score.notes if n.part == "melody"}) == 1
    assert len({n.place for n in cut.score.notes if n.part == "melody"}) > 2


def test_the_montage_has_the_last_word() -> None:
    piece = composed(TEXT, MONTAGE)
    last = max(piece.score.cues, key=lambda cue: cue.start)
    assert last.word == "Hund"
    assert last.start > max(note.start for note in piece.score.notes)


def test_some_things_stutter() -> None:
    assert any(
        cue.cut is not None
        for seed in range(5)
        for cue in composed(TEXT, MONTAGE, seed=seed).score.cues
    )
    assert all(cue.cut is None for cue in composed(TEXT).score.cues)
