"""The lists as files: what they must hold, and how a workshop's own file joins them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devserver.my_app.services.safe_words import WordLists
from devserver.my_app.services.safe_words.matcher import SCHEMAS
from devserver.my_app.services.schema_files import SchemaFileInvalid

Document = dict[str, Any]


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A copy of the data, free to be changed."""
    for name in ("safety", "interception_words", "atelier"):
        shutil.copytree(SCHEMAS / name, tmp_path / "schemas" / name)
    return tmp_path / "schemas"


@pytest.fixture
def own_file(tmp_path: Path) -> Callable[..., Path]:
    def write(**keys: Any) -> Path:
        document: Document = {
            "note": "For our workshop.",
            "name": {"de": "Unser Workshop", "en": "Our workshop"},
            "version": "1",
            "categories": {},
            **keys,
        }
        path = tmp_path / "our_workshop.json"
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
        return path

    return write


def terms(category: str, matching: str, *words: str) -> Document:
    return {"category": category, "language": "de", "matching": matching, "terms": list(words)}


CATEGORY: Document = {
    "name": {"de": "Spinnen", "en": "Spiders"},
    "levels": ["kids"],
    "clearable_by_guard": True,
    "message": {"de": "Lena hat Angst vor Spinnen.", "en": "Lena is afraid of spiders."},
}


def test_every_list_says_what_it_is_for() -> None:
    for path in (SCHEMAS / "safety").glob("*.json"):
        assert "protect children" in json.loads(path.read_text(encoding="utf-8"))["note"]


def test_each_language_has_several_hundred_terms() -> None:
    count = {"de": 0, "en": 0}
    for path in (SCHEMAS / "safety").glob("*.json"):
        for block in json.loads(path.read_text(encoding="utf-8"))["lists"]:
            count[block["language"]] += len(block["terms"])
    assert min(count.values()) >= 400


def test_the_legal_list_holds_at_all_levels_but_off(word_lists: WordLists) -> None:
    for name in ("unconstitutional", "protection_of_minors"):
        category = word_lists.categories[name]
        assert category.levels == ["kids", "youth", "adult"]
        assert not category.clearable_by_guard


def test_a_workshop_adds_words_and_categories(own_file: Callable[..., Path]) -> None:
    path = own_file(
        categories={"spiders": CATEGORY},
        lists=[terms("spiders", "compound", "Spinne"), terms("killing", "word", "Kaputtmacher")],
    )
    lists = WordLists(extension=path)
    (hit,) = lists.check("Eine Waldspinne im Netz", "kids")
    assert (hit.list, hit.category, hit.term) == ("our_workshop", "spiders", "Spinne")
    assert [hit.category for hit in lists.check("Der Kaputtmacher", "kids")] == ["killing"]
    assert lists.categories["spiders"].message.de == "Lena hat Angst vor Spinnen."


def test_a_workshop_allows_words_but_never_those_of_the_legal_list(
    own_file: Callable[..., Path],
) -> None:
    allowed = {"language": "de", "terms": ["Mord", "Hakenkreuz", "Sieg Heil"]}
    lists = WordLists(extension=own_file(harmless=[allowed]))
    assert lists.check("Ein Mord im Theaterstück", "kids") == []
    assert lists.check("Ein Hakenkreuz", "kids")
    assert lists.check("Sieg Heil", "kids")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"lists": [terms("nothing", "word", "x")]}, "lists.0.category: No such category"),
        ({"lists": [terms("killing", "word", "two words")]}, "lists.0.terms.0: This is not one"),
        ({"lists": [terms("killing", "phrase", "one")]}, "A phrase has at least two words"),
        ({"lists": [terms("killing", "phrase", "im @keller")]}, "No such group: @keller"),
        ({"lists": [terms("killing", "near", "Messer")]}, "Near needs at least two things"),
        ({"lists": [terms("killing", "near", "Messer + @keller")]}, "No such group: @keller"),
        ({"lists": [terms("killing", "part", "abc")]}, "Too short"),
        ({"lists": [terms("killing", "sign", "88")]}, "A sign holds no letters or digits"),
        ({"lists": [terms("killing", "anywhere", "x")]}, "lists.0.matching"),
        ({"categories": {"killing": CATEGORY}}, "This category exists already"),
        ({"words": []}, "words: Extra inputs"),
    ],
)
def test_a_fault_is_told_with_file_and_line(
    own_file: Callable[..., Path], keys: Document, said: str
) -> None:
    with pytest.raises(SchemaFileInvalid, match=r"^our_workshop\.json, line \d+: ") as refused:
        WordLists(extension=own_file(**keys))
    assert said in str(refused.value)
    assert refused.value.line > 1


def test_a_list_is_not_extended_by_one_of_the_same_name(
    own_file: Callable[..., Path], tmp_path: Path
) -> None:
    same = own_file().rename(tmp_path / "legal.json")
    with pytest.raises(SchemaFileInvalid, match="There is a list legal already"):
        WordLists(extension=same)


def test_a_broken_list_of_ours_is_refused(schemas: Path) -> None:
    path = schemas / "safety" / "drugs.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"compound"', '"compuond"', 1))
    with pytest.raises(SchemaFileInvalid, match=r"^drugs\.json, line \d+: lists\.0\.matching"):
        WordLists(schemas)


def test_versions_are_known_for_the_record(word_lists: WordLists) -> None:
    assert set(word_lists.versions) >= {"legal", "violence", "sexual", "self_harm", "hate"}
