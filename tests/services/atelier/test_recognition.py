"""Words and what they are taken for."""

import pytest

from devserver.my_app.services.atelier import read
from devserver.my_app.services.atelier.recognition import guess_language

WORDS = (
    ("Katze", "1F408"),
    ("Katzen", "1F408"),
    ("kitten", "1F408"),
    ("Hund", "1F415"),
    ("Hunde", "1F415"),
    ("puppies", "1F415"),
    ("Mond", "1F315"),
    ("moon", "1F315"),
    ("crescent moon", "1F319"),
    ("Drache", "1F409"),
    ("Drachen", "1F409"),
    ("dragons", "1F409"),
    ("kite", "1FA81"),
    ("Blume", "1F33C"),
    ("Blumen", "1F33C"),
    ("flower", "1F33C"),
    ("Haus", "1F3E0"),
    ("Häuser", "1F3E0"),
    ("houses", "1F3E0"),
    ("Baum", "1F333"),
    ("Bäume", "1F333"),
    ("Sonne", "2600"),
    ("sun", "2600"),
    ("Fisch", "1F41F"),
    ("fish", "1F41F"),
    ("Auto", "1F697"),
    ("cars", "1F697"),
    ("Maus", "1F401"),
    ("mice", "1F401"),
    ("geese", "1FABF"),
    ("children", "1F9D2"),
    ("Vögel", "1F426"),
    ("Schmetterling", "1F98B"),
    ("Regenbogen", "1F308"),
    ("Feuerwehrauto", "1F692"),
    ("Eichhörnchen", "1F43F"),
    ("Einhorn", "1F984"),
    ("Dinosaurier", "1F995"),
    ("ice cream", "1F366"),
    ("Sankt Martin", "E184"),
    ("polar bear", "1F43B-200D-2744-FE0F"),
    ("Eisbär", "1F43B-200D-2744-FE0F"),
    ("fire engine", "1F692"),
    ("hot dogs", "1F32D"),
    ("Schneemann", "26C4"),
    ("Prinzessin", "1F478"),
    ("Roboter", "1F916"),
    ("Rakete", "1F680"),
    ("Hexe", "1F9D9-200D-2640-FE0F"),
    ("Fahrrad", "1F6B2"),
    ("Apfel", "1F34E"),
    ("Äpfel", "1F34E"),
    ("Geburtstagskuchen", "1F382"),
    ("Liebe", "2764"),
    ("Wut", "1F621"),
    ("Traurigkeit", "1F62D"),
    ("Freiheit", "1F54A"),
    ("Herz", "2764"),
    ("Schlüssel", "1F5DD"),
    ("Krone", "1F451"),
    ("Giraffen", "1F992"),
    ("wolves", "1F43A"),
    ("die Hüte", "1F3A9"),
    ("Mein Handy", "1F4F1"),
    ("die Wand", "1F9F1"),
    ("the magic wand", "1FA84"),
    ("das Geschenk", "1F381"),
    ("the gift is for you", "1F381"),
    ("das Kind", "1F9D2"),
    ("🐱", "1F431"),
    ("👍🏽", "1F44D"),
    ("🐻‍❄️", "1F43B-200D-2744-FE0F"),
)


@pytest.mark.parametrize(("text", "pictogram"), WORDS)
def test_the_obvious_meaning_wins(text: str, pictogram: str) -> None:
    assert [mention.thing.pictogram for mention in read(text).mentions] == [pictogram]


@pytest.mark.parametrize(
    "text",
    [
        "Buchstabe",
        "Das geht sehr fast hell und gut",
        "the kind man-made thing is fast",
        "what the hell, not bad",
        "Er hat einen guten Rat",
        "Sie wollen etwas bauen",
        "we point and turn and fall",
        "ein Revolver",
        "the gun",
        "Zigarette",
        "𓂀",
        "",
    ],
)
def test_a_false_match_is_worse_than_none(text: str) -> None:
    assert read(text).mentions == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Baumhaus", ["1F333", "1F3E0"]),
        ("Piratenschiff", ["1F3F4-200D-2620-FE0F", "1F6F3"]),
        ("Eichhörnchen", ["1F43F"]),
        ("Glasdrache", ["1F409"]),
        ("Papphund", ["1F415"]),
        ("Holzkatzen", ["1F408"]),
        ("Riesenfisch", ["1F41F"]),
        ("Katzenbaum", ["1F408", "1F333"]),
        ("Buchstabe", []),
        ("Eidotter", []),
        ("Seepferdchen", []),
        ("Waldhaus", ["1F3E0"]),
    ],
)
def test_compounds_are_covered_by_known_words_or_left_alone(text: str, parts: list[str]) -> None:
    assert [mention.thing.pictogram for mention in read(text).mentions] == parts


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Katze ist auf dem Dach", "de"),
        ("the cat is on the roof", "en"),
        ("Eine Blume", "de"),
        ("a flower", "en"),
        ("große vögel", "de"),
    ],
)
def test_language_is_guessed(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_the_same_letters_mean_different_things_in_two_languages() -> None:
    german = read("Der Hut liegt auf dem Tisch")
    english = read("The hut is in the garden")
    assert german.mentions[0].thing.pictogram == "1F3A9"
    assert english.mentions[0].thing.pictogram == "1F6D6"


def test_a_mixed_text_is_understood() -> None:
    reading = read("ein cat auf dem Sofa")
    assert [mention.thing.pictogram for mention in reading.mentions] == ["1F408", "1F6CB"]
