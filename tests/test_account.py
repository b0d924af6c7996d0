"""What root does with runs that are another account's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from devserver.commands import main
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot
from tests.running_server import RunningServer
from tests.stored_run import contents, put_run

if not hasattr(os, "geteuid"):
    pytest.skip("Windows has other accounts", allow_module_level=True)

ANOTHER = 65534


def command(exports: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"DEVSERVER_EXPORTS_DIR": str(exports)})


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root that is another account's, for somebody who is, or seems to be, root."""
    root = StorageRoot(tmp_path / "exports")
    put_run(RunFolders(root), user_id="DOE_J")
    give_away(root.path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return root.path


def give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, ANOTHER, ANOTHER)


def owners(folder: Path) -> set[int]:
    return {path.stat().st_uid for path in folder.rglob("*")}


@pytest.mark.parametrize(
    "said",
    [
        "delete {run_id} --yes",
        "erase DOE_J --yes",
        "retention --apply",
        "archive {run_id}",
        "restore {run_id}",
        "recover",
        "rerun {run_id}",
        "demo",
        "export --all --pseudonyms --out {out}",
    ],
)
def test_root_writes_nothing_for_another_account(exports: Path, tmp_path: Path, said: str) -> None:
    [run_id] = RunFolders(StorageRoot(exports)).ids()
    before, of = contents(exports), owners(exports)
    refused = command(exports, *said.format(run_id=run_id, out=tmp_path / "out").split())
    assert refused.exit_code == 1
    assert "sudo -u " in refused.output
    assert contents(exports) == before
    assert owners(exports) == of


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_reads_the_account_can_go_on_with(exports: Path, tmp_path: Path) -> None:
    for said in ("list", "verify", f"export --all --out {tmp_path / 'out'}"):
        assert command(exports, *said.split()).exit_code == 0
    assert owners(exports) == {ANOTHER}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_beside_a_server_root_has_it_done(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, token="a-token-for-researchers")
    server.start()
    try:
        run_id = put_run(RunFolders(StorageRoot(server.exports)))
        os.chown(server.runs, ANOTHER, ANOTHER)  # as if it worked under that account
        done = command(server.exports, "delete", run_id, "--yes")
        assert done.exit_code == 0, done.output
    finally:
        server.stop()
