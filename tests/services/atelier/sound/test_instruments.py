"""Every instrument plays in tune, begins and ends without a click."""

import numpy as np
import pytest

from devserver.my_app.services.atelier.sound.instruments import NAMES, play

from .pieces import loudest_frequency, share_above


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frequency", [196.0, 659.26])
def test_in_tune_and_soft(name: str, frequency: float) -> None:
    tone = play(name, frequency, 0.8, 0.7)
    assert loudest_frequency(tone) == pytest.approx(frequency, rel=0.006)
    peak = np.abs(tone).max()
    assert peak > 0.02
    assert abs(tone[0]) < 0.01 * peak
    assert abs(tone[-1]) < 0.01 * peak
    assert share_above(tone, 6_000) < 0.01


def test_louder_is_brighter() -> None:
    quiet, loud = (share_above(play("music_box", 440, 1, level), 800) for level in (0.2, 0.9))
    assert loud > 1.5 * quiet


def test_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(KeyError):
        play("kazoo", 440, 1, 1)
