from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.erasure import REMOVED_BY_HAND, Erasure
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import Job, StageRecord
from devserver.my_app.services.storage_root import StorageRoot
from tests.stored_run import contents, put_a_folder_in_its_place, put_run


def erasure_of(storage: MediaStorageService, **more: Any) -> Erasure:
    cancel = partial(storage.finish_run, status="cancelled")
    forgetting = Forgetting(storage.folders, cancel=cancel, **more)
    return Erasure(storage.folders, forgetting)


def test_erases_a_persons_runs_and_no_others(storage: MediaStorageService) -> None:
    folders = storage.folders
    mine = [put_run(folders, user_id="DOE_J") for _ in range(3)]
    Archive(folders).archive(mine[0])
    waiting = storage.create_run(schema="dada", input_text="x", user_id="DOE_J").run_id
    others = [put_run(folders, user_id=label) for label in ("DOE_JA", "doe_j", " DOE_J", "", None)]
    planned = erasure_of(storage).erase("DOE_J", dry_run=True)
    assert set(planned.run_ids) == {*mine, waiting}
    assert not planned.is_complete
    assert storage.get_metadata(waiting).status == "queued"
    receipt = erasure_of(storage).erase("DOE_J")
    assert receipt.run_ids == planned.run_ids
    assert (receipt.files, receipt.bytes) >= (planned.files, planned.bytes)
    assert (receipt.were_under_way, receipt.repetitions, receipt.is_complete) == (1, (), True)
    assert sorted(folders.ids()) == sorted(others)
    assert all(folders.tombstones.is_tombstoned(run_id) for run_id in receipt.run_ids)
    again = erasure_of(storage).erase("DOE_J")
    assert (again.run_ids, again.files, again.is_complete) == ((), 0, True)


def test_repetitions_go_whosever_they_are(storage: MediaStorageService) -> None:
    folders = storage.folders
    first = put_run(folders, user_id="DOE_J")
    own = put_run(folders, user_id="DOE_J", origin=first)
    copy = put_run(folders, user_id=None, origin=own)
    copy_of_copy = put_run(folders, user_id="OTHER", origin=copy)
    Archive(folders).archive(copy)
    stays = put_run(folders, user_id="OTHER", origin=new_run_id())
    receipt = erasure_of(storage).erase("DOE_J")
    assert set(receipt.run_ids) == {first, own, copy, copy_of_copy}
    assert set(receipt.repetitions) == {copy, copy_of_copy}
    assert folders.ids() == [stays]


@settings(max_examples=25, deadline=None)
@given(
    runs=st.lists(
        st.tuples(st.sampled_from(["A", "B", None]), st.integers(-1, 8), st.booleans()),
        min_size=1,
        max_size=9,
    )
)
def test_exactly_what_has_to_go_goes(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[str | None, int, bool]]
) -> None:
    folders = RunFolders(StorageRoot(tmp_path_factory.mktemp("erasure")))
    ids: list[str] = []
    expected: set[str] = set()
    for label, origin, archived in runs:
        repeats = ids[origin] if 0 <= origin < len(ids) else None
        run_id = put_run(folders, user_id=label, origin=repeats)
        if label == "A" or repeats in expected:
            expected.add(run_id)
        if archived:
            Archive(folders).archive(run_id)
        ids.append(run_id)
    forgetting = Forgetting(folders, cancel=lambda *_: pytest.fail("all are over"))
    assert set(Erasure(folders, forgetting).erase("A").run_ids) == expected
    assert {*folders.ids(), *folders.sealed_ids()} == set(ids) - expected


def test_runs_started_meanwhile_are_found(storage: MediaStorageService) -> None:
    put_run(storage.folders, user_id="DOE_J")
    more = iter(range(3))
    started: list[str] = []

    def start_another(_run_id: str) -> None:
        if next(more, None) is not None:
            started.append(put_run(storage.folders, user_id="DOE_J", origin=_run_id))

    receipt = erasure_of(storage, holders={"a tapping child": start_another}).erase("DOE_J")
    assert len(started) == 3
    assert set(started) < set(receipt.run_ids)
    assert receipt.is_complete
    assert storage.folders.ids() == []


def test_what_cannot_be_read_is_named(storage: MediaStorageService) -> None:
    broken, closed = (put_run(storage.folders, user_id="DOE_J") for _ in range(2))
    (storage.folders.path(broken) / "metadata.json").write_text("{")
    put_a_folder_in_its_place(storage.folders.path(closed) / "metadata.json")
    receipt = erasure_of(storage).erase("DOE_J")
    assert (receipt.run_ids, receipt.is_complete) == ((), False)
    assert set(receipt.unreadable) == {broken, closed}
    (storage.folders.path(broken) / "metadata.json").unlink()
    receipt = erasure_of(storage).erase("DOE_J")
    assert (set(receipt.unreadable), receipt.is_complete) == ({broken, closed}, False)


def test_copies_among_the_runs_are_named(
    storage: MediaStorageService, root: StorageRoot, tmp_path: Path
) -> None:
    run_id = put_run(storage.folders, user_id="DOE_J")
    for name in (f"{run_id}.bak", run_id.upper()):
        shutil.copytree(storage.folders.path(run_id), root.runs / name)
    root.archive.mkdir()
    (root.archive / f"{run_id} (copy).tar").write_bytes(b"a copy")
    (root.runs / "README.txt").write_text("what lies here")
    link = root.runs / new_run_id()
    link.symlink_to(tmp_path)
    receipt = erasure_of(storage).erase("DOE_J")
    assert (receipt.run_ids, receipt.faults, receipt.is_complete) == ((run_id,), {}, False)
    copies = {f"json/{run_id}.bak", f"json/{run_id.upper()}", f"archive/{run_id} (copy).tar"}
    assert set(receipt.unreadable) == {*copies, f"json/{link.name}"}


def test_one_that_comes_out_of_the_archive_meanwhile_is_found(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = put_run(storage.folders, user_id="DOE_J")
    archive = Archive(storage.folders)
    archive.archive(run_id)
    sealed_ids = RunFolders.sealed_ids

    def restored_in_between(folders: RunFolders) -> list[str]:
        if folders.sealed_path(run_id).exists():
            archive.restore(run_id)
        return sealed_ids(folders)

    monkeypatch.setattr(RunFolders, "sealed_ids", restored_in_between)
    receipt = erasure_of(storage).erase("DOE_J")
    assert (receipt.run_ids, receipt.is_complete) == ((run_id,), True)


@pytest.mark.parametrize(
    ("where", "step"), [(Path, "rename"), (shutil, "rmtree")], ids=["rename", "rmtree"]
)
def test_a_fault_is_named_until_it_is_mended(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch, where: object, step: str
) -> None:
    run_id = put_run(storage.folders, text="Quarzwimpelbär", user_id="DOE_J")

    def fails(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(where, step, fails)
        for ids in ((run_id,), ()):
            receipt = erasure_of(storage).erase("DOE_J")
            assert (receipt.run_ids, list(receipt.faults)) == (ids, [run_id])
            assert not receipt.is_complete
    receipt = erasure_of(storage).erase("DOE_J")
    assert (receipt.faults, receipt.is_complete) == ({}, True)
    assert list(storage.folders.path(run_id).parent.iterdir()) == []


def test_whoever_can_say_what_it_holds_is_swept(storage: MediaStorageService) -> None:
    works = False

    def sweep(_: object) -> None:
        if not works:
            raise StorageFull("No room.")

    erasure = erasure_of(storage, sweepers={"exports": sweep})
    receipt = erasure.erase("DOE_J")
    assert receipt.faults == {REMOVED_BY_HAND: {"exports": "No room."}}
    assert not receipt.is_complete
    works = True
    assert erasure.erase("DOE_J").is_complete


def test_two_at_once_share_the_work(storage: MediaStorageService) -> None:
    ids = {put_run(storage.folders, user_id="DOE_J") for _ in range(10)}
    erasure = erasure_of(storage)
    with ThreadPoolExecutor(2) as threads:
        receipts = list(threads.map(erasure.erase, ["DOE_J"] * 2))
    assert sorted(len(receipt.run_ids) for receipt in receipts) == [0, 10]
    other_server = [erasure_of(storage), erasure_of(storage)]
    ids |= {put_run(storage.folders, user_id="DOE_J") for _ in range(10)}
    with ThreadPoolExecutor(2) as threads:
        receipts = list(threads.map(lambda one: one.erase("DOE_J"), other_server))
    assert all(not receipt.faults for receipt in receipts)
    assert storage.folders.tombstones.ids() == ids
    assert storage.folders.ids() == []


def test_says_what_is_out_of_reach(storage: MediaStorageService) -> None:
    comfyui = Job(backend="comfyui", server="http://me:word@gpu.school:8188", job_id="x")
    openai = Job(backend="openai", server="https://api.openai.com/v1")
    step = StageRecord(stage=2, step="rewriting", status="transformed", backend="ollama")
    own = StageRecord(stage=2, step="rewriting", status="transformed", backend="embedded")
    put_run(storage.folders, user_id="DOE_J", jobs=(comfyui, openai), stages=(step, step))
    put_run(storage.folders, user_id="DOE_J", jobs=(comfyui,), stages=(own,))
    receipt = erasure_of(storage).erase("DOE_J")
    assert [(p.kind, p.name, p.where, p.runs) for p in receipt.out_of_reach] == [
        ("api_service", "openai", "https://api.openai.com", 1),
        ("comfyui_files", "comfyui", "http://gpu.school:8188", 2),
        ("language_server", "ollama", None, 1),
        ("copies", "copies", None, None),
    ]
    assert all(place.advice for place in receipt.out_of_reach)


def test_the_label_is_stored_nowhere(
    storage: MediaStorageService, root: StorageRoot, caplog: pytest.LogCaptureFixture
) -> None:
    put_run(storage.folders, user_id="QUARZWIMPEL_9", text="Quarzwimpelbär")
    with caplog.at_level("DEBUG"):
        erasure_of(storage).erase("QUARZWIMPEL_9")
    everything = b"".join([*contents(root.path).values(), caplog.text.encode()])
    assert b"quarzwimpel" not in everything.lower()


def test_started_while_it_is_erased(storage: MediaStorageService) -> None:
    """A child that goes on tapping in another thread, until the erasure has begun for good."""
    stop = threading.Event()

    def tap() -> None:
        for _ in range(200):
            if stop.is_set():
                return
            put_run(storage.folders, user_id="DOE_J")

    child = threading.Thread(target=tap)
    put_run(storage.folders, user_id="DOE_J")
    child.start()
    first = erasure_of(storage).erase("DOE_J")
    stop.set()
    child.join()
    last = erasure_of(storage).erase("DOE_J")
    assert not {*first.run_ids} & {*last.run_ids}
    assert last.is_complete
    assert storage.folders.ids() == []
