"""Exports: one run in any format, and packages of many. For researchers."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast, get_args

from flask import Blueprint, Response, current_app, request
from werkzeug.wsgi import wrap_file

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import (
    FieldsInvalid,
    audit,
    json_answer,
    read_body,
    services,
)
from devserver.my_app.routes.openapi import documentation_of, documented
from devserver.my_app.routes.query_string import check_names, choice, flag
from devserver.my_app.routes.stored_files import file_answer
from devserver.my_app.services.export_manager import ExportWish
from devserver.my_app.services.exports.packages import PackageExpired, PackageStatus
from devserver.my_app.services.exports.port import ExportOptions, Language
from devserver.my_app.services.exports.review import MOST_SECONDS

blueprint = Blueprint("exports", __name__, url_prefix="/api")

_PIECE_BYTES = 256 * 1024
_LONGEST_TEXT = 500


@blueprint.before_request
def _check_query() -> None:
    """A misspelt `pseudonyms` would give away names: what nobody knows is refused."""
    said = documentation_of(current_app.view_functions[request.endpoint or ""])
    if said is not None:
        check_names(tuple(said.query))


@blueprint.get("/runs/<run_id>/export.<format>")
@documented(
    answers={200: None},
    errors=(400, 401, 404, 409, 500, 502, 503, 504),
    query={
        "pseudonyms": "1 or true for a pseudonym in place of the user_id; else 0 or false.",
        "marked": "1 or true for media as copies that say that AI made them; else 0 or false.",
        "language": "de (the default) or en, for what explains the data.",
        "title": "A heading.",
        "licence": "What it says of its licence, in place of DEVSERVER_LICENCE.",
    },
    for_researchers=True,
)
def export_run(run_id: str, format: str) -> Response:
    """One run that is over, in one format.

    There are zip, json, jsonl, csv, xml, html, html_folder, pdf, docx, rocrate, qdpx.
    """
    manager = services().exports.manager
    wish = ExportWish(
        format,
        pseudonyms=flag("pseudonyms"),
        marked=flag("marked"),
        options=ExportOptions(
            language=cast(Language, choice("language", get_args(Language), "de")),
            title=_asked("title") or "",
            licence=_asked("licence"),
        ),
    )
    known = manager.check(wish)
    file, length = services().exports.run_files.make(run_id, wish)
    response = Response(
        wrap_file(request.environ, file, _PIECE_BYTES),
        content_type=known.mime_type,
        direct_passthrough=True,
    )
    audit("exported", run_id, format=known.name, pseudonyms=wish.pseudonyms, marked=wish.marked)
    response.content_length = length
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{run_id}.{known.extension}"
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/packages")
@documented(
    request=wire.PackageRequest,
    answers={200: wire.PackageView, 202: wire.PackageView},
    errors=(400, 401, 404, 408, 413, 415, 503),
    for_researchers=True,
)
def ask_for_package() -> Response:
    """Have a package made of many runs, in the background; 202 with its id.

    200 when the same was asked for before and none of its runs has changed since.
    """
    body = read_body(wire.PackageRequest)
    _check_selection(body)
    wish = ExportWish(
        body.format,
        pseudonyms=body.pseudonyms,
        marked=body.marked,
        options=ExportOptions(body.language, body.title, body.licence),
    )
    packages = services().exports.packages
    package, is_new = packages.ask(
        wish, run_ids=body.ids, query=body.query, leave_out=body.leave_out
    )
    view = _view(packages.get(package.package_id))
    audit("exported", runs=view.runs, format=view.format, pseudonyms=view.pseudonyms)
    return json_answer(view, 202 if is_new else 200, Location=view.url)


@blueprint.post("/packages/review")
@documented(
    request=wire.PackageSelection,
    answers={200: wire.ReviewAnswer},
    errors=(400, 401, 404, 408, 413, 415),
    for_researchers=True,
)
def review_selection() -> Response:
    """What may tell who somebody is in the texts of a selection, before a package is made of it.

    After 20 seconds it answers with what it has, and `complete` is false.
    """
    body = read_body(wire.PackageSelection)
    _check_selection(body)
    exports = services().exports
    chosen = exports.packages.select(body.ids, body.query, body.leave_out)
    review = exports.reviewer.review(chosen, most_seconds=MOST_SECONDS)
    audit("reviewed", runs=review.runs)
    found = [wire.PersonalDatumFound(**asdict(finding)) for finding in review.findings]
    answer = json_answer(
        wire.ReviewAnswer(
            runs=review.runs,
            findings=found,
            unread=list(review.unread),
            complete=review.is_complete,
        )
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/packages")
@documented(answers={200: wire.PackageList}, errors=(400, 401), for_researchers=True)
def all_packages() -> Response:
    """All packages, the one asked for last first."""
    known = services().exports.packages.all()
    formats = services().exports.manager.format_names
    return json_answer(
        wire.PackageList(packages=[_view(status) for status in known], formats=formats)
    )


@blueprint.get("/packages/<package_id>")
@documented(answers={200: wire.PackageView}, errors=(400, 401, 404), for_researchers=True)
def package_state(package_id: str) -> Response:
    """How a package stands, and how far its making is."""
    return json_answer(_view(services().exports.packages.get(package_id)))


@blueprint.get("/packages/<package_id>/file")
@documented(
    answers={200: None, 206: None, 304: None},
    errors=(400, 401, 404, 409, 410, 412, 416),
    for_researchers=True,
)
def package_file(package_id: str) -> Response:
    """The file of a package that is ready. 409 while it is not, 410 when its time is over."""
    manager, packages = services().exports.manager, services().exports.packages
    package, path = packages.file(package_id)
    audit("downloaded", runs=package.runs, format=package.format)
    try:
        response = file_answer(
            path,
            mime_type=manager.format(package.format).mime_type,
            etag=package.package_id,
            download_name=f"runs_{package.asked_at[:10]}_{package_id[:8]}.{package.extension}",
            as_attachment=True,
        )
    except FileNotFoundError as error:
        raise PackageExpired("This package is gone; it can be made again.") from error
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.post("/packages/<package_id>/cancel")
@documented(answers={200: wire.PackageView}, errors=(400, 401, 404, 409, 503), for_researchers=True)
def cancel_package(package_id: str) -> Response:
    """Cancel a package that is not made yet; nothing of its file stays. 409 when it is over."""
    packages = services().exports.packages
    packages.cancel(package_id)
    return json_answer(_view(packages.get(package_id)))


@blueprint.delete("/packages/<package_id>")
@documented(answers={200: wire.PackageDeleted}, errors=(400, 401, 404, 503), for_researchers=True)
def delete_package(package_id: str) -> Response:
    """Delete a package, cancelled first if need be. The runs stay."""
    packages = services().exports.packages
    package = packages.get(package_id).package
    packages.delete(package_id)
    audit("package_deleted", runs=package.runs, format=package.format)
    return json_answer(wire.PackageDeleted(package_id=package_id))


def _asked(name: str) -> str | None:
    """A text of the query; None when it is empty or not there."""
    text = request.args.get(name)
    if text and len(text) > _LONGEST_TEXT:
        raise FieldsInvalid(f"This request can't be used: {name} has to be shorter.")
    return text or None


def _check_selection(body: wire.PackageSelection) -> None:
    if (body.ids is None) == (body.query is None):
        raise FieldsInvalid("This request can't be used: it needs either ids or query.")


def _view(status: PackageStatus) -> wire.PackageView:
    package = status.package
    url = f"/api/packages/{package.package_id}"
    return wire.PackageView(
        package_id=package.package_id,
        state=package.state,
        format=package.format,
        pseudonyms=package.pseudonyms,
        marked=package.marked,
        language=package.language,
        title=package.title,
        licence=package.licence,
        runs=package.runs,
        runs_done=status.runs_done,
        bytes_written=status.bytes_written,
        asked_at=package.asked_at,
        finished_at=package.finished_at,
        expires_at=package.expires_at,
        left_out=list(package.left_out),
        error=package.error,
        url=url,
        file_url=f"{url}/file" if package.state == "ready" else None,
    )
