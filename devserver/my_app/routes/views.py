"""From a run's metadata to what clients are shown of it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import BaseModel

from devserver.my_app.routes import wire
from devserver.my_app.services.child_messages import ChildMessages
from devserver.my_app.services.journey import JourneyStep, journey_of
from devserver.my_app.services.media_stage import STEP as MEDIA_STEP
from devserver.my_app.services.run_events import RunEvent
from devserver.my_app.services.run_metadata import Output, RunMetadata, StageRecord

# For researchers only: what was sent to models, and which terms hit a list.
_PRIVATE_DETAILS = frozenset({"messages", "terms", "verdict", "answer"})
View = TypeVar("View", bound=BaseModel)
_PRIVATE_KEYS = ("user_id", "workshop", "jobs")


def media_url(run_id: str, media_type: str, number: int, extension: str) -> str:
    """The address of one output on this server; the ending lets players and viewers know it."""
    return f"/api/media/{media_type}/{run_id}/{number}.{extension}"


def outputs_view(run: RunMetadata) -> list[wire.OutputView]:
    """The outputs in their stored order, each with its number of its type and its address."""
    views = []
    counts: dict[str, int] = {}
    for output in run.outputs:
        number = counts[output.type] = counts.get(output.type, 0) + 1
        url = media_url(run.run_id, output.type, number, extension_of(output))
        views.append(wire.OutputView(**output.model_dump(), index=number, url=url))
    return views


def extension_of(output: Output) -> str:
    """The ending of the output's file name, without the dot."""
    return output.filename.rpartition(".")[2]


def stages_view(run: RunMetadata) -> list[StageRecord]:
    """The steps without what is for researchers only."""
    return [
        record.model_copy(
            update={
                "details": {k: v for k, v in record.details.items() if k not in _PRIVATE_DETAILS}
            }
        )
        for record in run.stages
    ]


def run_view(run: RunMetadata, *, is_researcher: bool = False) -> wire.RunView:
    """Everything about a run that may be shown to who asks."""
    values: dict[str, Any] = run.to_dict()
    if not is_researcher:
        for key in _PRIVATE_KEYS:
            del values[key]
        values["stages"] = [record.model_dump(mode="json") for record in stages_view(run)]
    return wire.RunView.model_validate(
        {**values, "archived": run.archived, "outputs": outputs_view(run)}
    )


def accepted_answer(event: RunEvent) -> wire.AcceptedAnswer:
    """The answer to a request that waits no longer for its run."""
    return _filled(
        wire.AcceptedAnswer,
        event.run,
        url=f"/api/runs/{event.run.run_id}",
        place_in_queue=event.place_in_queue,
        estimated_seconds=_whole(event.seconds),
    )


def run_answer(run: RunMetadata) -> wire.RunAnswer:
    """The answer to a request whose run came to its end with something to show."""
    outputs = outputs_view(run)
    media_outputs = [_media_output(run, outputs, config) for config in run.request.output_configs]
    return _filled(
        wire.RunAnswer,
        run,
        final_output=run.transformed_text,
        outputs=outputs,
        media_output=media_outputs[0] if media_outputs else None,
        media_outputs=media_outputs,
    )


def _media_output(
    run: RunMetadata, outputs: list[wire.OutputView], config: str
) -> wire.MediaOutput:
    first = next((output for output in outputs if output.config == config), None)
    error = next(
        (
            record.details.get("error")
            for record in reversed(run.stages)
            if record.step == MEDIA_STEP and record.config == config
        ),
        None,
    )
    return wire.MediaOutput.model_validate(
        {
            "config": config,
            "status": "failed" if error or first is None else "success",
            "run_id": run.run_id,
            "media_type": first.type if first else None,
            "url": first.url if first else None,
            "output": run.run_id,
            "media_stored": first is not None,
            "error": error,
        }
    )


def awaiting_edit_answer(run: RunMetadata) -> wire.AwaitingEditAnswer:
    """The answer to a request whose run waits for an edited text."""
    return _filled(wire.AwaitingEditAnswer, run, continue_url=f"/api/runs/{run.run_id}/continue")


def journey_view(run: RunMetadata, *, is_researcher: bool) -> wire.Journey:
    """The steps of a run, and what each changed; all details, for researchers."""
    shown = run if is_researcher else run.having(stages=tuple(stages_view(run)))
    return _filled(wire.Journey, run, steps=[_journey_step(step) for step in journey_of(shown)])


def _journey_step(step: JourneyStep) -> wire.JourneyStepView:
    known = step.record.model_dump(include=set(wire.JourneyStepView.model_fields))
    changes = [wire.ChangeView(kind=one.kind, text=one.text) for one in step.changes]
    return wire.JourneyStepView(**known, seed=step.seed, changes=changes)


def event_view(event: RunEvent, messages: ChildMessages) -> wire.RunState:
    """How the run stands; what a child was told is said in all languages that `messages` have."""
    run = event.run
    preview = f"/api/runs/{run.run_id}/preview" if event.has_preview else None
    told = messages.find(run.error.message) if run.error else None
    return _filled(
        wire.RunState,
        run,
        event=event.id,
        place_in_queue=event.place_in_queue,
        estimated_seconds=_whole(event.seconds),
        progress=wire.ProgressView(**asdict(event.progress), preview=preview)
        if event.progress
        else None,
        outputs=outputs_view(run),
        error_message=wire.Localised(**told.model_dump()) if told else None,
    )


def _whole(seconds: float | None) -> int | None:
    """Rounded up, for nobody counts on less than a second."""
    return None if seconds is None else math.ceil(seconds)


def _filled(form: type[View], run: RunMetadata, **values: object) -> View:
    """A `form` with `values`, and for the rest with what of the same name the run has."""
    same = {
        name: getattr(run, name)
        for name in form.model_fields
        if name not in values and hasattr(run, name)
    }
    if "stages" in same:
        same["stages"] = stages_view(run)
    return form.model_validate({**same, **values})
