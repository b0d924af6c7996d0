from __future__ import annotations

import pytest

from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_index import QueryInvalid, RunIndex, parse_query
from devserver.my_app.services.run_index.showing import Showing, parse_search
from tests.stored_run import put_run


def test_a_search_and_what_is_told_of_it() -> None:
    said = {
        "schema": ["dada"],
        "fields": ["run_id, status", "run_id"],
        "facets": ["day,type"],
        "total": ["no"],
    }
    query, showing = parse_search(said)
    assert query == parse_query({"schema": ["dada"]})
    assert showing == Showing(("run_id", "status"), ("day", "type"), total=False)
    assert parse_search({"fields": [","], "facets": ()}) == (parse_query({}), Showing())


def test_all_that_is_wrong_is_said_at_once() -> None:
    said = {"colour": ["red"], "status": ["done"], "fields": ["x"], "facets": ["y"], "total": ["2"]}
    with pytest.raises(QueryInvalid) as caught:
        parse_search(said)
    assert caught.value.details
    faults = caught.value.details["fields"]
    assert {one["field"] for one in faults} == set(said)  # type: ignore[attr-defined]


def test_the_index_tells_what_it_has(folders: RunFolders, index: RunIndex) -> None:
    run_id = put_run(folders, user_id=None)
    index.look_through()
    [hit] = index.search(parse_query({})).hits
    told = Showing(("schema", "run_id", "user_id")).of_hit(hit)
    assert told == {"schema": "dada", "run_id": run_id, "user_id": None}
    assert list(told) == ["schema", "run_id", "user_id"]
    assert Showing(("run_id", "input_text")).of_hit(hit) is None
    assert Showing().of_hit(hit) is None
    values = {"run_id": run_id, "input_text": "Eine Blume"}
    assert Showing(("input_text", "jobs")).of_values(values) == {
        "input_text": "Eine Blume",
        "jobs": None,
    }
    assert Showing().of_values(values) == values
