"""The words of the pages: complete in both languages, and each of them used."""

from __future__ import annotations

import json
import re

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.routes.errors import STATUS_OF_CODE
from devserver.my_app.services.run_index import FACETS

PAGES = PROJECT_FOLDER / "devserver" / "public_dev"
PLURALS = (".one", ".other")
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted([*PAGES.glob("*.html"), *PAGES.glob("js/**/*.js")])
)
# data-word="…", word("…") and word(`….${…}`), the last of which stands for all that are like it;
# a choice between two keys is written `word(yes ? "…" : "…")`.
GROUPS = "common|workshop|gallery|share"
KEYS_USED = set(re.findall(rf"[\"'`]((?:{GROUPS})\.[\w.]*)[\"'`]", SOURCES))
TEMPLATES_USED = set(re.findall(rf"`((?:{GROUPS})\.[\w.]*\$\{{[^`]*)`", SOURCES))
# What the script that asks the server says when no answer came that it could read.
UNANSWERED = set(re.findall(r'ApiError\("(\w+)"', SOURCES))


def keys_like(template: str) -> re.Pattern[str]:
    """What the keys look like that a template stands for.

    A field that is the whole name of a group is one of those by which runs are counted.
    """
    known = template.replace(".${field}.", f".(?:{'|'.join(FACETS)}).")
    return re.compile(re.sub(r"\$\{[^}]*\}", r"\\w+", known.replace(".", r"\.")))


LIKE = {template: keys_like(template) for template in TEMPLATES_USED}


def words(language: str) -> dict[str, str]:
    def once(pairs: list[tuple[str, str]]) -> dict[str, str]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), "a key comes twice"
        return dict(pairs)

    text = (PAGES / "locales" / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text, object_pairs_hook=once)
    return found


def test_both_languages_have_the_same_words() -> None:
    assert words("de").keys() == words("en").keys()
    assert all(text.strip() for language in ("de", "en") for text in words(language).values())


def test_both_languages_fill_in_the_same() -> None:
    german, english = words("de"), words("en")
    for key in german:
        if not key.endswith(".one"):  # "one picture" may be said without the number
            places = [set(re.findall(r"\{(\w+)\}", text[key])) for text in (german, english)]
            assert places[0] == places[1], key


def test_plurals_are_whole() -> None:
    keys = words("de").keys()
    for key in keys:
        if key.endswith(".one"):
            assert f"{key.removesuffix('.one')}.other" in keys


def test_every_word_that_is_used_is_there() -> None:
    known = words("de").keys()
    for key in KEYS_USED:
        assert key in known or all(key + form in known for form in PLURALS), key
    for template, wanted in LIKE.items():
        assert any(wanted.fullmatch(key) for key in known), template


@pytest.mark.parametrize("key", sorted(words("de")))
def test_every_word_is_used(key: str) -> None:
    bare = re.sub(r"\.(one|other)$", "", key)
    is_like_one = any(wanted.fullmatch(bare) for wanted in LIKE.values())
    assert key in KEYS_USED or bare in KEYS_USED or is_like_one


def test_every_error_that_has_a_word_can_come() -> None:
    for key in words("de"):
        group, _, code = key.rpartition(".")
        if group.endswith(".error") and key not in KEYS_USED:
            assert code in STATUS_OF_CODE or code in UNANSWERED, key
