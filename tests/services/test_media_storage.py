from __future__ import annotations

import base64
import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.logs import JsonLines, about_run
from devserver.my_app.services import media_probe
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.made_media import descriptions_of
from devserver.my_app.services.media_fetch import MediaFetcher
from devserver.my_app.services.media_intake import MediaIntake, RunIsOver
from devserver.my_app.services.media_probe import MediaFacts
from devserver.my_app.services.media_sources import Delivery, MadeBy
from devserver.my_app.services.media_storage import NO_MAKER, MediaStorageService
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import RunIdInvalid, is_run_id, new_run_id
from devserver.my_app.services.run_metadata import (
    Job,
    MetadataUnreadable,
    RunError,
    RunMetadata,
    RunRequest,
    StageRecord,
)
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.stored_runs import MediaNotFound
from tests.http_server import body, serving
from tests.media_samples import glb_bytes, jpeg_bytes, mp4_bytes, png_bytes, wav_bytes

BY_TEST = MadeBy(backend="test", config="test_config", seed=42, model="a model", license="CC0")

HARD_TEXTS = [
    "Eine Blume auf der Wiese",
    "<script>alert('x')</script> & \"quoted\"",
    "$(rm -rf /); `reboot` | cat /etc/passwd",
    "🌸👩‍👩‍👧‍👦🇩🇪",
    "مرحبا بالعالم",
    "e\u0301 n\u0303 (combining)",
    "two\n\n\nblank lines\r\nand a carriage return\ttab ",
    "\u202eright to left\u202c \ufeff zero\u200bwidth",
]


def new_run(storage: MediaStorageService, text: str = "Eine Blume", **fields: object) -> str:
    return storage.create_run(schema="dada", input_text=text, **fields).run_id  # type: ignore[arg-type]


def folder_of(storage: MediaStorageService, folders: RunFolders, run_id: str) -> set[str]:
    return {entry.name for entry in folders.path(run_id).iterdir()}


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_texts_are_kept_to_the_byte(
    storage: MediaStorageService, folders: RunFolders, text: str
) -> None:
    run_id = new_run(storage, text)
    storage.save_transformed_text(run_id, text[::-1])
    folder = folders.path(run_id)
    assert (folder / "input_text.txt").read_bytes() == text.encode()
    assert (folder / "transformed_text.txt").read_bytes() == text[::-1].encode()
    metadata = json.loads((folder / "metadata.json").read_bytes())
    assert metadata["input_text"] == text
    assert metadata["transformed_text"] == text[::-1]


def test_a_new_run_is_queued_and_complete(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run = storage.create_run(
        schema="dada",
        input_text="Eine Blume",
        user_id="DOE_J",
        request=RunRequest(output_configs=("atelier_image",), seed=7),
    )
    assert is_run_id(run.run_id)
    assert folder_of(storage, folders, run.run_id) == {"metadata.json", "input_text.txt"}
    stored = storage.get_metadata(run.run_id)
    assert stored == run
    assert (stored.status, stored.revision, stored.user_id) == ("queued", 1, "DOE_J")
    assert stored.request.seed == 7


def test_the_published_keys_are_there(storage: MediaStorageService, folders: RunFolders) -> None:
    run_id = new_run(storage)
    storage.add_media_from_data(run_id, png_bytes(16, 12), BY_TEST)
    metadata = json.loads((folders.path(run_id) / "metadata.json").read_bytes())
    assert metadata.keys() >= {
        *("run_id", "user_id", "timestamp", "schema", "execution_mode", "safety_level"),
        *("status", "revision", "input_text", "transformed_text", "outputs", "stages"),
        *("request", "jobs", "origin", "attempts", "warnings", "error", "metadata_version"),
    }
    assert metadata["outputs"][0].keys() >= {
        *("type", "filename", "backend", "config", "file_size_bytes", "format", "mime_type"),
        *("width", "height", "duration_seconds", "sha256", "seed", "model", "license"),
        *("credit", "created_at"),
    }


@pytest.mark.parametrize(
    ("data", "filename", "facts"),
    [
        (png_bytes(16, 12), "output_image.png", {"width": 16, "height": 12}),
        (jpeg_bytes(16, 12), "output_image.jpeg", {"width": 16, "height": 12}),
        (wav_bytes(0.5), "output_audio.wav", {"duration_seconds": 0.5, "width": None}),
        (mp4_bytes(0.5), "output_video.mp4", {"width": 32, "height": 24}),
        (glb_bytes(), "output_3d.glb", {"vertices": 4}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_media_are_named_and_measured_by_content(
    storage: MediaStorageService, data: bytes, filename: str, facts: dict[str, object]
) -> None:
    run_id = new_run(storage)
    output = storage.add_media_from_data(run_id, data, BY_TEST)
    assert output.filename == filename
    assert output.file_size_bytes == len(data)
    assert (output.backend, output.config, output.seed) == ("test", "test_config", 42)
    assert {name: getattr(output, name) for name in facts} == facts
    assert storage.get_media_path(run_id, filename).read_bytes() == data
    assert storage.get_metadata(run_id).outputs == (output,)


def test_data_may_come_as_base64_or_data_uri(storage: MediaStorageService) -> None:
    run_id, data = new_run(storage), png_bytes()
    encoded = base64.b64encode(data).decode()
    for form in (encoded, f"data:image/jpeg;base64,{encoded}", data):
        output = storage.add_media_from_data(run_id, form)
        assert storage.get_media_path(run_id, output.filename).read_bytes() == data
        assert output.format == "png"
    assert [output.filename for output in storage.get_metadata(run_id).outputs] == [
        "output_image.png",
        "output_image_2.png",
        "output_image_3.png",
    ]


def test_a_false_claim_is_overruled_and_warned_of(folders: RunFolders) -> None:
    png = png_bytes()
    with serving({"/cat.jpg": body(png, Content_Type="image/jpeg")}) as origin:
        storage = MediaStorageService(
            folders,
            MediaIntake(folders, measure=media_probe.measure, max_bytes=2**20),
            fetch_url=MediaFetcher([origin], timeout_seconds=10).open,
            list_comfyui_files=lambda *_, **__: [],
        )
        run_id = new_run(storage)
        storage.add_media_from_url(run_id, f"{origin}/cat.jpg")
        uri = f"data:text/html;base64,{base64.b64encode(png).decode()}"
        storage.add_media_from_data(run_id, uri)
        for description in descriptions_of([uri, uri.replace("text/html", "image/png")], BY_TEST):
            storage.add_media(run_id, description)
    run = storage.get_metadata(run_id)
    assert {output.mime_type for output in run.outputs} == {"image/png"}
    assert run.warnings == (
        "output_image.png was sent as image/jpeg; by its content it is image/png.",
        "output_image_2.png was sent as text/html; by its content it is image/png.",
        "output_image_3.png was sent as text/html; by its content it is image/png.",
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>not a picture</html>", png_bytes()[:-20], "https://example.org/x.png", "data:,x"],
)
def test_what_is_no_media_is_refused_and_leaves_nothing(
    storage: MediaStorageService, folders: RunFolders, data: bytes | str
) -> None:
    run_id = new_run(storage)
    before = folder_of(storage, folders, run_id)
    with pytest.raises(MediaRejected):
        storage.add_media_from_data(run_id, data)
    assert folder_of(storage, folders, run_id) == before
    assert storage.get_metadata(run_id).outputs == ()


def test_what_is_too_large_is_refused_while_it_arrives(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = new_run(storage)
    with pytest.raises(MediaRejected, match="larger"):
        storage.add_media_from_data(run_id, bytes(10 * 1024**2 + 1))
    assert folder_of(storage, folders, run_id) == {"metadata.json", "input_text.txt"}


def test_a_full_disk_leaves_an_honest_folder(
    storage: MediaStorageService, folders: RunFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = new_run(storage)

    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("os.fsync", fsync)
        with pytest.raises(StorageFull):
            storage.add_media_from_data(run_id, png_bytes())
        with pytest.raises(StorageFull):
            storage.save_transformed_text(run_id, "Blume eine")
        with pytest.raises(StorageFull):
            new_run(storage)
    assert folder_of(storage, folders, run_id) == {"metadata.json", "input_text.txt"}
    assert storage.get_metadata(run_id).revision == 1
    assert folders.ids() == [run_id]


def test_what_metadata_could_not_list_is_taken_back(
    storage: MediaStorageService, folders: RunFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk has room for one more file, and then none for metadata.json."""
    run_id = new_run(storage)
    storage.save_transformed_text(run_id, "Blume eine")
    before = folder_of(storage, folders, run_id)
    replace = Path.replace

    def refuse_metadata(path: Path, target: Path) -> Path:
        if target.name == "metadata.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse_metadata)
    for attempt in (
        lambda: storage.save_transformed_text(run_id, "another text"),
        lambda: storage.record_submission(run_id, Job(backend="replicate"), {}),
        lambda: storage.add_media_from_data(run_id, png_bytes()),
    ):
        with pytest.raises(StorageFull):
            attempt()
        assert folder_of(storage, folders, run_id) == before
        assert (folders.path(run_id) / "transformed_text.txt").read_text() == "Blume eine"


def test_on_a_full_disk_a_run_can_still_say_so(
    storage: MediaStorageService, root: StorageRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.claim("http://127.0.0.1:1")
    run_id = new_run(storage)
    reserve = root.state / "reserve"
    fsync = os.fsync

    def full_while_the_reserve_is_there(descriptor: int) -> None:
        if reserve.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", full_while_the_reserve_is_there)
    with pytest.raises(StorageFull):
        storage.record_stage(run_id, StageRecord(stage=1, step="x", status="passed"))
    error = RunError(code="storage_full", message="The disk is full.", stage=4)
    assert storage.finish_run(run_id, "failed", error).error == error
    assert storage.get_metadata(run_id).status == "failed"
    monkeypatch.undo()
    root.refill_reserve()
    assert reserve.stat().st_size > 0
    root.release()


def test_stages_and_jobs_are_recorded_in_order(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = new_run(storage)
    for step in ("first", "second"):
        storage.record_stage(run_id, StageRecord(stage=1, step=step, status="passed"))
    for job_id in ("a", "b"):
        storage.record_submission(run_id, Job(backend="comfyui", job_id=job_id), {"graph": job_id})
    last = StageRecord(stage=4, step="media", status="done")
    storage.record_stage(run_id, last, {"workflow.json": "done", "unknown": "done"})
    run = storage.get_metadata(run_id)
    assert [stage.step for stage in run.stages] == ["first", "second", "media"]
    assert [(job.job_id, job.state, job.workflow) for job in run.jobs] == [
        ("a", "done", "workflow.json"),
        ("b", "submitted", "workflow_2.json"),
    ]
    for job in run.jobs:
        path = folders.path(run_id) / str(job.workflow)
        assert json.loads(path.read_text()) == {"graph": job.job_id}
    assert run.revision == 6


def test_the_id_a_service_gives_a_job_is_recorded(storage: MediaStorageService) -> None:
    run_id = new_run(storage)
    first = storage.record_submission(run_id, Job(backend="replicate", config="one"), {})
    second = storage.record_submission(run_id, Job(backend="replicate", config="two"), {})
    assert storage.record_job_id(run_id, second, "abc").job_id == "abc"
    assert [job.job_id for job in storage.get_metadata(run_id).jobs] == [None, "abc"]
    assert first.workflow != second.workflow


def test_success_is_said_only_when_it_is_true(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = new_run(storage)
    with pytest.raises(MediaNotFound):
        storage.finish_run(run_id, "success")
    output = storage.add_media_from_data(run_id, png_bytes())
    path = folders.path(run_id) / output.filename
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(MediaNotFound):
        storage.finish_run(run_id, "success")
    path.unlink()
    with pytest.raises(MediaNotFound):
        storage.finish_run(run_id, "partial")
    assert storage.get_metadata(run_id).status == "queued"
    path.write_bytes(whole)
    assert storage.finish_run(run_id, "success").status == "success"


def test_media_of_another_type_are_no_success(storage: MediaStorageService) -> None:
    run_id = new_run(storage, request=RunRequest(output_type="audio"))
    storage.add_media_from_data(run_id, png_bytes())
    with pytest.raises(MediaNotFound):
        storage.finish_run(run_id, "success")


def test_a_text_run_succeeds_with_its_text(storage: MediaStorageService) -> None:
    run_id = new_run(storage, request=RunRequest(output_type="text"))
    with pytest.raises(MediaNotFound):
        storage.finish_run(run_id, "success")
    storage.save_transformed_text(run_id, "Blume eine")
    assert storage.finish_run(run_id, "success").status == "success"


def test_nothing_is_added_to_a_run_that_is_over(storage: MediaStorageService) -> None:
    run_id = new_run(storage)
    error = RunError(code="nothing_produced", message="Nothing came of it.", stage=4)
    run = storage.finish_run(run_id, "failed", error)
    assert (run.error, run.is_final) == (error, True)
    for attempt in (
        lambda: storage.add_media_from_data(run_id, png_bytes()),
        lambda: storage.save_transformed_text(run_id, "x"),
        lambda: storage.finish_run(run_id, "cancelled"),
        lambda: storage.begin_attempt(run_id),
    ):
        with pytest.raises(RunIsOver):
            attempt()
    assert storage.get_metadata(run_id) == run


@pytest.mark.parametrize("name", ["../metadata.json", "metadata.json", "/etc/passwd", "", "x\0y"])
def test_only_listed_files_have_a_path(storage: MediaStorageService, name: str) -> None:
    run_id = new_run(storage)
    with pytest.raises(MediaNotFound):
        storage.get_media_path(run_id, name)


def test_unknown_and_malformed_ids(storage: MediaStorageService) -> None:
    with pytest.raises(RunNotFound):
        storage.get_metadata(new_run_id())
    with pytest.raises(RunNotFound):
        storage.add_media_from_data(new_run_id(), png_bytes())
    with pytest.raises(RunIdInvalid):
        storage.get_metadata("../state")


def test_lists_the_run_written_to_last_first(storage: MediaStorageService) -> None:
    ids = [new_run(storage) for _ in range(3)]
    storage.finish_run(ids[0], "cancelled")
    runs, total = storage.list_runs(limit=2)
    assert total == 3
    assert [run.run_id for run in runs] == [ids[0], ids[2]]
    assert [run.run_id for run in storage.list_runs(limit=2, offset=2)[0]] == [ids[1]]


def test_a_broken_folder_hides_no_other(storage: MediaStorageService, folders: RunFolders) -> None:
    good, broken, empty = new_run(storage), new_run(storage), new_run_id()
    (folders.path(broken) / "metadata.json").write_bytes(b"{")
    folders.path(empty).mkdir()
    (folders.path(good).parent / "notes of a researcher.txt").write_text("x")
    assert [run.run_id for run in storage.list_runs()[0]] == [good]
    assert [run.run_id for run in storage.unfinished_runs()] == [good]


def test_deletes_a_run(storage: MediaStorageService, folders: RunFolders) -> None:
    run_id = new_run(storage)
    storage.add_media_from_data(run_id, png_bytes())
    storage.delete_run(run_id)
    with pytest.raises(RunNotFound):
        storage.get_metadata(run_id)
    with pytest.raises(RunNotFound):
        storage.delete_run(run_id)
    assert list(folders.path(run_id).parent.iterdir()) == []


def test_watchers_hear_of_each_change(storage: MediaStorageService) -> None:
    heard: list[tuple[str, int]] = []
    storage.watch(lambda run: heard.append((run.status, run.revision)))
    run_id = new_run(storage)
    storage.begin_attempt(run_id)
    storage.add_media_from_data(run_id, png_bytes())
    storage.finish_run(run_id, "success")
    assert heard == [("queued", 1), ("running", 2), ("running", 3), ("success", 4)]


def test_settling_keeps_what_is_listed_and_removes_what_a_kill_left(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = new_run(storage)
    storage.save_transformed_text(run_id, "Blume eine")
    kept = storage.add_media_from_data(run_id, png_bytes())
    folder = folders.path(run_id)
    (folder / ".output.0a1b2c3d.part").write_bytes(b"half")
    (folder / "output_image_2.png").write_bytes(png_bytes())  # renamed, but never listed
    (folder / "transformed_text.txt").write_text("another")
    (folder / "notes of a researcher.txt").write_text("kept")
    storage.settle(run_id)
    assert folder_of(storage, folders, run_id) == {
        *("metadata.json", "input_text.txt", "transformed_text.txt", kept.filename),
        "notes of a researcher.txt",
    }
    assert (folder / "transformed_text.txt").read_text() == "Blume eine"


def test_settling_queues_again_what_was_under_way_and_leaves_its_attempt_counted(
    storage: MediaStorageService,
) -> None:
    run_id, waiting = new_run(storage), new_run(storage)
    storage.begin_attempt(run_id)
    heard: list[str] = []
    storage.watch(lambda run: heard.append(run.status))
    run = storage.settle(run_id)
    assert run == storage.get_metadata(run_id)
    assert (run.status, run.attempts, heard) == ("queued", 1, ["queued"])
    assert storage.settle(waiting).revision == 1


def test_one_that_is_set_down_gets_its_attempt_back(storage: MediaStorageService) -> None:
    run_id = new_run(storage)
    storage.set_down(run_id)  # nobody had begun
    assert storage.get_metadata(run_id).revision == 1
    storage.begin_attempt(run_id)
    storage.begin_attempt(run_id)
    storage.set_down(run_id)
    run = storage.get_metadata(run_id)
    assert (run.status, run.attempts) == ("queued", 1)


def test_one_that_comes_to_its_edit_at_that_moment_goes_on_waiting_for_it(
    storage: MediaStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = new_run(storage)
    storage.begin_attempt(run_id)
    locks = storage.folders.locked

    def locked(run_id: str) -> AbstractContextManager[RunMetadata]:
        monkeypatch.undo()
        storage.await_edit(run_id)
        return locks(run_id)

    monkeypatch.setattr(storage.folders, "locked", locked)
    storage.set_down(run_id)
    assert storage.get_metadata(run_id).status == "awaiting_edit"


def test_what_is_still_arriving_lies_outside_the_runs_folder(
    storage: MediaStorageService, folders: RunFolders, root: StorageRoot
) -> None:
    """So a kill leaves nothing in a run that was cancelled meanwhile, and that nobody settles."""
    run_id = new_run(storage)
    seen: list[set[str]] = []

    def measure(path: Path) -> MediaFacts:
        seen.append(folder_of(storage, folders, run_id))
        seen.append({entry.name for entry in root.incoming.iterdir()} - {path.name})
        return media_probe.measure(path)

    intake = MediaIntake(folders, measure=measure, max_bytes=10**9)
    with pytest.raises(RunIsOver):
        intake.store(run_id, cancelling(storage, run_id, png_bytes()), NO_MAKER, [])
    assert seen == [{"metadata.json", "input_text.txt", "ro-crate-metadata.json"}, set()]
    assert list(root.incoming.iterdir()) == []


def test_what_is_logged_while_a_file_is_measured_is_about_its_run(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    lines: list[str] = []

    def measure(path: Path) -> MediaFacts:
        record = logging.makeLogRecord({"msg": "a remark"})
        lines.append(json.loads(JsonLines().format(record))["run_id"])
        return media_probe.measure(path)

    run_id = new_run(storage)
    intake = MediaIntake(folders, measure=measure, max_bytes=10**9)
    with about_run(run_id):
        intake.store(run_id, Delivery(iter([png_bytes()])), NO_MAKER, [])
    assert lines == [run_id]


def test_a_start_clears_what_was_still_arriving(folders: RunFolders, root: StorageRoot) -> None:
    folders.incoming("0b8e3c52-5d0e-4a4e-9a55-7f0d2c1b6a90").write_bytes(b"half")
    folders.remove_strays()
    assert list(root.incoming.iterdir()) == []


def cancelling(storage: MediaStorageService, run_id: str, data: bytes) -> Delivery:
    """A delivery during which somebody cancels the run."""

    def pieces() -> Iterator[bytes]:
        yield data[:20]
        storage.finish_run(run_id, "cancelled")
        yield data[20:]

    return Delivery(pieces(), lambda: None)


def test_settling_leaves_a_finished_run_alone(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = new_run(storage)
    storage.finish_run(run_id, "cancelled")
    (folders.path(run_id) / "output_image.png").write_bytes(b"put here by hand")
    storage.settle(run_id)
    assert "output_image.png" in folder_of(storage, folders, run_id)


def test_unfinished_folders_go_at_the_start(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = new_run(storage)
    half = folders.path(run_id).with_name(f".{new_run_id()}.0a1b2c3d.part")
    half.mkdir()
    (half / "input_text.txt").write_text("half")
    folders.remove_strays()
    assert [entry.name for entry in half.parent.iterdir()] == [run_id]


def test_outputs_of_an_attempt_that_was_cut_off_are_not_stored_twice(
    storage: MediaStorageService,
) -> None:
    run_id = new_run(storage)
    first = storage.add_media_from_data(run_id, png_bytes(16, 12), BY_TEST)
    earlier = [first]
    sound = storage.add_media_from_data(run_id, wav_bytes(), BY_TEST, earlier)
    assert (sound.type, earlier) == ("audio", [first])
    # ComfyUI writes the file's name into it, so the same picture may come in other bytes.
    again = storage.add_media_from_data(run_id, png_bytes(16, 12, (1, 2, 3)), BY_TEST, earlier)
    assert (again, earlier) == (first, [])
    assert storage.get_metadata(run_id).outputs == (first, sound)
    third = storage.add_media_from_data(run_id, png_bytes(16, 12), BY_TEST, earlier)
    assert third.filename == "output_image_2.png"


def test_writers_in_many_threads_lose_nothing(storage: MediaStorageService) -> None:
    run_id, data = new_run(storage), png_bytes()
    together = threading.Barrier(8)

    def write(number: int) -> None:
        together.wait()
        storage.add_media_from_data(run_id, data)
        storage.record_stage(run_id, StageRecord(stage=4, step=f"step_{number}", status="done"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    run = storage.get_metadata(run_id)
    assert len(run.outputs) == len({output.filename for output in run.outputs}) == 8
    assert {stage.step for stage in run.stages} == {f"step_{number}" for number in range(8)}
    assert run.revision == 17


WRITER = """
import sys
from devserver.config import Settings
from devserver.my_app.services.run_metadata import StageRecord
from devserver.my_app.wiring import build_media_storage
from tests.http_server import body, serving
from tests.media_samples import png_bytes

root, run_id, name = sys.argv[1:]
storage = build_media_storage(Settings(exports_dir=root))
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    storage.add_media_from_data(run_id, png_bytes())
    storage.record_stage(run_id, StageRecord(stage=4, step=f"{name}_{number}", status="done"))
"""


def test_writers_in_two_processes_lose_nothing(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = new_run(storage)
    root = folders.path(run_id).parent.parent
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", WRITER, str(root), run_id, name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    cwd=PROJECT_FOLDER,
                    text=True,
                )
            )
            for name in ("one", "two")
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
    assert [writer.returncode for writer in writers] == [0, 0]
    run = storage.get_metadata(run_id)
    assert len({output.filename for output in run.outputs}) == 20
    assert len({stage.step for stage in run.stages}) == 20
    on_disk = {name for name in folder_of(storage, folders, run_id) if name.startswith("output_")}
    assert on_disk == {output.filename for output in run.outputs}


def test_a_reader_never_sees_half_a_metadata(storage: MediaStorageService) -> None:
    run_id = new_run(storage, "x" * 8000)
    done = threading.Event()

    def write() -> None:
        for number in range(100):
            storage.record_stage(run_id, StageRecord(stage=1, step=str(number), status="passed"))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    revisions = []
    while not done.is_set():
        revisions.append(storage.get_metadata(run_id).revision)
    writer.join()
    assert revisions == sorted(revisions)
    assert storage.get_metadata(run_id).revision == 101


def test_a_lock_file_is_gone_afterwards(storage: MediaStorageService, folders: RunFolders) -> None:
    run_id, deleted = new_run(storage), new_run(storage)
    for one in (run_id, deleted):
        storage.begin_attempt(one)
    storage.finish_run(run_id, "cancelled")
    storage.delete_run(deleted)
    with pytest.raises(RunNotFound):
        storage.begin_attempt(deleted)
    locks = folders.path(run_id).parent.parent / "state" / "locks"
    assert list(locks.iterdir()) == [] or os.name == "nt"


def test_a_folder_that_vanishes_while_a_run_is_under_way(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    run_id = new_run(storage)
    shutil.rmtree(folders.path(run_id))
    with pytest.raises(RunNotFound):
        storage.begin_attempt(run_id)
    assert not Path(folders.path(run_id)).exists()


def test_a_folder_copied_by_hand_is_left_as_it_is_and_so_is_the_original(
    storage: MediaStorageService, folders: RunFolders
) -> None:
    original, copy = new_run(storage), new_run_id()
    shutil.copytree(folders.path(original), folders.path(copy))
    with pytest.raises(MetadataUnreadable):
        storage.add_warning(copy, "For the copy.")
    for run_id in (original, copy):
        assert folders.read(run_id) == storage.get_metadata(original)
    storage.add_warning(original, "For the original.")
    assert [run.run_id for run in storage.unfinished_runs()] == [original]
    shutil.rmtree(folders.path(original))
    assert storage.unfinished_runs() == []


def test_folders_put_in_by_hand_stop_no_start(storage: MediaStorageService) -> None:
    """Whatever they are called: those are nobody's, and stay."""
    run_id = storage.create_run(schema="dada", input_text="Eine Blume").run_id
    folder = storage.folders.path(run_id)
    for name in ("output_old", "output_image.png", "ro-crate-metadata.json", ".mine.part"):
        (folder / name).mkdir()
        (folder / name / "notes.txt").write_text("by hand")
    storage.settle(run_id)
    left = {path.name for path in folder.iterdir() if path.is_dir()}
    assert left == {"output_old", "output_image.png", "ro-crate-metadata.json"}
