from __future__ import annotations

import hashlib

import pytest

from devserver.my_app.services.run_index.database import VERSION
from devserver.my_app.services.run_index.rows import FIRST_TIMED_ID, microsecond_of, row_of
from devserver.my_app.services.run_metadata import RunMetadata
from tests.services.run_index.naive import moment_of
from tests.synthetic_runs import synthetic_runs

ROWS_OF_VERSION = {4: "0b69de4089cbb762"}


def test_other_rows_are_another_version() -> None:
    """An index made by older code is read only when that made the same rows."""
    runs = [RunMetadata.model_validate(one) for one in synthetic_runs(200)]
    runs.append(runs[0].having(input_text="Geübt: Äpfel, poet, Quelle 🌻 ﬁ Ω é", timestamp=None))
    runs.append(runs[0].having(user_id=""))
    rows = repr([row_of(run, "1-2-3", is_settled=True) for run in runs])
    digest = hashlib.sha256(rows.encode()).hexdigest()[:16]
    assert ROWS_OF_VERSION.get(VERSION) == digest, "count VERSION up and note the new digest here"


def a_run(timestamp: str | None) -> RunMetadata:
    return RunMetadata.model_validate(
        {
            "run_id": "01234567-89ab-4cde-8f01-23456789abcd",
            "status": "failed",
            "timestamp": timestamp,
        }
    )


@pytest.mark.parametrize(
    "timestamp", ["2025-11-04T10:15:30.123456+00:00", "2025-11-04", "2025-11-04T10:15:30+02:00"]
)
def test_row_ids_are_in_the_order_of_time(timestamp: str) -> None:
    run = a_run(timestamp)
    row_id = row_of(run, "", is_settled=True).wished_id
    assert microsecond_of(row_id) == moment_of(run)


@pytest.mark.parametrize(
    "timestamp", [None, "", "yesterday", "0001-01-01", "9999-12-31", "1970-01-01"]
)
def test_what_has_no_believable_time_is_the_oldest(timestamp: str | None) -> None:
    row_id = row_of(a_run(timestamp), "", is_settled=True).wished_id
    assert 0 <= row_id < FIRST_TIMED_ID
    assert microsecond_of(row_id) is None
