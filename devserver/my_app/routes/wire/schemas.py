"""What can be chosen."""

from __future__ import annotations

from pydantic import BaseModel, Field

from devserver.my_app.services.run_metadata import MediaType


class Localised(BaseModel):
    """A text in both languages."""

    de: str
    en: str


class SchemaView(BaseModel):
    """A style that can be chosen."""

    id: str
    name: Localised
    description: Localised
    category: Localised
    minimum_age: int
    complexity: int
    needs_context: bool = Field(description="Whether a request has to bring rules, as context.")


class OutputConfigView(BaseModel):
    """A way to make media that can be chosen."""

    id: str
    name: Localised
    description: Localised
    media_type: MediaType
    backend: str
    available: bool
    unavailable_because: str | None


class SchemaList(BaseModel):
    """All styles."""

    schemas: list[SchemaView]


class SchemaInfo(SchemaList):
    """Everything that can be chosen in a request."""

    output_configs: list[OutputConfigView]
    execution_modes: list[str]
    safety_levels: list[str]
    minimum_safety_level: str
    output_types: list[str]
    max_text_characters: int
