"""Keeping runs for as long as rules say, and then archiving or deleting them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.audit import SERVER, Audit
from devserver.my_app.services.errors import ServerError, with_causes
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.retention_rules import RetentionRule, ended_at
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.stored_runs import StoredRuns

logger = logging.getLogger(__name__)

FIRST_AFTER = timedelta(minutes=5)
EVERY = timedelta(days=1)
_LONGEST_SLEEP_SECONDS = 600.0
"""A laptop that was shut sleeps through any timer, so the clock is looked at now and then."""


@dataclass
class RuleReport:
    """What one rule is for, and what came of it.

    `oldest` and `newest` are when the first and the last of the runs ended (UTC, ISO 8601); `done`
    is 0 when nothing was to be done yet; `faults` says by run_id what went wrong.
    """

    rule: RetentionRule
    run_ids: list[str] = field(default_factory=list)
    bytes: int = 0
    oldest: str | None = None
    newest: str | None = None
    done: int = 0
    faults: dict[str, str] = field(default_factory=dict)


def planned_facts(reports: Sequence[RuleReport]) -> dict[str, int]:
    """What an audit line tells of rules that were only looked at."""
    return {"rules": len(reports), "found": sum(len(report.run_ids) for report in reports)}


def applied_facts(reports: Sequence[RuleReport]) -> dict[str, int]:
    """What an audit line tells of rules that were applied."""

    def done(action: str) -> int:
        return sum(report.done for report in reports if report.rule.action == action)

    return {"rules": len(reports), "deleted": done("delete"), "archived": done("archive")}


class Retention:
    """Applies rules to all runs; for each run the first rule that is for it."""

    def __init__(
        self,
        folders: RunFolders,
        forgetting: Forgetting,
        archive: Archive,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folders = folders
        self._stored = StoredRuns(folders)
        self._forgetting = forgetting
        self._archive = archive
        self._now = now
        self._one_at_a_time = threading.Lock()

    def plan(self, rules: Sequence[RetentionRule]) -> list[RuleReport]:
        """What each rule would do now; changes nothing. Reads the metadata of all runs."""
        reports = [RuleReport(rule) for rule in rules]
        now = self._now()
        for run in self._all_runs():
            ended = ended_at(run)
            report = next((one for one in reports if one.rule.applies_to(run, now)), None)
            if report is None or ended is None:
                continue
            report.run_ids.append(run.run_id)
            report.bytes += self._forgetting.measure(run.run_id)[1]
            said = ended.isoformat(timespec="seconds")
            report.oldest = min(report.oldest or said, said)
            report.newest = max(report.newest or said, said)
        return reports

    def apply(
        self, rules: Sequence[RetentionRule], *, goes_on: Callable[[], bool] = lambda: True
    ) -> list[RuleReport]:
        """Do what each rule says. One run that can't be dealt with stops no other.

        `goes_on` is asked before each run. Can be repeated, and goes on where it was cut off.
        """
        with self._one_at_a_time:
            reports = self.plan(rules)
            for report in reports:
                if not self._apply_one(report, goes_on):
                    break
            return reports

    def _apply_one(self, report: RuleReport, goes_on: Callable[[], bool]) -> bool:
        is_through = True
        for run_id in report.run_ids:
            is_through = goes_on()
            if not is_through:
                break
            self._do(report, run_id)
        if report.rule.action == "delete" and report.done:
            not_wiped = "; ".join(f"{who}: {what}" for who, what in self._forgetting.wipe().items())
            for run_id in report.run_ids if not_wiped else ():
                report.faults.setdefault(run_id, not_wiped)
        logger.info(
            "retention, rule %r: %s, %d of %d runs done",
            report.rule.name,
            report.rule.action,
            report.done,
            len(report.run_ids),
        )
        return is_through

    def _do(self, report: RuleReport, run_id: str) -> None:
        try:
            faults: Mapping[str, str] = {}
            if report.rule.action == "delete":
                faults = self._forgetting.delete(run_id, "retention", more_follow=True).faults
            else:
                self._archive.archive(run_id)
        except RunNotFound:
            return  # somebody else was faster
        except (ServerError, OSError) as error:
            logger.warning("retention: run %s stays: %s", run_id, with_causes(error))
            sentence = str(error) if isinstance(error, ServerError) else "See the server's log."
            report.faults[run_id] = sentence
            return
        if faults:
            report.faults[run_id] = "; ".join(f"{who}: {what}" for who, what in faults.items())
        report.done += 1

    def _all_runs(self) -> Iterator[RunMetadata]:
        for run_id in self._folders.ids():
            try:
                yield self._stored.get_metadata(run_id).having(run_id=run_id)
            except RunNotFound:
                continue
            except (ServerError, OSError) as error:
                logger.warning("retention: run %s can't be read and stays: %s", run_id, error)
        yield from self._stored.archived_runs()


class DailyRetention:
    """Applies rules once a day in a thread of its own, for the first time some minutes after it was
    made. Without rules it does nothing. Days on which runs went are in the audit log."""

    def __init__(
        self,
        retention: Retention,
        rules: Sequence[RetentionRule],
        audit: Audit,
        *,
        first_after: timedelta = FIRST_AFTER,
        every: timedelta = EVERY,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._retention = retention
        self._rules = tuple(rules)
        self._audit = audit
        self._every = every
        self._now = now
        self._due = now() + first_after
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        if self._rules:
            self._thread = threading.Thread(target=self._serve, name="retention", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End after the run that is being dealt with."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _serve(self) -> None:
        while not self._closed.wait(self._pause()):
            now = self._now()
            if now < self._due:
                # No longer than a day, also after a clock was put back.
                self._due = min(self._due, now + self._every)
                continue
            self._due = now + self._every
            try:
                reports = self._retention.apply(
                    self._rules, goes_on=lambda: not self._closed.is_set()
                )
                if any(report.done for report in reports):
                    self._audit.record("retention_applied", SERVER, None, **applied_facts(reports))
            except Exception:
                # What nobody thought of must not end it for good.
                logger.exception("retention failed; it is tried again tomorrow")

    def _pause(self) -> float:
        left = (self._due - self._now()).total_seconds()
        return min(max(left, 0.0), _LONGEST_SLEEP_SECONDS)
