from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.run_index import QueryInvalid, RunQuery, parse_query
from devserver.my_app.services.run_index.query import Choice, Position


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 10**6  # type: ignore[misc, arg-type]


def test_nothing_said_is_every_run() -> None:
    assert parse_query({}) == parse_query({"q": [" "], "schema": [""]}) == RunQuery()


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        (["success,partial"], Choice("status", ("success", "partial"))),
        (["success", "partial"], Choice("status", ("success", "partial"))),
        (["!failed"], Choice("status", (), ("failed",))),
        (["success, !failed"], Choice("status", ("success",), ("failed",))),
    ],
)
def test_lists_and_negation(said: list[str], choice: Choice) -> None:
    assert parse_query({"status": said}).choices == (choice,)


def test_a_value_may_hold_anything_in_quotes() -> None:
    [choice] = parse_query({"user": ['"Doe, J",!"!x","-",-']}).choices
    assert choice == Choice("user", ("Doe, J", "-", None), ("!x",))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_every_value_can_be_asked_for(value: str) -> None:
    quoted = '"' + value.replace('"', '""') + '"'
    [choice] = parse_query({"user": [f"{quoted},!{quoted}, other"]}).choices
    assert choice == Choice("user", (value, "other"), (value,))


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("""O'Brien "x\"""", """O'Brien "x\""""),
        ('"x', '"x'),
        ('"x"y', '"x"y'),
        ('"O\'Brien,""x"""', 'O\'Brien,"x"'),
        ('""""', '"'),
    ],
)
def test_quotes_are_only_those_around_it(said: str, value: str) -> None:
    assert parse_query({"user": [said]}).choices == (Choice("user", (value,)),)


@pytest.mark.parametrize(
    ("name", "said", "since", "before"),
    [
        ("from", "2025-11-04", at(2025, 11, 4), None),
        ("to", "2025-11-04", None, at(2025, 11, 5)),
        ("from", "2025-11-04T10:15", at(2025, 11, 4, 10, 15), None),
        ("to", "2025-11-04T10:15", None, at(2025, 11, 4, 10, 16)),
        ("to", "2025-11-04T10:15:30", None, at(2025, 11, 4, 10, 15, 31)),
        ("to", "2025-11-04T10:15:30.5Z", None, at(2025, 11, 4, 10, 15, 30) + 500_001),
        ("from", "2025-11-04T10:15+01:00", at(2025, 11, 4, 9, 15), None),
        ("from", "2025-11-04T10:15 01:00", at(2025, 11, 4, 9, 15), None),
    ],
)
def test_days_and_moments(name: str, said: str, since: int | None, before: int | None) -> None:
    query = parse_query({name: [said]})
    assert (query.since, query.before) == (since, before)


def test_every_fault_is_told_at_once() -> None:
    said = {
        "status": ["done"],
        "type": ["picture"],
        "from": ["yesterday"],
        "to": ["2025-13-01"],
        "min_size": ["-1"],
        "max_duration": ["x"],
        "sort": ["best"],
        "limit": ["0"],
        "after": ["?"],
        "colour": ["red"],
        "q": ["a", "b"],
    }
    with pytest.raises(QueryInvalid) as caught:
        parse_query(said)
    assert caught.value.details
    faults = caught.value.details["fields"]
    assert {one["field"] for one in faults} == set(said)  # type: ignore[attr-defined]
    assert "known are q, status, schema" in str(caught.value)


@pytest.mark.parametrize(
    ("said", "limit"), [("1", 1), ("007", 7), ("200", 200), ("00000000000000200", 200)]
)
def test_whole_numbers(said: str, limit: int) -> None:
    assert parse_query({"limit": [said]}).limit == limit


@pytest.mark.parametrize(
    "said", ["201", "-1", "+1", "1.0", "1\n", "٣", "00000000000000001999", "9" * 5000]
)
def test_no_number_is_read_in_part(said: str) -> None:
    with pytest.raises(QueryInvalid, match="limit has to be a number from 1 to 200"):
        parse_query({"limit": [said]})


def test_a_cursor_belongs_to_its_search() -> None:
    said = {"schema": ["dada"], "limit": ["2"]}
    cursor = parse_query(said).cursor(Position(0, 5))
    assert parse_query({**said, "limit": ["9"], "after": [cursor]}).after == Position(0, 5)
    with pytest.raises(QueryInvalid, match="another search"):
        parse_query({"schema": ["bauhaus"], "after": [cursor]})


@given(st.text(max_size=60))
def test_no_cursor_is_an_error_of_the_server(cursor: str) -> None:
    if cursor.strip():
        with pytest.raises(QueryInvalid):
            parse_query({"after": [cursor]})


@pytest.mark.parametrize("said", [{"q": ["x" * 501]}, {"q": ["a " * 33]}, {"user": ["a," * 101]}])
def test_too_much_is_refused(said: dict[str, list[str]]) -> None:
    with pytest.raises(QueryInvalid):
        parse_query(said)
