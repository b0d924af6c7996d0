"""Images, video, sound and 3D from the models at Replicate.

A prediction is created, and looked at until it has ended. `Prefer: wait` holds the answer back for
up to a minute; a few seconds are asked for here, because the prediction's id is only known with the
answer, and without it a restart can't find again what is being paid for. Addresses in answers
(`urls.get`, `urls.cancel`) are not called but built from the id, so that the token goes to the
configured server only. Files are gone an hour after the prediction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from devserver.my_app.services.backends.api_jobs import (
    SentBefore,
    brought,
    check_available,
    failures_told,
    made_by,
    write_down,
)
from devserver.my_app.services.backends.api_service import ApiService
from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendTimedOut,
    MediaRequest,
    RunAtWork,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.made_media import descriptions_of
from devserver.my_app.services.media_sources import MediaDescription
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_metadata import Job

DEFAULT_BASE_URL = "https://api.replicate.com/v1"

_WAIT_SECONDS = 5
_FIRST_LOOK_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 5.0
_CANCEL_SECONDS = 10.0
_ANSWER_SECONDS = 120.0
_SEEDS = 2**31
"""Models take seeds of 31 bits at least; a larger one is taken modulo this."""
_ENDED = frozenset({"succeeded", "failed", "canceled", "aborted"})
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MODEL = re.compile(r"(?P<path>\w[\w.-]*/\w[\w.-]*)(?::(?P<version>[0-9a-f]{64}))?", re.ASCII)
_FORBIDDEN = re.compile(r"\(E005\)|\bNSFW\b|flagged as sensitive|content policy", re.IGNORECASE)
"""How failed predictions tell that a safety filter stopped them."""


class ReplicateBackend:
    """Makes what a config's model makes.

    Its parameters: `model` ("owner/name" or "owner/name:version"), `input` (sent as it is),
    `prompt_input` (the input's name for the prompt; "prompt"), `seed_input` (the name for the seed,
    where the model takes one), `negative_prompt_input` (likewise), `longest_prompt` (characters).
    """

    name = "replicate"

    def __init__(
        self,
        service: ApiService,
        *,
        timeout_seconds: float,
        key_setting: str | None = "REPLICATE_API_TOKEN",
    ) -> None:
        self._service = service
        self._timeout_seconds = timeout_seconds
        self._key_setting = key_setting

    @property
    def is_set_up(self) -> bool:
        """Whether there is a key, where one is needed."""
        return self._service.lacks_key(self._key_setting) is None

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """A missing token or model."""
        if not _MODEL.fullmatch(str(config.parameters.get("model"))):
            return "Its parameters name no model, as owner/name."
        return self._service.lacks_key(self._key_setting)

    def describe(self, configs: Sequence[OutputConfig]) -> Sequence[str]:
        """Where the service is, and which configs can't be made."""
        return self._service.describe(configs, self.unavailable_because)

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        """Create the prediction, or find again the one of before a restart, and wait for its end.

        Raises also ApiKeyRefused, SentBefore, MediaRejected.
        """
        check_available(self, request)
        run = request.run
        last = run.jobs[-1] if run.jobs else None
        seed = request.seed % _SEEDS if request.config.parameters.get("seed_input") else None
        if last is None:
            job, prediction = self._create(request, seed)
        elif not _ID.fullmatch(last.job_id or ""):
            raise SentBefore
        else:
            job, prediction = last, {"id": last.job_id}
        with failures_told(run, job):
            prediction = self._follow(run, job.job_id or "", prediction)
            self._check(prediction)
        run.job_is(job, "done")
        by = made_by(self.name, request, seed=seed)
        return brought(run, job, descriptions_of(prediction.get("output"), by))

    def cancel(self, job: Job) -> None:
        """Cancel the prediction, if its id is known and it is one of this service's."""
        if job.server == self._service.base_url and _ID.fullmatch(job.job_id or ""):
            self._cancel(job.job_id or "")

    def _create(self, request: MediaRequest, seed: int | None) -> tuple[Job, dict[str, Any]]:
        run = request.run
        path, body = self._sent(request, seed)
        job = write_down(self, self._service, request, body)
        with failures_told(run, job):
            prediction = self._service.post(
                path, body, run, headers={"Prefer": f"wait={_WAIT_SECONDS}"}
            )
            prediction_id = prediction.get("id")
            if not isinstance(prediction_id, str) or not _ID.fullmatch(prediction_id):
                raise BackendFailed(f"{self._service.label} gave no id for what it makes.")
            with self._cancelling(prediction_id):
                return run.job_known_as(job, prediction_id), prediction

    def _sent(self, request: MediaRequest, seed: int | None) -> tuple[str, dict[str, Any]]:
        """Where the prediction is asked for, and with what."""
        parameters = request.config.parameters
        model = _MODEL.fullmatch(str(parameters.get("model")))
        if model is None:
            raise BackendFailed("This output config names no model, as owner/name.")
        sent = dict(parameters.get("input") or {})
        sent[str(parameters.get("prompt_input") or "prompt")] = _prompt(request)
        negative_input = parameters.get("negative_prompt_input")
        if negative_input and request.negative_prompt:
            sent[str(negative_input)] = request.negative_prompt
        if seed is not None:
            sent[str(parameters["seed_input"])] = seed
        if model["version"]:
            return "/predictions", {"version": model["version"], "input": sent}
        return f"/models/{model['path']}/predictions", {"input": sent}

    def _follow(
        self, run: RunAtWork, prediction_id: str, prediction: dict[str, Any]
    ) -> dict[str, Any]:
        """Look at the prediction until it has ended; cancel it when that isn't waited for."""
        clock = self._service.clock
        deadline = clock() + self._timeout_seconds
        pause = _FIRST_LOOK_SECONDS if "status" in prediction else 0.0
        with self._cancelling(prediction_id):
            while prediction.get("status") not in _ENDED:
                if clock() + pause > deadline:
                    raise BackendTimedOut(f"{self._service.label} took too long.")
                self._service.wait(pause, run.check_wanted)
                seconds = max(1.0, min(_ANSWER_SECONDS, deadline - clock()))
                prediction = self._service.get(
                    f"/predictions/{prediction_id}", run, seconds=seconds
                )
                pause = min(_LONGEST_PAUSE_SECONDS, max(_FIRST_LOOK_SECONDS, pause * 1.5))
        return prediction

    @contextmanager
    def _cancelling(self, prediction_id: str) -> Iterator[None]:
        """Cancel the prediction when the block fails, so that nothing is paid for in vain."""
        try:
            yield
        except ServerError:
            self._cancel(prediction_id)
            raise

    def _cancel(self, prediction_id: str) -> None:
        with suppress(ServerError):
            self._service.post_again(
                f"/predictions/{prediction_id}/cancel", seconds=_CANCEL_SECONDS
            )

    def _check(self, prediction: Mapping[str, Any]) -> None:
        """Raise what became of a prediction that did not go well."""
        label, status = self._service.label, prediction.get("status")
        if status == "failed":
            if _FORBIDDEN.search(str(prediction.get("error") or "")):
                raise self._service.refused()
            raise BackendFailed(f"The model at {label} failed.")
        if status in ("canceled", "aborted"):
            raise BackendFailed(f"The work at {label} was stopped there.")
        if prediction.get("data_removed") and not prediction.get("output"):
            raise BackendFailed(f"{label} has already removed what it made.")


def _prompt(request: MediaRequest) -> str:
    """The prompt, cut at a word where the model takes no more; then the run is told."""
    longest = request.config.parameters.get("longest_prompt")
    if not isinstance(longest, int) or len(request.prompt) <= longest:
        return request.prompt
    request.run.warn(f"The model takes {longest} characters, so the text was cut for it.")
    cut = request.prompt[: longest + 1]
    return (cut.rpartition(" ")[0] or cut)[:longest]
