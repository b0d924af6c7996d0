"""The output configs: one JSON file per way to make media, read and checked at start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from devserver.my_app.services.run_metadata import MediaType
from devserver.my_app.services.schema_files import (
    LocalisedText,
    SchemaFile,
    load_schema_files,
)


class OutputConfig(SchemaFile):
    """A way to make media of one type with one backend."""

    name: LocalisedText
    description: LocalisedText
    media_type: MediaType
    backend: str
    default_rank: dict[str, int] = Field(
        default_factory=dict,
        description="By execution mode; the lowest whose backend is set up is the default.",
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="For the backend.")


def load_output_configs(folder: Path) -> Mapping[str, OutputConfig]:
    """Read every output config of a folder. Raises SchemaFileInvalid for the first bad one."""
    return load_schema_files(folder, OutputConfig)
