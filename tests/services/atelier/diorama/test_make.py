"""Whole models: valid for any text, standing firmly, the same every time."""

import hashlib
import io
import itertools
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from devserver.my_app.services.atelier import Depiction, Manner
from devserver.my_app.services.atelier.diorama import make_object
from devserver.my_app.services.atelier.manner import Style
from devserver.my_app.services.media_kinds import identify
from devserver.my_app.services.media_probe.facts import ProbeLimits
from devserver.my_app.services.media_probe.glb import measure_glb

from .gltf import Array, Model, Thing, assert_closed, assert_sound

ROOT = Path(__file__).parents[4]
STYLES: tuple[Style, ...] = ("papercut", "montage", "geometric")
TOP = 0.03  # of the board
TEXTS = (
    "Eine Katze auf der Wiese mit einer Blume",
    "a unicorn under a rainbow",
    "zehn Luftballons",
    "Viele Kinder spielen im Garten",
    "Ein Hund, eine Katze und eine Maus sitzen auf einem Pferd im Regen",
    "Der Affe sitzt im Baum, ein Vogel fliegt",
    "Ein Boot auf dem Meer, es schneit",
    "Ein Clown auf der Bühne",
    "Ein Schloss in der Stadt bei Nebel",
    "a cat on the moon at night",
    "qwrtz plmk",
    "漢字",
)
SCENERY = {"board", "ground", "terrace", "sky", "frame", "brace", "scenery", "curtain", "step"}
FIXINGS = {"stick", "peg", "rain", "snow", "beam", "post", "foot", "plinth"}


@cache
def made(text: str, style: Style = "papercut", seed: int = 1) -> Model:
    return Model(make_object(text, seed=seed, manner=Manner(style=style)).data)


def actors(model: Model) -> list[Thing]:
    """What stands on the stage or hangs over it, without the scenery and what holds it."""
    return [t for t in model.things if t.name not in SCENERY | FIXINGS | {"sky paper", "solid"}]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("text", TEXTS)
def test_every_body_is_sound_and_closed(text: str, style: Style) -> None:
    model = made(text, style)
    for mesh in range(len(model.document["meshes"])):
        parts = model.parts(mesh)
        assert_closed([(part.positions, part.triangles) for part in parts])
        for part in parts:
            assert_sound(part.positions, part.normals, part.triangles)
            assert ("baseColorTexture" in part.material["pbrMetallicRoughness"]) == (
                part.uvs is not None
            )
            if part.uvs is not None:
                assert ((part.uvs >= 0) & (part.uvs <= 1)).all()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_model_stands_in_its_room(text: str, style: Style) -> None:
    model = made(text, style)
    corners = np.concatenate([thing.world for thing in model.things])
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert low[1] == pytest.approx(0, abs=1e-6)
    assert 0.8 < high[1] < 1.1
    assert (low[[0, 2]] > (-0.66, -0.46)).all()
    assert (high[[0, 2]] < (0.66, 0.4)).all()
    for thing in actors(model):
        assert thing.world[:, 1].min() >= TOP - 1e-5


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("text", TEXTS[:-2])
def test_paper_never_meets_paper(text: str, seed: int) -> None:
    """In a theatre all figures look straight ahead: boxes tell whether two of them meet."""
    model = made(text, seed=seed)
    things = [t for t in actors(model) if t.name != "rainbow"]
    boxes = [(t.world.min(axis=0), t.world.max(axis=0)) for t in things]
    for (low, high), (other_low, other_high) in itertools.combinations(boxes, 2):
        assert ((high <= other_low + 1e-6) | (other_high <= low + 1e-6)).any()
    for low, high in boxes:
        for sheet in model.things:
            if sheet.name in ("scenery", "curtain", "sky"):
                assert not reaches(low, high, sheet.world)
    for terrace in (t for t in model.things if t.name == "terrace"):
        for thing in things:
            assert not sunk(thing.world, terrace)


def reaches(low: Array, high: Array, sheet: Array) -> bool:
    """Whether corners of a bent sheet are before the back and behind the front of a box."""
    beside = (sheet[:, 0] > low[0]) & (sheet[:, 0] < high[0]) & (sheet[:, 1] > low[1])
    inside = beside & (sheet[:, 2] > low[2] + 1e-6) & (sheet[:, 2] < high[2] - 1e-6)
    behind = beside & (sheet[:, 2] <= low[2] + 1e-6)
    before = beside & (sheet[:, 2] >= high[2] - 1e-6)
    return bool(inside.any() or (behind.any() and before.any()))


def sunk(corners: Array, terrace: Thing) -> bool:
    """Whether any corner is inside a terrace: below its top and over its outline."""
    top = terrace.world[:, 1].max()
    under = corners[corners[:, 1] < top - 1e-5]
    world = np.split(terrace.world, np.cumsum([len(p.positions) for p in terrace.parts])[:-1])
    for place, part in zip(world, terrace.parts, strict=True):
        up = part.triangles[(part.normals[part.triangles][:, :, 1] > 0.9).all(axis=1)]
        for a, b, c in place[up][:, :, [0, 2]]:
            sides = [
                (q[0] - p[0]) * (under[:, 2] - p[1]) - (q[1] - p[1]) * (under[:, 0] - p[0])
                for p, q in ((a, b), (b, c), (c, a))
            ]
            if (np.all(np.array(sides) < -1e-7, axis=0)).any():
                return True
    return False


@pytest.mark.parametrize("style", STYLES)
def test_the_probe_counts_what_is_there(tmp_path: Path, style: Style) -> None:
    work = make_object("Ein Hund und zwei Katzen", seed=1, manner=Manner(style=style))
    path = tmp_path / "output_3d.glb"
    path.write_bytes(work.data)
    kind = identify(work.data[:4096])
    assert kind is not None
    assert kind.type == "3d"
    facts = measure_glb(path, kind, ProbeLimits())
    model = Model(work.data)
    parts = [p for mesh in range(len(model.document["meshes"])) for p in model.parts(mesh)]
    assert facts.vertices == sum(len(part.positions) for part in parts)
    assert facts.faces == sum(len(part.triangles) for part in parts)


def test_words_are_names_and_credit_is_inside() -> None:
    work = make_object("Eine Katze und ein Haus", seed=1)
    model = Model(work.data)
    assert {"Katze", "Haus"} <= {thing.name for thing in model.things}
    assert Depiction("Katze", "cat", "1F408") in work.things
    assert work.credit is not None
    assert model.document["asset"]["copyright"] == work.credit
    assert "OpenMoji" in work.credit
    sheet = Image.open(io.BytesIO(model.picture))
    assert max(sheet.size) <= 2048


def test_our_own_letters_need_no_credit() -> None:
    work = make_object("qwrtz", original_text="plmk", seed=1)
    assert (work.drawn_from, work.things, work.license, work.credit) == ("letters", (), None, None)
    assert "copyright" not in Model(work.data).document["asset"]


def test_the_childs_own_words_are_built_when_nothing_else_is_known() -> None:
    work = make_object("atcay", original_text="a cat", seed=1)
    assert work.drawn_from == "input_text"
    assert "cat" in {thing.name for thing in Model(work.data).things}


def test_who_flies_is_held_by_a_stick() -> None:
    model = made("Ein Haus und ein Vogel am Himmel")
    (bird,) = [thing for thing in model.things if thing.name == "Vogel"]
    sticks = [thing.world for thing in model.things if thing.name == "stick"]
    low, high = bird.world.min(axis=0), bird.world.max(axis=0)
    assert low[1] > 0.2
    assert any(
        low[0] < stick[:, 0].mean() < high[0]
        and low[1] < stick[:, 1].max() < high[1]
        and stick[:, 1].min() < 0.1
        and 0 < low[2] - stick[:, 2].max() < 0.01
        for stick in sticks
    )


def test_the_manner_is_respected() -> None:
    text = "Ein Hund auf der Wiese"
    plain = make_object(text, seed=1)
    for manner in (
        Manner(palette="cool"),
        Manner(time="night"),
        Manner(frame=False),
        Manner(paper="#ff0000"),
        Manner(style="montage"),
        Manner(style="geometric"),
    ):
        assert make_object(text, seed=1, manner=manner).data != plain.data
    without = make_object(text, seed=1, manner=Manner(style="montage", letters=False))
    cards = make_object(text, seed=1, manner=Manner(style="montage"))
    assert len(Model(without.data).things) < len(Model(cards.data).things)


def test_on_its_head_the_board_is_above() -> None:
    work = make_object("Ein Hund", seed=1, manner=Manner(upside_down=True))
    things = {thing.name: thing.world for thing in Model(work.data).things}
    assert min(world[:, 1].min() for world in things.values()) == pytest.approx(0, abs=1e-5)
    assert things["board"][:, 1].min() > things["Hund"][:, 1].max() - 1e-5


def test_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib\n"
        "from devserver.my_app.services.atelier import Manner\n"
        "from devserver.my_app.services.atelier.diorama import make_object\n"
        "for style in ('papercut', 'montage', 'geometric'):\n"
        "    for text in ('Drei Katzen im Wald bei Nacht', 'qwrt äß'):\n"
        "        data = make_object(text, seed=9, manner=Manner(style=style)).data\n"
        "        print(hashlib.sha256(data).hexdigest())\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    here = [
        make_object(text, seed=9, manner=Manner(style=style)).data
        for style in STYLES
        for text in ("Drei Katzen im Wald bei Nacht", "qwrt äß")
    ]
    assert answer == [hashlib.sha256(data).hexdigest() for data in here]


WORDS = "drei Katze cat 🐱 Haus auf dem unter blau Meer night fliegt , é ١٢ 👩\u200d🚀 Regen"
ANY_TEXT = st.one_of(
    st.text(max_size=120), st.lists(st.sampled_from(WORDS.split()), max_size=10).map(" ".join)
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_TEXT, st.integers(0, 2**53 - 1), st.sampled_from(STYLES))
def test_any_text_gives_a_model(text: str, seed: int, style: Style) -> None:
    work = make_object(text, seed=seed, manner=Manner(style=style))
    model = Model(work.data)
    assert len(work.data) < 2_500_000
    corners = np.concatenate([thing.world for thing in model.things])
    assert np.isfinite(corners).all()
    assert corners[:, 1].min() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("text", ["", " \n", "a" * 8000, "\ud800", "🐱" * 900, "\u0301" * 3000])
@pytest.mark.parametrize("style", STYLES)
def test_hard_texts(text: str, style: Style) -> None:
    assert len(Model(make_object(text, seed=1, manner=Manner(style=style)).data).things) > 4
