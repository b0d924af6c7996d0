"""Media of runs, straight from disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from flask import Blueprint, Response, request

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import (
    FieldsInvalid,
    audit,
    is_researcher,
    json_answer,
    services,
    whole_number,
)
from devserver.my_app.routes.media_answers import (
    MediaNotReady,
    guard_media,
    mime_type_sent,
    output_of,
    small_picture_answer,
)
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.query_string import flag
from devserver.my_app.routes.stored_files import file_answer, spliced_answer
from devserver.my_app.routes.views import extension_of, outputs_view, run_view
from devserver.my_app.services.exports.marking import (
    DETAILS,
    Detail,
    marked_copy,
    marked_etag,
    marking_of,
)
from devserver.my_app.services.run_metadata import MediaType, Output, RunMetadata
from devserver.my_app.services.stored_runs import MediaNotFound

blueprint = Blueprint("media", __name__, url_prefix="/api/media")

_NAME = re.compile(r"(?P<stem>[0-9a-f-]+)(?:\.(?P<extension>[a-z0-9]{1,8}))?")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_FILE_ERRORS = (400, 404, 409, 412, 416)
_FILE_QUERY = {
    "download": "1 or true to have it saved under a sensible name, not shown; else 0 or false.",
    "marked": "1 or true for a copy that says that AI made it; 409 where that is not possible.",
    "with": "What a marked copy says besides, with commas: prompt, schema, run_id.",
}
_SIZE_QUERY = {
    "size": "Longest side in pixels: 128, 256 (the default), 512 or 1024.",
    "type": "image, audio, video or 3d: of the outputs of this type; else of images and videos.",
}


@blueprint.get("/<any(image, audio, video, '3d'):media_type>/<run_id>")
@documented(answers={200: None, 206: None, 304: None}, errors=_FILE_ERRORS, query=_FILE_QUERY)
def first_output(media_type: str, run_id: str) -> Response:
    """The first output of a type. An ending such as `.png` may follow the run_id."""
    stem, extension = _split(run_id)
    return _send(media_type, stem, 1, extension)


@blueprint.get("/<any(image, audio, video, '3d'):media_type>/<run_id>/<number>")
@documented(answers={200: None, 206: None, 304: None}, errors=_FILE_ERRORS, query=_FILE_QUERY)
def numbered_output(media_type: str, run_id: str, number: str) -> Response:
    """The n-th output of a type, counted from 1. An ending such as `.png` may follow."""
    stem, extension = _split(number)
    if not _NUMBER.fullmatch(stem):
        raise MediaNotFound("Outputs are numbered from 1.")
    return _send(media_type, run_id, int(stem), extension)


@blueprint.get("/thumbnail/<run_id>")
@documented(answers={200: None, 304: None}, errors=(400, 404, 409), query=_SIZE_QUERY)
def first_thumbnail(run_id: str) -> Response:
    """A small WebP picture of the first image or video of a run."""
    return _send_thumbnail(run_id, "1")


@blueprint.get("/thumbnail/<run_id>/<number>")
@documented(answers={200: None, 304: None}, errors=(400, 404, 409), query=_SIZE_QUERY)
def numbered_thumbnail(run_id: str, number: str) -> Response:
    """A small WebP picture of the n-th image or video of a run, counted from 1."""
    return _send_thumbnail(run_id, number)


@blueprint.get("/info/<run_id>")
@documented(answers={200: wire.MediaInfo}, errors=(400, 404))
def info(run_id: str) -> Response:
    """The media of a run, and its status."""
    run = services().storage.get_metadata(run_id)
    return json_answer(
        wire.MediaInfo(run_id=run.run_id, status=run.status, outputs=outputs_view(run))
    )


@blueprint.get("/run/<run_id>")
@documented(answers={200: wire.RunView}, errors=(400, 404))
def whole_run(run_id: str) -> Response:
    """Everything public about a run; everything, with the researcher token."""
    run = services().storage.get_metadata(run_id)
    audit("viewed", run_id)
    return json_answer(run_view(run, is_researcher=is_researcher()))


def _split(name: str) -> tuple[str, str | None]:
    match = _NAME.fullmatch(name)
    return (match["stem"], match["extension"]) if match else (name, None)


def _send(media_type: str, run_id: str, number: int, extension: str | None) -> Response:
    run = services().storage.get_metadata(run_id)
    output = output_of(run, media_type, number, extension)
    path = services().storage.path_of(run, output)
    prefix = services().settings.accel_redirect_prefix
    is_marked, details = flag("marked"), _details()
    if details and not is_marked:
        raise FieldsInvalid("This request can't be used: with goes with marked=1 only.")
    try:
        if is_marked:
            return _send_marked(run, output, number, path, details)
        response = file_answer(
            path,
            mime_type=mime_type_sent(output),
            etag=output.sha256 or True,
            download_name=_download_name(run, output, number),
            as_attachment=flag("download"),
            accel_path=f"{prefix}{run_id}/{output.filename}" if prefix else None,
        )
    except FileNotFoundError as error:
        raise MediaNotFound("The file is not on disk any more.") from error
    guard_media(response)
    return response


def _send_marked(
    run: RunMetadata, output: Output, number: int, original: Path, details: list[Detail]
) -> Response:
    marking = marking_of(run, output, details)
    response = spliced_answer(
        marked_copy(original, marking),
        mime_type=mime_type_sent(output),
        etag=marked_etag(output, original, marking),
        download_name=_download_name(run, output, number),
        as_attachment=flag("download"),
    )
    guard_media(response)
    return response


def _details() -> list[Detail]:
    said = ",".join(request.args.getlist("with"))
    asked = [name.strip() for name in said.split(",") if name.strip()]
    if unknown := set(asked) - set(DETAILS):
        raise FieldsInvalid(
            "This request can't be used: with may name prompt, schema and run_id.",
            details={"unknown": sorted(name[:20] for name in unknown)[:10]},
        )
    return [name for name in DETAILS if name in asked]


def _send_thumbnail(run_id: str, number: str) -> Response:
    size = whole_number("size", 256, lowest=1, highest=4096)
    run = services().storage.get_metadata(run_id)
    wanted = request.args.get("type")
    if wanted not in (None, *get_args(MediaType)):
        raise FieldsInvalid("type has to be image, audio, video or 3d.")
    types = ("image", "video") if wanted is None else (wanted,)
    pictures = [output for output in run.outputs if output.type in types]
    if not _NUMBER.fullmatch(number) or int(number) > len(pictures):
        if run.is_final:
            raise MediaNotFound(f"This run has no picture {number[:20]}.")
        raise MediaNotReady("This run is still on its way.")
    output = pictures[int(number) - 1]
    path = services().storage.path_of(run, output)
    return small_picture_answer(run_id, output, path, size)


def _download_name(run: RunMetadata, output: Output, number: int) -> str:
    """What a downloaded file is called, for whoever finds it again a year later."""
    return f"{run.schema_id}_{run.run_id[:8]}_{number}.{extension_of(output)}"
