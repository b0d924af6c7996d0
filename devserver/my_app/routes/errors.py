"""The one place where a failure becomes HTTP."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from devserver.my_app.routes import wire
from devserver.my_app.routes.guard import loggable_path
from devserver.my_app.routes.http import json_answer
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_id import is_run_id

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 15

STATUS_OF_CODE = {
    "malformed_json": 400,
    "invalid_request": 400,
    "run_id_invalid": 400,
    "query_invalid": 400,
    "output_type_conflict": 400,
    "context_required": 400,
    "export_option_not_offered": 400,
    "query_not_offered": 400,
    "selection_empty": 400,
    "researcher_token_required": 401,
    "login_failed": 401,
    "workshop_code_required": 401,
    "workshop_code_wrong": 403,
    "csrf_token_required": 403,
    "host_not_allowed": 403,
    "origin_not_allowed": 403,
    "moderation_blocked": 403,
    "run_not_found": 404,
    "schema_not_found": 404,
    "output_config_not_found": 404,
    "media_not_found": 404,
    "media_not_ready": 404,
    "no_thumbnail": 404,
    "verification_not_found": 404,
    "export_format_unknown": 404,
    "package_not_found": 404,
    "run_is_over": 409,
    "not_awaiting_edit": 409,
    "run_not_over": 409,
    "package_is_over": 409,
    "package_not_ready": 409,
    "marking_not_possible": 409,
    "package_expired": 410,
    "nothing_to_share": 409,
    "too_many_links": 409,
    "sharing_off": 403,
    "link_not_found": 404,
    "link_expired": 410,
    "idempotency_key_reused": 409,
    "run_archived": 409,
    "not_archived": 409,
    "run_folder_lies": 409,
    "not_sealable": 409,
    "verification_under_way": 409,
    "cancelled": 409,
    "blocked": 403,
    "safety_unavailable": 403,
    "image_check": 403,
    "unsupported_media_type": 415,
    "too_many_guesses": 429,
    "too_many_requests": 429,
    "metadata_unreadable": 500,
    "seal_broken": 500,
    "internal_error": 500,
    "pseudonym_key_unusable": 500,
    "not_checked": 500,
    "too_many_attempts": 500,
    "media_rejected": 502,
    "not_media": 502,
    "api_key_refused": 502,
    "sent_before": 502,
    "workflow_refused": 502,
    "comfyui_prompt_lost": 502,
    "comfyui_prompt_removed": 502,
    "workflow_invalid": 503,
    "not_wanted": 409,
    "backend_unreachable": 502,
    "backend_failed": 502,
    "nothing_produced": 502,
    "language_model_unreachable": 502,
    "language_model_failed": 502,
    "language_answer_unusable": 502,
    "fetch_failed": 502,
    "fetch_refused": 502,
    "worker_died": 502,
    "work_too_large": 502,
    "backend_not_configured": 503,
    "language_model_not_configured": 503,
    "closing": 503,
    "index_not_wiped": 503,
    "index_unavailable": 503,
    "queue_full": 503,
    "storage_full": 503,
    "package_in_use": 503,
    "run_moved": 503,
    "too_many_packages": 503,
    "too_many_watchers": 503,
    "storage_nearly_full": 503,
    "backend_timed_out": 504,
    "language_model_timed_out": 504,
    "work_took_too_long": 504,
}
"""The HTTP status of each code, also of codes that a failed run's folder tells."""

_CHALLENGES = {"workshop_code_required": 'Workshop-Code realm="workshop"'}
_COME_BACK = frozenset(
    {
        "queue_full",
        "storage_full",
        "storage_nearly_full",
        "too_many_watchers",
        "too_many_packages",
        "package_in_use",
        "run_moved",
    }
)
"""What may be otherwise in a while."""

_SENTENCES = {
    400: ("bad_request", "This request can't be understood."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    408: ("request_incomplete", "This request did not arrive whole."),
    413: ("body_too_large", "The request is larger than 256 KiB."),
    414: ("request_too_large", "The address of this request is too long."),
    415: ("unsupported_media_type", "The body has to be JSON (Content-Type: application/json)."),
    416: ("range_not_satisfiable", "The file does not have the range of bytes asked for."),
    431: ("request_too_large", "The headers of this request are too long."),
    500: ("internal_error", "Something went wrong inside the server; it is in its log."),
}


def error_answer(
    code: str,
    sentence: str,
    *,
    run_id: str | None = None,
    details: Any = None,
    retry_after_seconds: int | None = None,
) -> Response:
    """An error in the one shape, with the status that belongs to its code."""
    status = STATUS_OF_CODE.get(code, 500)
    response = json_answer(
        wire.ErrorAnswer(error=sentence, code=code, run_id=run_id, details=details), status
    )
    if code in _COME_BACK:
        retry_after_seconds = RETRY_AFTER_SECONDS
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = str(retry_after_seconds)
    if status == 401:
        response.headers["WWW-Authenticate"] = _CHALLENGES.get(code, 'Bearer realm="researchers"')
    return response


def body_of(status: int, otherwise: str = "This can't be answered.") -> wire.ErrorAnswer:
    """What is said of a status of HTTP itself; `otherwise` where that has no sentence here."""
    code, sentence = _SENTENCES.get(status, ("http_error", otherwise))
    return wire.ErrorAnswer(error=sentence, code=code)


def register(app: Flask) -> None:
    """Have every failure answered in the one shape, with no trace shown to clients."""

    @app.errorhandler(ServerError)
    def known_failure(error: ServerError) -> Response:
        return error_answer(
            error.code,
            str(error),
            run_id=_run_id(),
            details=error.details,
            retry_after_seconds=error.retry_after_seconds,
        )

    @app.errorhandler(HTTPException)
    def failure_of_http(error: HTTPException) -> Response:
        status = error.code or 500
        answer = json_answer(body_of(status, error.name + "."), status)
        for name, value in error.get_headers():
            if name not in ("Content-Type", "Content-Length"):
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def unexpected_failure(error: Exception) -> Response:
        logger.exception(
            "%s %s failed, run %s", request.method, loggable_path(), _run_id(), exc_info=error
        )
        return json_answer(body_of(500).model_copy(update={"run_id": _run_id()}), 500)


def _run_id() -> str | None:
    run_id = (request.view_args or {}).get("run_id")
    return run_id if isinstance(run_id, str) and is_run_id(run_id) else None
