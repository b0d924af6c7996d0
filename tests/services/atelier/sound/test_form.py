"""How pieces are laid out in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.atelier.sound.form import form_of


@given(st.floats(1, 60), st.floats(55, 160), st.booleans())
def test_a_form_fits(seconds: float, tempo: float, opening: bool) -> None:
    form = form_of(seconds, tempo, opening=opening)
    assert 0 < form.lead < seconds
    assert seconds * 0.8 < form.end < seconds
    assert form.lines == 1 or form.lines % 2 == 0
    assert form.at(0) == form.lead


@pytest.mark.parametrize("tempo", [60, 75, 90, 105, 120, 140])
@pytest.mark.parametrize("seconds", [12, 20, 60])
def test_the_tempo_is_about_the_wished_one(seconds: float, tempo: float) -> None:
    form = form_of(seconds, tempo, opening=True)
    assert 60 / form.beat == pytest.approx(tempo, rel=0.17)
    assert 3.5 < form.line_beats * form.beat < 6.5


def test_only_an_opening_needs_time_before_the_song() -> None:
    assert form_of(12, 100, opening=True).lead > 1
    assert form_of(12, 100, opening=False).lead < 0.3
