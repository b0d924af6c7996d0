"""MediaStorageService: the only writer of run folders."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from devserver import SERVER_VERSION
from devserver.config import read_settings
from devserver.my_app.services.durable_files import full_disk_named, replace_file
from devserver.my_app.services.errors import NotMedia, ServerError
from devserver.my_app.services.folder_names import TRANSFORMED_TEXT
from devserver.my_app.services.media_intake import MediaIntake, refuse_when_over
from devserver.my_app.services.media_sources import (
    ComfyUIPrompt,
    Delivery,
    FetchUrl,
    ListComfyUIFiles,
    MadeBy,
    MediaData,
    MediaDescription,
    MediaUrl,
    claimed_type_of,
    decode_media_data,
)
from devserver.my_app.services.run_folders import Change, RunFolders, RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import (
    Job,
    Output,
    RunError,
    RunMetadata,
    RunRequest,
    RunStatus,
    StageRecord,
    utc_now,
)
from devserver.my_app.services.stored_runs import MediaNotFound, StoredRuns

logger = logging.getLogger(__name__)

PIECE_BYTES = 1024 * 1024
Watcher = Callable[[RunMetadata], None]
NO_MAKER = MadeBy(backend="unknown")
COMFYUI = MadeBy(backend="comfyui")


class NotAwaitingEdit(ServerError):
    """The run is not at the point where its text can be edited."""

    code = "not_awaiting_edit"


class MediaStorageService(StoredRuns):
    """Makes run folders and puts texts, stages and media into them.

    Safe to share between threads, and with other processes that work on the same root. How media
    are measured and fetched is handed in.
    """

    def __init__(
        self,
        folders: RunFolders,
        intake: MediaIntake,
        *,
        fetch_url: FetchUrl,
        list_comfyui_files: ListComfyUIFiles,
    ) -> None:
        super().__init__(folders)
        self._intake = intake
        self._fetch_url = fetch_url
        self._list_comfyui_files = list_comfyui_files
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """Have `watcher` called with the metadata after each change that this process writes."""
        self._watchers.append(watcher)

    # The run and its texts

    def create_run(
        self,
        *,
        schema: str,
        input_text: str,
        execution_mode: str = "eco",
        safety_level: str = "kids",
        user_id: str | None = None,
        workshop: str | None = None,
        request: RunRequest | None = None,
        origin: str | None = None,
        warnings: Iterable[str] = (),
        run_id: str | None = None,
    ) -> RunMetadata:
        """Make a new run, `queued`; its folder is durable on return.

        `run_id` is a fresh one of `new_run_id`, for who has to know it beforehand.
        Raises StorageFull.
        """
        metadata = RunMetadata(
            run_id=run_id or new_run_id(),
            user_id=user_id,
            workshop=workshop,
            timestamp=utc_now(),
            schema_id=schema,
            execution_mode=execution_mode,
            safety_level=safety_level,
            status="queued",
            revision=1,
            input_text=input_text,
            request=request or RunRequest(),
            origin=origin,
            warnings=tuple(warnings),
            server_version=SERVER_VERSION,
        )
        self._folders.create(metadata)
        logger.info("run %s created, schema %s", metadata.run_id, schema)
        self._tell(metadata)
        return metadata

    def begin_attempt(self, run_id: str) -> RunMetadata:
        """Mark the run `running` and count the attempt. Raises RunNotFound, RunIsOver."""
        return self._change_open_run(
            run_id, lambda run: run.having(status="running", attempts=run.attempts + 1)
        )

    def set_down(self, run_id: str) -> None:
        """Queue a run that is `running` again, and give it back the attempt that was begun.

        For one that a server which ends in order has to leave; any other stays as it is. Raises
        RunNotFound, StorageFull.
        """
        with self._folders.locked(run_id) as found:
            if found.status != "running":
                return
            run = self._folders.replace_metadata(
                found.having(status="queued", attempts=max(0, found.attempts - 1))
            )
        self._tell(run)

    def save_transformed_text(
        self, run_id: str, text: str, stages: Iterable[StageRecord] = ()
    ) -> RunMetadata:
        """Store the rewritten text and the steps that led to it, in one change.

        Raises RunNotFound, RunIsOver, StorageFull.
        """

        def change(run: RunMetadata) -> RunMetadata:
            replace_file(self._folders.path(run_id) / TRANSFORMED_TEXT, text.encode())
            return run.having(transformed_text=text, stages=(*run.stages, *stages))

        return self._change_open_run(run_id, change)

    def record_stages(self, run_id: str, stages: Iterable[StageRecord]) -> RunMetadata:
        """Add steps to the record. Raises RunNotFound, RunIsOver, StorageFull."""
        added = tuple(stages)
        return self._change_open_run(run_id, lambda run: run.having(stages=(*run.stages, *added)))

    def record_stage(
        self, run_id: str, stage: StageRecord, job_states: Mapping[str, str] | None = None
    ) -> RunMetadata:
        """Add one step to the record, and what became of its jobs (by their workflow's file name).

        Raises RunNotFound, RunIsOver, StorageFull.
        """
        states = job_states or {}

        def change(run: RunMetadata) -> RunMetadata:
            jobs = tuple(
                job.model_copy(update={"state": states.get(job.workflow or "", job.state)})
                for job in run.jobs
            )
            return run.having(stages=(*run.stages, stage), jobs=jobs)

        return self._change_open_run(run_id, change)

    def await_edit(self, run_id: str) -> RunMetadata:
        """Let the run wait for its text to be edited, as long as it takes; durable on return.

        Raises RunNotFound, RunIsOver, StorageFull.
        """
        return self._change_open_run(
            run_id, lambda run: run.having(status="awaiting_edit", attempts=0), durable=True
        )

    def continue_with(self, run_id: str, text: str, stage: StageRecord) -> RunMetadata:
        """Give a run that waits for it its edited text, and queue it; durable on return.

        Of two at once one is first. Raises RunNotFound, NotAwaitingEdit, StorageFull.
        """

        def change(run: RunMetadata) -> RunMetadata:
            if run.status != "awaiting_edit":
                raise NotAwaitingEdit("This run does not wait for an edited text.")
            replace_file(self._folders.path(run_id) / TRANSFORMED_TEXT, text.encode())
            return run.having(status="queued", transformed_text=text, stages=(*run.stages, stage))

        metadata = self._folders.change(run_id, change)
        self._folders.sync(run_id)
        self._tell(metadata)
        return metadata

    def record_submission(self, run_id: str, job: Job, sent: Mapping[str, Any]) -> Job:
        """Write down a job *before* it is sent, and what is sent as workflow.json (_2, _3 …).

        Durable on return. Returns the job with the name of that file.
        """
        path = self._folders.path(run_id)

        def change(run: RunMetadata) -> RunMetadata:
            nonlocal job
            number = 1 + sum(1 for known in run.jobs if known.workflow)
            name = f"workflow{f'_{number}' if number > 1 else ''}.json"
            job = job.model_copy(update={"workflow": name})
            replace_file(path / name, json.dumps(sent, ensure_ascii=False, indent=2).encode())
            return run.having(jobs=(*run.jobs, job))

        self._change_open_run(run_id, change, durable=True)
        return job

    def record_job_id(self, run_id: str, job: Job, job_id: str) -> Job:
        """Write down the id that a service gave to a job after taking it; durable on return.

        Raises RunNotFound, RunIsOver, StorageFull.
        """
        return self._record_job(run_id, job.model_copy(update={"job_id": job_id}))

    def record_job_done(self, run_id: str, job: Job, made: int) -> Job:
        """Write down that a job is done and brought `made` media, before any of them is stored.

        Durable on return, so that a restart can tell whether all of them were. Raises RunNotFound,
        RunIsOver, StorageFull.
        """
        return self._record_job(run_id, job.model_copy(update={"state": "done", "made": made}))

    def _record_job(self, run_id: str, known: Job) -> Job:
        def change(run: RunMetadata) -> RunMetadata:
            return run.having(
                jobs=tuple(known if one.workflow == known.workflow else one for one in run.jobs)
            )

        self._change_open_run(run_id, change, durable=True)
        return known

    def add_warning(self, run_id: str, sentence: str) -> RunMetadata:
        """Add a sentence about something that went differently than asked."""
        return self._change_open_run(
            run_id, lambda run: run.having(warnings=(*run.warnings, sentence))
        )

    def finish_run(
        self, run_id: str, status: RunStatus, error: RunError | None = None
    ) -> RunMetadata:
        """End the run; everything in its folder but the crate is durable on return.

        The crate can be made anew from the rest at any time.

        `success` and `partial` are refused (MediaNotFound) unless every listed file is on disk with
        its listed size, and at least one is listed; a text run has its text instead.
        Raises RunNotFound, RunIsOver, StorageFull.
        """

        def change(run: RunMetadata) -> RunMetadata:
            if status in ("success", "partial"):
                self._check_complete(run)
            self._folders.put_right(run)  # if a full disk kept it from being so till now
            return run.having(status=status, error=error, finished_at=utc_now())

        metadata = self._change_open_run(run_id, change, durable=True, at_last=True)
        logger.info("run %s ended: %s%s", run_id, status, f" ({error.code})" if error else "")
        return metadata

    # Media

    def add_media(
        self, run_id: str, description: MediaDescription, earlier: list[Output] | None = None
    ) -> tuple[Output, ...]:
        """Store what a description of stage 4 stands for; one description may be several files.

        `earlier` are the outputs of an attempt that was cut off; see `add_media_from_data`.
        """
        by = description.made_by
        match description:
            case MediaData(data, _, claimed_type):
                return (self._add_data(run_id, data, claimed_type, by, earlier),)
            case MediaUrl(url):
                return (self.add_media_from_url(run_id, url, by, earlier),)
            case ComfyUIPrompt(prompt_id, server):
                known = description.file_urls
                urls = self._list_comfyui_files(server, prompt_id) if known is None else known
                return self._add_comfyui_files(run_id, urls, by, earlier)

    def add_media_from_data(
        self,
        run_id: str,
        data: bytes | str,
        made_by: MadeBy = NO_MAKER,
        earlier: list[Output] | None = None,
    ) -> Output:
        """Store raw bytes, a `data:` URI or bare base64.

        `earlier` are outputs that an attempt which was cut off had stored; the next of them is
        taken out of that list and returned in place of the same file made again.
        Raises MediaRejected, RunNotFound, RunIsOver, StorageFull; then nothing is left behind.
        """
        return self._add_data(run_id, data, claimed_type_of(data), made_by, earlier)

    def add_media_from_url(
        self,
        run_id: str,
        url: str,
        made_by: MadeBy = NO_MAKER,
        earlier: list[Output] | None = None,
    ) -> Output:
        """Fetch and store the file at `url`.

        Raises FetchRefused, FetchFailed and what `add_media_from_data` raises.
        """
        with self._fetch_url(url) as delivery:
            return self._store(run_id, delivery, made_by, earlier)

    def add_media_from_comfyui(
        self,
        run_id: str,
        prompt_id: str,
        made_by: MadeBy = COMFYUI,
        earlier: list[Output] | None = None,
        *,
        server: str | None = None,
        with_temporary: bool = False,
    ) -> tuple[Output, ...]:
        """Store every media file of a finished ComfyUI prompt, from `server` or the first one.

        All files of all output keys, in the order of the graph; temporary ones only when asked for
        or when nothing was saved. A file that is no media (a latent) is left out, with a warning.
        Raises BackendUnreachable, PromptLost, and what `add_media_from_url` raises.
        """
        urls = self._list_comfyui_files(server, prompt_id, with_temporary=with_temporary)
        return self._add_comfyui_files(run_id, urls, made_by, earlier)

    def _add_data(
        self,
        run_id: str,
        data: bytes | str,
        claimed_type: str | None,
        made_by: MadeBy,
        earlier: list[Output] | None,
    ) -> Output:
        content = memoryview(decode_media_data(data))
        pieces = (content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES))
        return self._store(run_id, Delivery(pieces, lambda: claimed_type), made_by, earlier)

    def _add_comfyui_files(
        self, run_id: str, urls: Iterable[str], made_by: MadeBy, earlier: list[Output] | None
    ) -> tuple[Output, ...]:
        outputs = []
        for url in urls:
            try:
                outputs.append(self.add_media_from_url(run_id, url, made_by, earlier))
            except NotMedia as error:
                self.add_warning(run_id, f"ComfyUI made a file that was left out. {error}")
        return tuple(outputs)

    def _store(
        self,
        run_id: str,
        delivery: Delivery,
        made_by: MadeBy,
        earlier: list[Output] | None,
    ) -> Output:
        output, metadata = self._intake.store(
            run_id, delivery, made_by, [] if earlier is None else earlier
        )
        if metadata is not None:
            self._tell(metadata)
        return output

    # Putting right and deleting

    def settle(self, run_id: str) -> RunMetadata:
        """Make an unfinished run's folder agree with its metadata after a kill.

        Files that were never listed go, the text that is listed is written again if need be.
        Nothing that metadata.json lists is touched. One that was under way is `queued` again; the
        attempt stays counted. Only for the root's owner, at start. Raises RunNotFound, StorageFull.
        """
        with self._folders.locked(run_id) as found:
            if not found.is_final:
                self._folders.agree_with(found)
            if found.status != "running":
                return found
            run = self._folders.replace_metadata(found.having(status="queued"))
        self._tell(run)
        return run

    def delete_run(self, run_id: str) -> None:
        """Remove the run with everything in it; what is left is a tombstone.

        Raises RunNotFound; StorageFull when the disk refuses, which may be after the tombstone was
        written: what is then left of the run, the next start removes.

        What a server made of it elsewhere (small pictures, keys) is not known here: a server
        deletes runs by its `Forgetting`.
        """
        if not self._folders.exists(run_id):
            raise RunNotFound("There is no run with this id on this server.")
        self._folders.bury(run_id, "deleted")
        with full_disk_named():
            self._folders.remove_remains(run_id)
        logger.info("run %s deleted", run_id)

    def _check_complete(self, run: RunMetadata) -> None:
        if run.request.output_type == "text":
            if run.transformed_text is None:
                raise MediaNotFound("The text of this run was not stored.")
        elif not run.outputs_of(run.request.output_type):
            raise MediaNotFound("Nothing of the kind asked for was stored.")
        for output in run.outputs:
            path = self._folders.path(run.run_id) / output.filename
            if not path.is_file() or path.stat().st_size != output.file_size_bytes:
                raise MediaNotFound(f"{output.filename} is listed but not on disk as it should be.")

    def _change_open_run(
        self, run_id: str, change: Change, *, durable: bool = False, at_last: bool = False
    ) -> RunMetadata:
        def guarded(run: RunMetadata) -> RunMetadata:
            refuse_when_over(run)
            return change(run)

        write = self._folders.change_at_last if at_last else self._folders.change
        metadata = write(run_id, guarded)
        if durable:
            self._folders.sync(run_id)
        self._tell(metadata)
        return metadata

    def _tell(self, metadata: RunMetadata) -> None:
        for watcher in self._watchers:
            watcher(metadata)


_process_wide: MediaStorageService | None = None


def use_media_storage_service(service: MediaStorageService) -> None:
    """Make `service` the one that `get_media_storage_service` gives in this process."""
    global _process_wide  # noqa: PLW0603 - the one process-wide service, set at start
    _process_wide = service


def get_media_storage_service() -> MediaStorageService:
    """The storage of this process: the server's own, else one on the configured root.

    So a researcher's script reads runs with two lines, with or without a server running.
    Raises SettingsInvalid.
    """
    if _process_wide is None:
        from devserver.my_app.wiring import build_media_storage  # noqa: PLC0415 - it imports us

        service = build_media_storage(read_settings())
        use_media_storage_service(service)
        return service
    return _process_wide
