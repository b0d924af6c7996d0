from __future__ import annotations

import pytest

from devserver.my_app.services.interception.techniques.language_guess import (
    guess_language,
    known_language,
)

GERMAN = """Eine Blume auf der Wiese|Katze|Hund|Schmetterling|Regenbogen|Der Mond lacht|Mein Bruder
kann fliegen|Ich will ein Pferd|Zwei Pinguine tanzen|Fußball im Weltall|ein Schloss am Meer|rote
Rakete|Die Sonne scheint|Oma backt Kuchen|Drachen können Feuer machen|Wir bauen ein Baumhaus|Haus
im Wald|der große Wal|blaue Elefanten|Ein Roboter mit Hut|Meine Lehrerin ist ein Vampir|Es schneit
im Sommer|Eis essen|Unter Wasser|Das Monster wohnt unter dem Bett|Alle Kinder spielen|Piraten
suchen einen Schatz|Ein Fisch fährt Fahrrad|Warum ist der Himmel blau?|Hallo Welt|Ich bin müde|
Nachts im Museum|Auto|Blume|Ein Vogel singt ein Lied|Der Löwe brüllt|Pizza mit Flügeln|Ein Zug
fährt durch die Stadt|Schneemann|Gespensterschloss|Wo ist mein Teddy|Ein Baum aus Gold|Ritter und
Prinzessin|Die Katze schläft auf dem Sofa|Hexe auf Besen|lustige Affen|Heute regnet es|Lisa malt
ein Bild|Winter|Mama und Papa|Vulkan|Tiger im Garten""".replace("\n", " ").split("|")
ENGLISH = """A flower in the meadow|cat|dog|butterfly|rainbow|The moon is laughing|My brother can
fly|I want a horse|Two penguins dancing|football in space|a castle by the sea|red rocket|The sun is
shining|Grandma bakes a cake|Dragons can breathe fire|We build a tree house|house in the forest|the
big whale|blue elephants|A robot with a hat|My teacher is a vampire|It snows in summer|eating ice
cream|under water|The monster lives under the bed|All children play|Pirates look for treasure|A
fish rides a bike|Why is the sky blue?|hello world|I am tired|Night at the museum|car|flower|A bird
sings a song|The lion roars|Pizza with wings|A train goes through the city|snowman|haunted
castle|Where is my teddy|A golden tree|knight and princess|The cat sleeps on the sofa|witch on a
broom|funny monkeys|It is raining today|Lisa paints a picture|spring|mum and dad|a volcano|tiger in
the garden""".replace("\n", " ").split("|")


def test_at_least_97_of_100_short_texts_are_guessed_right() -> None:
    wrong = [text for text in GERMAN if guess_language(text) != "de"]
    wrong += [text for text in ENGLISH if guess_language(text) != "en"]
    assert len(GERMAN) + len(ENGLISH) >= 100
    assert len(wrong) <= 0.03 * (len(GERMAN) + len(ENGLISH)), wrong


def test_german_on_a_tie() -> None:
    assert [guess_language(text) for text in ("", "🌈", "猫", "?!", "xx")] == ["de"] * 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🌈",
        "7 + 3",
        "猫",
        "Кіт спить",
        "القطة تنام",
        "Ένας γάτος",
        "Kedi çatıda uyuyor",
        "Bir kuş gördüm",
        "Un chat dort sur le toit",
        "El perro está con el gato",
        "O gato e uma flor",
        "Kedi denizde yuzuyor",
        "gato luna perro grande",
        "mon chien mange pizza",
    ],
)
def test_other_languages_are_not_taken_for_ours(text: str) -> None:
    assert known_language(text) is None


def test_ours_are_known() -> None:
    assert [text for text in GERMAN if known_language(text) is None] == []
    assert [text for text in ENGLISH if known_language(text) is None] == []
    assert known_language("Ein Café mit Piñata") == "de"
    assert known_language("İÜ") is None
