from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.config import SafetyLevel
from devserver.my_app.services.safe_words import WordLists

Categories = Callable[..., set[str]]
# For property tests, which take no fixtures.
_LISTS = WordLists()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Ein Mann will töten!", "töten"),
        ("Ein Mann will t ö t e n!", "t ö t e n"),
        ("Ein Mann will t\u200böt\u00aden!", "t\u200böt\u00aden"),
        ("Ein Mann will to\u0308ten!", "to\u0308ten"),
        ("Ein Mann will tö-\nten!", "tö-\nten"),
        ("Straße, süß: k1ll ihn", "k1ll"),
        ("🐈 Sie rufen Heil Hitler laut", "Heil Hitler"),
        ("Ein 卐 an der Wand", "卐"),
    ],
)
def test_a_hit_says_where_it_stands_in_the_text_as_it_came(
    word_lists: WordLists, text: str, place: str
) -> None:
    assert place in {text[hit.start : hit.end] for hit in word_lists.check(text, "kids")}


def test_a_hit_names_list_category_and_term(word_lists: WordLists) -> None:
    (hit,) = word_lists.check("Sie wurde ermordet", "kids")
    assert (hit.list, hit.category, hit.term) == ("violence", "killing", "ermorden")
    assert hit.clearable


def test_levels(categories: Categories) -> None:
    assert categories("Ein Mann wird ermordet", "kids") == {"killing"}
    assert categories("Ein Mann wird ermordet", "youth") == set()
    assert categories("Ein Hakenkreuz an der Wand", "adult") == {"unconstitutional"}
    assert categories("Ein Hakenkreuz an der Wand", "off") == set()


def test_a_level_that_is_none_lets_nothing_through(word_lists: WordLists) -> None:
    with pytest.raises(ValueError, match="no safety level childs"):
        word_lists.check("Ein Hakenkreuz", "childs")  # type: ignore[arg-type]


@pytest.mark.parametrize("level", ["kids", "youth", "adult"])
@pytest.mark.parametrize("text", ["Sieg Heil", "H a k e n k r e u z", "S1eg He1l", "14/88"])
def test_the_legal_list_holds_at_all_levels_and_is_never_cleared(
    word_lists: WordLists, level: SafetyLevel, text: str
) -> None:
    hits = [hit for hit in word_lists.check(text, level) if hit.list == "legal"]
    assert hits
    assert not any(hit.clearable for hit in hits)


@pytest.mark.parametrize("level", ["kids", "youth", "adult"])
def test_children_are_protected_at_all_levels_by_categories_alone(
    word_lists: WordLists, level: SafetyLevel
) -> None:
    minors, sexual = ("schoolgirl", "Kind", "underage"), ("sexy", "nude", "Porno")
    for one in minors:
        for other in sexual:
            for text in (f"{one} {other}", f"{other} with a {one}"):
                found = {hit.category for hit in word_lists.check(text, level)}
                assert "protection_of_minors" in found


def test_a_compound_counts_only_when_its_other_parts_are_words(categories: Categories) -> None:
    assert categories("Der Kindermörder") == {"killing"}
    assert categories("Die Mordkommission Mordplan") == {"killing"}
    assert categories("Mordor Hochhaussiedlung Killesberg Georgien") == set()


def test_umlauts_may_be_written_out_but_not_left_out(categories: Categories) -> None:
    assert categories("toeten") == categories("töten") == categories("TÖTEN") == {"killing"}
    assert categories("Am Totensonntag denken wir an die Toten") == set()


def test_what_explains_a_word_away_has_to_be_near(categories: Categories) -> None:
    assert categories("Das Herz pumpt Blut") == set()
    far = " ".join(["und der Hund läuft über die Wiese"] * 3)
    assert categories(f"Das Herz schlägt {far} und Blut") == {"blood"}


def test_the_german_past_tense_is_no_english_word(categories: Categories) -> None:
    assert categories("Lisa aß Eis") == set()
    assert categories("Kiss my ass") == {"profanity"}


def test_two_ordinary_words_are_not_joined(categories: Categories) -> None:
    assert categories("The pen is mightier") == set()
    assert "sexual" in categories("por no")


def test_every_category_explains_itself_in_both_languages(word_lists: WordLists) -> None:
    for name, category in word_lists.categories.items():
        for language in ("de", "en"):
            message = category.message.in_language(language)
            assert 60 < len(message) <= 400, name
            assert "403" not in message
            assert "§" not in message
        assert category.message.de != category.message.en


def test_some_thousand_forms_are_found(word_lists: WordLists) -> None:
    words = ("Mörder", "Mördern", "ermordete", "ermordeten", "killings", "tötend", "folterst")
    for word in words:
        assert word_lists.check(word, "kids"), word


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_checked_and_every_hit_lies_within_it(text: str) -> None:
    for hit in _LISTS.check(text, "kids"):
        assert 0 <= hit.start < hit.end <= len(text)


@given(st.sampled_from(("töten", "Mörder", "porno", "Hitler", "fuck")), st.data())
@settings(max_examples=100, deadline=None)
def test_invisible_characters_and_marks_hide_nothing(word: str, data: st.DataObject) -> None:
    hidden = "".join(
        letter + data.draw(st.sampled_from(("", "\u200b", "\u200d", "\u00ad", "\u0336", "\ufe0f")))
        for letter in word
    )
    assert _LISTS.check(f"Ein Wort {hidden} steht da", "kids")


@given(st.sampled_from(("toeten", "moerder", "hitler", "murder")), st.sampled_from(" .-_\n,/"))
def test_single_letters_hide_nothing(word: str, between: str) -> None:
    assert _LISTS.check(between.join(word), "kids")


_TRAPS = [
    "a" * 8000, "a " * 4000, "t ö t e n " * 800, "f**k " * 1600, "k1l! " * 1600,
    "1o0$@3a " * 1000, "o 0 1 i s 5 " * 660, "mordsexblut" * 720, "\u202ea" * 4000, "\ufdfa" * 8000,
    "du bist ich " * 660, "Kind sex " * 880, "aaabbbccc " * 800, "ichwilldichtöten" * 500,
]  # fmt: skip


@pytest.mark.parametrize("text", _TRAPS, ids=[text[:10].encode().hex() for text in _TRAPS])
def test_no_text_takes_long(word_lists: WordLists, text: str) -> None:
    """Work is counted, not timed: steps of the interpreter must not grow with the square."""
    assert _steps(word_lists, text[:8000]) < 24 * max(1, _steps(word_lists, text[:1000]))


def _steps(word_lists: WordLists, text: str) -> int:
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        word_lists.check(text, "kids")
    finally:
        sys.setprofile(None)
    return steps
