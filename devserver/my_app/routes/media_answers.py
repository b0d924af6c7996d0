"""Media as answers: which output is meant, its type, and what browsers may do with it."""

from __future__ import annotations

from pathlib import Path

from flask import Response, request

from devserver.my_app.routes.http import services
from devserver.my_app.routes.views import extension_of
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.media_kinds import mime_type_of
from devserver.my_app.services.run_metadata import Output, RunMetadata
from devserver.my_app.services.stored_runs import MediaNotFound

# Stored media came from outside: nothing in them may run, load or be taken for a page.
_MEDIA_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class MediaNotReady(ServerError):
    """The run is still on its way; the media may come."""

    code = "media_not_ready"


def output_of(
    run: RunMetadata, media_type: str, number: int, extension: str | None = None
) -> Output:
    """The n-th output of a type, counted from 1. Raises MediaNotFound, MediaNotReady."""
    outputs = run.outputs_of(media_type)
    if number > len(outputs):
        if run.is_final:
            raise MediaNotFound(f"This run has no output {number} of type {media_type}.")
        raise MediaNotReady("This run is still on its way.")
    output = outputs[number - 1]
    if extension not in (None, extension_of(output)):
        raise MediaNotFound(f"This output is not a .{extension} file.")
    return output


def small_picture_answer(run_id: str, output: Output, path: Path, size: int) -> Response:
    """A small WebP picture of an output. Raises NoThumbnail, MediaRejected, RunNotFound."""
    data = services().thumbnails.get(run_id, output, path, size)
    response = Response(data, mimetype="image/webp")
    response.add_etag()
    guard_media(response)
    response.make_conditional(request)
    return response


def guard_media(response: Response) -> None:
    """Let nothing inside a file run, and no browser show a copy without asking."""
    # A 304 is cheap; a copy kept without asking would outlive an erasure.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = _MEDIA_POLICY
    # A page of another origin that may call this server may also show what it made. Browsers take
    # no two numeric addresses for one site, and a workshop often has nothing else.
    others = bool(services().settings.allowed_origins)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin" if others else "same-site"


def mime_type_sent(output: Output) -> str:
    """From our own table: what a metadata.json claims is not sent to browsers."""
    try:
        return mime_type_of(output.format or extension_of(output))
    except KeyError:
        return "application/octet-stream"
