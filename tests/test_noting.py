"""What commands write into the audit log: with a server that owns the root, and without."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from devserver.commands import main
from devserver.my_app.services.audit import Audit
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.storage_root import StorageRoot
from tests.stored_run import contents, put_run

Line = tuple[str, str, str | None, dict[str, Any]]
OLD = "2020-01-01T00:00:00+00:00"


@pytest.fixture
def root(exports: Path) -> StorageRoot:
    return StorageRoot(exports)


def command(exports: Path, *arguments: str, said: str = "") -> Result:
    environment = {"DEVSERVER_EXPORTS_DIR": str(exports), "DEVSERVER_PORT": "9"}
    result = CliRunner().invoke(main, arguments, env=environment, input=said)
    assert result.exit_code == 0, result.output
    return result


def lines(exports: Path) -> list[Line]:
    entries = Audit(StorageRoot(exports)).read()
    return [(one.action, one.who, one.run_id, dict(one.facts)) for one in entries]


@pytest.fixture
def noted(exports: Path) -> Callable[..., list[Line]]:
    """The lines that a command has written."""

    def by(*arguments: str, said: str = "") -> list[Line]:
        before = len(lines(exports))
        command(exports, *arguments, said=said)
        return lines(exports)[before:]

    return by


def by_hand(action: str, run_id: str | None = None, **facts: object) -> Line:
    return action, "command line", run_id, facts


def test_looking_is_noted(
    noted: Callable[..., list[Line]], exports: Path, folders: RunFolders
) -> None:
    workshop = f"noted {new_run_id()}"
    run_id = put_run(folders, workshop=workshop, user_id="Geheim")
    of_workshop = ("--workshop", workshop)
    assert noted("list", *of_workshop, "--q", "blume", "--q", "") == [
        by_hand("searched", found=1, filters=["q", "workshop"])
    ]
    assert noted("show", run_id) == [by_hand("viewed", run_id)]
    assert noted("verify", *of_workshop) == [by_hand("verified", runs=1)]
    assert noted("verify", run_id) == [by_hand("verified", runs=1)]


def test_taking_away_is_noted(
    noted: Callable[..., list[Line]], exports: Path, folders: RunFolders, tmp_path: Path
) -> None:
    one, other = put_run(folders), put_run(folders)
    to = ("--format", "json", "--force", "--out", str(tmp_path / "out"))
    facts: dict[str, Any] = {"format": "json", "marked": False}
    assert noted("export", one, *to) == [
        by_hand("exported", one, runs=1, pseudonyms=False, **facts)
    ]
    assert noted("export", one, other, "--pseudonyms", *to) == [
        by_hand("exported", runs=2, pseudonyms=True, **facts)
    ]
    assert noted("export", one, other, "--review") == [by_hand("reviewed", runs=2)]


def test_keeping_and_forgetting_is_noted_once(
    noted: Callable[..., list[Line]], exports: Path, folders: RunFolders
) -> None:
    label = f"noted {new_run_id()}"
    one, other = (put_run(folders, finished_at=OLD, workshop=label) for _ in range(2))
    put_run(folders, user_id=label)
    assert noted("archive", one, other) == [by_hand("archived", one), by_hand("archived", other)]
    assert noted("restore", one) == [by_hand("restored", one)]
    assert noted("delete", one, "--yes") == [by_hand("deleted", one)]
    assert noted("erase", label, said="y\n") == [
        by_hand("searched", found=1, filters=["user"]),
        by_hand("erased", runs=1),
    ]
    rule = ("--action", "delete", "--older-than-days", "9", "--workshop", label)
    assert noted("retention", *rule) == [by_hand("retention_planned", rules=1, found=1)]
    assert noted("retention", *rule, "--apply") == [
        by_hand("retention_applied", rules=1, deleted=1, archived=0)
    ]
    assert not folders.exists(other)


def test_no_words_are_noted(exports: Path, folders: RunFolders) -> None:
    put_run(folders, text="Eine Geschichte", user_id="Lena", workshop="Geheim")
    for arguments in (
        ["list", "--q", "geschichte", "--user", "Lena", "--workshop", "Geheim"],
        ["verify", "--user", "Lena"],
        ["erase", "Lena", "--yes"],
    ):
        command(exports, *arguments)
    said = b"".join(contents(exports / "state" / "audit").values()).lower()
    assert not any(word in said for word in (b"geschichte", b"lena", b"geheim"))


def test_a_failure_is_not_noted(folders: RunFolders, exports: Path, tmp_path: Path) -> None:
    run_id = put_run(folders)
    before = len(lines(exports))
    environment = {"DEVSERVER_EXPORTS_DIR": str(exports), "DEVSERVER_PORT": "9"}
    for arguments in (
        ["show", "../x"],
        ["restore", run_id],
        ["delete", "00000000-0000-4000-8000-000000000000", "--yes"],
        ["export", run_id, "--format", "zap", "--out", str(tmp_path / "out")],
    ):
        assert CliRunner().invoke(main, arguments, env=environment).exit_code == 1
    assert len(lines(exports)) == before


HAS_ACCOUNTS = hasattr(os, "geteuid")


@pytest.mark.parametrize(
    "why",
    [
        "read-only",
        pytest.param(
            "another account's",
            marks=pytest.mark.skipif(not HAS_ACCOUNTS, reason="Windows has other accounts"),
        ),
    ],
)
def test_what_can_only_be_read_is_read_without_a_line(
    root: StorageRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    run_id = put_run(RunFolders(root))
    command(root.path, "verify")  # makes what every reading makes
    before = contents(root.path)
    if why == "read-only":
        monkeypatch.setattr(os, "access", lambda *_: False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    for arguments in (
        ["list", "--q", "blume"],
        ["show", run_id],
        ["verify"],
        ["export", run_id, "--format", "json", "--out", str(tmp_path / "out")],
    ):
        result = command(root.path, *arguments)
        assert result.stderr == ""
    assert contents(root.path) == before
