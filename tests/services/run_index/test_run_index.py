from __future__ import annotations

import json
import logging
import multiprocessing
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_index import (
    IndexUnavailable,
    RunIndex,
    agreement,
    parse_query,
)
from devserver.my_app.services.run_index.lookout import Lookout
from devserver.my_app.services.run_index.rows import Row, mark, row_of
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.tombstones import Tombstones
from tests.services.run_index.conftest import index_on
from tests.stored_run import put_run
from tests.synthetic_runs import synthetic_runs, write_runs

EVERY = parse_query({})


def ids(index: RunIndex, **said: str) -> list[str]:
    page = index.search(parse_query({name: [value] for name, value in said.items()}))
    return [hit.run_id for hit in page.hits]


def test_a_search_sees_all_that_was_heard(index: RunIndex, storage: MediaStorageService) -> None:
    storage.watch(index.heard)
    for number in range(20):
        run = storage.create_run(schema="dada", input_text=f"Blume Nummer{number}")
        assert ids(index, q=f"nummer{number}") == [run.run_id]
        storage.save_transformed_text(run.run_id, f"Keine Wiese{number}")
        assert ids(index, q=f"wiese{number}", status="queued") == [run.run_id]
        storage.finish_run(run.run_id, "failed")
        assert ids(index, q=f"wiese{number}", status="queued") == []


def test_newest_first_is_by_the_time_of_the_run(root: StorageRoot) -> None:
    expected = write_runs(root.runs, 500)[::-1]
    index = index_on(root)
    try:
        assert list(index.ids(EVERY)) == expected
        assert list(index.ids(parse_query({"sort": ["oldest"]}))) == expected[::-1]
    finally:
        index.close()


def test_pages_do_not_shift_when_runs_come_or_the_index_is_made_anew(root: StorageRoot) -> None:
    *early, late = synthetic_runs(101)
    folders = RunFolders(root)
    for metadata in early:
        folders.create(RunMetadata.model_validate(metadata))
    expected = [metadata["run_id"] for metadata in reversed(early)]
    index = index_on(root)
    page = index.search(parse_query({"limit": ["40"]}))
    index.close()
    shutil.rmtree(root.cache)
    folders.create(RunMetadata.model_validate(late))
    index = index_on(root)
    try:
        assert page.next
        rest = index.search(parse_query({"limit": ["200"], "after": [page.next]}))
        assert [hit.run_id for hit in (*page.hits, *rest.hits)] == expected
    finally:
        index.close()


def test_a_run_that_went_is_not_shown_before_anybody_looked(root: StorageRoot) -> None:
    run_ids = write_runs(root.runs, 10)
    index = index_on(root)
    try:
        shutil.rmtree(root.runs / run_ids[4])
        assert set(ids(index)) == set(run_ids) - {run_ids[4]}
        assert index.count(EVERY) == 9
    finally:
        index.close()


def test_a_page_is_full_although_some_went(root: StorageRoot) -> None:
    run_ids = write_runs(root.runs, 10)
    index = index_on(root)
    try:
        for run_id in run_ids[7:]:
            shutil.rmtree(root.runs / run_id)
        assert ids(index, limit="5") == run_ids[6:1:-1]
    finally:
        index.close()


def test_a_tombstoned_run_is_not_let_in(root: StorageRoot) -> None:
    run_ids = write_runs(root.runs, 5)
    Tombstones(root.state).put(run_ids[0], "deleted")
    index = index_on(root)
    try:
        assert set(ids(index)) == set(run_ids[1:])
    finally:
        index.close()


def test_archived_runs_are_found(
    root: StorageRoot, folders: RunFolders, storage: MediaStorageService
) -> None:
    first, second = (
        storage.create_run(schema="dada", input_text="Ein Eisvogel").run_id for _ in range(2)
    )
    for run_id in (first, second):
        storage.finish_run(run_id, "cancelled")
    archive = Archive(folders)
    index = index_on(root)
    try:
        for change in (archive.archive, archive.restore, archive.archive):
            change(first)
            assert ids(index, q="eisvogel") == [second, first]  # at once
            index.look_through()
            assert ids(index, q="eisvogel") == [second, first]
            assert (index.state.complete, index.state.known) == (True, 2)
        folders.bury(first, "deleted")
        index.look_through()
        assert ids(index) == [second]
    finally:
        index.close()


def test_an_empty_label_is_none(root: StorageRoot, folders: RunFolders) -> None:
    """The first servers wrote down what came, however empty."""
    nobodys = {put_run(folders, user_id=label, workshop=label) for label in ("", None)}
    somebodys = put_run(folders, user_id="DOE_J", workshop="summer")
    index = index_on(root)
    try:
        for field in ("user", "workshop"):
            assert set(ids(index, **{field: "-"})) == nobodys
            assert ids(index, **{field: "!-"}) == [somebodys]
            assert (None, 2) in index.facet(EVERY, field)
    finally:
        index.close()


def test_a_broken_folder_is_passed_over_and_said_once(
    root: StorageRoot, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = write_runs(root.runs, 2)
    (root.runs / bad / "metadata.json").write_bytes(b"{")
    (root.runs / "notes").mkdir()
    with caplog.at_level(logging.WARNING):
        index = index_on(root)
        index.look_through()
        index.look_through()
    try:
        assert ids(index) == [good]
        assert caplog.text.count(bad) == 1
    finally:
        index.close()


def look_past(bad: str, index: RunIndex, caplog: pytest.LogCaptureFixture, *others: str) -> None:
    """All others are found, and it is said once what is wrong with one."""
    try:
        index.look_through()
        assert ids(index) == list(others)
        assert index.state.complete
    finally:
        index.close()
    assert caplog.text.count(bad) == 1


@pytest.mark.parametrize("is_archived", [False, True])
def test_a_run_that_no_row_can_be_made_of_hides_no_other(
    root: StorageRoot,
    folders: RunFolders,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_archived: bool,
) -> None:
    good, bad = put_run(folders), put_run(folders)
    if is_archived:
        Archive(folders).archive(bad)

    def row_or_not(run: RunMetadata, stamp: str, *, is_settled: bool) -> Row:
        if run.run_id == bad:
            raise ValueError(run.input_text)
        return row_of(run, stamp, is_settled=is_settled)

    monkeypatch.setattr(agreement, "row_of", row_or_not)
    look_past(bad, index_on(root), caplog, good)
    assert "Eine Blume" not in caplog.text


def test_half_a_character_hides_no_other_run(
    root: StorageRoot, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = write_runs(root.runs, 2)
    metadata = {"run_id": bad, "user_id": "a\ud800", "input_text": "\udfff", "schema": "\ud83d"}
    (root.runs / bad / "metadata.json").write_text(json.dumps(metadata))
    look_past(bad, index_on(root), caplog, good)


def test_a_link_is_no_run(root: StorageRoot, tmp_path: Path) -> None:
    run_ids = write_runs(root.runs, 4)
    index = index_on(root)
    try:
        for number, link in enumerate(root.runs / run_id for run_id in run_ids[:2]):
            link.rename(tmp_path / f"elsewhere {number}")
            link.symlink_to(tmp_path / f"elsewhere {number}")
        (root.runs / new_run_id()).symlink_to("nowhere")
        index.heard(RunMetadata.model_validate({"run_id": run_ids[0]}))
        index.search(EVERY)
        index.look_through()
        assert ids(index) == run_ids[:1:-1]
        assert (index.state.complete, index.state.known, index.state.of) == (True, 2, 2)
    finally:
        index.close()
    lookout = Lookout(root.path, Tombstones(root.state), say=lambda _: None)
    try:
        assert lookout.count(EVERY) == 2
    finally:
        lookout.close()


def words_on_disk(folder: Path, words: list[bytes]) -> list[str]:
    """Which files hold one of the words."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(word in path.read_bytes().lower() for word in words)
    ]


def test_wiping_leaves_no_word_in_any_file(root: StorageRoot, storage: MediaStorageService) -> None:
    write_runs(root.runs, 400)
    index = index_on(root)
    storage.watch(index.heard)
    run = storage.create_run(
        schema="dada", input_text="Mein Geheimwort ist Quastenflosser", user_id="KIND_MUSTERMANN"
    )
    storage.save_transformed_text(run.run_id, "Zauberquark über Quastenflosser")
    storage.finish_run(run.run_id, "failed")
    hidden = mark("user", "KIND_MUSTERMANN")
    words = [
        *(b"geheimwort", b"quastenflosser", b"zauberquark", b"kind_mustermann"),
        *(hidden.encode(), run.run_id.encode()),
    ]
    try:
        index.search(EVERY)
        assert words_on_disk(root.cache, words)
        storage.delete_run(run.run_id)
        index.forget(run.run_id)
        assert ids(index, q="quastenflosser") == []
        index.wipe()
        assert words_on_disk(root.cache, words) == []
        assert len(list(index.ids(EVERY))) == 400
    finally:
        index.close()
    assert words_on_disk(root.cache, words) == []
    assert words_on_disk(root.path, words[:-1]) == []  # but for the id, which the tombstone keeps


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all " * 500)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _half(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _middle_overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : len(data) - 4096] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)


def _of_an_older_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA user_version = 0; DROP TABLE words;")
    connection.close()


def _somebody_elses(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (1);")
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [_garbage, _empty, _half, _middle_overwritten, _of_an_older_version, _somebody_elses],
)
def test_a_file_that_is_no_index_is_made_anew(
    root: StorageRoot, damage: Callable[[Path], None]
) -> None:
    run_ids = write_runs(root.runs, 50)
    index_on(root).close()
    damage(root.cache / "index.sqlite3")
    index = index_on(root)
    try:
        assert list(index.ids(EVERY)) == run_ids[::-1]
        assert index.count(parse_query({"status": ["success,!failed"]}))
    finally:
        index.close()


def test_an_index_of_another_root_shows_nothing_of_it(root: StorageRoot, tmp_path: Path) -> None:
    other = StorageRoot(tmp_path / "other")
    write_runs(other.runs, 30, seed=7)
    index_on(other).close()
    run_ids = write_runs(root.runs, 10, seed=8)
    shutil.copytree(other.cache, root.cache)
    index = RunIndex(root.path, Tombstones(root.state))
    try:
        assert set(ids(index)) <= set(run_ids)
        index.look_through()
        assert list(index.ids(EVERY)) == run_ids[::-1]
    finally:
        index.close()


def test_a_server_starts_where_no_index_can_be_made(root: StorageRoot) -> None:
    run_ids = write_runs(root.runs, 3)
    root.cache.write_bytes(b"a file where a folder has to be")
    index = RunIndex(root.path, Tombstones(root.state))
    try:
        assert not index.state.complete
        with pytest.raises(IndexUnavailable):
            index.search(EVERY)
        assert index.known_to_be_over() == set()
    finally:
        index.close()
    root.cache.unlink()
    index = index_on(root)
    try:
        assert ids(index) == run_ids[::-1]
    finally:
        index.close()


def test_damage_under_way_is_mended(root: StorageRoot) -> None:
    run_ids = write_runs(root.runs, 300)
    index = index_on(root)
    try:
        path = root.cache / "index.sqlite3"
        index.wipe()  # everything is in the file itself
        path.write_bytes(b"x" * path.stat().st_size)
        index.search(EVERY)
        index.look_through()
        assert list(index.ids(EVERY)) == run_ids[::-1]
    finally:
        index.close()


def test_searching_goes_on_while_it_is_made_anew(root: StorageRoot) -> None:
    run_ids = set(write_runs(root.runs, 3000))
    index = RunIndex(root.path, Tombstones(root.state))
    failures: list[BaseException] = []
    stop = threading.Event()

    def look() -> None:
        try:
            while not stop.is_set():
                assert set(ids(index, q="blume")) <= run_ids
                state = index.state
                assert state.complete <= (state.known == state.of == len(run_ids))
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    index.look_through()
    stop.set()
    for thread in threads:
        thread.join()
    try:
        assert not failures
        assert set(index.ids(EVERY)) == run_ids
    finally:
        index.close()


def _change_elsewhere(exports: Path, run_ids: list[str]) -> None:
    folders = RunFolders(StorageRoot(exports))
    for run_id in run_ids:
        folders.change(run_id, lambda run: run.having(input_text="Anderswo geändert"))


def test_what_another_process_writes_is_noticed(root: StorageRoot) -> None:
    run_ids = write_runs(root.runs, 40)
    index = index_on(root)
    try:
        process = multiprocessing.get_context("spawn").Process(
            target=_change_elsewhere, args=(root.path, run_ids[::2])
        )
        process.start()
        process.join()
        assert process.exitcode == 0
        index.look_through()
        assert set(ids(index, q="anderswo geaendert")) == set(run_ids[::2])
    finally:
        index.close()


def test_knows_which_runs_are_surely_over(
    root: StorageRoot, storage: MediaStorageService, folders: RunFolders
) -> None:
    over, edited, under_way, gone = (
        storage.create_run(schema="dada", input_text="x").run_id for _ in range(4)
    )
    for run_id in (over, edited, gone):
        storage.finish_run(run_id, "failed")
    index = RunIndex(
        root.path,
        Tombstones(root.state),
        look_seconds=1e4,
        now_ns=lambda: time.time_ns() + 10**10,
    )
    try:
        index.look_through()
        path = root.runs / edited / "metadata.json"
        path.write_text(path.read_text().replace('"failed"', '"queued"'))
        shutil.rmtree(root.runs / gone)
        assert index.known_to_be_over() == {over}
        found = storage.unfinished_runs(index.known_to_be_over())
        assert {run.run_id for run in found} == {edited, under_way}
    finally:
        index.close()


def test_what_was_read_just_now_is_not_sure(root: StorageRoot, index: RunIndex) -> None:
    write_runs(root.runs, 3)
    index.look_through()
    assert index.known_to_be_over() == set()


def test_ten_thousand_runs(root: StorageRoot) -> None:
    run_ids = write_runs(root.runs, 10_000)
    index = index_on(root)
    try:
        assert index.state.known == index.state.of == 10_000
        for run_id in run_ids[::100]:
            shutil.rmtree(root.runs / run_id)
        index.look_through()
        assert index.count(EVERY) == 9_900
        gone = set(run_ids[::100])
        assert list(index.ids(EVERY)) == [one for one in run_ids[::-1] if one not in gone]
    finally:
        index.close()
