from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from filelock import FileLock

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.access import (
    ResearcherTokens,
    TokenFileUnreadable,
    TokenNameTaken,
    TokenNotFound,
    TokenNotRevocable,
)
from devserver.my_app.services.storage_root import StorageRoot


def name_of(tokens: ResearcherTokens, token: str) -> str | None:
    known = tokens.find(token)
    return known.name if known else None


def test_a_configured_token_opens_and_nothing_else_does(root: StorageRoot) -> None:
    tokens = ResearcherTokens(root, "secret")
    assert tokens.make_first() is None
    assert name_of(tokens, "secret") == "environment"
    for token in ("", "Secret", "secret ", "\ud800", "ü", "secret\0"):
        assert tokens.find(token) is None
    assert not (root.state / "researcher_tokens.json").exists()


def test_the_first_token_is_made_once_and_only_its_hash_kept(root: StorageRoot) -> None:
    first = ResearcherTokens(root).make_first()
    assert first is not None
    assert len(first) == 32  # 192 bits
    assert ResearcherTokens(root).make_first() is None
    assert name_of(ResearcherTokens(root), first) == "first"
    files = [path.read_bytes() for path in root.state.rglob("*") if path.is_file()]
    assert not any(first.encode() in content for content in files)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_the_owner_can_read_the_file(root: StorageRoot) -> None:
    tokens = ResearcherTokens(root)
    tokens.make_first()
    tokens.add("anna")
    mode = (root.state / "researcher_tokens.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_tokens_are_added_and_revoked_under_a_running_server(root: StorageRoot) -> None:
    running, command_line = ResearcherTokens(root, "secret"), ResearcherTokens(root)
    anna, ben = command_line.add("anna"), command_line.add("ben")
    assert [name_of(running, token) for token in (anna, ben, "secret")] == [
        "anna",
        "ben",
        "environment",
    ]
    known = running.find(anna)
    assert known is not None
    command_line.revoke("anna")
    assert name_of(running, anna) is None
    assert not running.still_holds(known.sha256)
    assert [one.name for one in running.all()] == ["environment", "ben"]
    assert name_of(running, command_line.add("anna")) == "anna"
    assert not running.still_holds(known.sha256)


def test_when_all_are_revoked_none_is_made_anew(root: StorageRoot) -> None:
    tokens = ResearcherTokens(root)
    tokens.make_first()
    tokens.revoke("first")
    assert ResearcherTokens(root).make_first() is None
    assert tokens.all() == []


def test_names_are_plain_and_taken_once(root: StorageRoot) -> None:
    tokens = ResearcherTokens(root)
    tokens.add("anna.weber@uni")
    for name in ("anna.weber@uni", "Anna.Weber@UNI", "environment", "", " ", "-x", "a b", "a" * 41):
        with pytest.raises(TokenNameTaken):
            tokens.add(name)
    assert len(tokens.all()) == 1


def test_what_is_not_there_or_configured_is_not_revoked(root: StorageRoot) -> None:
    with pytest.raises(TokenNotFound):
        ResearcherTokens(root).revoke("anna")
    with pytest.raises(TokenNotRevocable, match="DEVSERVER_RESEARCHER_TOKEN"):
        ResearcherTokens(root, "secret").revoke("environment")


def test_the_day_of_use_is_written_once_a_day(root: StorageRoot) -> None:
    now = datetime(2025, 11, 4, 23, 0, tzinfo=UTC)
    tokens = ResearcherTokens(root, now=lambda: now)
    anna = tokens.add("anna")
    assert [one.last_used_on for one in tokens.all()] == [None]
    tokens.find("wrong")
    assert [one.last_used_on for one in tokens.all()] == [None]
    tokens.find(anna)
    assert [one.last_used_on for one in tokens.all()] == ["2025-11-04"]
    before = (root.state / "researcher_tokens.json").stat()
    tokens.find(anna)
    assert (root.state / "researcher_tokens.json").stat() == before


def test_a_right_token_waits_for_no_writer(root: StorageRoot) -> None:
    tokens = ResearcherTokens(root)
    anna = tokens.add("anna")
    with FileLock(root.locks / "researcher_tokens.lock"):
        other = ResearcherTokens(root)
        assert name_of(other, anna) == "anna"
    assert [one.last_used_on for one in tokens.all()] == [None]


def former(root: StorageRoot, token: str) -> None:
    sha256 = hashlib.sha256(token.encode()).hexdigest()
    (root.state / "researcher_token.json").write_text(json.dumps({"sha256": sha256}))


def test_the_token_of_a_former_server_still_opens(root: StorageRoot) -> None:
    former(root, "an-old-token")
    assert name_of(ResearcherTokens(root), "an-old-token") == "first"  # also before a start
    assert ResearcherTokens(root).make_first() is None
    assert name_of(ResearcherTokens(root), "an-old-token") == "first"
    [known] = ResearcherTokens(root).all()
    assert known.created_at is not None
    assert not (root.state / "researcher_token.json").exists()


def test_adding_or_revoking_before_the_first_start_takes_it_over_too(root: StorageRoot) -> None:
    former(root, "an-old-token")
    tokens = ResearcherTokens(root)
    tokens.add("anna")
    assert [one.name for one in tokens.all()] == ["first", "anna"]
    assert not (root.state / "researcher_token.json").exists()
    tokens.revoke("first")
    assert tokens.find("an-old-token") is None


def test_a_kill_while_taking_over_does_not_bring_a_revoked_token_back(root: StorageRoot) -> None:
    tokens = ResearcherTokens(root)
    tokens.add("anna")
    former(root, "an-old-token")  # the new file was written, the former not yet removed
    assert ResearcherTokens(root).make_first() is None
    assert tokens.find("an-old-token") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"tokens": [1]}',
        b'{"tokens": [{"name": "x"}]}',
        b'{"tokens": [{"name": "x", "sha256": ""}]}',
        b'{"tokens": [{"name": 5, "sha256": "' + b"0" * 64 + b'"}]}',
        b"\xff",
    ],
)
def test_a_damaged_file_lets_nobody_in_and_stops_the_start(
    root: StorageRoot, content: bytes
) -> None:
    anna = ResearcherTokens(root).add("anna")
    file = root.state / "researcher_tokens.json"
    file.write_bytes(content)
    running = ResearcherTokens(root, "secret")
    assert running.find(anna) is None
    assert name_of(running, "secret") == "environment"
    for change in (running.make_first, lambda: running.add("ben"), lambda: running.revoke("anna")):
        with pytest.raises(TokenFileUnreadable):
            change()
    assert file.read_bytes() == content


def test_two_processes_that_add_lose_no_token(root: StorageRoot) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from devserver.my_app.services.access import ResearcherTokens\n"
        "from devserver.my_app.services.storage_root import StorageRoot\n"
        "tokens = ResearcherTokens(StorageRoot(Path(sys.argv[1])))\n"
        "for n in range(20): tokens.add(f'{sys.argv[2]}{n}')\n"
    )
    adding = [
        subprocess.Popen([sys.executable, "-c", program, str(root.path), name], cwd=PROJECT_FOLDER)
        for name in ("a", "b")
    ]
    assert [process.wait() for process in adding] == [0, 0]
    names = {one.name for one in ResearcherTokens(root).all()}
    assert names == {f"{who}{n}" for who in "ab" for n in range(20)}
