"""Searches compared with a look at every run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devserver.my_app.services.run_index import FACETS, RunIndex, parse_query
from devserver.my_app.services.run_index.query import CHOICES
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.storage_root import StorageRoot
from tests.services.run_index import naive
from tests.services.run_index.conftest import index_on
from tests.synthetic_runs import SCHEMAS, USERS, synthetic_runs, write_runs

NUMBER = 300
RUNS = [RunMetadata.model_validate(one) for one in synthetic_runs(NUMBER, seed=3)]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunIndex]:
    root = StorageRoot(tmp_path_factory.mktemp("search"))
    write_runs(root.runs, NUMBER, seed=3)
    index = index_on(root)
    yield index
    index.close()


def values(field: str) -> list[str]:
    have = {value for run in RUNS for value in naive.values_of(run, field) if value}
    return sorted(have)[:12]


_words = st.sampled_from(
    [
        "Blume",
        "haeuser",
        "MUDE",
        "blu*",
        "-und",
        "🌻",
        '"der Hund"',
        "the",
        "mü*",
        "-tanzt",
        "läuft",
    ]
)
_filters = {
    name: st.lists(
        st.tuples(st.sampled_from(["", "!"]), st.sampled_from([*(values(name) or ["x"]), "-"])).map(
            "".join
        ),
        min_size=1,
        max_size=3,
    )
    for name in CHOICES
}
_said = st.fixed_dictionaries(
    {},
    optional={
        "q": st.lists(_words, min_size=1, max_size=3).map(lambda some: [" ".join(some)]),
        **_filters,
        "from": st.sampled_from([["2023-01-11"], ["2023-01-12T08:30"]]),
        "to": st.sampled_from([["2023-01-14"], ["2023-01-13T09:00:00Z"]]),
        "min_size": st.just(["5000000"]),
        "max_size": st.just(["15000000"]),
        "max_duration": st.just(["20.5"]),
        "sort": st.sampled_from(
            [["newest"], ["oldest"], ["largest"], ["smallest"], ["longest"], ["shortest"]]
        ),
    },
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=_said, limit=st.integers(1, 60))
def test_finds_what_a_look_at_every_run_finds(
    known: RunIndex, said: dict[str, list[str]], limit: int
) -> None:
    query = parse_query(said)
    expected = naive.found(RUNS, query)
    assert known.count(query) == len(expected)
    pages = list(pages_of(known, {**said, "limit": [str(limit)]}))
    assert all(len(page) == limit for page in pages[:-1])
    ids = [run_id for page in pages for run_id in page]
    assert len(ids) == len(set(ids))
    assert set(ids) == expected
    assert list(known.ids(query)) == ids
    by_id = {run.run_id: run for run in RUNS}
    keys = [sort_key(by_id[run_id], query.sort) for run_id in ids]
    assert keys == sorted(keys, reverse=query.sort in ("newest", "largest", "longest"))


@settings(max_examples=100, deadline=None)
@given(said=_said, field=st.sampled_from(FACETS))
def test_counts_values_under_the_other_filters(
    known: RunIndex, said: dict[str, list[str]], field: str
) -> None:
    said.pop("sort", None)
    query = parse_query(said)
    expected: dict[str | None, int] = {}
    for run in RUNS:
        if naive.matches(run, query.without(field)):
            day: set[str | None] = {(run.timestamp or "")[:10]}
            for value in day if field == "day" else naive.values_of(run, field):
                expected[value] = expected.get(value, 0) + 1
    assert dict(known.facet(query, field)) == expected


def pages_of(index: RunIndex, said: dict[str, list[str]]) -> Iterator[list[str]]:
    after: str | None = None
    while True:
        page = index.search(parse_query({**said, **({"after": [after]} if after else {})}))
        yield [hit.run_id for hit in page.hits]
        after = page.next
        if after is None:
            return


def sort_key(run: RunMetadata, sort: str) -> Any:
    if sort in ("newest", "oldest"):
        return naive.moment_of(run)
    if sort in ("largest", "smallest"):
        return naive.size_of(run)
    return max(one.duration_seconds or 0 for one in run.outputs)


@settings(max_examples=300, deadline=None)
@given(typed=st.text(max_size=80) | st.text(alphabet="\"*-(){}:^+ANDORNT aü'\\;%", max_size=40))
def test_nothing_typed_is_an_error(known: RunIndex, typed: str) -> None:
    query = parse_query({"q": [typed]})
    expected = naive.found(RUNS, query)
    assert {hit.run_id for page in [known.search(query)] for hit in page.hits} <= expected
    assert known.count(query) == len(expected)


def test_a_shown_example(known: RunIndex) -> None:
    page = known.search(parse_query({"schema": [SCHEMAS[0]], "user": [f"!{USERS[0]}"]}))
    assert page.hits
    assert all(hit.schema_id == SCHEMAS[0] and hit.user_id != USERS[0] for hit in page.hits)


@settings(max_examples=100, deadline=None)
@given(said=_said, skip=st.integers(0, NUMBER + 5), limit=st.integers(1, 60))
def test_skipping_comes_where_paging_comes(
    known: RunIndex, said: dict[str, list[str]], skip: int, limit: int
) -> None:
    everything = [run_id for page in pages_of(known, said) for run_id in page]
    query = parse_query({**said, "skip": [str(skip)], "limit": [str(limit)]})
    page = known.search(query)
    assert [hit.run_id for hit in page.hits] == everything[skip : skip + limit]
    assert (page.next is None) == (skip + limit >= len(everything))
    if page.next:  # its cursor leads on, without skipping again
        after = known.search(parse_query({**said, "limit": [str(limit)], "after": [page.next]}))
        assert [hit.run_id for hit in after.hits] == everything[skip + limit : skip + 2 * limit]
    assert list(known.ids(query)) == everything
    assert known.count(query) == len(everything)
