from __future__ import annotations

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devserver.my_app.services.access.secrets_kept import sha256_of
from devserver.my_app.services.durable_files import StorageFull, is_temporary
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import RunMetadata, RunStatus
from devserver.my_app.services.share_links import (
    MOST_OF_A_RUN,
    REMEMBERED,
    LinkExpired,
    LinkNotFound,
    NothingToShare,
    ShareLinks,
    SharingOff,
    TooManyLinks,
)
from devserver.my_app.services.storage_root import StorageRoot
from tests.failing_disk import FailingDisk, Fault, Killed


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gone() -> set[str]:
    return set()


@pytest.fixture
def links(root: StorageRoot, clock: Clock, gone: set[str]) -> ShareLinks:
    return ShareLinks(root, days=7, now=clock, is_gone=gone.__contains__)


def a_run(status: RunStatus = "success") -> RunMetadata:
    return RunMetadata(run_id=new_run_id(), status=status)


def files(root: StorageRoot) -> list[Path]:
    return sorted((root.state / "share_links").iterdir())


def test_a_link_leads_to_its_run_until_its_days_are_over(links: ShareLinks, clock: Clock) -> None:
    run = a_run()
    link = links.make(run)
    assert link.expires_at == clock.time + timedelta(days=7)
    clock.time = link.expires_at - timedelta(seconds=1)
    assert (links.find(link.code).run_id, links.find(link.code).expires_at) == (
        run.run_id,
        link.expires_at,
    )
    clock.time = link.expires_at
    with pytest.raises(LinkExpired):
        links.find(link.code)


def test_the_code_is_kept_nowhere_and_tells_nothing(links: ShareLinks, root: StorageRoot) -> None:
    run = a_run()
    code = links.make(run).code
    assert re.fullmatch("[a-km-np-z2-9]{16}", code)
    [file] = files(root)
    assert file.name == f"{sha256_of(code)}.json"
    assert code.encode() not in file.read_bytes()
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o600
    assert len({links.make(run).code for _ in range(10)}) == 10


@pytest.mark.parametrize(
    "code", ["", "x", "a" * 16, "A" * 16, "../../x", "ä" * 16, "\udc80", "a" * 9999]
)
def test_what_is_no_code_leads_nowhere(links: ShareLinks, code: str) -> None:
    links.make(a_run())
    with pytest.raises(LinkNotFound):
        links.find(code)


@pytest.mark.parametrize(
    "status", ["queued", "running", "awaiting_edit", "blocked", "failed", "cancelled"]
)
def test_only_what_has_come_to_something_is_shared(
    links: ShareLinks, root: StorageRoot, status: RunStatus
) -> None:
    with pytest.raises(NothingToShare):
        links.make(a_run(status))
    assert files(root) == []


def test_links_outlive_a_restart(links: ShareLinks, root: StorageRoot, clock: Clock) -> None:
    run = a_run()
    code = links.make(run).code
    again = ShareLinks(root, days=7, now=clock)
    assert again.find(code).run_id == run.run_id
    again.forget(run.run_id)
    assert files(root) == []
    with pytest.raises(LinkNotFound):
        again.find(code)


def test_a_run_has_so_many_open_links_at_a_time(links: ShareLinks, clock: Clock) -> None:
    run = a_run()
    codes = [links.make(run).code for _ in range(MOST_OF_A_RUN)]
    with pytest.raises(TooManyLinks):
        links.make(run)
    assert links.make(a_run())
    assert all(links.find(code) for code in codes)
    clock.time += timedelta(days=7)
    assert links.make(run)


def test_two_at_once_can_not_get_around_the_most(links: ShareLinks) -> None:
    run = a_run()
    barrier = threading.Barrier(8)

    def make_some(_: int) -> int:
        barrier.wait()
        made = 0
        for _ in range(MOST_OF_A_RUN):
            try:
                links.make(run)
            except TooManyLinks:
                return made
            made += 1
        return made

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(make_some, range(8))) == MOST_OF_A_RUN


def test_links_go_with_their_run_and_with_no_other(links: ShareLinks, root: StorageRoot) -> None:
    run, other = a_run(), a_run()
    codes = [links.make(run).code for _ in range(3)]
    kept = links.make(other).code
    links.forget(run.run_id)
    links.forget(run.run_id)
    for code in codes:
        with pytest.raises(LinkNotFound):
            links.find(code)
    assert [file.stem for file in files(root)] == [sha256_of(kept)]
    assert run.run_id.encode() not in b"".join(file.read_bytes() for file in files(root))


def test_a_link_to_a_deleted_run_does_not_open_even_while_its_file_is_there(
    links: ShareLinks, gone: set[str], root: StorageRoot, clock: Clock
) -> None:
    run = a_run()
    code = links.make(run).code
    gone.add(run.run_id)
    with pytest.raises(LinkNotFound):
        links.find(code)
    ShareLinks(root, days=7, now=clock, is_gone=gone.__contains__)
    assert files(root) == []


def test_a_run_that_is_deleted_meanwhile_gets_no_link(
    root: StorageRoot, gone: set[str], clock: Clock
) -> None:
    run = a_run()
    links = ShareLinks(root, days=7, now=clock, is_gone=gone.__contains__)
    gone.add(run.run_id)
    with pytest.raises(RunNotFound):
        links.make(run)
    assert files(root) == []


def test_what_is_over_is_remembered_and_then_forgotten(
    links: ShareLinks, root: StorageRoot, clock: Clock
) -> None:
    code = links.make(a_run()).code
    clock.time += timedelta(days=7) + REMEMBERED - timedelta(seconds=1)
    with pytest.raises(LinkExpired):
        links.find(code)
    clock.time += timedelta(hours=2)
    links.make(a_run())
    assert sha256_of(code) not in [file.stem for file in files(root)]
    with pytest.raises(LinkNotFound):
        links.find(code)


def test_where_links_are_off_none_is_made_and_none_opens(
    links: ShareLinks, root: StorageRoot
) -> None:
    code = links.make(a_run()).code
    off = ShareLinks(root, days=0)
    with pytest.raises(SharingOff):
        off.make(a_run())
    with pytest.raises(LinkNotFound):
        off.find(code)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"run_id": 1, "expires_at": "x"}',
        b"\xff",
        b'{"run_id": "x", "expires_at": "2999-01-01T00:00:00+00:00"}',
    ],
)
def test_a_damaged_file_is_no_link(links: ShareLinks, root: StorageRoot, data: bytes) -> None:
    code = links.make(a_run()).code
    files(root)[0].write_bytes(data)
    with pytest.raises(LinkNotFound):
        links.find(code)
    assert ShareLinks(root, days=7).make(a_run())
    assert len(files(root)) == 1


def test_what_a_kill_left_is_cleared_away(root: StorageRoot, links: ShareLinks) -> None:
    (root.state / "share_links" / f".{'a' * 64}.json.12345678.part").write_bytes(b"{")
    ShareLinks(root, days=7)
    assert files(root) == []


def test_on_a_full_disk_a_failure_is_named_and_nothing_half_written_counts(
    links: ShareLinks, root: StorageRoot
) -> None:
    run, failures = a_run(), 0
    disk = FailingDisk(root.path, lambda: None)
    try:
        for at in range(100):
            with disk.failing(Fault("full once", at)):
                try:
                    links.make(run)
                    break
                except StorageFull:
                    failures += 1
    finally:
        disk.undo()
    assert failures
    assert not any(is_temporary(file.name) for file in files(root))
    links.forget(run.run_id)
    assert files(root) == []


def test_killed_at_any_step_a_link_is_there_or_not(root: StorageRoot) -> None:
    run, kills = a_run(), 0
    for at in range(100):
        links = ShareLinks(root, days=7)
        disk = FailingDisk(root.path, lambda: None)
        try:
            with disk.failing(Fault("kill", at)):
                code = links.make(run).code
            break
        except Killed:
            kills += 1
        finally:
            disk.undo()
    assert kills
    after = ShareLinks(root, days=7)
    assert after.find(code).run_id == run.run_id
    assert not any(is_temporary(file.name) for file in files(root))
    after.forget(run.run_id)
    assert files(root) == []
