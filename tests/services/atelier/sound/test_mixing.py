"""Places, room, loudness and edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.atelier.sound.mixing import (
    CEILING,
    LOUDNESS,
    Mix,
    at_level,
    finished,
    in_room,
)
from devserver.my_app.services.atelier.sound.tones import RATE, gliding

from .pieces import rms

TONE = gliding(np.full(RATE, 440.0))


def test_left_is_left_and_the_middle_is_both() -> None:
    for place, left, right in ((-1.0, 1.0, 0.0), (1.0, 0.0, 1.0), (0.0, 0.7071, 0.7071)):
        mix = Mix(1.0)
        mix.add(TONE, 0.0, place)
        assert np.abs(mix.wave).max(axis=0) == pytest.approx((left, right), abs=0.001)


def test_what_passes_the_end_is_cut_and_what_begins_after_it_is_left_out() -> None:
    mix = Mix(1.0)
    mix.add(TONE, 0.5, 0.0)
    mix.add(TONE, 5.0, 0.0)
    assert not mix.wave[: RATE // 2].any()
    assert mix.wave[RATE // 2 :].any()
    assert len(mix.wave) == RATE


def test_a_room_answers_after_the_sound() -> None:
    mix = Mix(2.0)
    mix.add(TONE[: RATE // 4], 0.0, -1.0)
    wave = in_room(mix.wave, 0.3)
    later = wave[RATE // 2 : RATE]
    assert rms(later) > 0.001
    assert rms(later) > 3 * rms(wave[RATE + RATE // 2 :])
    assert later[:, 1].any()


def test_parts_get_their_level() -> None:
    mix = Mix(3.0)
    for start in (0.0, 1.0, 2.0):
        mix.add(TONE[: RATE // 2], start, 0.0, 0.01)
    level = at_level(mix.wave, 0.08)
    assert rms(level[: RATE // 2]) == pytest.approx(0.08, rel=0.1)
    silence = Mix(1.0).wave
    assert not at_level(silence, 0.08).any()


@settings(max_examples=25, deadline=None)
@given(st.floats(0.001, 30.0), st.floats(-0.5, 0.5), st.lists(st.floats(0, 0.9), max_size=8))
def test_a_finished_wave_keeps_its_limits(gain: float, offset: float, clicks: list[float]) -> None:
    mix = Mix(1.0)
    mix.add(TONE, 0.0, 0.3, gain)
    for start in clicks:
        mix.add(np.full(40, 8 * gain, np.float32), start, 0.0)
    wave = finished(mix.wave + np.float32(offset * gain))
    assert np.abs(wave).max() <= CEILING
    assert np.abs(wave[[0, -1]]).max() < 0.001
    assert np.abs(wave.mean(axis=0)).max() < 0.01
    assert rms(wave) == pytest.approx(LOUDNESS, rel=0.25)
