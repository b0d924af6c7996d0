"""The interception schemas: one JSON file per style, read and checked at start.

A file that asks for a technique or parameters which do not exist stops the start too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from devserver.my_app.services.interception.techniques import TECHNIQUES
from devserver.my_app.services.schema_files import (
    LocalisedText,
    PartInvalid,
    SchemaFile,
    SchemaPart,
    load_schema_files,
)


class TechniqueChoice(SchemaPart):
    """The writing technique that rewrites when no language model is configured."""

    name: str
    parameters: Mapping[str, object] = Field(default_factory=dict)


class PictureChoice(SchemaPart):
    """How the collage engine lays the picture of this style."""

    style: Literal["papercut", "montage", "geometric"]


class Audience(SchemaPart):
    """From which age a style is offered, and how demanding it is (1 easy … 5 demanding)."""

    minimum_age: Annotated[int, Field(ge=3, le=18)]
    complexity: Annotated[int, Field(ge=1, le=5)]


class InterceptionSchema(SchemaFile):
    """A way of seeing that stage 2 takes towards a child's text.

    `stance` is what a language model is told; `technique` is what is done without one.
    """

    name: LocalisedText
    description: LocalisedText
    category: LocalisedText
    stance: Annotated[str, Field(min_length=40, max_length=4_000)]
    technique: TechniqueChoice
    picture: PictureChoice
    audience: Audience


def load_interception_schemas(folder: Path) -> Mapping[str, InterceptionSchema]:
    """Read every style of a folder. Raises SchemaFileInvalid for the first that cannot be used."""
    return load_schema_files(folder, InterceptionSchema, _check_technique)


def _check_technique(schema: InterceptionSchema) -> None:
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
