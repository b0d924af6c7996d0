from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from devserver.my_app.routes.http import FieldsInvalid
from devserver.my_app.routes.query_string import check_names, choice, flag


def fields_of(error: FieldsInvalid) -> list[str]:
    details: Any = error.details
    return [one["field"] for one in details["fields"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", False), ("on=1", True), ("on=true", True), ("on=0", False), ("on=false", False)],
)
def test_a_flag_is_set_or_not(query: str, expected: bool) -> None:
    with Flask(__name__).test_request_context(f"/?{query}"):
        assert flag("on") is expected


@pytest.mark.parametrize(
    "query", ["on=", "on", "on=yes", "on=True", "on=2", "on=%31%00", "on=1&on=1", "on=0&on=1"]
)
def test_what_is_no_flag_is_refused_with_what_is_possible(query: str) -> None:
    with Flask(__name__).test_request_context(f"/?{query}"), pytest.raises(FieldsInvalid) as caught:
        flag("on")
    assert "on has to be one of 1, true, 0, false" in str(caught.value)
    assert fields_of(caught.value) == ["on"]


def test_a_choice_is_one_of_the_known_words() -> None:
    with Flask(__name__).test_request_context("/?language=en"):
        assert choice("language", ("de", "en"), "de") == "en"
        assert choice("tongue", ("de", "en"), "de") == "de"
        with pytest.raises(FieldsInvalid, match="one of de, fr"):
            choice("language", ("de", "fr"), "de")


def test_names_that_nobody_knows_are_refused_all_at_once() -> None:
    with Flask(__name__).test_request_context(f"/?a=1&pseudonym=1&{'x' * 500}=1"):
        check_names(("a", "pseudonym", "x" * 500))
        with pytest.raises(
            FieldsInvalid, match="pseudonym is not known here: there are a, b"
        ) as it:
            check_names(("a", "b"))
        assert fields_of(it.value) == ["pseudonym", "x" * 60]
        with pytest.raises(FieldsInvalid, match="takes no query"):
            check_names(())
