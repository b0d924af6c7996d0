"""The output configs: one JSON file per way to make media, read and checked at start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from devserver.my_app.services.run_metadata import MediaType
from devserver.my_app.services.schema_files import (
    LocalisedText,
    PartInvalid,
    SchemaFile,
    SchemaPart,
    load_schema_files,
)

WORKFLOW_ENDING = ".workflow.json"


def _both_languages(value: object) -> object:
    return {"de": value, "en": value} if isinstance(value, str) else value


def _list_of_places(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: [place] if isinstance(place, str) else place for name, place in value.items()}


Texts = Annotated[LocalisedText, BeforeValidator(_both_languages)]
Places = Annotated[dict[str, list[str]], BeforeValidator(_list_of_places)]


class ModelFile(SchemaPart):
    """A file of a model that has to lie on the ComfyUI server, and where it is published."""

    folder: str = Field(description="Under ComfyUI's models folder, such as checkpoints.")
    file: str
    source: str | None = None


class OutputConfig(SchemaFile):
    """A way to make media of one type with one backend.

    For ComfyUI, `workflow` names a graph in API format that lies beside the file, and `places` says
    where in it prompt, negative_prompt, seed and any of `parameters` go, such as "6.text".
    """

    name: Texts
    description: Texts
    media_type: MediaType
    backend: str
    default_rank: dict[str, int] = Field(
        default_factory=dict,
        description="By mode (eco, fast); the lowest whose backend is set up is the default.",
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="For the backend.")
    prompt_language: Literal["en"] | None = Field(
        None, description="en for a model that understands English only; null for any language."
    )
    workflow: str | None = Field(None, pattern=r"^[A-Za-z0-9_-]+\.workflow\.json$")
    places: Places = Field(default_factory=dict)
    model: str | None = Field(None, description="The model's name, as metadata tells it.")
    license: str | None = Field(None, description="The licence of what the model makes.")
    model_files: list[ModelFile] = Field(default_factory=list)
    include_temporary: bool = Field(
        False, description="Store ComfyUI's temporary outputs (previews) beside the saved ones."
    )

    @model_validator(mode="before")
    @classmethod
    def _describe_by_name(cls, values: Any) -> Any:
        """A teacher's five lines need no description."""
        if isinstance(values, dict) and "description" not in values and "name" in values:
            return {**values, "description": values["name"]}
        return values


def load_output_configs(folder: Path) -> Mapping[str, OutputConfig]:
    """Read every output config of a folder. Raises SchemaFileInvalid for the first bad one."""
    return load_schema_files(folder, OutputConfig, _check_workflow, leave_out=WORKFLOW_ENDING)


def _check_workflow(config: OutputConfig) -> None:
    if config.backend == "comfyui" and config.workflow is None:
        raise PartInvalid(
            ("workflow",), f"A ComfyUI config names a workflow, a file ending in {WORKFLOW_ENDING}."
        )
    if config.backend == "comfyui" and "prompt" not in config.places:
        raise PartInvalid(
            ("places",), 'places has to say where the prompt goes, such as {"prompt": "6.text"}.'
        )
