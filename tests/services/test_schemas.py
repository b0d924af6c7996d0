from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.atelier import Manner
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.interception.techniques import (
    TECHNIQUES,
    Rewriting,
    longest_result,
)
from devserver.my_app.services.interception.techniques.language_guess import guess_language
from devserver.my_app.services.output_configs import load_output_configs
from devserver.my_app.services.schema_files import SchemaFileInvalid
from devserver.my_app.services.schemas import (
    InterceptionSchema,
    PictureChoice,
    live_interception_schemas,
    load_interception_schemas,
)

FOLDER = Path(__file__).resolve().parents[2] / "devserver" / "schemas" / "interception"
SCHEMAS = load_interception_schemas(FOLDER)
GOOD = (FOLDER / "dada.json").read_text(encoding="utf-8")


OUTPUT_CONFIGS = load_output_configs(FOLDER.parent / "output")
CHANGING = sorted(set(SCHEMAS) - {"passthrough"})
TEXTS = (
    "Hund",
    "Katze",
    "cat",
    "a",
    "7",
    "Eine Blume blüht.",
    "Der kleine Hund rennt durch den dunklen Wald und bellt.",
    "Two penguins are dancing in the snow!",
    "🌈",
    "🌈🦄 🐙",
    "猫",
    "القطة تنام على السطح",
    "Кіт спить на даху",
    "Kedi çatıda uyuyor",
    "Un chat dort sur le toit",
    "Der Mond lacht. " * 40,
)
# These add to the text and leave its own words as they are.
ADDING_TEXT = (
    "bauhaus renaissance lightandmood othereyes soundscape technicaldrawing tellastory timetravel"
)
ADDING = ADDING_TEXT.split()
OTHER_SCRIPTS = ("القطة تنام على السطح", "Кіт спить на даху", "猫が屋根で寝ている")


def rewritten(name: str, text: str, seed: int = 7, **more: object) -> Rewriting:
    choice = SCHEMAS[name].technique
    parameters = {**choice.parameters, **more}
    return TECHNIQUES[choice.name](text, random=Random(seed), parameters=parameters)


def test_the_styles_that_come_with_the_server() -> None:
    asked_for = (
        "dada bauhaus expressionism renaissance theopposite overdrive stillepost piglatin "
        "jugendsprache technicaldrawing tellastory passthrough user_defined"
    )
    assert set(asked_for.split()) < set(SCHEMAS)
    assert len(SCHEMAS) >= 16
    assert all(schema.id == name for name, schema in SCHEMAS.items())
    assert list(SCHEMAS) == sorted(SCHEMAS)
    assert len({schema.name.de for schema in SCHEMAS.values()}) == len(SCHEMAS)


def test_every_technique_has_a_style() -> None:
    assert {schema.technique.name for schema in SCHEMAS.values()} == set(TECHNIQUES)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_a_stance_is_an_attitude_of_fitting_length(schema: InterceptionSchema) -> None:
    assert 80 <= len(schema.stance.split()) <= 180
    stances = [schema.stance, *(step.stance for step in schema.steps)]
    assert all("in the style of" not in stance.lower() for stance in stances)
    assert all("no explanation" not in stance for stance in stances)  # said by the assembler
    assert max(len(schema.description.de), len(schema.description.en)) < 240


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_wishes_for_media_can_come_true(schema: InterceptionSchema) -> None:
    assert schema.default_outputs.keys() == {"image", "audio", "video", "3d"}
    for media_type, config_id in schema.default_outputs.items():
        assert OUTPUT_CONFIGS[config_id].media_type == media_type


def test_the_picture_is_what_the_collage_engine_takes() -> None:
    assert {
        name: field.default for name, field in PictureChoice.model_fields.items() if name != "style"
    } == {field.name: field.default for field in fields(Manner) if field.name != "style"}
    for schema in SCHEMAS.values():
        assert Manner.from_mapping(schema.picture.model_dump()).style == schema.picture.style


def test_the_telephone_game_has_eight_listeners_with_or_without_a_model() -> None:
    listeners = SCHEMAS["stillepost"].steps
    steps = rewritten("stillepost", "Der Hund bellt am See").steps
    assert [step.id for step in listeners] == [step.name for step in steps]
    assert len({step.stance for step in listeners}) == 8


def test_only_the_childs_own_rules_need_a_context() -> None:
    assert [name for name, schema in SCHEMAS.items() if schema.needs_context] == ["user_defined"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
@pytest.mark.parametrize("name", CHANGING)
def test_every_style_but_one_changes_every_text(name: str, text: str) -> None:
    for seed in range(4):
        said = rewritten(name, text, seed)
        assert said.text.strip()
        assert said.text.strip() != text.strip()
        assert said == rewritten(name, text, seed)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(CHANGING),
    text=st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip())),
    seed=st.integers(min_value=0, max_value=2**53 - 1),
)
def test_whatever_the_text(name: str, text: str, seed: int) -> None:
    said = rewritten(name, text, seed)
    assert said.text.strip() not in {"", text.strip()}
    assert len(said.text) <= longest_result(text)
    assert said == rewritten(name, text, seed)


def test_passthrough_changes_nothing() -> None:
    assert all(rewritten("passthrough", text).text == text for text in TEXTS)


@pytest.mark.parametrize("text", ["Eine Blume im Wald", "A flower and a cat", "Кіт спить на даху"])
@pytest.mark.parametrize("name", ADDING)
def test_styles_that_add_keep_the_words_of_the_child(name: str, text: str) -> None:
    said = {word.lower().strip(".,:!") for word in rewritten(name, text).text.split()}
    assert {word.lower() for word in text.split()} <= said


@pytest.mark.parametrize(
    "text", ["القطة تنام على السطح", "Кіт спить на даху", "猫が屋根で寝ている"]
)
@pytest.mark.parametrize("name", CHANGING)
def test_no_german_or_english_word_comes_into_another_script(name: str, text: str) -> None:
    for seed in range(4):
        found = re.findall(r"[A-Za-zÄÖÜäöüß]+", rewritten(name, text, seed).text)
        assert set(found) <= {"cm", "b"}


@pytest.mark.parametrize("name", CHANGING)
def test_the_language_stays(name: str) -> None:
    german, english = "Die Katze schläft unter dem alten Baum.", "The cat sleeps under the tree."
    if name == "piglatin":
        return  # a language of its own, in which ours is not recognised
    for seed in range(4):
        assert guess_language(rewritten(name, german, seed).text) == "de"
        assert guess_language(rewritten(name, english, seed).text) == "en"


def test_every_key_is_described() -> None:
    document = InterceptionSchema.model_json_schema()
    of_models = {"ModelName", "StepModels"}
    named = [part for name, part in document["$defs"].items() if name not in of_models]
    parts = [document, *named]
    silent = [
        key
        for part in parts
        for key, field in part.get("properties", {}).items()
        if "description" not in field and key not in {"id", "de", "en"}
    ]
    assert silent == []


def test_schemas_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        SCHEMAS["x"] = SCHEMAS["dada"]  # type: ignore[index]
    assert SCHEMAS["dada"].name.in_language("en") == "Dada"
    assert SCHEMAS["piglatin"].name.in_language("fr") == "Geheimsprache"


def line_of(source: str, needle: str) -> int:
    return source[: source.index(needle)].count("\n") + 1


@pytest.mark.parametrize(
    ("change", "needle", "reason"),
    [
        (('"name": {', '"name" {'), '"name" {', "not JSON"),
        (('"category":', '"categories":'), '"categories":', "Extra inputs|Field required"),
        (('"cut_up"', '"cut_down"'), '"cut_down"', "no technique 'cut_down'"),
        (('"parameters": {}', '"parameters": {"a": 1}'), '"parameters":', r"parameters\.a"),
        (('"minimum_age": 6', '"minimum_age": "6"'), '"minimum_age":', "valid integer"),
        (('"complexity": 2', '"complexity": 9'), '"complexity":', "less than or equal to 5"),
        (('"temperature": 1.2', '"temperature": 3'), '"temperature":', "less than or equal to 2"),
        (('"max_tokens": 400', '"max_tokens": 0'), '"max_tokens":', "greater than or equal to 16"),
        (('"audio": "', '"smell": "'), '"smell":', "'image', 'audio', 'video' or '3d'"),
        (('"audio": "', '"audio": "../'), '"audio":', "match pattern"),
        (('"stance": "You', '"steps": [1],\n"stance": "You'), '"steps":', "SchemaStep"),
        (('"montage"', '"oil"'), '"oil"', "papercut"),
        (('"stance"', '"id": "x",\n  "stance"'), '"id":', "file name is the id"),
        (('"picture": {', '"picture": 1,\n  "picture": {'), '"picture": {', "second time"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], needle: str, reason: str
) -> None:
    source = GOOD.replace(*change, 1)
    assert source != GOOD
    (tmp_path / "dada.json").write_text(source, encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match=reason) as caught:
        load_interception_schemas(tmp_path)
    expected = 1 if "required" in str(caught.value) else line_of(source, needle)
    assert str(caught.value).startswith(f"dada.json, line {expected}: ")
    assert caught.value.code == "schema_file_invalid"
    assert isinstance(caught.value, ServerError)


@pytest.mark.parametrize("name", ["Dada", "da-da", "a" * 41, "ä"])
def test_a_file_name_is_an_id(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.json").write_text(GOOD, encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match="file name is an id"):
        load_interception_schemas(tmp_path)


def test_nested_parameters_are_found(tmp_path: Path) -> None:
    document = json.loads((FOLDER / "bauhaus.json").read_text(encoding="utf-8"))
    document["technique"]["parameters"]["clauses"]["en"][2] = 5
    source = json.dumps(document, ensure_ascii=False, indent=2)
    (tmp_path / "bauhaus.json").write_text(source, encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match=r"clauses\.en\.2") as caught:
        load_interception_schemas(tmp_path)
    assert re.fullmatch(r"\s*5,", source.split("\n")[caught.value.line - 1])


def test_views_and_stories_are_checked_to_the_word(tmp_path: Path) -> None:
    source = (FOLDER / "tellastory.json").read_text(encoding="utf-8")
    wrong = source.replace("{Er} sang", "{Wer} sang")
    (tmp_path / "tellastory.json").write_text(wrong, encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match=r"with_hero\.turn\.3: .*\{Wer\}") as caught:
        load_interception_schemas(tmp_path)
    assert caught.value.line == line_of(wrong, "{Wer}")
    source = (FOLDER / "othereyes.json").read_text(encoding="utf-8")
    (tmp_path / "tellastory.json").write_text(source.replace("Ameise:", "Ameise"), encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match=r"views\.0\.de\.opening") as caught:
        load_interception_schemas(tmp_path)
    assert caught.value.line == line_of(source, "Ameise:")


def test_two_steps_of_the_same_id(tmp_path: Path) -> None:
    source = (FOLDER / "stillepost.json").read_text(encoding="utf-8")
    (tmp_path / "a.json").write_text(source.replace("listener_2", "listener_1"), encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match=r"steps: Two steps have the same id") as caught:
        load_interception_schemas(tmp_path)
    assert caught.value.line == line_of(source, '"steps"')


def test_a_changed_style_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "dada.json"
    path.write_text(GOOD, encoding="utf-8")
    live = live_interception_schemas(tmp_path, look_seconds=0)
    before = live["dada"]
    path.write_text(GOOD.replace('"de": "Dada"', '"de": "Dada!!"'), encoding="utf-8")
    assert live["dada"].name.de == "Dada!!"
    assert before.name.de == "Dada"
    path.write_text(GOOD.replace('"cut_up"', '"cut_down"'), encoding="utf-8")
    assert live["dada"].name.de == "Dada!!"
    assert "no technique 'cut_down'" in str(live.faults()["dada.json"])


def test_neither_a_list_nor_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match=r"a\.json, line 1: The file has to hold one"):
        load_interception_schemas(tmp_path)
    (tmp_path / "a.json").write_bytes(b'{\n"name": "\xff"}')
    with pytest.raises(SchemaFileInvalid, match=r"a\.json, line 2: .*UTF-8"):
        load_interception_schemas(tmp_path)
