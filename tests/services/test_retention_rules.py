from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.retention_rules import (
    RetentionRule,
    RetentionRulesInvalid,
    ended_at,
    read_rules,
)
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import FINAL_STATUSES, RunMetadata

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def rule(**values: Any) -> RetentionRule:
    return RetentionRule.model_validate(
        {"name": "x", "action": "delete", "older_than_days": 30, **values}
    )


def run(**values: Any) -> RunMetadata:
    ended = (NOW - timedelta(days=40)).isoformat()
    return RunMetadata.model_validate(
        {"run_id": new_run_id(), "status": "success", "finished_at": ended, **values}
    )


def test_reads_rules(tmp_path: Path) -> None:
    rules = [
        {"name": "old", "action": "archive", "older_than_days": 365},
        {
            "name": "failures",
            "action": "delete",
            "older_than_days": 30,
            "status": ["failed", "blocked"],
            "workshop": ["summer", None],
        },
    ]
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"rules": rules}))
    old, failures = read_rules(path)
    assert (old.name, old.action, old.workshop) == ("old", "archive", None)
    assert sorted(old.status) == sorted(FINAL_STATUSES)
    assert (failures.status, failures.workshop) == (("failed", "blocked"), ("summer", None))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "can't be read as JSON"),
        ("[]", "the file"),
        ('{"rules": [{"name": "a"}]}', r"rule 1 \(a\) action.*rule 1 \(a\) older_than_days"),
        ('{"rules": [{"name": "a", "action": "burn", "older_than_days": 3}]}', r"\(a\) action"),
        ('{"rules": [{"name": "a", "action": "delete", "older_than_days": 0}]}', "older_than_days"),
        ('{"rules": [{"action": "delete", "older_than_days": "9"}]}', "rule 1 name"),
        (
            '{"rules": [{"name": "a", "action": "delete", "older_than_days": 9,'
            ' "status": ["running"]}]}',
            "status",
        ),
        ('{"rules": [{"name": "a", "action": "delete", "older_than_days": 9, "x": 1}]}', "x"),
        ('{"rules": [], "rule": []}', "rule"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.json"
    path.write_text(text)
    with pytest.raises(RetentionRulesInvalid, match=said):
        read_rules(path)


@pytest.mark.parametrize(
    ("values", "applies"),
    [
        ({}, True),
        ({"finished_at": (NOW - timedelta(days=29)).isoformat()}, False),
        ({"finished_at": (NOW - timedelta(days=30)).isoformat()}, True),
        ({"finished_at": None}, False),
        ({"finished_at": None, "timestamp": "2025-01-01T00:00:00"}, True),
        ({"finished_at": None, "timestamp": "last summer"}, False),
        ({"finished_at": (NOW + timedelta(days=400)).isoformat()}, False),
        *(({"status": status}, False) for status in ("queued", "running", "awaiting_edit")),
        *(({"status": status}, True) for status in sorted(FINAL_STATUSES)),
    ],
)
def test_for_whom_a_rule_is(values: dict[str, Any], applies: bool) -> None:
    assert rule().applies_to(run(**values), NOW) is applies


def test_workshop_status_and_archive() -> None:
    assert rule(workshop=["a"]).applies_to(run(workshop="a"), NOW)
    assert not rule(workshop=["a"]).applies_to(run(workshop="b"), NOW)
    assert not rule(workshop=["a"]).applies_to(run(), NOW)
    assert rule(workshop=[None]).applies_to(run(), NOW)
    assert not rule(status=["failed"]).applies_to(run(), NOW)
    archived = run().having(archived=True)
    assert not rule(action="archive").applies_to(archived, NOW)
    assert rule(action="delete").applies_to(archived, NOW)


@given(st.text(max_size=40))
def test_no_text_is_taken_for_a_time_by_mistake(text: str) -> None:
    found = ended_at(run(finished_at=text, timestamp=None))
    assert found is None or found.tzinfo is UTC
