from __future__ import annotations

import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.run_index.words import Term, searchable, terms_of, words_of


@pytest.mark.parametrize(
    "same",
    [
        ("Müde", "muede", "MUDE", "mu\u0308de", "MÜDE"),
        ("Häuser", "Haeuser", "hauser"),
        ("Straße", "Strasse", "STRASSE", "STRAẞE"),
        ("Übung", "Uebung", "ubung"),
        ("café", "Cafe", "CAFE\u0301"),
        ("König", "koenig", "konig"),
        ("ﬁsch", "Fisch"),
        ("geändert", "geaendert"),
        ("geöffnet", "geoeffnet", "geoffnet"),
        ("geübt", "geuebt", "geubt"),
    ],
)
def test_are_the_same_word(same: tuple[str, ...]) -> None:
    assert len({tuple(words_of(word)) for word in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Bauer", "baur"), ("Quelle", "qulle"), ("neue", "neu"), ("blue", "blu"), ("Feuer", "feur")],
)
def test_what_is_no_umlaut_stays(one: str, other: str) -> None:
    assert words_of(one) == [one.lower()]
    assert words_of(one) != words_of(other)


def test_each_pictogram_is_a_word() -> None:
    assert words_of("Blume🌻🌻, ja!") == ["blume", "🌻", "🌻", "ja"]


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("rote blume", [Term(("rote",)), Term(("blume",))]),
        ('"rote blume"', [Term(("rote", "blume"))]),
        ("blu*", [Term(("blu",), prefix=True)]),
        ("mue*", [Term(("mu",), prefix=True)]),
        ("-blume", [Term(("blume",), excluded=True)]),
        ('-"rote blu"*', [Term(("rote", "blu"), prefix=True, excluded=True)]),
        ("e-mail", [Term(("e", "mail"))]),
        ('"offen und', [Term(("offen", "und"))]),
        ("AND OR NOT NEAR", [Term((w,)) for w in ("and", "or", "not", "near")]),
        ('!!! - * "" "', []),
    ],
)
def test_reads_what_is_typed(typed: str, terms: list[Term]) -> None:
    assert terms_of(typed) == terms


@given(
    st.text(max_size=60)
    | st.text(alphabet="aÜüß1_, -\u2010\u2013\u201c\u2192🌻🦊🧒🏽", max_size=30)
)
def test_the_tokenizer_finds_the_same_words(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = 'ascii');"
        "CREATE VIRTUAL TABLE v USING fts5vocab ('t', 'instance');"
    )
    connection.execute("INSERT INTO t VALUES (?)", (searchable(text),))
    terms = connection.execute('SELECT term FROM v ORDER BY "offset"').fetchall()
    connection.close()
    assert [term for (term,) in terms] == words_of(text)


@given(st.text(alphabet="aäeoöuüsßbqAÄÖÜẞ ", max_size=30))
def test_composed_or_not_is_the_same(text: str) -> None:
    assert words_of(unicodedata.normalize("NFD", text)) == words_of(text)
