"""What can be chosen in a request."""

from __future__ import annotations

from typing import get_args

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import json_answer, services
from devserver.my_app.routes.openapi import documented
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_metadata import OutputType
from devserver.my_app.services.safety import LEVELS
from devserver.my_app.services.schemas import InterceptionSchema

blueprint = Blueprint("schema", __name__, url_prefix="/api/schema")


@blueprint.get("/schemas")
@documented(answers={200: wire.SchemaList})
def schemas() -> Response:
    """All styles, in German and English."""
    return json_answer(wire.SchemaList(schemas=_schemas()))


@blueprint.get("/info")
@documented(answers={200: wire.SchemaInfo})
def info() -> Response:
    """Everything that can be chosen: styles, output configs, modes, levels, types."""
    return json_answer(
        wire.SchemaInfo(
            schemas=_schemas(),
            output_configs=[
                _output_config(config) for config in services().catalogue.output_configs.values()
            ],
            execution_modes=["eco", "fast"],
            safety_levels=list(LEVELS),
            minimum_safety_level=services().settings.minimum_safety_level,
            output_types=list(get_args(OutputType)),
            max_text_characters=wire.MAX_TEXT_CHARACTERS,
        )
    )


def _schemas() -> list[wire.SchemaView]:
    return [_schema(schema) for schema in services().catalogue.schemas.values()]


def _schema(schema: InterceptionSchema) -> wire.SchemaView:
    return wire.SchemaView(
        id=schema.id,
        name=wire.Localised(**schema.name.model_dump()),
        description=wire.Localised(**schema.description.model_dump()),
        category=wire.Localised(**schema.category.model_dump()),
        minimum_age=schema.audience.minimum_age,
        complexity=schema.audience.complexity,
        needs_context=schema.needs_context,
    )


def _output_config(config: OutputConfig) -> wire.OutputConfigView:
    reason = services().catalogue.unavailable_because(config)
    return wire.OutputConfigView(
        id=config.id,
        name=wire.Localised(**config.name.model_dump()),
        description=wire.Localised(**config.description.model_dump()),
        media_type=config.media_type,
        backend=config.backend,
        available=reason is None,
        unavailable_because=reason,
    )
