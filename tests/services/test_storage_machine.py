"""The storage under kills and full disks at every step of every write, found by hypothesis.

A model says what each run has to be. Each operation may be cut off at any step. At each single step
somebody reads: every run is then as it was before the operation, or as it is after it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from devserver.my_app.services import media_probe
from devserver.my_app.services.durable_files import StorageFull, is_temporary
from devserver.my_app.services.errors import MediaRejected, ServerError
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.media_intake import MediaIntake, RunIsOver
from devserver.my_app.services.media_storage import MediaStorageService, NotAwaitingEdit
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import (
    FINAL_STATUSES,
    Job,
    OutputType,
    RunError,
    RunMetadata,
    RunRequest,
    RunStatus,
    StageRecord,
    parse_metadata,
)
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.stored_runs import MediaNotFound
from tests.failing_disk import FailingDisk, Fault, Killed
from tests.honest_folders import check_all
from tests.media_samples import png_bytes, wav_bytes

MEDIA = {
    "image": (png_bytes(8, 6), "png"),
    "other image": (png_bytes(5, 7), "png"),
    "audio": (wav_bytes(0.1), "wav"),
}
NO_MEDIA = (b"<html>not a picture</html>", png_bytes()[:-20], b"")
STEP = StageRecord(stage=1, step="word_lists", status="passed")
RUNS: Bundle[str] = Bundle("runs")
FAULTS = st.none() | st.builds(
    Fault,
    st.sampled_from(["kill", "full once", "full from then on"]),
    st.integers(0, 15),
)
TEXTS = st.text(max_size=30)


@dataclass(frozen=True)
class Known:
    """What a run has to be."""

    input_text: str
    output_type: OutputType = "image"
    status: RunStatus = "queued"
    revision: int = 1
    attempts: int = 0
    text: str | None = None
    steps: int = 0
    warnings: int = 0
    jobs: tuple[str | None, ...] = ()
    outputs: tuple[tuple[str, bytes], ...] = ()

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATUSES

    @property
    def can_succeed(self) -> bool:
        if self.output_type == "text":
            return self.text is not None
        return any(name.startswith(f"output_{self.output_type}") for name, _ in self.outputs)

    @property
    def taken_up(self) -> Known:
        """After a start: nobody works on it any more."""
        return self.having(status="queued") if self.status == "running" else self

    def having(self, **changes: Any) -> Known:
        """One change later."""
        return replace(self, revision=self.revision + 1, **changes)

    def with_media(self, kind: str) -> Known:
        data, format = MEDIA[kind]
        stem = f"output_{kind.removeprefix('other ')}"
        number = 1 + sum(name.startswith(stem) for name, _ in self.outputs)
        name = f"{stem}{f'_{number}' if number > 1 else ''}.{format}"
        return self.having(outputs=(*self.outputs, (name, data)))


Change = Callable[[Known], Known]
Refusal = type[ServerError] | None


def read(folder: Path) -> Known | None:
    """The run in `folder` as a reader finds it; fails when it is half a run."""
    try:
        run = parse_metadata((folder / "metadata.json").read_bytes())
    except FileNotFoundError:
        assert not folder.exists()
        return None
    assert all((folder / str(job.workflow)).is_file() for job in run.jobs)
    known = Known(
        input_text=(folder / "input_text.txt").read_bytes().decode(),
        output_type=run.request.output_type,
        status=run.status,
        revision=run.revision,
        attempts=run.attempts,
        text=run.transformed_text,
        steps=len(run.stages),
        warnings=len(run.warnings),
        jobs=tuple(job.job_id for job in run.jobs),
        outputs=tuple((one.filename, (folder / one.filename).read_bytes()) for one in run.outputs),
    )
    assert known.can_succeed or run.status not in ("success", "partial")
    return known


class StorageMachine(RuleBasedStateMachine):
    """One storage on one folder; a new one takes its place after each kill."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.model: dict[str, Known] = {}
        self.may_be: dict[str, tuple[Known | None, ...]] = {}
        self.disk = FailingDisk(self.folder, self.somebody_reads)
        self.start()

    def teardown(self) -> None:
        self.disk.undo()
        self.root.release()
        self.temporary.cleanup()

    def complete_deletions(self) -> None:
        """As each start of a server does."""
        cancel = partial(self.storage.finish_run, status="cancelled")
        Forgetting(self.folders, cancel=cancel).complete()

    def start(self) -> None:
        """As a server does that owns the root."""
        self.root = StorageRoot(self.folder)
        self.root.claim("http://127.0.0.1:1")
        self.folders = RunFolders(self.root)
        self.storage = MediaStorageService(
            self.folders,
            MediaIntake(self.folders, measure=media_probe.measure, max_bytes=2**20),
            fetch_url=partial(_nothing, "no address"),
            list_comfyui_files=partial(_nothing, "no ComfyUI"),
        )
        self.storage.watch(self.somebody_is_told)
        self.folders.remove_strays()
        self.complete_deletions()
        before = {**{run_id: (known,) for run_id, known in self.model.items()}, **self.may_be}
        for run_id, known in before.items():
            self.may_be[run_id] = (*known, *(one and one.taken_up for one in known))
        for run in self.storage.unfinished_runs():
            self.storage.settle(run.run_id)
        self.model = {run_id: known.taken_up for run_id, known in self.model.items()}
        self.may_be.clear()

    # Who looks

    def somebody_reads(self) -> None:
        """At any instant a run is what it was, or what it is about to be."""
        for run_id in self.model.keys() | self.may_be.keys():
            allowed = self.may_be.get(run_id) or (self.model[run_id],)
            assert read(self.root.runs / run_id) in allowed

    def somebody_is_told(self, metadata: RunMetadata) -> None:
        """Who hears of a change can read it."""
        assert self.storage.get_metadata(metadata.run_id).revision == metadata.revision
        for output in metadata.outputs:
            path = self.storage.get_media_path(metadata.run_id, output.filename)
            assert path.stat().st_size == output.file_size_bytes

    @invariant()
    def folders_are_as_the_model_says(self) -> None:
        stored = {run.run_id for run in check_all(self.root.runs)}
        assert stored == set(self.folders.ids()) == self.model.keys()
        for run_id, known in self.model.items():
            folder = self.root.runs / run_id
            assert read(folder) == known
            workflows = {f"workflow{f'_{n}' if n > 1 else ''}.json" for n in _up_to(known.jobs)}
            texts = {"transformed_text.txt"} if known.text is not None else set()
            names = {entry.name for entry in folder.iterdir()}
            if self.folders.read(run_id).is_final:
                names.discard("ro-crate-metadata.json")
            assert names == {
                *("metadata.json", "input_text.txt", *(name for name, _ in known.outputs)),
                *(workflows | texts),
            }

    @invariant()
    def nothing_unfinished_lies_among_the_state(self) -> None:
        assert not [entry for entry in self.root.state.iterdir() if is_temporary(entry.name)]

    # How an operation is done

    @contextmanager
    def doing(
        self, run_id: str, change: Change, fault: Fault | None, refusal: Refusal = None
    ) -> Iterator[None]:
        """The block changes the run as `change` says, or raises `refusal` and changes nothing."""
        before = self.model.get(run_id)
        if before is None:
            refusal = RunNotFound
        elif before.is_final and refusal not in (NotAwaitingEdit,):
            refusal = RunIsOver
        after = before if refusal or before is None else change(before)
        with self.operation(run_id, before, after, fault, refusal):
            yield

    @contextmanager
    def operation(
        self,
        run_id: str,
        before: Known | None,
        after: Known | None,
        fault: Fault | None,
        refusal: Refusal,
    ) -> Iterator[None]:
        self.may_be[run_id] = (before, after)
        allowed: tuple[Known | None, ...] = (after,)
        try:
            with self.disk.failing(fault):
                yield
            assert refusal is None, f"{refusal} was not raised"
        except Killed:
            allowed = tuple(known and known.taken_up for known in (before, after))
            self.root.release()
            self.start()
        except StorageFull:
            assert fault is not None
            assert fault.what != "kill"
            allowed = (before,)
        except ServerError as error:
            assert refusal is not None, repr(error)
            assert isinstance(error, refusal), repr(error)
        self.may_be.pop(run_id, None)
        now = read(self.root.runs / run_id)
        assert now in allowed
        if now is None:
            self.model.pop(run_id, None)
        else:
            self.model[run_id] = now
        self.root.refill_reserve()  # as it happens when the server is asked whether it is ready

    # Operations

    @rule(
        target=RUNS,
        text=TEXTS,
        output_type=st.sampled_from(["image", "audio", "text"]),
        fault=FAULTS,
    )
    def create_run(self, text: str, output_type: OutputType, fault: Fault | None) -> str:
        run_id = new_run_id()
        with self.operation(run_id, None, Known(text, output_type), fault, None):
            self.storage.create_run(
                run_id=run_id,
                schema="dada",
                input_text=text,
                request=RunRequest(output_type=output_type),
            )
        return run_id

    @rule(run_id=RUNS, fault=FAULTS)
    def begin_attempt(self, run_id: str, fault: Fault | None) -> None:
        def begun(known: Known) -> Known:
            return known.having(status="running", attempts=known.attempts + 1)

        with self.doing(run_id, begun, fault):
            self.storage.begin_attempt(run_id)

    @rule(run_id=RUNS, fault=FAULTS)
    def set_down(self, run_id: str, fault: Fault | None) -> None:
        known = self.model.get(run_id)
        if known is None or known.status != "running":
            return
        attempts = max(0, known.attempts - 1)
        with self.doing(run_id, lambda k: k.having(status="queued", attempts=attempts), fault):
            self.storage.set_down(run_id)

    @rule(run_id=RUNS, text=TEXTS, fault=FAULTS)
    def save_transformed_text(self, run_id: str, text: str, fault: Fault | None) -> None:
        with self.doing(run_id, lambda k: k.having(text=text, steps=k.steps + 1), fault):
            self.storage.save_transformed_text(run_id, text, [STEP])

    @rule(run_id=RUNS, number=st.integers(1, 3), fault=FAULTS)
    def record_stages(self, run_id: str, number: int, fault: Fault | None) -> None:
        with self.doing(run_id, lambda known: known.having(steps=known.steps + number), fault):
            self.storage.record_stages(run_id, [STEP] * number)

    @rule(run_id=RUNS, fault=FAULTS)
    def record_submission(self, run_id: str, fault: Fault | None) -> None:
        with self.doing(run_id, lambda known: known.having(jobs=(*known.jobs, None)), fault):
            self.storage.record_submission(run_id, Job(backend="replicate"), {"prompt": "x"})

    @rule(run_id=RUNS, fault=FAULTS)
    def record_job_id(self, run_id: str, fault: Fault | None) -> None:
        known = self.model.get(run_id)
        if known is None or not known.jobs:
            return
        job = self.storage.get_metadata(run_id).jobs[-1]
        with self.doing(run_id, lambda k: k.having(jobs=(*k.jobs[:-1], "an id")), fault):
            self.storage.record_job_id(run_id, job, "an id")

    @rule(run_id=RUNS, made=st.integers(0, 3), fault=FAULTS)
    def record_job_done(self, run_id: str, made: int, fault: Fault | None) -> None:
        known = self.model.get(run_id)
        if known is None or not known.jobs:
            return
        job = self.storage.get_metadata(run_id).jobs[-1]
        with self.doing(run_id, lambda k: k.having(), fault):
            self.storage.record_job_done(run_id, job, made)

    @rule(run_id=RUNS, kind=st.sampled_from(sorted(MEDIA)), fault=FAULTS)
    def add_media(self, run_id: str, kind: str, fault: Fault | None) -> None:
        with self.doing(run_id, lambda known: known.with_media(kind), fault):
            self.storage.add_media_from_data(run_id, MEDIA[kind][0])

    @rule(run_id=RUNS, data=st.sampled_from(NO_MEDIA), fault=FAULTS)
    def add_what_is_no_media(self, run_id: str, data: bytes, fault: Fault | None) -> None:
        with self.doing(run_id, lambda known: known, fault, MediaRejected):
            self.storage.add_media_from_data(run_id, data)

    @rule(run_id=RUNS, fault=FAULTS)
    def add_warning(self, run_id: str, fault: Fault | None) -> None:
        with self.doing(run_id, lambda known: known.having(warnings=known.warnings + 1), fault):
            self.storage.add_warning(run_id, "Something went differently.")

    @rule(run_id=RUNS, fault=FAULTS)
    def await_edit(self, run_id: str, fault: Fault | None) -> None:
        with self.doing(run_id, lambda k: k.having(status="awaiting_edit", attempts=0), fault):
            self.storage.await_edit(run_id)

    @rule(run_id=RUNS, text=TEXTS, fault=FAULTS)
    def continue_with(self, run_id: str, text: str, fault: Fault | None) -> None:
        known = self.model.get(run_id)
        refusal = None if known and known.status == "awaiting_edit" else NotAwaitingEdit

        def edited(known: Known) -> Known:
            return known.having(status="queued", text=text, steps=known.steps + 1)

        with self.doing(run_id, edited, fault, refusal):
            self.storage.continue_with(run_id, text, STEP)

    @rule(run_id=RUNS, status=st.sampled_from(["success", "partial"]), fault=FAULTS)
    def finish_well(self, run_id: str, status: RunStatus, fault: Fault | None) -> None:
        known = self.model.get(run_id)
        refusal = None if known and known.can_succeed else MediaNotFound
        with self.doing(run_id, lambda known: known.having(status=status), fault, refusal):
            self.storage.finish_run(run_id, status)

    @rule(
        run_id=RUNS,
        status=st.sampled_from(["blocked", "failed", "cancelled"]),
        fault=FAULTS,
    )
    def finish_otherwise(self, run_id: str, status: RunStatus, fault: Fault | None) -> None:
        error = RunError(code="unsafe", message="It went wrong.", stage=1)
        with self.doing(run_id, lambda known: known.having(status=status), fault):
            self.storage.finish_run(run_id, status, error)

    @rule(run_id=RUNS, fault=FAULTS)
    def delete(self, run_id: str, fault: Fault | None) -> None:
        before = self.model.get(run_id)
        refusal = None if before else RunNotFound
        with self.operation(run_id, before, None, fault, refusal):
            self.storage.delete_run(run_id)
        if run_id in self.model and self.folders.tombstones.is_tombstoned(run_id):
            # A disk that failed after the tombstone leaves what the next start would remove.
            self.may_be[run_id] = (before, None)
            self.complete_deletions()
            del self.may_be[run_id], self.model[run_id]

    @rule()
    def restart(self) -> None:
        """A stop and a start change nothing but who works on a run."""
        self.root.release()
        self.start()


def _nothing(what: str, *_: object) -> Any:
    raise AssertionError(f"Nothing is fetched here: {what}")


def _up_to(things: tuple[object, ...]) -> range:
    return range(1, len(things) + 1)


def test_the_storage_is_what_its_model_says() -> None:
    run_state_machine_as_test(
        StorageMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            # What is found is short enough; shrinking it takes minutes.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )
