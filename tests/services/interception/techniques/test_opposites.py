from __future__ import annotations

from random import Random

import pytest

from devserver.my_app.services.interception.techniques import TECHNIQUES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Eine kleine Blume auf der Wiese", "Eine große Distel unter der Wüste"),
        ("Der kleine Hund rennt.", "Der große Kater schleicht."),
        ("Ein kleiner Hund", "Ein großer Kater"),
        ("Der Tag ist hell.", "Die Nacht ist dunkel."),
        ("ein dunkles Zimmer", "ein helles Zimmer"),
        ("ein hohes Haus", "ein niedriges Loch"),
        ("Die Kinder tanzen auf dem Tisch", "Die Großeltern stolpern unter dem Tisch"),
        ("GROSS und klein", "GROSS und groß"),
        ("Schmetterling", "Das Gegenteil von: Schmetterling"),
        ("The little dog runs up.", "The large cat creeps down."),
        ("A giant on the old bed", "A dwarf under the young bed"),
        ("butterfly", "The opposite of: butterfly"),
        ("🌈", "🙃 🌈"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert TECHNIQUES["opposites"](text, random=Random(1), parameters={}).text == expected
