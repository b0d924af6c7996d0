"""What pictograms do: known ones as one expects, every one something."""

import pytest

from devserver.my_app.services.atelier.film.habits import habit_of, own_habit
from devserver.my_app.services.atelier.film.lives import LIVES
from devserver.my_app.services.atelier.lexicon import homes


@pytest.mark.parametrize(
    ("pictogram", "habit"),
    [
        ("1F3E0", "stands"),  # house
        ("1F3F0", "stands"),  # castle
        ("26F0", "stands"),  # mountain
        ("1F308", "stands"),  # rainbow
        ("1F426-200D-2B1B", "flies"),  # raven
        ("1F98B", "flies"),  # butterfly
        ("1F41F", "swims"),  # fish
        ("1F407", "hops"),  # rabbit
        ("1F418", "walks"),  # elephant
        ("1F467", "walks"),  # girl
        ("1F40C", "crawls"),  # snail
        ("26F5", "bobs"),  # boat
        ("1F697", "drives"),  # car
        ("1F692", "drives"),  # fire engine
        ("2708", "cruises"),  # airplane
        ("1F680", "climbs"),  # rocket
        ("1F333", "sways"),  # tree
        ("1F33B", "sways"),  # sunflower
        ("2600", "shines"),  # sun
        ("2601", "drifts"),  # cloud
        ("2B50", "twinkles"),  # star
        ("1F47B", "floats"),  # ghost
        ("1F4D5", "nods"),  # book
    ],
)
def test_own_habits(pictogram: str, habit: str) -> None:
    assert own_habit(pictogram) == habit


def test_every_known_pictogram_does_something() -> None:
    habits = {own_habit(pictogram) for pictogram in homes()}
    assert habits <= {*LIVES, "stands"}
    assert len(habits) > 15


def test_text_and_place_change_habits() -> None:
    assert habit_of("1F40E", "flies", "meadow", aloft=True) == "flies"
    assert habit_of("1F40E", "swims", "sea", aloft=False) == "bobs"
    assert habit_of("1F408", None, "underwater", aloft=True) == "swims"
    assert habit_of("1F98A", "sleeps", "room", aloft=False) == "breathes"
    assert habit_of("1F419", "dances", "meadow", aloft=False) == "dances"
    assert habit_of("1F41F", None, "meadow", aloft=False) == "hops"
    assert habit_of("1F9D1-200D-1F680", None, "space", aloft=True) == "floats"


@pytest.mark.parametrize("motion", ["flies", "swims", "dances", "sleeps", None])
@pytest.mark.parametrize("place", ["meadow", "sea", "underwater", "space"])
def test_nothing_moves_a_house(motion: str | None, place: str) -> None:
    assert habit_of("1F3E0", motion, place, aloft=False) == "stands"
