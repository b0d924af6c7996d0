from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.verifications import (
    MOST_FAULTS,
    MOST_KEPT,
    VerificationNotFound,
    Verifications,
    VerificationUnderWay,
)


def faults_of(run_id: str) -> list[str]:
    if run_id == "gone":
        raise RunNotFound("There is no run with this id on this server.")
    return ["It lies."] if run_id.startswith("lie") else []


class Gate:
    """Lets checks through one by one."""

    def __init__(self) -> None:
        self.reached, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def faults_of(self, run_id: str) -> list[str]:
        self.reached.release()
        self.go.acquire()
        return faults_of(run_id)


def test_tells_progress_and_is_cancelled() -> None:
    gate = Gate()
    checks = Verifications(gate.faults_of)
    check = checks.start(["lie", "a", "b", "c"], of=4)
    gate.reached.acquire()
    assert (check.status, checks.get(check.id).checked) == ("running", 0)
    with pytest.raises(VerificationUnderWay):
        checks.start([], of=0)
    gate.go.release()
    gate.reached.acquire()
    now = checks.get(check.id)
    assert (now.checked, now.of, now.lying, now.faults) == (1, 4, 1, (("lie", ("It lies.",)),))
    canceller = threading.Thread(target=checks.cancel, args=(check.id,))
    canceller.start()
    checks._stop.wait()
    gate.go.release()
    canceller.join()
    now = checks.get(check.id)
    assert (now.status, now.checked, bool(now.ended_at)) == ("cancelled", 2, True)
    assert checks.cancel(check.id) == now
    gate.go.release(100)
    again = checks.start(["a"], of=1)
    checks.close()
    assert checks.get(again.id).status in ("done", "cancelled")


def test_what_is_deleted_meanwhile_does_not_lie() -> None:
    checks = Verifications(faults_of)
    check = checks.start(["gone", "a"], of=2)
    _end(checks)
    assert (checks.get(check.id).status, checks.get(check.id).lying) == ("done", 0)


def test_what_is_kept_is_bounded() -> None:
    checks = Verifications(faults_of)
    first = checks.start((f"lie {n}" for n in range(MOST_FAULTS + 5)), of=0)
    _end(checks)
    assert checks.get(first.id).lying == MOST_FAULTS + 5
    assert len(checks.get(first.id).faults) == MOST_FAULTS
    for _ in range(MOST_KEPT):
        checks.start([], of=0)
        _end(checks)
    with pytest.raises(VerificationNotFound):
        checks.get(first.id)


def test_a_failure_ends_the_check_and_not_the_next(caplog: pytest.LogCaptureFixture) -> None:
    def ids() -> Iterator[str]:
        yield "a"
        raise OSError("the disk is gone")

    checks = Verifications(faults_of)
    check = checks.start(ids(), of=2)
    _end(checks)
    assert (checks.get(check.id).status, checks.get(check.id).checked) == ("failed", 1)
    assert "OSError: the disk is gone" in caplog.text
    check = checks.start(["a"], of=1)
    _end(checks)
    assert checks.get(check.id).status == "done"


def _end(checks: Verifications) -> None:
    assert checks._thread
    checks._thread.join()
