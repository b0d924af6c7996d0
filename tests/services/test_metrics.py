from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.metrics import MOST_LABEL_VALUES, Metrics
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import (
    FINAL_STATUSES,
    RunMetadata,
    RunRequest,
    RunStatus,
    StageRecord,
)
from devserver.my_app.services.run_queue import EmbeddedRunQueue, Leg, LegEnd, Moved
from devserver.my_app.services.storage_root import StorageRoot
from tests.media_samples import png_bytes, wav_bytes

BACKENDS = {"picture": "atelier", "sound": "atelier", "large": "comfyui"}


@pytest.fixture
def metrics(storage: MediaStorageService, root: StorageRoot) -> Metrics:
    metrics = new_metrics(lambda run_id: (root.runs / run_id).is_dir())
    storage.watch(metrics.heard)
    return metrics


def new_metrics(is_stored: Callable[[str], bool] = lambda _: True) -> Metrics:
    return Metrics(
        schemas={"dada", "bauhaus"},
        backend_of=BACKENDS,
        is_stored=is_stored,
        free_bytes=lambda: 12345,
    )


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """The one sample of that name and those labels; 0 when there is none."""
    found = [
        sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) <= 1, found
    return found[0] if found else 0.0


def label_values(metrics: Metrics, name: str, label: str) -> set[str]:
    return {
        sample.labels[label]
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
        if sample.name == name
    }


def request(*configs: str) -> RunRequest:
    return RunRequest(output_configs=configs)


def test_a_run_is_counted_in_each_of_its_statuses(
    storage: MediaStorageService, metrics: Metrics
) -> None:
    run_id = storage.create_run(
        schema="dada", input_text="Geheimnis", user_id="DOE_J", request=request("picture")
    ).run_id
    assert value(metrics, "devserver_runs_open", status="queued") == 1
    storage.begin_attempt(run_id)
    storage.add_warning(run_id, "a change that is none of status")
    assert value(metrics, "devserver_runs_open", status="running") == 1
    storage.finish_run(run_id, "cancelled")
    assert value(metrics, "devserver_runs_open", status="running") == 0
    for status in ("queued", "running", "cancelled"):
        labels = {"status": status, "schema": "dada", "backend": "atelier"}
        assert value(metrics, "devserver_runs_total", **labels) == 1
    assert value(metrics, "devserver_disk_free_bytes") == 12345
    for secret in (run_id, "Geheimnis", "DOE_J"):
        assert secret.encode() not in metrics.exposition()


@pytest.mark.parametrize(
    ("configs", "label"),
    [
        ((), "none"),
        (("picture",), "atelier"),
        (("picture", "sound"), "atelier"),
        (("picture", "large"), "several"),
        (("gone",), "other"),
    ],
)
def test_the_backend_of_a_run(
    storage: MediaStorageService, metrics: Metrics, configs: tuple[str, ...], label: str
) -> None:
    storage.create_run(schema="bauhaus", input_text="x", request=request(*configs))
    labels = {"status": "queued", "schema": "bauhaus", "backend": label}
    assert value(metrics, "devserver_runs_total", **labels) == 1


def test_lines_are_measured_lane_by_lane(metrics: Metrics) -> None:
    go_on = threading.Event()

    def work(run_id: str, lane: str) -> LegEnd:
        go_on.wait(30)
        return LegEnd.DONE

    queue = EmbeddedRunQueue(work, workers=2, max_waiting=9, limits={"a": 1}, clock=lambda: 0.0)
    metrics.watch_queue(queue)
    begun = threading.Semaphore(0)
    queue.listen(lambda moved: begun.release() if moved.waited_seconds is not None else None)
    for run_id in "123":
        queue.put(run_id, (Leg("a", "picture"),))
    queue.put("4", (Leg("b", "picture"),))
    assert begun.acquire(timeout=30)
    assert begun.acquire(timeout=30)
    assert value(metrics, "devserver_queue_length", lane="a") == 2
    assert value(metrics, "devserver_queue_length", lane="b") == 0
    queue.withdraw("3")
    assert value(metrics, "devserver_queue_length", lane="a") == 1
    go_on.set()
    assert begun.acquire(timeout=30)
    queue.close(30)
    assert value(metrics, "devserver_queue_length", lane="a") == 0
    assert value(metrics, "devserver_queue_wait_seconds_count", lane="a") == 2
    assert value(metrics, "devserver_queue_wait_seconds_count", lane="b") == 1


def test_how_long_runs_were_in_line(metrics: Metrics) -> None:
    metrics.moved(Moved("1", "comfyui", waited_seconds=7.0))
    metrics.moved(Moved("2", "comfyui"))
    assert value(metrics, "devserver_queue_wait_seconds_count", lane="comfyui") == 1
    assert value(metrics, "devserver_queue_wait_seconds_sum", lane="comfyui") == 7


def test_steps_and_media_are_measured_once(storage: MediaStorageService, metrics: Metrics) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    picture, sound = png_bytes(), wav_bytes()
    storage.record_stages(run_id, [step("word_lists", 0.25), step("guard", 0.5, "ollama")])
    storage.add_media_from_data(run_id, picture)
    storage.add_media_from_data(run_id, picture)
    storage.add_media_from_data(run_id, sound)
    storage.record_stages(run_id, [step("word_lists", 1.0), step("edit", 0.0)])
    name = "devserver_stage_duration_seconds"
    assert value(metrics, f"{name}_count", stage="1", step="word_lists", backend="none") == 2
    assert value(metrics, f"{name}_sum", stage="1", step="word_lists", backend="none") == 1.25
    assert value(metrics, f"{name}_sum", stage="1", step="guard", backend="ollama") == 0.5
    assert value(metrics, f"{name}_count", step="edit") == 0
    stored = "devserver_media_stored"
    assert value(metrics, f"{stored}_bytes_total", media_type="image") == 2 * len(picture)
    assert value(metrics, f"{stored}_bytes_total", media_type="audio") == len(sound)
    assert value(metrics, f"{stored}_files_total", media_type="image") == 2


def step(name: str, seconds: float, backend: str | None = None) -> StageRecord:
    return StageRecord(
        stage=1, step=name, status="passed", backend=backend, duration_seconds=seconds
    )


def test_what_an_earlier_server_did_is_not_counted_again(
    storage: MediaStorageService,
) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    storage.begin_attempt(run_id)
    storage.record_stages(run_id, [step("word_lists", 0.25)])
    storage.add_media_from_data(run_id, png_bytes())
    metrics = new_metrics()
    storage.watch(metrics.heard)
    metrics.taken_up(storage.get_metadata(run_id))
    assert value(metrics, "devserver_runs_open", status="queued") == 1
    storage.begin_attempt(run_id)
    storage.record_stages(run_id, [step("guard", 0.5)])
    storage.finish_run(run_id, "success")
    assert label_values(metrics, "devserver_stage_duration_seconds_count", "step") == {"guard"}
    assert value(metrics, "devserver_media_stored_files_total", media_type="image") == 0
    assert label_values(metrics, "devserver_runs_total", "status") == {"running", "success"}


def test_a_deleted_run_is_open_no_more(storage: MediaStorageService, metrics: Metrics) -> None:
    run_id = storage.create_run(schema="dada", input_text="x").run_id
    assert value(metrics, "devserver_runs_open", status="queued") == 1
    storage.delete_run(run_id)
    assert value(metrics, "devserver_runs_open", status="queued") == 0


def test_labels_are_limited() -> None:
    metrics = new_metrics()
    for number in range(MOST_LABEL_VALUES * 2):
        run = metadata(schema=f"schema-{number}")
        metrics.heard(run)
        metrics.heard(
            run.having(
                revision=2,
                stages=(step(f"step-{number}", 1, f"backend-{number}"),),
                request=request(f"config-{number}"),
            )
        )
    assert label_values(metrics, "devserver_runs_total", "schema") == {"other"}
    name = "devserver_stage_duration_seconds_count"
    for label in ("step", "backend"):
        values = label_values(metrics, name, label)
        assert len(values) == MOST_LABEL_VALUES + 1
        assert "other" in values
    total = MOST_LABEL_VALUES * 2
    assert value(metrics, name, step="other", backend="other") == total - MOST_LABEL_VALUES


def metadata(schema: str = "dada") -> RunMetadata:
    return RunMetadata(run_id=new_run_id(), schema_id=schema, status="queued", revision=1)


STATUSES: list[RunStatus] = ["queued", "running", "awaiting_edit", *sorted(FINAL_STATUSES)]


@given(
    st.permutations(range(2, 8)),
    st.sampled_from(sorted(FINAL_STATUSES)),
    st.lists(st.sampled_from(STATUSES[:3]), min_size=5, max_size=5),
)
def test_in_whatever_order_changes_are_told_steps_count_once_and_the_end_is_the_end(
    order: list[int], end: RunStatus, before: list[RunStatus]
) -> None:
    metrics, first = new_metrics(), metadata()
    statuses: list[RunStatus] = [*before, end]
    metrics.heard(first)
    for revision in order:
        status = statuses[revision - 2]
        stages = tuple(step("word_lists", 1.0) for _ in range(revision))
        metrics.heard(first.having(revision=revision, status=status, stages=stages))
    metrics.heard(first.having(revision=9, status="running"))
    assert value(metrics, "devserver_stage_duration_seconds_count", step="word_lists") == 7
    assert value(metrics, "devserver_runs_total", status=end) == 1
    for status in STATUSES[:3]:
        assert value(metrics, "devserver_runs_open", status=status) == 0


def test_many_at_once_lose_nothing(storage: MediaStorageService, metrics: Metrics) -> None:
    def go(_: int) -> None:
        run_id = storage.create_run(schema="dada", input_text="x").run_id
        storage.begin_attempt(run_id)
        storage.finish_run(run_id, "cancelled")
        metrics.exposition()

    with ThreadPoolExecutor(15) as threads:
        list(threads.map(go, range(30)))
    for status in ("queued", "running", "cancelled"):
        assert value(metrics, "devserver_runs_total", status=status) == 30


def test_nothing_is_put_into_the_registry_of_the_process() -> None:
    new_metrics()
    new_metrics()
    assert not any(family.name.startswith("devserver") for family in REGISTRY.collect())
