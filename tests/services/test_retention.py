from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.audit import Audit
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.retention import DailyRetention, Retention, RuleReport
from devserver.my_app.services.retention_rules import RetentionRule
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot
from tests.stored_run import contents, put_run

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def rule(action: str, days: int, **values: Any) -> RetentionRule:
    return RetentionRule.model_validate(
        {"name": f"{action} {days}", "action": action, "older_than_days": days, **values}
    )


def put_old(folders: RunFolders, days: int, **values: Any) -> str:
    ended = (NOW - timedelta(days=days)).isoformat()
    return put_run(folders, finished_at=ended, **values)


@pytest.fixture
def retention(folders: RunFolders) -> Retention:
    forgetting = Forgetting(folders, cancel=lambda *_: pytest.fail("only what is over goes"))
    return Retention(folders, forgetting, Archive(folders), now=lambda: NOW)


def test_the_first_rule_that_is_for_a_run_counts(
    folders: RunFolders, retention: Retention, root: StorageRoot
) -> None:
    new = put_old(folders, 3)
    middle = [put_old(folders, days) for days in (50, 60)]
    old = put_old(folders, 500)
    timeless = put_run(folders, finished_at=None, timestamp=None)
    under_way = put_old(folders, 500, status="awaiting_edit")
    rules = [rule("delete", 365), rule("archive", 30)]
    before = contents(root.runs)
    delete, archive = retention.plan(rules)
    assert contents(root.runs) == before
    assert (delete.run_ids, delete.done) == ([old], 0)
    assert delete.bytes == sum(len(data) for name, data in before.items() if name.startswith(old))
    assert sorted(archive.run_ids) == sorted(middle)
    assert (archive.oldest, archive.newest) == (
        "2026-09-23T12:00:00+00:00",
        "2026-10-03T12:00:00+00:00",
    )
    delete, archive = retention.apply(rules)
    assert (delete.done, archive.done, delete.faults, archive.faults) == (1, 2, {}, {})
    assert sorted(folders.ids()) == sorted([new, timeless, under_way])
    assert sorted(folders.sealed_ids()) == sorted(middle)
    stone = folders.tombstones.of(old)
    assert stone is not None
    assert stone.reason == "retention"
    assert [report.run_ids for report in retention.apply(rules)] == [[], []]


def test_archived_runs_are_deleted_in_their_time(folders: RunFolders, retention: Retention) -> None:
    run_id = put_old(folders, 400)
    Archive(folders).archive(run_id)
    [report] = retention.apply([rule("delete", 365)])
    assert (report.run_ids, report.done) == ([run_id], 1)
    assert folders.sealed_ids() == []


def test_what_cannot_be_dealt_with_stays_and_is_named(
    folders: RunFolders, retention: Retention
) -> None:
    lying, fine = put_old(folders, 400), put_old(folders, 401)
    (folders.path(lying) / "output_image.png").unlink()
    [report] = retention.apply([rule("archive", 365)])
    assert (report.done, list(report.faults)) == (1, [lying])
    assert folders.ids() == [lying]
    assert folders.sealed_ids() == [fine]


def test_it_ends_between_two_runs(folders: RunFolders, retention: Retention) -> None:
    for _ in range(3):
        put_old(folders, 400)
    left = iter([True])
    [report] = retention.apply([rule("delete", 365)], goes_on=lambda: next(left, False))
    assert (report.done, len(folders.ids())) == (1, 2)


class Told(Retention):
    """Says when it is asked to apply rules, and has another one do it; without one it fails."""

    def __init__(self, doer: Retention | None = None) -> None:
        self.applied = threading.Semaphore(0)
        self.doer = doer

    def apply(self, rules: Any, *, goes_on: Any = None) -> list[RuleReport]:
        self.applied.release()
        if self.doer is None:
            raise OSError("a disk that went away")
        return self.doer.apply(rules, goes_on=goes_on)


def test_the_server_does_it_again_and_again(
    root: StorageRoot, caplog: pytest.LogCaptureFixture
) -> None:
    told = Told()
    rules, nothing = [rule("delete", 365)], timedelta(0)
    daily = DailyRetention(told, rules, Audit(root), first_after=nothing, every=nothing)
    for _ in range(3):
        assert told.applied.acquire(timeout=60)
    daily.close()
    assert "OSError: a disk that went away" in caplog.text


class Clock:
    """Tells the time, and that somebody has looked."""

    def __init__(self, time: datetime) -> None:
        self.time = time
        self.looks = threading.Semaphore(0)

    def __call__(self) -> datetime:
        self.looks.release()
        return self.time


def test_a_clock_that_is_put_back_keeps_no_day_waiting_for_years(
    root: StorageRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devserver.my_app.services.retention._LONGEST_SLEEP_SECONDS", 0.001)
    told, clock = Told(), Clock(NOW + timedelta(days=3650))
    nothing = timedelta(0)
    daily = DailyRetention(told, [rule("delete", 365)], Audit(root), first_after=nothing, now=clock)
    assert told.applied.acquire(timeout=60)
    clock.time = NOW
    while clock.looks.acquire(blocking=False):
        pass
    for _ in range(10):  # so that it has looked whether it is due, whatever it did before
        assert clock.looks.acquire(timeout=60)
    assert not told.applied.acquire(blocking=False)
    clock.time += timedelta(days=1)
    assert told.applied.acquire(timeout=60)
    daily.close()


def test_what_the_server_did_unasked_is_in_the_audit_log(
    folders: RunFolders, retention: Retention, root: StorageRoot
) -> None:
    for days in (40, 50, 400):
        put_old(folders, days)
    rules, nothing = [rule("delete", 365), rule("archive", 30)], timedelta(0)
    told = Told(retention)
    daily = DailyRetention(told, rules, Audit(root), first_after=nothing, every=nothing)
    for _ in range(3):
        assert told.applied.acquire(timeout=60)
    daily.close()
    [line] = Audit(root).read()  # nothing was left to be done after the first round
    assert (line.action, line.who) == ("retention_applied", "the server")
    assert line.facts == {"rules": 2, "deleted": 1, "archived": 2}


def test_not_before_its_time_and_not_without_rules(root: StorageRoot) -> None:
    told = Told()
    for rules in ([rule("delete", 365)], []):
        DailyRetention(told, rules, Audit(root)).close()
    assert not told.applied.acquire(blocking=False)
