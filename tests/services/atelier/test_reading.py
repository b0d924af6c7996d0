"""Counts, colours, sizes, relations and surroundings."""

from devserver.my_app.services.atelier import read


def test_count_colour_and_size_belong_to_the_next_thing() -> None:
    cats, dog = read("drei kleine schwarze Katzen und ein riesiger Hund").mentions
    assert (cats.count, cats.colour, cats.scale) == (3, "black", 0.72)
    assert (dog.count, dog.colour, dog.scale) == (1, None, 1.6)


def test_a_colour_after_its_thing() -> None:
    (horse,) = read("The horse is blue.").mentions
    assert horse.colour == "blue"


def test_a_colour_does_not_cross_the_sentence() -> None:
    dog, cat = read("Der Hund ist rot. Die Katze schläft.").mentions
    assert (dog.colour, cat.colour, cat.motion) == ("red", None, "sleeps")


def test_relation_to_the_next_thing_but_not_to_a_place() -> None:
    frog, _ = read("ein Frosch auf einem Pilz").mentions
    assert frog.relation == "on"
    cat, _ = read("eine Katze auf der Wiese und ein Hund").mentions
    assert cat.relation != "on"


def test_the_verb_finds_its_subject_on_either_side() -> None:
    dragon, castle = read("Ein Drache fliegt über das Schloss").mentions
    assert (dragon.motion, castle.motion) == ("flies", None)
    house, bird = read("Ein Haus, am Himmel fliegt ein Vogel").mentions
    assert (house.motion, bird.motion) == (None, "flies")


def test_plurals_are_more_than_one() -> None:
    assert [mention.plural for mention in read("Katzen und Vögel und ein Hund").mentions] == [
        True,
        True,
        False,
    ]
    assert read("mice").mentions[0].plural


def test_places_times_and_weathers_are_no_things() -> None:
    reading = read("Nachts am Strand, es regnet")
    assert reading.mentions == ()
    assert [setting.name for setting in reading.places] == ["beach"]
    assert [setting.name for setting in reading.times] == ["night"]
    assert [setting.name for setting in reading.weathers] == ["rain"]


def test_nothing_known_is_empty() -> None:
    assert not read("xyzzy qwrt 你好")


def test_shuffled_words_still_name_their_things() -> None:
    whole = {mention.thing.pictogram for mention in read("the cat sees a red house").mentions}
    cut_up = {
        mention.thing.pictogram for mention in read("house red a the sees cat ho use").mentions
    }
    assert whole <= cut_up
