"""The page of a shared run: for a phone, to look at, without scripts and without the run's id."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import segno
from flask import Blueprint, Response, render_template, request

from devserver.my_app.routes.errors import error_answer
from devserver.my_app.routes.http import services
from devserver.my_app.routes.media_answers import (
    guard_media,
    mime_type_sent,
    output_of,
    small_picture_answer,
)
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.own_address import own_address
from devserver.my_app.routes.query_string import flag
from devserver.my_app.routes.shared_words import (
    LANGUAGES,
    Language,
    credit_in,
    day_in,
    words_in,
)
from devserver.my_app.routes.stored_files import file_answer, spliced_answer
from devserver.my_app.routes.views import extension_of
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.exports.marking import is_by_model
from devserver.my_app.services.run_metadata import Output, RunMetadata
from devserver.my_app.services.share_links import SharedRun
from devserver.my_app.services.shared_file import shared_etag, shared_file
from devserver.my_app.services.stored_runs import MediaNotFound

blueprint = Blueprint("shared", __name__, url_prefix="/s")

_NUMBER = re.compile(r"(?P<number>[1-9][0-9]{0,3})(?:\.(?P<extension>[a-z0-9]{1,8}))?")
_PICTURE_SIDE = 1024
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILE_ERRORS = (400, 404, 409, 410, 412, 416)
_SAID = {"link_expired": "link_expired", "link_not_found": "link_not_found"}
_GONE = frozenset({"run_not_found", "media_not_found", "no_thumbnail"})


@dataclass(frozen=True)
class _Work:
    """One output as the page shows it."""

    type: str
    file: str
    picture: str
    mime_type: str
    by_model: bool
    width: int | None
    height: int | None
    about: str


@blueprint.get("/<code>")
@documented(answers={200: None}, errors=(404, 410), fails_on_a_page=True)
def page(code: str) -> Response:
    """A page with the texts and media of a shared run, in German or in English."""
    shared, run = _shared(code)
    language = _language()
    schema = services().catalogue.schemas.get(run.schema_id or "")
    return _page(
        "shared_run.html",
        language,
        run=run,
        works=_works(code, run, language),
        style=schema.name.in_language(language) if schema else None,
        until=day_in(language, shared.expires_at),
    )


@blueprint.get("/<code>/qr.svg")
@documented(answers={200: None}, errors=(404, 410), fails_on_a_page=True)
def qr_code(code: str) -> Response:
    """The address of the page as a QR code (SVG), black on white."""
    services().share_links.find(code)
    address, _ = own_address()
    picture = io.BytesIO()
    segno.make(f"{address}/s/{code}", error="m", micro=False).save(
        picture, kind="svg", omitsize=True, light="#fff", svgclass=None, lineclass=None
    )
    response = Response(picture.getvalue(), mimetype="image/svg+xml")
    guard_media(response)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/<code>/media/<any(image, audio, video, '3d'):media_type>/<number>")
@documented(
    answers={200: None, 206: None, 304: None},
    errors=_FILE_ERRORS,
    query={
        "download": "1 or true to have it saved under a sensible name, not shown; else 0 or false."
    },
    fails_on_a_page=True,
)
def media(code: str, media_type: str, number: str) -> Response:
    """The n-th output of a type of a shared run, with `Range` and `ETag`; without its run_id."""
    _, run = _shared(code)
    match = _NUMBER.fullmatch(number)
    if match is None:
        raise MediaNotFound("Outputs are numbered from 1.")
    output = output_of(run, media_type, int(match["number"]), match["extension"])
    path = services().storage.path_of(run, output)
    name = f"{run.schema_id}_{match['number']}.{extension_of(output)}"
    as_attachment = flag("download")
    try:
        cleaned = shared_file(path, run.run_id)
        if cleaned is None:
            # Never left to nginx: its internal address holds the run_id.
            response = file_answer(
                path,
                mime_type=mime_type_sent(output),
                etag=output.sha256 or True,
                download_name=name,
                as_attachment=as_attachment,
            )
        else:
            response = spliced_answer(
                cleaned,
                mime_type=mime_type_sent(output),
                etag=shared_etag(output.sha256, path),
                download_name=name,
                as_attachment=as_attachment,
            )
    except FileNotFoundError as error:
        raise MediaNotFound("The file is not on disk any more.") from error
    guard_media(response)
    return response


@blueprint.get("/<code>/picture/<any(image, video, '3d'):media_type>/<int:number>")
@documented(answers={200: None, 304: None}, errors=(404, 409, 410), fails_on_a_page=True)
def picture(code: str, media_type: str, number: int) -> Response:
    """A picture (WebP) of an image, of the beginning of a video, or of a 3D object."""
    _, run = _shared(code)
    if number < 1:
        raise MediaNotFound("Outputs are numbered from 1.")
    output = output_of(run, media_type, number)
    path = services().storage.path_of(run, output)
    return small_picture_answer(run.run_id, output, path, _PICTURE_SIDE)


@blueprint.errorhandler(ServerError)
def say_on_a_page(error: ServerError) -> Response:
    """Who opens a link is a person, so a failure is a page too."""
    plain = error_answer(error.code, str(error), retry_after_seconds=error.retry_after_seconds)
    said = "link_not_found" if error.code in _GONE else _SAID.get(error.code, "failed")
    response = _page("shared_failure.html", _language(), said=said)
    response.status_code = plain.status_code
    if "Retry-After" in plain.headers:
        response.headers["Retry-After"] = plain.headers["Retry-After"]
    return response


def _shared(code: str) -> tuple[SharedRun, RunMetadata]:
    """Raises LinkNotFound, LinkExpired, RunNotFound, MetadataUnreadable, SealBroken."""
    shared = services().share_links.find(code)
    run = services().storage.get_metadata(shared.run_id)
    return shared, run.having(run_id=shared.run_id)


def _works(code: str, run: RunMetadata, language: Language) -> list[_Work]:
    works, counts = [], dict.fromkeys(("image", "audio", "video", "3d"), 0)
    for output in run.outputs:
        counts[output.type] += 1
        number = counts[output.type]
        works.append(
            _Work(
                type=output.type,
                file=f"/s/{code}/media/{output.type}/{number}.{extension_of(output)}",
                picture=f"/s/{code}/picture/{output.type}/{number}",
                mime_type=mime_type_sent(output),
                by_model=is_by_model(output),
                width=output.width,
                height=output.height,
                about=_about(output, language),
            )
        )
    return works


def _about(output: Output, language: Language) -> str:
    """Who made it and on what terms; a credit mostly names its licence itself."""
    is_said = output.license is not None and output.license in (output.credit or "")
    parts = (output.model, credit_in(language, output.credit), None if is_said else output.license)
    return " · ".join(part for part in parts if part)


def _language() -> Language:
    said = request.accept_languages.best_match(LANGUAGES, default="de")
    return "en" if said == "en" else "de"


def _page(template: str, language: Language, **values: object) -> Response:
    text = render_template(template, language=language, words=words_in(language), **values)
    response = Response(text, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Vary"] = "Accept-Language"
    return response
