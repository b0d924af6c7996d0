"""Doing a run again: what a new run has to be asked for so that it repeats an old one."""

from __future__ import annotations

from typing import Literal, get_args

from devserver.config import SafetyLevel
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.runs import NewRun
from devserver.my_app.services.safety import LEVELS

Mode = Literal["eco", "fast"]
SeedChoice = Literal["same", "new"] | int


class RunNotOver(ServerError):
    """The run is still on its way, so there is nothing to repeat yet."""

    code = "run_not_over"


def again(
    run: RunMetadata,
    seed: SeedChoice,
    *,
    is_researcher: bool = False,
    device: str = "",
    workshop: str | None = None,
) -> NewRun:
    """What to ask for so that `run` is done once more, with its seed, a new one or a given one.

    It begins with the input text, not with the text as somebody edited it, and doesn't stop for an
    edit. The label of the person goes along, so that who looks for a person's runs finds it too;
    so does that of the workshop, where who repeats it is in none.
    Raises RunNotOver.
    """
    if not run.is_final:
        raise RunNotOver("This run is not over yet; it can be repeated when it is.")
    wished = run.request
    return NewRun(
        schema=run.schema_id or "",
        input_text=run.input_text,
        execution_mode=_mode(run.execution_mode),
        safety_level=_level(run.safety_level),
        user_id=run.user_id,
        output_configs=wished.output_configs,
        output_type=wished.output_type,
        seed=_seed_of(run) if seed == "same" else None if seed == "new" else seed,
        language=wished.language,
        context=wished.context,
        is_researcher=is_researcher,
        device=device,
        workshop=workshop or run.workshop,
        origin=run.run_id,
    )


def _seed_of(run: RunMetadata) -> int | None:
    """The seed it was made with; the first servers wrote it at outputs, if at all."""
    known = [run.request.seed, *(output.seed for output in run.outputs)]
    return next((seed for seed in known if seed is not None), None)


def _mode(name: str | None) -> Mode:
    # What a folder of another version names is put at the safe side.
    return next((mode for mode in get_args(Mode) if mode == name), "eco")


def _level(name: str | None) -> SafetyLevel:
    return next((level for level in LEVELS if level == name), "kids")
