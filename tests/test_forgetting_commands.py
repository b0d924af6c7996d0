"""delete, erase, retention, archive, restore: with a server that owns the root, and without."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from devserver.commands import main
from devserver.my_app.services.exports.package import AUTO, Package
from devserver.my_app.services.exports.package_shelf import PackageShelf
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot
from tests.running_server import RunningServer
from tests.stored_run import contents, put_run


@pytest.fixture
def root(exports: Path) -> StorageRoot:
    return StorageRoot(exports)


def command(exports: Path, *arguments: str, said: str = "", **more: str) -> Result:
    environment = {"DEVSERVER_EXPORTS_DIR": str(exports), "DEVSERVER_PORT": "9", **more}
    return CliRunner().invoke(main, arguments, env=environment, input=said)


def test_deletes(exports: Path, folders: RunFolders) -> None:
    run_id, other = put_run(folders), put_run(folders)
    refused = command(exports, "delete", run_id, said="n\n")
    assert (refused.exit_code, folders.exists(run_id)) == (1, True)
    done = command(exports, "delete", run_id, "--yes")
    assert (done.exit_code, "4 files" in done.output) == (0, True), done.output
    assert not folders.exists(run_id)
    assert folders.exists(other)
    for wrong in ("../x", "no id"):
        assert command(exports, "delete", wrong, "--yes").exit_code == 1
    unknown = command(exports, "delete", "00000000-0000-4000-8000-000000000000", "--yes")
    assert (unknown.exit_code, "no run with this id" in unknown.output) == (1, True)


def test_erases_a_person_after_asking(exports: Path, folders: RunFolders) -> None:
    ids = [put_run(folders, user_id=f"DOE {exports}") for _ in range(2)]
    refused = command(exports, "erase", f"DOE {exports}", said="n\n")
    assert "2 runs with 8 files" in refused.output
    assert folders.exists(ids[0])
    done = command(exports, "erase", f"DOE {exports}", said="y\n")
    assert done.exit_code == 0, done.output
    assert all(run_id in done.output for run_id in ids)
    assert "Out of reach" in done.output
    assert not any(folders.exists(run_id) for run_id in ids)


def test_whatever_was_exported_goes_too_without_a_server(tmp_path: Path) -> None:
    """Also of runs that were removed by hand."""
    root = StorageRoot(tmp_path / "exports")
    exports, packages, folders = root.path, root.packages, RunFolders(root)
    gone, erased, by_hand, kept = (
        put_run(folders, text="Quarzwimpelbär", user_id=f"DOE {number}") for number in range(4)
    )
    shelf = PackageShelf(packages, keep=timedelta(days=7), now=lambda: datetime.now(UTC))
    for number, held in enumerate(((gone,), (erased, kept), (by_hand,), (kept,))):
        package = Package(
            package_id=f"{number:032x}", format="json", extension="json", fingerprint="f",
            state="ready", runs=len(held), asked_at="2026-11-30T00:00:00+00:00",
        )  # fmt: skip
        shelf.add(package, held)
        shelf.folders.file(package).write_text("Quarzwimpelbär")
    (packages / AUTO).mkdir()
    for run_id in (gone, erased, by_hand, kept):
        (packages / AUTO / f"{run_id}.json").write_text("Quarzwimpelbär")
    shutil.rmtree(folders.path(by_hand))
    assert command(exports, "delete", gone, "--yes").exit_code == 0
    assert command(exports, "erase", "DOE 1", "--yes").exit_code == 0
    left = contents(packages)
    assert {name for name in left if name.startswith(AUTO)} == {f"{AUTO}/{kept}.json"}
    assert {name for name in left if name.endswith("export.json")} == {f"{3:032x}/export.json"}


def test_archives_and_restores(exports: Path, folders: RunFolders) -> None:
    run_id = put_run(folders)
    before = contents(folders.path(run_id))
    assert command(exports, "archive", run_id).exit_code == 0
    assert folders.sealed_path(run_id).exists()
    shown = command(exports, "show", run_id)
    assert shown.output.splitlines()[0] == str(folders.sealed_path(run_id))
    assert "Eine Blume" in shown.output
    assert command(exports, "verify", run_id).exit_code == 0
    again = command(exports, "archive", run_id)
    assert (again.exit_code, "archive" in again.output) == (1, True)
    assert command(exports, "restore", run_id).exit_code == 0
    assert contents(folders.path(run_id)) == before


def test_an_archived_run_can_be_repeated(exports: Path, folders: RunFolders) -> None:
    run_id = put_run(folders)
    assert command(exports, "archive", run_id).exit_code == 0
    result = command(exports, "rerun", run_id)
    assert result.exit_code == 0, result.output
    run = folders.read(Path(result.output.splitlines()[1]).name)
    assert (run.status, run.origin) == ("success", run_id)


def test_verify_reads_archived_runs_too(exports: Path, folders: RunFolders) -> None:
    run_id = put_run(folders)
    assert command(exports, "archive", run_id).exit_code == 0
    sealed = folders.sealed_path(run_id)
    sealed.write_bytes(sealed.read_bytes()[:-100])
    found = command(exports, "verify")
    assert (found.exit_code, f"{run_id}.zip" in found.output) == (1, True)
    assert command(exports, "restore", run_id).exit_code == 1
    assert command(exports, "delete", run_id, "--yes").exit_code == 1  # its jobs can't be read
    assert not sealed.exists()


def test_retention_by_options(exports: Path, folders: RunFolders) -> None:
    old = put_run(folders, workshop=str(exports), finished_at="2020-01-01T00:00:00+00:00")
    options = ["--action", "archive", "--older-than-days", "30", "--workshop", str(exports)]
    planned = command(exports, "retention", *options)
    assert (planned.exit_code, old in planned.output) == (0, True), planned.output
    assert "archive 1 runs" in planned.output
    assert folders.path(old).exists()
    done = command(exports, "retention", *options, "--apply")
    assert "1 of 1 done" in done.output
    assert folders.sealed_path(old).exists()
    none = command(exports, "retention")
    assert "no rules" in none.output
    assert command(exports, "retention", "--action", "delete").exit_code == 2
    wrong = command(exports, "retention", *options, "--status", "running")
    assert wrong.exit_code == 2


def test_retention_by_the_configured_rules(tmp_path: Path) -> None:
    folders = RunFolders(StorageRoot(tmp_path / "exports"))
    old = put_run(folders, finished_at="2020-01-01T00:00:00+00:00")
    rules = tmp_path / "rules.json"
    rule = {"name": "for good", "action": "delete", "older_than_days": 365}
    rules.write_text(json.dumps({"rules": [rule]}))
    done = command(tmp_path / "exports", "retention", "--apply", DEVSERVER_RETENTION=str(rules))
    assert "for good: delete 1 runs" in done.output
    assert not folders.exists(old)
    rules.write_text(json.dumps({"rules": [{**rule, "action": "burn"}]}))
    wrong = command(tmp_path / "exports", "retention", DEVSERVER_RETENTION=str(rules))
    assert (wrong.exit_code, "for good" in wrong.output) == (1, True)


def test_who_may_not_read_the_key_is_told_so(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = RunFolders(StorageRoot(server.exports))
    run_id = put_run(folders)
    monkeypatch.setattr("devserver.commands.forgetting.read_operator_key", lambda _: None)
    refused = command(server.exports, "delete", run_id, "--yes")
    assert (refused.exit_code, "--token" in refused.output) == (1, True)
    wrong = command(server.exports, "delete", run_id, "--yes", "--token", "wrong")
    assert (wrong.exit_code, "researcher token" in wrong.output) == (1, True)
    assert folders.exists(run_id)
    from tests.conftest import TOKEN

    assert command(server.exports, "delete", run_id, "--yes", "--token", TOKEN).exit_code == 0
