"""The ComfyUI backend: a workflow is filled in, sent to a server, and watched to its end."""

from __future__ import annotations

import logging
import secrets
import threading
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress

from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendNotConfigured,
    BackendTimedOut,
    BackendUnreachable,
    MediaRequest,
    NotWanted,
)
from devserver.my_app.services.comfyui.client import (
    ComfyUIClient,
    Graph,
    WorkflowRefused,
    view_url,
)
from devserver.my_app.services.comfyui.history import Outcome, OutputFile, files_of, outcome_of
from devserver.my_app.services.comfyui.progress_socket import (
    NodeProgress,
    Preview,
    ProgressSocket,
)
from devserver.my_app.services.comfyui.servers import ComfyUIServers
from devserver.my_app.services.comfyui.waiting import (
    UNREACHABLE_SECONDS,
    PromptLost,
    wait_for_end,
)
from devserver.my_app.services.comfyui.workflow import Workflow, WorkflowInvalid
from devserver.my_app.services.media_sources import ComfyUIPrompt, MadeBy, MediaDescription
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_metadata import SUBMITTED, Job

logger = logging.getLogger(__name__)

MAX_SUBMISSIONS = 3
"""How often one output config of one run is sent, counted over restarts of this server."""

_NAME = "comfyui"


class PromptRemoved(BackendFailed):
    """Somebody took the prompt out of ComfyUI's queue."""

    code = "comfyui_prompt_removed"


class ComfyUIBackend:
    """Runs workflows on the configured ComfyUI servers."""

    name = _NAME
    is_set_up = True

    def __init__(
        self,
        servers: ComfyUIServers,
        workflows: Mapping[str, Workflow | WorkflowInvalid],
        *,
        timeout_seconds: float,
        unreachable_seconds: float = UNREACHABLE_SECONDS,
    ) -> None:
        self._servers = servers
        self._workflows = workflows
        self._timeout_seconds = timeout_seconds
        self._unreachable_seconds = unreachable_seconds

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """A fault of the workflow's file, or what every server that answers lacks for it."""
        workflow = self._workflows.get(config.id)
        if isinstance(workflow, WorkflowInvalid):
            return str(workflow)
        if workflow is None:
            return "It has no workflow."
        missing = self._servers.lacks(workflow)
        return missing.sentence(_places(config)) if missing else None

    def describe(self, configs: Sequence[OutputConfig]) -> Sequence[str]:
        """Workflows that can't be used; each server with its version and what it can't run."""
        lines = []
        workflows = []
        for config in configs:
            workflow = self._workflows.get(config.id)
            if isinstance(workflow, Workflow):
                workflows.append((config, workflow))
            else:
                lines.append(f"{config.id} can't be used. {workflow or 'It has no workflow.'}")
        for state in self._servers.states():
            lines.append(f"{state.url}: {state.trouble or f'answers, version {state.version}'}")
            for config, workflow in workflows:
                missing = self._servers.lacks_at(state.url, workflow)
                if missing:
                    lines.append(f"  can't run {config.id}. {missing.sentence(_places(config))}")
        return lines

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        """Send the workflow, or find again what was sent before a restart, and wait for its end.

        What ComfyUI lost is sent anew, in all MAX_SUBMISSIONS times. Raises also WorkflowRefused.
        """
        workflow = self._workflow(request.config)
        last = request.run.jobs[-1] if request.run.jobs else None
        if last and last.state in (SUBMITTED, "done") and self._servers.is_known(last.server or ""):
            with self._servers.hold(last.server or ""):
                made = self._follow(request, workflow, last)
            if made is not None:
                return made
        while True:
            if len(request.run.jobs) >= MAX_SUBMISSIONS:
                raise BackendFailed("ComfyUI lost this run several times, so it was given up.")
            with self._servers.place(
                workflow, request.run.check_wanted, lambda ahead: request.run.progress(ahead=ahead)
            ) as url:
                made = self._send_and_follow(request, workflow, url)
            if made is not None:
                return made

    def cancel(self, job: Job) -> None:
        """Take the prompt out of the queue of its server, or stop it, if that server is ours."""
        if job.job_id and self._servers.is_known(job.server or ""):
            with ComfyUIClient(job.server or "") as client, suppress(BackendUnreachable):
                client.cancel(job.job_id)

    def _workflow(self, config: OutputConfig) -> Workflow:
        workflow = self._workflows.get(config.id)
        if isinstance(workflow, WorkflowInvalid):
            raise workflow
        if workflow is None:
            raise BackendNotConfigured(f"{config.id} has no workflow.")
        return workflow

    def _send_and_follow(
        self, request: MediaRequest, workflow: Workflow, url: str
    ) -> list[MediaDescription] | None:
        values = {
            **request.config.parameters,
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "seed": request.seed,
        }
        graph = workflow.filled(values, prefix=f"{request.run_id}_{secrets.token_hex(4)}")
        job = Job.model_validate(
            {
                "backend": _NAME,
                "server": url,
                # Our own id: a lost answer and a restart of ours can be made good (ids_01).
                "job_id": str(uuid.uuid4()),
                "client_id": uuid.uuid4().hex,
                "config": request.config.id,
                "state": SUBMITTED,
            }
        )
        return self._follow(request, workflow, job, graph)

    def _follow(
        self, request: MediaRequest, workflow: Workflow, job: Job, graph: Graph | None = None
    ) -> list[MediaDescription] | None:
        """Send `graph` when there is one, and wait; None when ComfyUI lost it."""
        run, url, prompt_id = request.run, job.server or "", job.job_id or ""
        look = threading.Event()

        def progress(node: NodeProgress) -> None:
            title = workflow.title_of(node.node) if node.node else None
            run.progress(ahead=0, node=title, step=node.step, steps=node.steps)

        def preview(picture: Preview) -> None:
            run.preview(picture.data, picture.mime_type)

        client_id = str((job.model_extra or {}).get("client_id") or uuid.uuid4().hex)
        with (
            ComfyUIClient(url) as client,
            ProgressSocket(
                url,
                client_id=client_id,
                prompt_id=prompt_id,
                look=look,
                on_progress=progress,
                on_preview=preview,
            ) as socket,
            ExitStack() as turn,
        ):
            try:
                if graph is not None:
                    socket.wait_until_tried()
                    turn.enter_context(
                        self._servers.turn(
                            url, run.check_wanted, lambda ahead: run.progress(ahead=ahead)
                        )
                    )
                    # On disk before it is sent, but not long before: what was written down and not
                    # sent when our server ends counts as lost by ComfyUI.
                    job = run.submitting(job, graph)
                    self._send(client, request, job, graph, client_id)
                else:
                    look.set()
                entry = wait_for_end(
                    client,
                    prompt_id,
                    look=look,
                    timeout_seconds=self._timeout_seconds,
                    check_wanted=run.check_wanted,
                    on_place=lambda ahead: run.progress(ahead=ahead),
                    unreachable_seconds=self._unreachable_seconds,
                )
            except (NotWanted, BackendTimedOut) as error:
                with suppress(BackendUnreachable):
                    client.cancel(prompt_id)
                if isinstance(error, BackendTimedOut):
                    run.job_is(job, "timed_out")
                raise
            except PromptLost as error:
                run.job_is(job, "lost")
                if graph is not None and socket.is_connected:
                    # It did not restart, so somebody removed the prompt there (queue_07).
                    raise PromptRemoved("The run was removed from ComfyUI's queue.") from error
                return None
            except BackendUnreachable as error:
                run.job_is(job, "lost")
                self._servers.report_trouble(url, str(error))
                return None
            except WorkflowRefused:
                run.job_is(job, "refused")
                raise
        outcome = outcome_of(entry)
        files = files_of(entry, with_temporary=request.config.include_temporary)
        if outcome.ending == "success":
            run.job_is(job, "done")
            return [self._description(request, job, files)]
        run.job_is(job, outcome.ending)
        # What was saved before the failure is kept; cached previews of other runs are not ours.
        saved = [file for file in files if file.type == "output"]
        made = [self._description(request, job, saved)] if saved else []
        raise self._failure(request.run_id, outcome, made)

    def _send(
        self,
        client: ComfyUIClient,
        request: MediaRequest,
        job: Job,
        graph: Graph,
        client_id: str,
    ) -> None:
        try:
            left_out = client.submit(graph, prompt_id=job.job_id or "", client_id=client_id)
        except BackendUnreachable as error:
            # The answer may be all that was lost; queue and history will tell.
            logger.warning("run %s: no answer to its prompt: %s", request.run_id, error)
            return
        for sentence in left_out:
            request.run.warn(f"ComfyUI left out a part of the workflow. {sentence}")

    @staticmethod
    def _description(request: MediaRequest, job: Job, files: Sequence[OutputFile]) -> ComfyUIPrompt:
        server = job.server or ""
        made_by = MadeBy(
            backend=_NAME,
            config=request.config.id,
            seed=request.seed,
            model=request.config.model,
            license=request.config.license,
        )
        return ComfyUIPrompt(
            prompt_id=job.job_id or "",
            server=server,
            made_by=made_by,
            file_urls=tuple(view_url(server, file.query) for file in files),
        )

    @staticmethod
    def _failure(run_id: str, outcome: Outcome, made: Sequence[MediaDescription]) -> BackendFailed:
        logger.warning(
            "run %s ended at ComfyUI: %s, node %s, %s",
            run_id,
            outcome.ending,
            outcome.node_type,
            outcome.exception_type,
        )
        return BackendFailed(outcome.sentence, made=made)


def _places(config: OutputConfig) -> dict[str, str]:
    """Where each of the config's model files belongs, for a person."""
    return {
        file.file: f"models/{file.folder}" + (f", from {file.source}" if file.source else "")
        for file in config.model_files
    }
