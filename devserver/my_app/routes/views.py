"""From a run's metadata to what clients are shown of it."""

from __future__ import annotations

from typing import Any

from devserver.my_app.routes import wire
from devserver.my_app.services.run_metadata import Output, RunMetadata, StageRecord

# For researchers only: what was sent to models, and which terms hit a list.
_PRIVATE_DETAILS = frozenset({"messages", "terms"})
_PRIVATE_KEYS = ("user_id", "jobs")


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
    return wire.RunView.model_validate({**values, "outputs": outputs_view(run)})


def run_answer(run: RunMetadata) -> wire.RunAnswer:
    """The answer to a request whose run came to its end with something to show."""
    outputs = outputs_view(run)
    media_outputs = [_media_output(run, outputs, config) for config in run.request.output_configs]
    return wire.RunAnswer(
        status="partial" if run.status == "partial" else "success",
        run_id=run.run_id,
        schema_id=run.schema_id,
        execution_mode=run.execution_mode,
        safety_level=run.safety_level,
        input_text=run.input_text,
        transformed_text=run.transformed_text,
        final_output=run.transformed_text,
        outputs=outputs,
        media_output=media_outputs[0] if media_outputs else None,
        media_outputs=media_outputs,
        stages=stages_view(run),
        warnings=list(run.warnings),
    )


def _media_output(
    run: RunMetadata, outputs: list[wire.OutputView], config: str
) -> wire.MediaOutput:
    first = next((output for output in outputs if output.config == config), None)
    error = next(
        (
            record.details.get("error")
            for record in reversed(run.stages)
            if record.stage == 4 and record.config == config
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


def run_state(
    run: RunMetadata, place_in_queue: int | None, progress: wire.ProgressView | None
) -> wire.RunState:
    """How the run stands."""
    return wire.RunState(
        run_id=run.run_id,
        status=run.status,
        revision=run.revision,
        timestamp=run.timestamp,
        finished_at=run.finished_at,
        schema_id=run.schema_id,
        place_in_queue=place_in_queue,
        progress=progress,
        attempts=run.attempts,
        input_text=run.input_text,
        transformed_text=run.transformed_text,
        stages=stages_view(run),
        outputs=outputs_view(run),
        warnings=list(run.warnings),
        error=run.error,
    )
