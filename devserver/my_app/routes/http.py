"""What every route needs of HTTP: reading a JSON body, RFC 7240 preferences, writing JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, current_app, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_list_header

from devserver.my_app.services.access import Researcher, ResearcherTokenRequired
from devserver.my_app.services.audit import Action, Fact
from devserver.my_app.services.digits import number_within
from devserver.my_app.services.errors import ServerError
from devserver.my_app.wiring import Services

Model = TypeVar("Model", bound=BaseModel)

_PROBLEMS = {
    "missing": "is missing",
    "string_unicode": "holds half a character (a lone surrogate)",
    "string_too_short": "is empty",
}
SESSION_COOKIE = "researcher"
CSRF_HEADER = "X-CSRF-Token"
CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_WAIT = re.compile(r"wait\s*=\s*\"?(\d{1,6})\"?", re.IGNORECASE)


class BodyMalformed(ServerError):
    """The body is not JSON, or not an object."""

    code = "malformed_json"


class BodyNotJson(ServerError):
    """The body is of another content type."""

    code = "unsupported_media_type"


class CsrfTokenRequired(ServerError):
    """Somebody is logged in, but the request doesn't show that one of our pages made it."""

    code = "csrf_token_required"


class FieldsInvalid(ServerError):
    """Fields are missing or have values that can't be used; `details` lists all of them."""

    code = "invalid_request"


@dataclass(frozen=True)
class Preference:
    """What the client said in `Prefer` (RFC 7240): answer at once, or wait so many seconds."""

    respond_async: bool
    wait_seconds: float | None

    def seconds(self, longest: float) -> float:
        """How long to wait for a run, given the server's own longest wait."""
        if self.wait_seconds is not None:
            return min(self.wait_seconds, longest)
        return 0.0 if self.respond_async else longest


def services() -> Services:
    """The services of the running app."""
    found: Services = current_app.extensions["devserver"]
    return found


def address() -> str:
    """Where the request comes from; beyond the proxies only where the settings trust them."""
    return request.remote_addr or ""


def researcher() -> Researcher | None:
    """Who asks, if it is a researcher: by a Bearer token, or by the cookie of a login.

    What changes something is asked by a cookie's owner only with X-CSRF-Token.
    """
    who = _claimed()
    return who if who is None or _is_meant(who) else None


def is_researcher() -> bool:
    """Whether a researcher asks."""
    return researcher() is not None


def require_researcher() -> None:
    """Raises ResearcherTokenRequired, or CsrfTokenRequired where only that is missing."""
    required_researcher()


def required_researcher() -> Researcher:
    """Who asks. Raises ResearcherTokenRequired, CsrfTokenRequired."""
    who = _claimed()
    if who is None:
        raise ResearcherTokenRequired("This needs the researcher token.")
    if not _is_meant(who):
        raise CsrfTokenRequired(f"This needs the header {CSRF_HEADER}; GET /api/login tells it.")
    return who


def audit(action: Action, run_id: str | None = None, **facts: Fact) -> None:
    """Write down what a researcher did; what others do is not written down."""
    who = researcher()
    if who:
        services().audit.record(action, who.name, run_id, **facts)


def _claimed() -> Researcher | None:
    if "researcher" not in g:
        authorization = request.authorization
        if authorization is not None:
            token = authorization.token if authorization.type == "bearer" else None
            g.researcher = services().access.by_bearer(token)
        else:
            g.researcher = services().access.by_session(request.cookies.get(SESSION_COOKIE))
    who: Researcher | None = g.researcher
    return who


def _is_meant(who: Researcher) -> bool:
    return request.method in CHANGES_NOTHING or who.repeats(request.headers.get(CSRF_HEADER))


def body_bytes() -> bytes:
    """All bytes of the body, none when there is none. Raises RequestEntityTooLarge."""
    data = request.get_data()
    # Of one in chunks, which doesn't say how long it is, werkzeug gives what it has room for.
    if len(data) == request.max_content_length and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return data


def read_body(model: type[Model]) -> Model:
    """The JSON body as `model`.

    Raises BodyNotJson, BodyMalformed, FieldsInvalid, and as `body_bytes`.
    """
    if not request.is_json:
        raise BodyNotJson("The body has to be JSON (Content-Type: application/json).")
    try:
        return model.model_validate_json(body_bytes())
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
    if any(fault["type"] == "json_invalid" for fault in faults):
        raise BodyMalformed("The body is not valid JSON in UTF-8.")
    if any(not fault["loc"] for fault in faults):
        raise BodyMalformed("The body has to be a JSON object.")
    problems = [
        {"field": ".".join(map(str, fault["loc"])), "problem": _problem(dict(fault))}
        for fault in faults
    ]
    sentence = "; ".join(f"{p['field']} {p['problem']}" for p in problems)
    raise FieldsInvalid(f"This request can't be used: {sentence}.", details={"fields": problems})


def _problem(fault: dict[str, Any]) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ")
    return _PROBLEMS.get(str(fault["type"]), f"is not right: {message}")


def preference() -> Preference:
    """What the request prefers; anything that can't be read is as good as not said."""
    said = parse_list_header(",".join(request.headers.getlist("Prefer")))
    # Each may have parameters behind it, which none of ours has a use for.
    parts = [part.partition(";")[0].strip() for part in said]
    waits = [match for part in parts if (match := _WAIT.fullmatch(part))]
    return Preference(
        respond_async=any(part.lower() == "respond-async" for part in parts),
        wait_seconds=float(waits[0].group(1)) if waits else None,
    )


def whole_number(name: str, default: int, *, lowest: int, highest: int) -> int:
    """A number from the query string. Raises FieldsInvalid."""
    said = request.args.get(name)
    if said is None:
        return default
    number = number_within(said, lowest, highest)
    if number is None:
        raise FieldsInvalid(f"{name} has to be a number from {lowest} to {highest}.")
    return number


def json_answer(body: BaseModel, status: int = 200, **headers: str) -> Response:
    """`body` as JSON. Answers of the API are never cached; media have their own rules."""
    response = Response(
        body.model_dump_json(by_alias=True) + "\n", status, mimetype="application/json"
    )
    response.headers["Cache-Control"] = "no-store"
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response
