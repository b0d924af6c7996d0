"""Single tones and noise as promised."""

from random import Random

import numpy as np
import pytest

from devserver.my_app.services.atelier.sound.tones import (
    HIGHEST,
    RATE,
    gliding,
    hertz,
    modes,
    noise,
    samples,
)

from .pieces import loudest_frequency, rms, share_above


def test_modes_are_the_sum_of_damped_sines() -> None:
    frequencies, amplitudes, decays = (220.0, 587.3, 3000.0), (1.0, 0.5, 0.2), (1.0, 0.4, 0.1)
    at = np.arange(samples(0.7)) / RATE
    wanted = sum(
        a * np.exp(-np.log(1000) * at / d) * np.sin(2 * np.pi * f * at)
        for f, a, d in zip(frequencies, amplitudes, decays, strict=True)
    )
    assert np.abs(modes(0.7, frequencies, amplitudes, decays) - wanted).max() < 1e-4


def test_modes_above_the_highest_are_left_out() -> None:
    assert not modes(0.1, (HIGHEST + 1,), (1,), (1,)).any()


def test_a_pitch_has_its_frequency() -> None:
    assert hertz(69) == 440
    assert hertz(60) == pytest.approx(261.63, abs=0.01)


def test_a_glide_reaches_its_frequency() -> None:
    tone = gliding(np.linspace(200, 800, RATE))
    assert loudest_frequency(tone[-4_000:]) == pytest.approx(775, rel=0.05)


@pytest.mark.parametrize("seconds", [0.01, 0.5, 7.0])
def test_noise_stays_in_its_band_and_has_its_loudness(seconds: float) -> None:
    made = noise(seconds, 500, 1_000, Random(1))
    assert len(made) == samples(seconds)
    if seconds > 0.1:
        assert rms(made) == pytest.approx(1, rel=0.1)
        assert share_above(made, 2_500) < 0.01
        assert share_above(made, 250) > 0.98


def test_noise_loops_without_a_step() -> None:
    made = noise(14.0, 100, 400, Random(1))
    assert np.abs(np.diff(made)).max() < 0.35
