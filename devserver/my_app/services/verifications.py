"""Checks of many runs in the background: one at a time, with progress, and the last ones kept."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_metadata import utc_now

logger = logging.getLogger(__name__)

MOST_KEPT = 10
MOST_FAULTS = 1000
"""Runs whose faults are told; further ones are only counted."""


class VerificationUnderWay(ServerError):
    """Another check is under way, and reading every file twice at once helps nobody."""

    code = "verification_under_way"


class VerificationNotFound(ServerError):
    """There is no check of this id, or it is no longer kept."""

    code = "verification_not_found"


@dataclass(frozen=True)
class Verification:
    """How far a check is, and what it has found."""

    id: str
    of: int
    started_at: str
    status: Literal["running", "done", "cancelled", "failed"] = "running"
    checked: int = 0
    lying: int = 0
    faults: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The run_id and what is wrong with it, for the first MOST_FAULTS that lie."""
    ended_at: str | None = None


class Verifications:
    """Starts, watches and cancels checks. Safe to share between threads.

    `faults_of` says what is wrong with the folder of one run; it raises RunNotFound. What was found
    is kept in memory, of the last MOST_KEPT checks.
    """

    def __init__(self, faults_of: Callable[[str], list[str]]) -> None:
        self._faults_of = faults_of
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, Verification] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._under_way: str | None = None

    def start(self, run_ids: Iterable[str], *, of: int) -> Verification:
        """Begin to check these runs, of which there are `of`. Raises VerificationUnderWay.

        Runs that are deleted before their turn are passed over.
        """
        with self._guard:
            if self._under_way is not None:
                raise VerificationUnderWay(
                    "Another check is under way. Wait for its end, or cancel it.",
                    details={"id": self._under_way},
                )
            check = Verification(str(uuid.uuid4()), of, utc_now())
            self._kept[check.id] = check
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            self._under_way = check.id
            self._stop.clear()
            self._thread = threading.Thread(
                target=self._work, args=(check.id, run_ids), name="verification", daemon=True
            )
            self._thread.start()
        return check

    def get(self, check_id: str) -> Verification:
        """The check as it stands. Raises VerificationNotFound."""
        with self._guard:
            check = self._kept.get(check_id)
        if check is None:
            raise VerificationNotFound("There is no such check; only the last ten are kept.")
        return check

    def cancel(self, check_id: str) -> Verification:
        """End the check after the run it is at, and wait for that; one that is over stays so.

        Raises VerificationNotFound.
        """
        self.get(check_id)
        with self._guard:
            thread = self._thread if self._under_way == check_id else None
            if thread:
                self._stop.set()
        if thread:
            thread.join()
        return self.get(check_id)

    def close(self) -> None:
        """End what is under way."""
        with self._guard:
            thread = self._thread
            self._stop.set()
        if thread:
            thread.join()

    def _work(self, check_id: str, run_ids: Iterable[str]) -> None:
        status: Literal["done", "cancelled", "failed"] = "done"
        try:
            for run_id in run_ids:
                if self._stop.is_set():
                    status = "cancelled"
                    break
                self._check(check_id, run_id)
        except Exception:
            # Whoever asked waits for an end, and no other check can begin before it.
            logger.exception("a check of runs failed")
            status = "failed"
        with self._guard:
            check = self._kept[check_id]
            self._kept[check_id] = replace(check, status=status, ended_at=utc_now())
            self._under_way = None

    def _check(self, check_id: str, run_id: str) -> None:
        try:
            faults = self._faults_of(run_id)
        except RunNotFound:
            faults = []  # deleted meanwhile
        with self._guard:
            check = self._kept[check_id]
            told = (*check.faults, (run_id, tuple(faults))) if faults else check.faults
            self._kept[check_id] = replace(
                check,
                checked=check.checked + 1,
                lying=check.lying + bool(faults),
                faults=told[:MOST_FAULTS],
            )
