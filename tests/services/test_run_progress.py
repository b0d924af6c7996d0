from __future__ import annotations

from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_progress import PreviewPicture, Progress, RunProgress


def test_listeners_hear_of_changes_and_of_nothing_else(storage: MediaStorageService) -> None:
    progress = RunProgress()
    storage.watch(progress.heard)
    heard: list[str] = []
    progress.listen(heard.append)
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    progress.report(run_id, config="sd35_large", step=None)
    progress.report(run_id, step=1)
    progress.report(run_id, step=1)
    assert heard == [run_id] * 2
    assert progress.of(run_id) == Progress(config="sd35_large", step=1)
    progress.show(run_id, PreviewPicture(b"x", "image/png"))
    assert heard == [run_id] * 3
    storage.finish_run(run_id, "cancelled")
    assert progress.of(run_id) is None
    assert progress.preview_of(run_id) is None


def test_what_comes_after_the_end_is_dropped(storage: MediaStorageService) -> None:
    progress = RunProgress()
    storage.watch(progress.heard)
    heard: list[str] = []
    progress.listen(heard.append)
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    storage.finish_run(run_id, "cancelled")
    progress.report(run_id, step=1)
    progress.show(run_id, PreviewPicture(b"x", "image/png"))
    assert heard == []
    assert progress.of(run_id) is None
    assert progress.preview_of(run_id) is None
