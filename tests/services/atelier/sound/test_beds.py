"""The air of every place."""

from dataclasses import replace

import numpy as np
import pytest

from devserver.my_app.services.atelier.places import PLACES
from devserver.my_app.services.atelier.scene import Scene, seeded
from devserver.my_app.services.atelier.sound.beds import bed
from devserver.my_app.services.atelier.sound.mixing import Stereo

from .pieces import composed, decibels, rms, share_above

KEY = composed("Sonne").mood.key
DAY = Scene("meadow", "day", frozenset(), (), 1)


def air(scene: Scene, seconds: float = 2.0) -> Stereo:
    return bed(scene, KEY, seconds, seeded(1, "bed"))


@pytest.mark.parametrize("time", ["day", "night"])
@pytest.mark.parametrize("place", PLACES)
def test_every_place_has_quiet_air(place: str, time: str) -> None:
    wave = air(replace(DAY, place=place, time=time))
    assert wave.shape == (2 * 44_100, 2)
    assert -60 < decibels(rms(wave)) < -26
    assert share_above(wave, 6_000) < 0.05
    assert not np.array_equal(wave[:, 0], wave[:, 1])


@pytest.mark.parametrize("weather", ["rain", "storm", "wind", "fog"])
def test_weather_is_heard(weather: str) -> None:
    plain = air(replace(DAY, place="city"))
    changed = air(replace(DAY, place="city", weathers=frozenset((weather,))))
    assert rms(changed) > 1.02 * rms(plain)
    assert decibels(rms(changed)) < -22


@pytest.mark.parametrize("place", PLACES)
def test_air_of_a_second(place: str) -> None:
    scene = replace(DAY, place=place, time="night", weathers=frozenset(("storm",)))
    assert len(air(scene, 1.0)) == 44_100
