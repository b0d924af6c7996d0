"""When and where things are heard."""

import pytest

from devserver.my_app.services.atelier.manner import Manner
from devserver.my_app.services.atelier.sound.repertoire import LONGEST

from .pieces import GEOMETRIC, MANNERS, composed

MANY = "Hund Katze Kuh Frosch Vogel"


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("seconds", [1.0, 4.0, 12.0, 60.0])
def test_every_thing_is_heard_in_time(manner: Manner, seconds: float) -> None:
    piece = composed(MANY, manner, seconds=seconds)
    assert {cue.word for cue in piece.score.cues} == set(MANY.split())
    assert all(0 <= cue.start < seconds for cue in piece.score.cues)
    assert all(-1 <= cue.place <= 1 for cue in piece.score.cues)


def test_things_come_in_the_order_of_the_text() -> None:
    words = [cue.word for cue in composed(MANY).score.cues]
    assert list(dict.fromkeys(words)) == MANY.split()


def test_the_first_thing_is_heard_before_the_song_and_again() -> None:
    piece = composed("Eine Katze")
    assert [cue.sound for cue in piece.score.cues] == ["meow", "meow"]
    assert piece.score.cues[0].start < piece.form.lead
    assert piece.score.cues[0].take != piece.score.cues[1].take


def test_sounds_are_where_their_figures_stand() -> None:
    piece = composed("Ein Hund und eine Katze")
    assert piece.scene is not None
    middles = {figure.word: figure.x for figure in piece.scene.figures}
    for cue in piece.score.cues:
        assert (cue.place > 0) == (middles[cue.word] > 0.5)
    turned = composed("Ein Hund und eine Katze", Manner(upside_down=True))
    assert [cue.place for cue in turned.score.cues] == [-cue.place for cue in piece.score.cues]


def test_three_of_a_kind_are_three_voices() -> None:
    piece = composed("Drei Katzen")
    opening = [cue for cue in piece.score.cues if cue.start < piece.form.lead]
    assert len(opening) == 3
    assert len({cue.place for cue in opening}) == 3
    assert len({cue.take for cue in opening}) == 3


def test_the_geometric_manner_sets_things_on_the_beat() -> None:
    piece = composed(MANY, GEOMETRIC)
    on_the_beat = [cue for cue in piece.score.cues if cue.start >= piece.form.lead]
    assert on_the_beat
    for cue in on_the_beat:
        halves = (cue.start - piece.form.lead) / piece.form.beat * 2
        assert halves == pytest.approx(round(halves), abs=1e-6)


def test_the_last_sound_can_ring_out() -> None:
    piece = composed(MANY)
    assert max(cue.start for cue in piece.score.cues) + LONGEST < 12
