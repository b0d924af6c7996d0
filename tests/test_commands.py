"""The command line, on roots with and without a server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from devserver.commands import main
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.operator_key import read_operator_key
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_index import RunIndex
from devserver.my_app.services.run_metadata import RunError, RunMetadata, StageRecord
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.tombstones import Tombstones
from tests.honest_folders import check_folder
from tests.media_samples import png_bytes
from tests.running_server import RunningServer


def command(exports: Path, *arguments: str) -> Result:
    """The command's result, on the root at `exports`."""
    environment = {
        "DEVSERVER_EXPORTS_DIR": str(exports),
        "DEVSERVER_PORT": "9",  # nothing listens there
        "DEVSERVER_POOL_PROCESSES": "1",
    }
    return CliRunner().invoke(main, arguments, env=environment)


def a_run(storage: MediaStorageService, *, text: str = "Eine Blume", schema: str = "dada") -> str:
    run_id = storage.create_run(schema=schema, input_text=text).run_id
    step = StageRecord(stage=2, step="rewriting", status="transformed", model="a-model")
    storage.save_transformed_text(run_id, "Keine Blume", [step])
    storage.add_media_from_data(run_id, png_bytes())
    storage.finish_run(run_id, "success")
    return run_id


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def exports(root: StorageRoot) -> Path:
    return root.path


def test_lists_the_newest_first(exports: Path, storage: MediaStorageService) -> None:
    old, new = a_run(storage), a_run(storage, schema="passthrough")
    result = command(exports, "list")
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines] == [new, old, "2"]
    assert {"success", "passthrough", "output_image.png"} <= set(lines[0].split())
    lines = command(exports, "list", "--limit", "1").output.splitlines()
    assert [line.split()[0] for line in lines] == [new, "1"]


def test_lists_what_the_filters_find(exports: Path, storage: MediaStorageService) -> None:
    flower, house = a_run(storage), a_run(storage, text="Viele Häuser", schema="passthrough")

    def listed(*arguments: str) -> list[str]:
        result = command(exports, "list", *arguments)
        assert result.exit_code == 0, result.output
        return [line.split()[0] for line in result.output.splitlines()[:-1]]

    assert listed("--q", "haeuser") == [house]
    assert listed("--schema", "!dada", "--type", "image") == [house]
    assert listed("--schema", "dada", "--schema", "passthrough", "--sort", "oldest") == [
        *(flower, house)
    ]
    said = json.loads(command(exports, "list", "--q", "blume", "--json").stdout)
    assert [run["run_id"] for run in said["runs"]] == [house, flower]
    assert said["total"] == 2
    result = command(exports, "list", "--status", "done", "--from", "x")
    assert (result.exit_code, "status" in result.output, "from" in result.output) == (1, True, True)


def test_lists_page_by_page(exports: Path, storage: MediaStorageService) -> None:
    ids = [a_run(storage) for _ in range(3)]
    a_run(storage, schema="passthrough")
    options = ["--schema", "dada", "--limit", "2"]
    first = json.loads(command(exports, "list", *options, "--json").stdout)
    second = json.loads(
        command(exports, "list", *options, "--after", first["next"], "--json").stdout
    )
    found = [run["run_id"] for run in first["runs"] + second["runs"]]
    assert (found, first["total"], second["total"]) == (ids[::-1], 3, 3)
    assert (second["next"], second["facets"]) == (None, None)
    shown = command(exports, "list", *options).output.splitlines()
    assert shown[-1] == f"2 of 3 runs, more with --after {first['next']}"
    other = command(exports, "list", "--schema", "!dada", "--after", first["next"])
    assert (other.exit_code, "belongs to another search" in other.output) == (1, True)


def test_lists_what_is_to_be_told_of_each(exports: Path, storage: MediaStorageService) -> None:
    run_id = a_run(storage, text="Eine\t\x1b[31mBlume")
    for fields, run in (
        ("run_id,schema,user_id", {"run_id": run_id, "schema": "dada", "user_id": None}),
        ("status,input_text", {"status": "success", "input_text": "Eine\t\x1b[31mBlume"}),
        ("archived,warnings", {"archived": False, "warnings": []}),
    ):
        said = json.loads(command(exports, "list", "--fields", fields, "--json").stdout)
        assert said["runs"] == [run]
    lines = command(exports, "list", "--fields", "input_text,user_id", "--fields", "archived")
    assert lines.output.splitlines()[0] == "Eine\\t\\x1b[31mBlume\t-\tfalse"
    [run] = json.loads(command(exports, "list", "--json").stdout)["runs"]
    assert run.keys() >= storage.get_metadata(run_id).to_dict().keys()
    wrong = command(exports, "list", "--fields", "mood", "--facets", "mood", "--status", "done")
    assert wrong.exit_code == 1
    assert all(name in wrong.output for name in ("fields can't", "facets can't", "status can't"))


def test_lists_how_many_there_are_of_what(exports: Path, storage: MediaStorageService) -> None:
    for schema in ("dada", "dada", "passthrough"):
        a_run(storage, schema=schema)
    options = ["--schema", "dada", "--limit", "1", "--facets", "schema,user", "--facets", "type"]
    said = json.loads(command(exports, "list", *options, "--json").stdout)
    assert said["facets"] == {
        "schema": [{"value": "dada", "runs": 2}, {"value": "passthrough", "runs": 1}],
        "user": [{"value": None, "runs": 2}],
        "type": [{"value": "image", "runs": 2}],
    }
    shown = command(exports, "list", *options).output.splitlines()
    assert shown[2:] == [
        *("", "schema", "        2  dada", "        1  passthrough"),
        *("", "user", "        2  -", "", "type", "        2  image"),
    ]


def test_a_list_is_that_of_the_server_beside(server: RunningServer) -> None:
    label = "of-this-test"
    for _ in range(3):
        assert server.post_text(output_type="text", user_id=label).ok
    key = read_operator_key(server.exports / "state")
    asked = {"user": label, "limit": "2", "fields": "run_id,input_text", "facets": "status,day"}

    def over_http(**more: str) -> dict[str, Any]:
        answer = requests.get(
            f"{server.url}/api/runs",
            params=asked | more,
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        ).json()
        return {name: answer[name] for name in ("runs", "total", "next", "facets")}

    def by_command(**more: str) -> Any:
        options = [part for name, value in (asked | more).items() for part in (f"--{name}", value)]
        return json.loads(command(server.exports, "list", *options, "--json").stdout)

    first = over_http()
    assert first["next"]
    assert by_command() == first
    assert by_command(after=first["next"]) == over_http(after=by_command()["next"])


def test_an_index_is_used_and_left_as_it_is(
    exports: Path, storage: MediaStorageService, root: StorageRoot
) -> None:
    old = a_run(storage)
    for is_open in (False, True):
        index = RunIndex(root.path, Tombstones(root.state), look_seconds=1e4)
        index.look_through()
        if not is_open:
            index.close()
        before = snapshot(root.runs), (root.cache / "index.sqlite3").read_bytes()
        new = a_run(storage, text="Anders")
        result = command(exports, "list", "--q", "anders")
        assert result.output.splitlines()[0].split()[0] == new, result.output
        assert command(exports, "list", "--limit", "99").output.count(old) == 1
        assert (root.cache / "index.sqlite3").read_bytes() == before[1]
        if is_open:
            index.close()
        else:
            assert {path.name for path in root.cache.iterdir()} == {"index.sqlite3"}
        storage.delete_run(new)


def test_a_damaged_index_is_done_without(
    exports: Path, storage: MediaStorageService, root: StorageRoot
) -> None:
    run_id = a_run(storage)
    root.cache.mkdir(exist_ok=True)
    (root.cache / "index.sqlite3").write_bytes(b"no database" * 1000)
    result = command(exports, "list")
    assert result.output.splitlines()[0].split()[0] == run_id
    assert (root.cache / "index.sqlite3").read_bytes() == b"no database" * 1000


def test_verify_takes_a_selection(
    exports: Path, storage: MediaStorageService, folders: RunFolders
) -> None:
    a_run(storage)
    lying = a_run(storage, text="Ein Haus")
    (folders.path(lying) / "output_image.png").unlink()
    assert command(exports, "verify", "--q", "blume wiese").output.startswith("0 checked")
    assert command(exports, "verify", "--q", "-haus").exit_code == 0
    result = command(exports, "verify", "--q", "haus", "--status", "success")
    assert (result.exit_code, lying in result.output) == (1, True)
    assert "1 checked, 1 of them" in result.output
    assert command(exports, "verify", lying, "--q", "haus").exit_code == 2


def test_shows_a_run(exports: Path, storage: MediaStorageService, folders: RunFolders) -> None:
    run_id = a_run(storage, text="Eine\x1b[31m Blume\nauf der Wiese")
    result = command(exports, "show", run_id)
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == str(folders.path(run_id))
    for said in ("success", "rewriting by a-model", "output_image.png", "image/png", "Keine Blume"):
        assert said in result.output
    assert r"Eine\x1b[31m Blume\nauf der Wiese" in result.output


def test_verify_finds_the_folder_that_lies(
    exports: Path, storage: MediaStorageService, folders: RunFolders
) -> None:
    honest, lying = a_run(storage), a_run(storage)
    result = command(exports, "verify")
    assert result.exit_code == 0
    assert result.output == "2 checked, 0 of them not as metadata.json says\n"
    picture = folders.path(lying) / "output_image.png"
    picture.write_bytes(picture.read_bytes()[:-1] + b"x")
    result = command(exports, "verify")
    assert result.exit_code == 1
    assert f"{lying}: output_image.png has other content" in result.output
    assert honest not in result.output
    assert command(exports, "verify", honest).exit_code == 0
    assert command(exports, "verify", honest, lying).exit_code == 1


@pytest.mark.parametrize("name", ["show", "verify", "rerun"])
def test_a_run_that_is_not_there_is_said_so(
    exports: Path, storage: MediaStorageService, name: str
) -> None:
    for run_id, said in ((new_run_id(), "no run with this id"), ("../x", "UUID")):
        result = command(exports, name, run_id)
        assert (result.exit_code, said in result.output) == (1, True)


@pytest.mark.parametrize("name", ["list", "verify", "recover"])
def test_a_root_that_is_not_there_is_not_made(tmp_path: Path, name: str) -> None:
    result = command(tmp_path / "nowhere", name)
    assert (result.exit_code, "There are no runs under" in result.output) == (1, True)
    assert not (tmp_path / "nowhere").exists()


def test_reading_works_beside_an_owner_and_changes_nothing(
    exports: Path, root: StorageRoot, storage: MediaStorageService
) -> None:
    run_id = a_run(storage)
    root.claim("http://127.0.0.1:9")
    try:
        before = snapshot(exports)
        for arguments in (["list"], ["show", run_id], ["verify"]):
            assert command(exports, *arguments).exit_code == 0
        after = snapshot(exports)
        added = [name for name in after if name not in before]
        assert all("audit" in name for name in added)
        assert {name: data for name, data in after.items() if name not in added} == before
    finally:
        root.release()


def test_recover_settles_what_a_kill_left(
    exports: Path, storage: MediaStorageService, folders: RunFolders
) -> None:
    done = a_run(storage)
    run_id = storage.create_run(schema="dada", input_text="Eine Blume").run_id
    folder = folders.path(run_id)
    (folder / "output_image.png").write_bytes(png_bytes())
    (folder / ".output_image.png.0011aabb.part").touch()
    (folder.parent / f".{new_run_id()}.0011aabb.part").mkdir()
    result = command(exports, "recover")
    assert (result.exit_code, run_id in result.output, done in result.output) == (0, True, False)
    assert {entry.name for entry in folder.iterdir()} == {"metadata.json", "input_text.txt"}
    assert {entry.name for entry in folder.parent.iterdir()} == {run_id, done}
    assert storage.get_metadata(run_id).status == "queued"


def test_recover_makes_crates_anew_that_a_power_cut_took(
    exports: Path, storage: MediaStorageService, folders: RunFolders
) -> None:
    whole, torn, missing = (folders.path(a_run(storage)) / "ro-crate-metadata.json" for _ in "abc")
    before = {path: path.read_bytes() for path in (whole, torn, missing)}
    torn.write_bytes(b"")
    missing.unlink()
    (folders.path(a_run(storage)) / "metadata.json").write_bytes(b"{")
    assert command(exports, "verify").exit_code == 1
    result = command(exports, "recover")
    assert (result.exit_code, "2 crates made anew" in result.output) == (0, True)
    assert {path: path.read_bytes() for path in before} == before


def test_recover_leaves_the_root_to_its_owner(
    exports: Path, root: StorageRoot, storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    unlisted = folders.path(run_id) / "output_image.png"
    unlisted.touch()
    root.claim("http://127.0.0.1:9")
    try:
        result = command(exports, "recover")
    finally:
        root.release()
    assert (result.exit_code, "Another server" in result.output) == (1, True)
    assert unlisted.exists()


def test_rerun_works_without_a_server(
    exports: Path, storage: MediaStorageService, folders: RunFolders
) -> None:
    first = a_run(storage, schema="passthrough")
    result = command(exports, "rerun", first, "--seed", "5")
    assert result.exit_code == 0, result.output
    folder = Path(result.output.splitlines()[1])
    run = check_folder(folder)
    assert (run.status, run.origin, run.request.seed) == ("success", first, 5)
    assert folder.parent == folders.path(first).parent
    assert StorageRoot(exports).owner() is None


def test_rerun_asks_the_server_that_owns_the_root(server: RunningServer) -> None:
    first = server.post_text(output_type="text", seed=3).json()["run_id"]
    result = command(server.exports, "rerun", first)
    assert result.exit_code == 0, result.output
    run = check_folder(Path(result.output.splitlines()[1]))
    assert (run.status, run.origin, run.request.seed) == ("success", first, 3)
    url = f"{server.url}/api/schema/pipeline/interception"
    body = {"schema": "dada", "input_text": "x"}
    waiting = requests.post(url, json=body, timeout=60).json()
    assert waiting["status"] == "awaiting_edit"
    result = command(server.exports, "rerun", waiting["run_id"])
    assert (result.exit_code, "not over yet" in result.output) == (1, True)


def test_what_the_server_refuses_is_said(server: RunningServer) -> None:
    run = RunMetadata(
        run_id=new_run_id(),
        schema_id="gone",
        status="failed",
        input_text="x",
        error=RunError(code="schema_not_found", message="There is no such style."),
    )
    RunFolders(StorageRoot(server.exports)).create(run)
    before = set(server.runs.iterdir())
    result = command(server.exports, "rerun", run.run_id)
    said = "Error: There is no style of this name."
    assert (result.exit_code, said in result.output) == (1, True)
    assert set(server.runs.iterdir()) == before


@pytest.mark.parametrize(
    "seed", ["other", "-1", "9007199254740992", "٣", "9" * 30, "0" * 17 + "9" * 30]
)
def test_other_seeds_are_refused(exports: Path, storage: MediaStorageService, seed: str) -> None:
    first = a_run(storage)
    result = command(exports, "rerun", first, f"--seed={seed}")
    assert (result.exit_code, "same, new or a number" in result.output) == (2, True)


def token_in(result: Result) -> str:
    """The token that was added; the address after it opens the gallery."""
    assert result.exit_code == 0, result.output
    token, address = result.output.splitlines()
    assert address == f"http://127.0.0.1:9/gallery#token={token}"
    return token


def opens(server: RunningServer, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{server.url}/api/runs", headers=headers, timeout=30).ok


def test_tokens_are_added_and_revoked_under_a_running_server(server: RunningServer) -> None:
    token = token_in(command(server.exports, "tokens", "add", "ada"))
    assert opens(server, token)
    listed = command(server.exports, "tokens", "list").output
    assert any(line.startswith("ada ") for line in listed.splitlines())
    assert token not in listed
    result = command(server.exports, "tokens", "revoke", "ada")
    assert (result.exit_code, result.output) == (0, "revoked\n")
    assert not opens(server, token)
    result = command(server.exports, "tokens", "revoke", "ada")
    assert (result.exit_code, "no token of this name" in result.output) == (1, True)


def test_a_token_can_be_made_before_the_first_start(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    for name in ("list", "revoke"):
        result = command(exports, "tokens", name, *(["ada"] if name == "revoke" else []))
        assert (result.exit_code, "There is no root" in result.output) == (1, True)
    assert not exports.exists()
    token_in(command(exports, "tokens", "add", "ada"))
    result = command(exports, "tokens", "add", "ADA")
    assert (result.exit_code, "already" in result.output) == (1, True)
    assert "1 tokens" in command(exports, "tokens", "list").output


def test_the_audit_log_is_shown(exports: Path) -> None:
    token_in(command(exports, "tokens", "add", "ada"))
    assert command(exports, "tokens", "revoke", "ada").exit_code == 0
    added, revoked = command(exports, "audit").output.splitlines()
    assert {"token_added", "command", "line", "token=ada"} <= set(added.split())
    assert "token_revoked" in revoked
    month = added[:7]
    assert command(exports, "audit", "--month", month).output.splitlines() == [added, revoked]
    assert command(exports, "audit", "--month", "1999-01").output == ""
    assert command(exports, "audit", "--action", "token_revoked").output.splitlines() == [revoked]
    assert command(exports, "audit", "--action", "x").exit_code == 2


def test_a_rerun_by_a_server_with_codes_stays_in_its_workshop(tmp_path: Path) -> None:
    codes = "rot-3=Klasse 3b, blau-7=Ferienkurs"
    server = RunningServer(tmp_path, DEVSERVER_WORKSHOP_CODES=codes, DEVSERVER_POOL_PROCESSES="1")
    server.start()
    try:
        headers = {"X-Workshop-Code": "blau-7"}
        body = {"schema": "passthrough", "input_text": "x", "output_type": "text"}
        url = f"{server.url}/api/schema/pipeline/execute"
        run_id = requests.post(url, json=body, headers=headers, timeout=60).json()["run_id"]
        environment = {
            "DEVSERVER_EXPORTS_DIR": str(server.exports),
            "DEVSERVER_PORT": str(server.port),
            "DEVSERVER_WORKSHOP_CODES": codes,
        }
        result = CliRunner().invoke(main, ["rerun", run_id], env=environment)
        assert result.exit_code == 0, result.output
    finally:
        server.stop()
    folders = RunFolders(StorageRoot(server.exports))
    assert {folders.read(one).workshop for one in folders.ids()} == {"Ferienkurs"}
    assert len(set(folders.ids())) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other accounts")
@pytest.mark.parametrize("name", ["add", "revoke"])
def test_another_account_can_not_shut_the_server_out(
    exports: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    token_in(command(exports, "tokens", "add", "ada"))
    before = snapshot(exports)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    result = command(exports, "tokens", name, "ada")
    assert (result.exit_code, "another account" in result.output) == (1, True)
    assert snapshot(exports) == before
