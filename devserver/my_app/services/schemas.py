"""The interception schemas: one JSON file per style, read and checked at start and when changed.

A file that asks for a technique or parameters which do not exist cannot be used either.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from devserver.my_app.services.atelier.manner import PAPER_COLOUR, Palette, Style, Time
from devserver.my_app.services.interception.techniques import TECHNIQUES
from devserver.my_app.services.language.model_names import StepModels
from devserver.my_app.services.live_schema_files import LOOK_SECONDS, LiveSchemaFiles
from devserver.my_app.services.run_metadata import MediaType
from devserver.my_app.services.schema_files import (
    LocalisedText,
    PartInvalid,
    SchemaFile,
    SchemaId,
    SchemaPart,
    load_schema_files,
)

Stance = Annotated[str, Field(min_length=40, max_length=4_000)]


class TechniqueChoice(SchemaPart):
    """The writing technique that rewrites when no language model is configured."""

    name: str = Field(description="One of the embedded techniques, such as cut_up.")
    parameters: Mapping[str, object] = Field(
        default_factory=dict, description="What the technique takes; checked by the technique."
    )


class LanguageModelChoice(SchemaPart):
    """How a language model is asked, where one is configured."""

    models: StepModels = Field(
        StepModels(),
        description="Models other than the configured ones, for eco and for fast mode, such as "
        '{"eco": "ollama/llama3.2:3b"}.',
    )
    temperature: Annotated[float, Field(ge=0, le=2, strict=False)] = Field(
        0.8, description="How freely words are chosen: 0 the likeliest, 2 nearly at random."
    )
    max_tokens: Annotated[int, Field(ge=16, le=4_000)] = Field(
        600, description="The longest answer, in tokens of the model."
    )


class SchemaStep(SchemaPart):
    """One link of a chain: what a language model is told for this step, beside the stance."""

    id: SchemaId = Field(description="The step's name in the record of the run.")
    name: LocalisedText = Field(description="Who or what this step is, for the page.")
    stance: Stance = Field(description="What the model is told for this step only.")


class PictureChoice(SchemaPart):
    """How the collage engine lays the picture of this style; the fields of atelier's Manner."""

    style: Style = Field(description="Layered paper, a torn montage, or geometric shapes.")
    time: Time = Field("as_written", description="The hour of the sky.")
    palette: Palette = Field("natural", description="A last change of all colours.")
    paper: Annotated[str, Field(pattern=f"^{PAPER_COLOUR.pattern}$")] = Field(
        "#faf3e2", description="The colour of the frame and of the ground, such as #faf3e2."
    )
    frame: bool = Field(True, description="Whether a paper frame runs around the picture.")
    letters: bool = Field(True, description="Whether words lie among the pieces of a montage.")
    upside_down: bool = Field(False, description="Whether the picture stands on its head.")
    exaggeration: Annotated[float, Field(ge=0, le=2, strict=False)] = Field(
        1.0, description="How much large and small differ: 0 all alike, 2 grotesque."
    )


class Audience(SchemaPart):
    """For whom a style is."""

    minimum_age: Annotated[int, Field(ge=3, le=18)] = Field(
        description="From which age it is offered, in years."
    )
    complexity: Annotated[int, Field(ge=1, le=5)] = Field(
        description="How demanding it is: 1 easy … 5 demanding."
    )


class InterceptionSchema(SchemaFile):
    """A way of seeing that stage 2 takes towards a child's text.

    `stance` is what a language model is told; `technique` is what is done without one.
    """

    name: LocalisedText = Field(description="What stands on the button.")
    description: LocalisedText = Field(description="One or two sentences to a child.")
    category: LocalisedText = Field(description="The group of styles it is shown in.")
    stance: Stance = Field(
        description="The attitude a language model takes, in English. That it keeps the child's "
        "language and answers with the new text only is added to every stance."
    )
    steps: tuple[SchemaStep, ...] = Field(
        (),
        max_length=12,
        strict=False,
        description="A chain: each step rewrites what the one before gave, and is recorded. "
        "Without steps the model is asked once.",
    )
    needs_context: bool = Field(
        False, description="Whether the request has to bring rules of its own as `context`."
    )
    language_model: LanguageModelChoice | None = Field(
        default_factory=LanguageModelChoice,
        description="null for a style that is made by its technique alone, model or not.",
    )
    technique: TechniqueChoice = Field(
        description="What is done where no language model is configured."
    )
    negative_prompt: str | None = Field(
        None,
        min_length=1,
        max_length=1_000,
        description="What a media model should leave out, in English; joined to the config's own.",
    )
    default_outputs: Mapping[MediaType, SchemaId] = Field(
        default_factory=dict,
        description="The output config wished for by media type. Where it is unknown here, not of "
        "the asked mode or not set up, the server's usual default is taken.",
    )
    picture: PictureChoice = Field(description="How the embedded collage engine shows it.")
    audience: Audience = Field(description="For whom it is.")

    @field_validator("steps")
    @classmethod
    def _step_ids_differ(cls, steps: tuple[SchemaStep, ...]) -> tuple[SchemaStep, ...]:
        if len({step.id for step in steps}) < len(steps):
            raise ValueError("Two steps have the same id.")
        return steps


def load_interception_schemas(folder: Path) -> Mapping[str, InterceptionSchema]:
    """Read every style of a folder. Raises SchemaFileInvalid for the first that cannot be used."""
    return load_schema_files(folder, InterceptionSchema, check_technique)


def live_interception_schemas(
    folder: Path, look_seconds: float = LOOK_SECONDS
) -> LiveSchemaFiles[InterceptionSchema]:
    """The styles of a folder, which follow its changes. Raises SchemaFileInvalid at the start."""
    return LiveSchemaFiles(folder, InterceptionSchema, check_technique, look_seconds=look_seconds)


def check_technique(schema: InterceptionSchema) -> None:
    """Raise PartInvalid where the technique or its parameters do not exist."""
    choice = schema.technique
    if choice.name not in TECHNIQUES:
        known = ", ".join(sorted(TECHNIQUES))
        raise PartInvalid(
            ("technique", "name"), f"There is no technique {choice.name!r}; there are: {known}."
        )
    try:
        TECHNIQUES[choice.name].check(choice.parameters)
    except ValidationError as error:
        raise PartInvalid(("technique", "parameters"), error) from error
