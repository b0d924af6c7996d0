from __future__ import annotations

import json

import pytest

from devserver.my_app.services.atelier import make_picture, read
from devserver.my_app.services.atelier.feelings import felt_in
from devserver.my_app.services.atelier.lexicon import SCHEMAS, left_out_pictograms
from devserver.my_app.services.atelier.pictograms import exists


@pytest.mark.parametrize(
    ("text", "word", "pictogram"),
    [
        ("Ich bin traurig", "traurig", "1F62D"),
        ("Ich bin so glücklich!", "glücklich", "1F600"),
        ("I am happy", "happy", "1F600"),
        ("Mir ist langweilig", "langweilig", "1F971"),
        ("immer müder", "müder", "1F62A"),
    ],
)
def test_a_feeling_alone_has_a_face(text: str, word: str, pictogram: str) -> None:
    picture = make_picture(text, seed=1, size=64)
    assert picture.drawn_from == "transformed_text"
    assert [(thing.word, thing.pictogram) for thing in picture.things] == [(word, pictogram)]


def test_beside_things_feelings_are_left_out() -> None:
    assert [mention.word for mention in read("a sad robot").mentions] == ["robot"]
    assert [mention.word for mention in read("Ein wütender Löwe").mentions] == ["Löwe"]


def test_what_is_no_feeling_has_no_face() -> None:
    for text in ("xyz", "Ich bin da", "", "🌸 مرحبا"):
        assert felt_in(text, "de") == ()


def test_every_face_can_be_drawn() -> None:
    table = json.loads((SCHEMAS / "feelings.json").read_text(encoding="utf-8"))
    for faces in table.values():
        for pictogram in faces.values():
            assert exists(pictogram)
            assert pictogram not in left_out_pictograms()
