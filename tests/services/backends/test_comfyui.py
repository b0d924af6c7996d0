"""Runs through a ComfyUI, whatever happens to it; the fake behaves as the recordings."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from devserver.my_app.services.backends.comfyui import MAX_SUBMISSIONS
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.run_progress import PreviewPicture
from tests.comfyui_graphs import GRAPHS, write_config
from tests.fake_comfyui import FakeComfyUI
from tests.honest_folders import check_folder
from tests.services.backends.comfyui_rig import Rig


@pytest.fixture
def comfy() -> Iterator[FakeComfyUI]:
    with FakeComfyUI() as comfy:
        yield comfy


@pytest.fixture
def rig(tmp_path: Path, comfy: FakeComfyUI) -> Iterator[Rig]:
    with Rig(tmp_path, [comfy.url]) as rig:
        yield rig


def error_code(run: RunMetadata) -> str | None:
    return run.error.code if run.error else None


def made_by(comfy: FakeComfyUI, kind: str = "output") -> dict[str, bytes]:
    return comfy.folder(kind)


# Every kind of output

EXPECTED = {
    "image": ["output_image.png"],
    "batch": ["output_image.png", "output_image_2.png", "output_image_3.png"],
    "two_saves": ["output_image.png", "output_image_2.png"],
    "preview_only": ["output_image.png"],
    "preview_and_save": ["output_image.png"],
    "with_temporary": ["output_image.png", "output_image_2.png"],
    "animated_webp": ["output_image.webp"],
    "animated_png": ["output_image.png"],
    "flac": ["output_audio.flac"],
    "mp3": ["output_audio.mp3"],
    "opus": ["output_audio.opus"],
    "mp4": ["output_video.mp4"],
    "webm": ["output_video.webm"],
    "voxels": ["output_3d.glb"],
    "mixed": ["output_audio.flac", "output_image.png"],
    "latent_beside": ["output_image.png"],
}


@pytest.mark.parametrize("config", EXPECTED)
def test_every_file_is_stored_as_it_was_made(rig: Rig, comfy: FakeComfyUI, config: str) -> None:
    run = rig.run(config)
    assert (run.status, run.error) == ("success", None)
    assert sorted(output.filename for output in run.outputs) == EXPECTED[config]
    temporary = made_by(comfy, "temp") if config in ("preview_only", "with_temporary") else {}
    media = {**made_by(comfy), **temporary}
    expected = [data for name, data in media.items() if not name.endswith(".latent")]
    assert sorted(rig.files(run).values()) == sorted(expected)
    assert all(output.config == config and output.seed == 7 for output in run.outputs)
    check_folder(rig.folders.path(run.run_id))


def test_a_batch_keeps_its_order(rig: Rig, comfy: FakeComfyUI) -> None:
    run = rig.run("batch")
    assert list(rig.files(run).values()) == [data for _, data in sorted(made_by(comfy).items())]


def test_outputs_come_in_the_order_of_the_graph(rig: Rig, comfy: FakeComfyUI) -> None:
    rig.run("two_saves")  # node 9 stands before node 4, in the graph
    fetched = [path for _, path in comfy.requests if path.startswith("/view")]
    assert [re.findall(r"_(\d)_00001_", path) for path in fetched] == [["9"], ["4"]]


def test_what_is_no_media_is_left_out_with_a_warning(rig: Rig) -> None:
    run = rig.run("latent_beside")
    assert len(run.outputs) == 1
    assert len(run.warnings) == 1
    assert "left out" in run.warnings[0]


def test_nothing_produced_is_a_failure(rig: Rig) -> None:
    run = rig.run("text_only")
    assert (run.status, error_code(run)) == ("failed", "nothing_produced")


def test_the_workflow_in_the_folder_is_the_graph_that_was_sent(
    rig: Rig, comfy: FakeComfyUI
) -> None:
    run = rig.run("image", seed=4242, text='Ein "Text" mit\n\nLeerzeile {und} Klammern')
    folder = rig.folders.path(run.run_id)
    sent = comfy.prompts[-1]
    assert json.loads((folder / "workflow.json").read_text()) == sent.graph
    assert sent.graph["2"]["inputs"]["source"] == run.input_text
    assert sent.graph["1"]["inputs"]["value"] == 4242
    [job] = run.jobs
    assert (job.job_id, job.server, job.state) == (sent.prompt_id, comfy.url, "done")
    assert job.workflow == "workflow.json"


def test_the_same_seed_again_makes_files_of_its_own(rig: Rig, comfy: FakeComfyUI) -> None:
    first, second = rig.run("image"), rig.run("image")
    assert first.status == second.status == "success"
    assert len(made_by(comfy)) == 2
    assert all(any(run.run_id in name for name in made_by(comfy)) for run in (first, second))


def test_the_job_is_on_disk_before_the_prompt_is_sent(tmp_path: Path, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    with Rig(tmp_path, [comfy.url]) as rig:
        run_id = rig.new_run("image")
        rig.work_beside(run_id)
        comfy.wait_until_running()
        [job] = rig.storage.get_metadata(run_id).jobs
        assert job.job_id == comfy.prompts[-1].prompt_id
        assert (rig.folders.path(run_id) / "workflow.json").is_file()
        hold.set()


# Progress


def test_progress_and_previews_reach_the_run(tmp_path: Path, comfy: FakeComfyUI) -> None:
    with Rig(tmp_path, [comfy.url]) as rig:
        seen: list[tuple[int | None, int | None]] = []
        report = rig.progress.report

        def note(run_id: str, **changes: Any) -> None:
            report(run_id, **changes)
            known = rig.progress.of(run_id)
            assert known is not None
            seen.append((known.step, known.steps))

        rig.progress.report = note  # type: ignore[method-assign]
        shown: list[str] = []
        show = rig.progress.show

        def note_preview(run_id: str, preview: PreviewPicture) -> None:
            shown.append(preview.mime_type)
            show(run_id, preview)

        rig.progress.show = note_preview  # type: ignore[method-assign]
        run = rig.run("sleeping")
    assert run.status == "success"
    # A look at the queue in between reports the same step once more.
    steps = list(dict.fromkeys(pair for pair in seen if pair[1] == 4))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert shown == ["image/jpeg"] * 4
    assert rig.progress.of(run.run_id) is None
    assert rig.progress.preview_of(run.run_id) is None


@pytest.mark.parametrize("trap", ["refuse_websocket", "deaf_websocket"])
def test_a_useless_websocket_costs_only_the_previews(
    rig: Rig, comfy: FakeComfyUI, trap: str
) -> None:
    setattr(comfy.behaviour, trap, True)
    assert rig.run("image").status == "success"


def test_a_websocket_lost_in_the_middle_costs_only_the_rest_of_the_previews(
    rig: Rig, comfy: FakeComfyUI
) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    run_id = rig.new_run("image")
    thread = rig.work_beside(run_id)
    comfy.wait_until_running()
    comfy.drop_websockets()
    hold.set()
    thread.join()
    assert rig.storage.get_metadata(run_id).status == "success"


def test_the_place_in_the_queue_is_told(tmp_path: Path, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    with Rig(tmp_path, [comfy.url]) as rig:
        first, second = rig.new_run("image"), rig.new_run("image")
        rig.work_beside(first)
        comfy.wait_until_running()
        rig.work_beside(second)

        def is_told() -> bool:
            known = rig.progress.of(second)
            return known is not None and known.ahead == 1

        wait_for(is_told)
        hold.set()


def test_who_waits_for_a_server_is_told_how_many_are_ahead(
    tmp_path: Path, comfy: FakeComfyUI
) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    with Rig(tmp_path, [comfy.url], in_flight=1) as rig:
        first, second, third = (rig.new_run("image") for _ in range(3))
        rig.work_beside(first)
        comfy.wait_until_running()
        for run_id, ahead in ((second, 1), (third, 2)):
            rig.work_beside(run_id)

            def is_told(run_id: str = run_id, ahead: int = ahead) -> bool:
                known = rig.progress.of(run_id)
                return known is not None and known.ahead == ahead

            wait_for(is_told)
        assert len(comfy.prompts) == 1
        # A job on record that no ComfyUI knows would count as lost when our server ends just then.
        assert [len(rig.storage.get_metadata(one).jobs) for one in (first, second, third)] == [
            1,
            0,
            0,
        ]
        hold.set()


# Failures


def test_a_node_that_fails_is_told_without_its_words(rig: Rig) -> None:
    run = rig.run("raising")
    assert error_code(run) == "backend_failed"
    text = json.dumps(run.to_dict()["error"]) + json.dumps(run.to_dict()["stages"][-1]["details"])
    assert "RecRaise" in text
    assert "secret" not in text
    # The other branch had saved its file by then; it is kept.
    assert run.status == "partial"
    assert len(run.outputs) == 1


def test_a_partly_valid_workflow_runs_with_a_warning(rig: Rig) -> None:
    run = rig.run("partly_valid")
    assert run.status == "success"
    assert len(run.warnings) == 1
    assert "filename_prefix" in run.warnings[0]


def test_a_refused_workflow_says_why(tmp_path: Path, comfy: FakeComfyUI) -> None:
    with Rig(tmp_path, [comfy.url]):
        pass
    graph = json.loads(json.dumps(GRAPHS["image"][1]))
    graph["3"]["inputs"]["width"] = 999999
    graph["2"] = {"class_type": "PrimitiveString", "inputs": {"value": ""}}
    places = {"prompt": "2.value"}
    write_config(tmp_path / "configs", "too_wide", "image", graph, places=places)
    with Rig(tmp_path, [comfy.url]) as rig:
        run = rig.run("too_wide")
    assert error_code(run) == "workflow_refused"
    assert run.error is not None
    assert "width" in run.error.message
    assert run.jobs[0].state == "refused"


@pytest.mark.parametrize("behaviour", [{"http_status": 503}, {"answer_html": True}])
def test_what_is_no_working_comfyui_is_unreachable(
    tmp_path: Path, comfy: FakeComfyUI, behaviour: dict[str, Any]
) -> None:
    for name, value in behaviour.items():
        setattr(comfy.behaviour, name, value)
    with Rig(tmp_path, [comfy.url], return_seconds=0) as rig:
        assert error_code(rig.run("image")) == "backend_unreachable"


def test_no_server_at_all_is_unreachable(tmp_path: Path) -> None:
    with FakeComfyUI() as comfy:
        url = comfy.url
    with Rig(tmp_path, [url]) as rig:
        run = rig.run("image")
    assert (run.status, error_code(run)) == ("failed", "backend_unreachable")
    assert run.jobs == ()


def test_a_lost_answer_to_the_prompt_is_made_good(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.lose_answer_to_prompt = 1
    run = rig.run("image")
    assert run.status == "success"
    assert len(comfy.prompts) == 1


def test_a_prompt_that_takes_too_long_is_stopped(tmp_path: Path, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    with Rig(tmp_path, [comfy.url], timeout_seconds=0.1) as rig:
        run = rig.run("image")
        hold.set()
    assert (run.status, error_code(run)) == ("failed", "backend_timed_out")
    assert comfy.count("/interrupt") == 1


def test_an_interrupted_prompt_is_told(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = threading.Event()
    run_id = rig.new_run("image")
    thread = rig.work_beside(run_id)
    comfy.wait_until_running()
    requests.post(f"{comfy.url}/interrupt", timeout=10)
    thread.join()
    run = rig.storage.get_metadata(run_id)
    assert (run.status, error_code(run)) == ("failed", "backend_failed")
    assert run.error is not None
    assert "stopped at ComfyUI" in run.error.message
    assert run.jobs[0].state == "interrupted"


def test_a_prompt_deleted_from_the_queue_is_told(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    first, second = rig.new_run("image"), rig.new_run("image")
    rig.work_beside(first)
    comfy.wait_until_running()
    thread = rig.work_beside(second)
    wait_for(lambda: is_pending(comfy))
    requests.post(f"{comfy.url}/queue", json={"delete": [comfy.prompts[1].prompt_id]}, timeout=10)
    thread.join()
    assert error_code(rig.storage.get_metadata(second)) == "comfyui_prompt_removed"
    hold.set()


def test_the_backend_says_what_each_server_lacks(tmp_path: Path, comfy: FakeComfyUI) -> None:
    graph = {
        **GRAPHS["image"][1],
        "8": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "b.safetensors"}},
    }
    files = [{"folder": "checkpoints", "file": "b.safetensors", "source": "its maker"}]
    with FakeComfyUI() as gone, FakeComfyUI(checkpoints=["b.safetensors"]) as other:
        gone.stop()
        configs = tmp_path / "configs"
        configs.mkdir()
        write_config(configs, "needs_b", "image", graph, model_files=files)
        write_config(configs, "editor", "image", {"nodes": [], "links": []})
        with Rig(tmp_path, [comfy.url, gone.url, other.url]) as rig:
            lines = rig.backend.describe(list(rig.configs.values()))
    assert "Save (API Format)" in lines[0]
    assert lines[1:] == [
        f"{comfy.url}: answers, version 0.3.64",
        "  can't run needs_b. It needs files or choices that are not there: b.safetensors "
        "(belongs into models/checkpoints, from its maker).",
        f"{gone.url}: ComfyUI does not answer.",
        f"{other.url}: answers, version 0.3.64",
    ]


# Restarts


def test_a_prompt_lost_by_a_restart_is_sent_anew(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = threading.Event()
    run_id = rig.new_run("image")
    thread = rig.work_beside(run_id)
    comfy.wait_until_running()
    comfy.behaviour.hold = None
    comfy.restart()
    thread.join()
    run = rig.storage.get_metadata(run_id)
    assert run.status == "success"
    assert [job.state for job in run.jobs] == ["lost", "done"]
    assert [job.workflow for job in run.jobs] == ["workflow.json", "workflow_2.json"]
    check_folder(rig.folders.path(run_id))


def test_a_server_that_comes_back_is_waited_for(rig: Rig, comfy: FakeComfyUI) -> None:
    assert rig.run("image").status == "success"
    comfy.stop()
    run_id = rig.new_run("image")
    thread = rig.work_beside(run_id)
    wait_for(lambda: rig.servers.states()[0].trouble is not None)
    comfy.start()
    thread.join()
    assert rig.storage.get_metadata(run_id).status == "success"


def test_a_run_that_is_lost_again_and_again_is_given_up(
    rig: Rig, comfy: FakeComfyUI, tmp_path: Path
) -> None:
    run_id = rig.new_run("image")
    comfy.behaviour.hold = threading.Event()
    thread = rig.work_beside(run_id)
    for number in range(MAX_SUBMISSIONS):
        wait_for(lambda number=number: len(comfy.prompts) == number + 1)
        comfy.wait_until_running(comfy.prompts[-1].prompt_id)
        comfy.restart()
    thread.join()
    run = rig.storage.get_metadata(run_id)
    assert error_code(run) == "backend_failed"
    assert len(run.jobs) == MAX_SUBMISSIONS


class Killed(BaseException):
    """As sudden as a kill: nothing of the pipeline catches it."""


def killed_while_waiting(rig: Rig, comfy: FakeComfyUI, run_id: str) -> None:
    """Let this server die while ComfyUI works on the run."""
    progress = rig.progress.report

    def die(run_id: str, **changes: Any) -> None:
        progress(run_id, **changes)
        if changes.get("ahead") is not None:
            raise Killed

    rig.progress.report = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        rig.pipeline.work(run_id)


def test_after_our_own_restart_the_prompt_is_found_again(
    tmp_path: Path, comfy: FakeComfyUI
) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    comfy.behaviour.deaf_websocket = True
    with Rig(tmp_path, [comfy.url]) as rig:
        run_id = rig.new_run("batch")
        killed_while_waiting(rig, comfy, run_id)
    hold.set()
    with Rig(tmp_path, [comfy.url]) as again:
        again.storage.settle(run_id)
        again.pipeline.work(run_id)
        run = again.storage.get_metadata(run_id)
    assert (run.status, run.attempts) == ("success", 2)
    assert len(comfy.prompts) == 1
    assert len(run.outputs) == 3
    check_folder(rig.folders.path(run_id))


def test_after_our_own_restart_a_forgotten_prompt_is_sent_anew(
    tmp_path: Path, comfy: FakeComfyUI
) -> None:
    comfy.behaviour.hold = threading.Event()
    comfy.behaviour.deaf_websocket = True
    with Rig(tmp_path, [comfy.url]) as rig:
        run_id = rig.new_run("image")
        killed_while_waiting(rig, comfy, run_id)
    comfy.behaviour.hold = None
    comfy.restart()
    with Rig(tmp_path, [comfy.url]) as again:
        again.pipeline.work(run_id)
        run = again.storage.get_metadata(run_id)
    assert run.status == "success"
    assert len(comfy.prompts) == 2
    assert [job.state for job in run.jobs] == ["lost", "done"]


def test_media_that_were_stored_before_the_kill_are_not_stored_twice(
    tmp_path: Path, comfy: FakeComfyUI
) -> None:
    with Rig(tmp_path, [comfy.url]) as rig:
        run_id = rig.new_run("batch")
        add = rig.storage.add_media_from_url
        stored = 0

        def die_after_two(*args: Any, **kwargs: Any) -> Any:
            nonlocal stored
            if stored == 2:
                raise Killed
            stored += 1
            return add(*args, **kwargs)

        rig.storage.add_media_from_url = die_after_two  # type: ignore[method-assign]
        with pytest.raises(Killed):
            rig.pipeline.work(run_id)
        assert len(rig.storage.get_metadata(run_id).outputs) == 2
    with Rig(tmp_path, [comfy.url]) as again:
        again.pipeline.work(run_id)
        run = again.storage.get_metadata(run_id)
    assert run.status == "success"
    assert len(run.outputs) == 3
    assert len(comfy.prompts) == 1


def test_a_result_made_of_two_submissions_has_each_file_once(
    tmp_path: Path, comfy: FakeComfyUI
) -> None:
    with Rig(tmp_path, [comfy.url]) as rig:
        run_id = rig.new_run("batch")
        add = rig.storage.add_media_from_url

        def die_after_one(*args: Any, **kwargs: Any) -> Any:
            if rig.storage.get_metadata(run_id).outputs:
                raise Killed
            return add(*args, **kwargs)

        rig.storage.add_media_from_url = die_after_one  # type: ignore[method-assign]
        with pytest.raises(Killed):
            rig.pipeline.work(run_id)
    comfy.restart()
    with Rig(tmp_path, [comfy.url]) as again:
        again.pipeline.work(run_id)
        run = again.storage.get_metadata(run_id)
    assert (run.status, len(comfy.prompts), len(run.outputs)) == ("success", 2, 3)
    check_folder(rig.folders.path(run_id))


# Downloads


def test_a_download_that_breaks_goes_on_where_it_broke(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.break_view_after = 100
    run = rig.run("image")
    assert run.status == "success"
    assert list(rig.files(run).values()) == list(made_by(comfy).values())


def test_a_download_that_breaks_each_time_is_a_failure(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.break_view_after = 10
    comfy.behaviour.break_view_times = 99
    run = rig.run("image")
    assert (run.status, error_code(run)) == ("failed", "fetch_failed")
    assert {e.name for e in rig.folders.path(run.run_id).iterdir()} == {
        *("metadata.json", "input_text.txt", "transformed_text.txt", "workflow.json"),
        "ro-crate-metadata.json",
    }


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ({"view_status": 404}, "fetch_failed"),
        ({"view_status": 500}, "fetch_failed"),
        ({"lie_about_length": 50}, "fetch_failed"),
        ({"lie_about_length": -50}, "media_rejected"),
    ],
)
def test_nothing_truncated_is_stored(
    rig: Rig, comfy: FakeComfyUI, behaviour: dict[str, int], code: str
) -> None:
    for name, value in behaviour.items():
        setattr(comfy.behaviour, name, value)
    run = rig.run("image")
    assert (run.status, error_code(run)) == ("failed", code)
    assert run.outputs == ()


# Cancelling


def test_cancelling_stops_exactly_our_prompt(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    first, second = rig.new_run("image"), rig.new_run("image")
    running = rig.work_beside(first)
    comfy.wait_until_running()
    waiting = rig.work_beside(second)
    wait_for(lambda: is_pending(comfy))
    rig.storage.finish_run(second, "cancelled")
    waiting.join()
    hold.set()
    running.join()
    assert rig.storage.get_metadata(first).status == "success"
    assert rig.storage.get_metadata(second).status == "cancelled"
    assert len(made_by(comfy)) == 1


def test_cancelling_a_running_prompt_interrupts_it(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = threading.Event()
    run_id = rig.new_run("image")
    thread = rig.work_beside(run_id)
    comfy.wait_until_running()
    rig.storage.finish_run(run_id, "cancelled")
    thread.join()
    comfy.wait_until_idle()
    assert rig.storage.get_metadata(run_id).status == "cancelled"
    assert made_by(comfy) == {}


def test_a_job_of_a_run_that_was_given_up_is_cancelled(rig: Rig, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = threading.Event()
    run_id = rig.new_run("image")
    thread = rig.work_beside(run_id)
    comfy.wait_until_running()
    [job] = rig.storage.get_metadata(run_id).jobs
    rig.backend.cancel(job.model_copy(update={"server": "http://127.0.0.1:1"}))  # not ours
    rig.backend.cancel(job.model_copy(update={"job_id": None}))
    assert comfy.running_node is not None
    rig.backend.cancel(job)
    comfy.wait_until_idle()
    thread.join()
    assert made_by(comfy) == {}


# Several servers


def test_runs_spread_over_servers_two_at_each(tmp_path: Path, comfy: FakeComfyUI) -> None:
    with FakeComfyUI() as other:
        comfy.behaviour.hold = other.behaviour.hold = hold = threading.Event()
        with Rig(tmp_path, [comfy.url, other.url]) as rig:
            run_ids = [rig.new_run("image", seed=seed) for seed in range(6)]
            for run_id in run_ids:
                rig.work_beside(run_id)
            wait_for(lambda: len(comfy.prompts) + len(other.prompts) == 4)
            assert len(comfy.prompts) == len(other.prompts) == 2
            hold.set()
        assert {rig.storage.get_metadata(run_id).status for run_id in run_ids} == {"success"}


def test_a_run_goes_to_the_server_with_the_shorter_queue(
    tmp_path: Path, comfy: FakeComfyUI
) -> None:
    with FakeComfyUI() as other:
        comfy.behaviour.hold = hold = threading.Event()
        requests.post(f"{comfy.url}/prompt", json={"prompt": GRAPHS["image"][1]}, timeout=10)
        comfy.wait_until_running()
        with Rig(tmp_path, [comfy.url, other.url]) as rig:
            run = rig.run("image")
        hold.set()
    assert run.jobs[0].server == other.url


def test_a_run_goes_to_a_server_that_has_the_model(tmp_path: Path) -> None:
    graph = {
        **GRAPHS["image"][1],
        "8": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "b.safetensors"}},
    }
    with (
        FakeComfyUI(checkpoints=["a.safetensors"]) as one,
        FakeComfyUI(checkpoints=["b.safetensors"]) as two,
    ):
        with Rig(tmp_path, [one.url, two.url]):
            pass
        write_config(tmp_path / "configs", "needs_b", "image", graph)
        with Rig(tmp_path, [one.url, two.url]) as rig:
            assert [rig.run("needs_b").jobs[0].server for _ in range(3)] == [two.url] * 3
            assert rig.backend.unavailable_because(rig.configs["needs_b"]) is None
        with Rig(tmp_path, [one.url]) as rig:
            reason = rig.backend.unavailable_because(rig.configs["needs_b"])
            assert "b.safetensors" in str(reason)
            assert error_code(rig.run("needs_b")) == "backend_not_configured"


def test_a_server_that_dies_hands_its_run_to_another(tmp_path: Path, comfy: FakeComfyUI) -> None:
    with FakeComfyUI() as other:
        comfy.behaviour.hold = threading.Event()
        with Rig(tmp_path, [comfy.url, other.url], in_flight=1) as rig:
            run_id = rig.new_run("image")
            thread = rig.work_beside(run_id)
            comfy.wait_until_running()
            comfy.stop()
            thread.join()
            run = rig.storage.get_metadata(run_id)
        assert run.status == "success"
        assert [job.server for job in run.jobs] == [comfy.url, other.url]


def test_the_servers_are_asked_rarely(tmp_path: Path, comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = hold = threading.Event()
    with Rig(tmp_path, [comfy.url], check_seconds=60) as rig:
        run_ids = [rig.new_run("image") for _ in range(12)]
        for run_id in run_ids:
            rig.work_beside(run_id)
        wait_for(lambda: len(comfy.prompts) == 2)
        assert comfy.count("/prompt", "POST") == 2
        assert comfy.count("/history") == comfy.count("/history/")  # never the whole of it
        hold.set()


def is_pending(comfy: FakeComfyUI) -> bool:
    queue = requests.get(f"{comfy.url}/queue", timeout=10).json()
    return bool(queue["queue_pending"])


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
