"""The OpenAPI description, made of the routes themselves and of the models in `wire`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import CHANGES_NOTHING, CSRF_HEADER, SESSION_COOKIE
from devserver.my_app.routes.workshop import HEADER as WORKSHOP_HEADER

View = TypeVar("View", bound=Callable[..., object])
_ATTRIBUTE = "openapi"
_PARAMETER = re.compile(r"<(?:(?P<converter>[a-z]+)(?:\((?P<arguments>.*?)\))?:)?(?P<name>\w+)>")
_ANY_FAILURE = (
    "Any other failure: a name or a page that may not ask (403), too many requests (429), or one "
    "inside the server (500)"
)
_REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True)
class Documentation:
    """What a view says of itself beyond its address and docstring."""

    answers: Mapping[int, type[BaseModel] | None]
    request: type[BaseModel] | None = None
    needs_body: bool = True
    errors: tuple[int, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    fails_on_a_page: bool = False
    for_researchers: bool = False
    makes_runs: bool = False


def documented(
    *,
    answers: Mapping[int, type[BaseModel] | None],
    request: type[BaseModel] | None = None,
    needs_body: bool = True,
    errors: tuple[int, ...] = (),
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    fails_on_a_page: bool = False,
    for_researchers: bool = False,
    makes_runs: bool = False,
) -> Callable[[View], View]:
    """Say what a view takes and answers. An answer of None is a file.

    `needs_body` is False where the body that `request` describes may be left out. Failures are an
    ErrorAnswer, unless it `fails_on_a_page` for people.

    Who may call it is said here, too, and enforced (see admission.py): `for_researchers` needs a
    token; what `makes_runs` needs a workshop code where codes are set, and counts its runs itself.
    """
    said = Documentation(
        answers=answers,
        request=request,
        needs_body=needs_body,
        errors=errors,
        query=query or {},
        headers=headers or {},
        fails_on_a_page=fails_on_a_page,
        for_researchers=for_researchers,
        makes_runs=makes_runs,
    )

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, said)
        return view

    return mark


def documentation_of(view: Callable[..., object]) -> Documentation | None:
    """What the view says of itself; None for a page or a static file."""
    said: Documentation | None = getattr(view, _ATTRIBUTE, None)
    return said


def build_openapi(app: Flask) -> dict[str, Any]:
    """The description of every documented route of `app`, as OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    models: set[type[BaseModel]] = {wire.ErrorAnswer}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        said = documentation_of(view)
        if said is None:
            continue
        models |= {model for model in (said.request, *said.answers.values()) if model}
        path = _PARAMETER.sub(r"{\g<name>}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(path, {})[method.lower()] = _operation(rule, method, view, said)
    _, definitions = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template=_REFERENCE,
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Generative media for arts education",
            "version": "1",
            "description": "A text becomes a run, and everything about the run lies in one folder.",
            "license": {"name": "GPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "researcher": {"type": "http", "scheme": "bearer"},
                "login": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
            },
        },
    }


def _operation(
    rule: Rule, method: str, view: Callable[..., object], said: Documentation
) -> dict[str, Any]:
    summary, _, rest = (inspect.getdoc(view) or "").partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": " ".join(summary.split()),
        "description": " ".join(rest.split()),
        "parameters": [
            *(_path_parameter(match) for match in _PARAMETER.finditer(rule.rule)),
            *(_parameter(name, "query", text) for name, text in said.query.items()),
            *(_parameter(name, "header", text) for name, text in _headers(method, said).items()),
        ],
        "responses": {
            **{str(status): _answer(status, model) for status, model in said.answers.items()},
            **{str(status): _failure(HTTPStatus(status).phrase, said) for status in said.errors},
            "default": _failure(_ANY_FAILURE, said),
        },
    }
    if said.request:
        operation["requestBody"] = {"required": said.needs_body, "content": _json(said.request)}
    if said.for_researchers:
        operation["security"] = [{"researcher": []}, {"login": []}]
    return operation


def _path_parameter(match: re.Match[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if match["converter"] == "any":
        schema["enum"] = [choice.strip(" '\"") for choice in match["arguments"].split(",")]
    return {"name": match["name"], "in": "path", "required": True, "schema": schema}


def _parameter(name: str, place: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": place, "description": text, "schema": {"type": "string"}}


def _headers(method: str, said: Documentation) -> dict[str, str]:
    headers = dict(said.headers)
    if said.makes_runs:
        headers[WORKSHOP_HEADER] = "The code of a workshop, where one is needed."
    if said.for_researchers and method not in CHANGES_NOTHING:
        headers[CSRF_HEADER] = "With the cookie of a login: what `GET /api/login` tells."
    return headers


def _failure(description: str, said: Documentation) -> dict[str, Any]:
    if said.fails_on_a_page:
        return {"description": description, "content": {"text/html": {}}}
    return {"description": description, "content": _json(wire.ErrorAnswer)}


def _answer(status: int, model: type[BaseModel] | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if model:
        answer["content"] = _json(model)
    elif status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        answer["content"] = {"*/*": {}}
    return answer


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}
