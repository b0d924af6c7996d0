from __future__ import annotations

from random import Random

import pytest

from devserver.my_app.services.interception.techniques import TECHNIQUES


def overdrive(text: str, seed: int = 7) -> str:
    return TECHNIQUES["overdrive"](text, random=Random(seed), parameters={}).text


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("Eine Blume", "Eine knisternde, turmhohe Blume, "),
        ("Ein kleiner Hund rennt", "Ein winzigkleiner Oberhund rennt und rennt und rennt, "),
        ("Ein Haus.", "Ein knisterndes, turmhohes Haus! "),
        ("Katze", "Riesenkatze, "),
        ("An owl", "A fabulous, crackling owl, "),
        ("The big dragon flies", "The gigantic super-dragon flies and flies and flies, "),
        ("🌈", "🌈 🌈🌈 🌈🌈🌈!!!"),
    ],
)
def test_examples(text: str, beginning: str) -> None:
    assert overdrive(text).startswith(beginning)
    assert overdrive(text).endswith("!!!")


@pytest.mark.parametrize("text", ["Katze", "a", "猫", "Ich möchte ein Einhorn sehen.", "no"])
def test_always_more_than_before(text: str) -> None:
    assert all(len(overdrive(text, seed)) > len(text) for seed in range(20))
