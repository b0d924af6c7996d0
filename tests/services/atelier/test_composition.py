"""Scenes in numbers: who stands where."""

import pytest

from devserver.my_app.services.atelier import Figure, Scene, compose, read
from tests.services.atelier.prompts import PROMPTS

SEEDS = (1, 2, 3)


def scene(text: str, seed: int = 1) -> Scene:
    return compose(read(text), seed)


def figure(of: Scene, pictogram: str) -> Figure:
    return next(f for f in of.figures if f.pictogram == pictogram and f.role != "repeat")


@pytest.mark.parametrize(("text", "expected"), PROMPTS)
def test_every_prompt_shows_its_nouns(text: str, expected: str) -> None:
    shown = scene(text)
    names = {figure.pictogram for figure in shown.figures}
    names |= {name for _, name in shown.setting_words} | {shown.place}
    assert set(expected.split()) <= names


@pytest.mark.parametrize(("text", "expected"), PROMPTS)
def test_nobody_is_cut_off(text: str, expected: str) -> None:
    for seed in SEEDS:
        for f in scene(text, seed).figures:
            left, top, right, bottom = f.box
            assert min(left, top) >= 0.015, f
            assert max(right, bottom) <= 0.985, f


def test_one_tall_thing_alone_in_space_is_whole() -> None:
    (astronaut,) = scene("Ein Astronaut im Weltraum").figures
    assert astronaut.box[1] > 0.03


def test_objects_known_only_from_unicode_stand_on_the_ground() -> None:
    assert figure(scene("A sandwich under the tree"), "1F96A").y > 0.8


def test_a_flower_stands_on_a_meadow() -> None:
    shown = scene("Eine Blume auf der Wiese")
    assert (shown.place, shown.time) == ("meadow", "day")
    assert 0.8 < figure(shown, "1F33C").y < 0.95


def test_the_cat_sits_on_the_moon_at_night() -> None:
    shown = scene("a cat on the moon at night")
    assert (shown.place, shown.time) == ("moon", "night")
    assert 0.5 < figure(shown, "1F408").y < 0.7


@pytest.mark.parametrize(("text", "count"), [("drei Katzen", 3), ("zwei Katzen", 2), ("a cat", 1)])
def test_numbers_are_counted_out(text: str, count: int) -> None:
    assert sum(f.pictogram == "1F408" for f in scene(text).figures) == count


@pytest.mark.parametrize("seed", SEEDS)
def test_relations_are_places(seed: int) -> None:
    on = scene("a frog on a mushroom", seed)
    frog, mushroom = figure(on, "1F438"), figure(on, "1F344")
    assert abs(frog.x - mushroom.x) < 0.1
    assert frog.y < mushroom.y - mushroom.height * 0.6
    under = scene("Ein Igel unter einem Baum", seed)
    hedgehog, tree = figure(under, "1F994"), figure(under, "1F333")
    assert abs(hedgehog.x - tree.x) < 0.1
    assert hedgehog.box[1] > tree.box[1] + tree.height / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_things_of_the_sky_are_in_the_sky(seed: int) -> None:
    shown = scene("The sun, a bird and a cloud over a house", seed)
    house = figure(shown, "1F3E0")
    for pictogram in ("2600", "1F426", "2601"):
        assert figure(shown, pictogram).y < house.y - 0.15


@pytest.mark.parametrize(
    "text", ["Ein Hund, eine Katze und eine Maus", "a cow, a sheep, a pig, a horse and a goat"]
)
def test_heroes_do_not_cover_one_another(text: str) -> None:
    heroes = [f for f in scene(text).figures if f.role == "hero"]
    for one in heroes:
        for other in heroes:
            if one is not other:
                assert one.box[2] <= other.box[0] + 1e-9 or other.box[2] <= one.box[0] + 1e-9


def test_sizes_follow_the_words() -> None:
    shown = scene("ein riesiger Elefant und eine winzige Maus")
    elephant, mouse = figure(shown, "1F418"), figure(shown, "1F401")
    assert elephant.width * elephant.height > 8 * mouse.width * mouse.height


def test_a_long_text_does_not_fill_the_page() -> None:
    text = "Hund Katze Maus Pferd Kuh Schaf Ziege Esel Hahn Ente Gans Schwein " * 40
    shown = scene(text)
    assert len({f.pictogram for f in shown.figures}) == 5
    assert len(shown.figures) <= 14


def test_the_most_frequent_things_are_chosen() -> None:
    text = "Kuh Schaf Ziege Esel Hahn Ente und ein Drache. Der Drache fliegt. Ach, Drache!"
    assert "1F409" in {f.pictogram for f in scene(text).figures}


def test_feelings_have_weather_and_night_things_have_night() -> None:
    assert scene("Traurigkeit").weathers == {"rain"}
    assert scene("Sterne").time == "night"
    assert scene("Sterne am Tag").time == "day"


def test_the_same_seed_gives_the_same_scene_and_another_seed_another() -> None:
    text = "Ein Hund und eine Katze im Garten"
    assert scene(text, 5) == scene(text, 5)
    assert len({scene(text, seed).figures for seed in range(6)}) > 1


def test_exaggeration_levels_or_stretches_sizes() -> None:
    def share(exaggeration: float) -> float:
        shown = compose(read("Ein Elefant und eine Maus"), 1, exaggeration=exaggeration)
        return figure(shown, "1F418").height / figure(shown, "1F401").height

    assert share(0.0) < share(1.0) < share(2.0)
