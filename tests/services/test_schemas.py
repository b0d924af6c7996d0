from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.interception.techniques import TECHNIQUES
from devserver.my_app.services.schema_files import SchemaFileInvalid
from devserver.my_app.services.schemas import InterceptionSchema, load_interception_schemas

FOLDER = Path(__file__).resolve().parents[2] / "devserver" / "schemas" / "interception"
SCHEMAS = load_interception_schemas(FOLDER)
GOOD = (FOLDER / "dada.json").read_text(encoding="utf-8")


def test_the_styles_that_come_with_the_server() -> None:
    expected = "bauhaus dada overdrive passthrough piglatin renaissance stillepost theopposite"
    assert " ".join(SCHEMAS) == expected
    assert all(schema.id == name for name, schema in SCHEMAS.items())


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_a_stance_is_an_attitude_of_fitting_length(schema: InterceptionSchema) -> None:
    assert 80 <= len(schema.stance.split()) <= 180
    assert "in the style of" not in schema.stance.lower()
    assert "language of the child's text" in schema.stance
    assert len(schema.description.de) < 240


@pytest.mark.parametrize("text", ["Hund", "Katze", "cat", "a", "🌈", "猫", "Eine Blume blüht."])
@pytest.mark.parametrize("name", sorted(set(SCHEMAS) - {"passthrough"}))
def test_every_style_but_one_changes_even_one_word(name: str, text: str) -> None:
    choice = SCHEMAS[name].technique
    for seed in range(10):
        rewriting = TECHNIQUES[choice.name](text, random=Random(seed), parameters=choice.parameters)
        assert rewriting.text != text


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


def test_neither_a_list_nor_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    with pytest.raises(SchemaFileInvalid, match=r"a\.json, line 1: The file has to hold one"):
        load_interception_schemas(tmp_path)
    (tmp_path / "a.json").write_bytes(b'{\n"name": "\xff"}')
    with pytest.raises(SchemaFileInvalid, match=r"a\.json, line 2: .*UTF-8"):
        load_interception_schemas(tmp_path)
