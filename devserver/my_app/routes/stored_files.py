"""Stored files as answers: whole, in part, or handed to the nginx in front of this server."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote

from flask import Response, request
from werkzeug.exceptions import PreconditionFailed
from werkzeug.utils import send_file
from werkzeug.wsgi import FileWrapper, wrap_file

from devserver.my_app.services.exports.marking import SplicedFile
from devserver.my_app.services.regular_files import regular

_PIECE_BYTES = 256 * 1024
# nginx judges these by an ETag that it does not know yet, so such a file is sent from here.
_NOT_FOR_NGINX = ("If-Match", "If-Unmodified-Since")


class FilePart(io.FileIO):
    """`length` bytes of a file from `start` on, behind which it seems to end.

    Servers that use sendfile take position and descriptor from it; others read it.
    Raises FileNotFoundError.
    """

    def __init__(self, path: Path, start: int, length: int) -> None:
        super().__init__(path, "rb", opener=regular)
        self._end = start + length
        self.seek(start)

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, none at the end of the part."""
        left = max(0, self._end - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left)) or b""


def file_answer(
    path: Path,
    *,
    mime_type: str,
    etag: str | bool,
    download_name: str,
    as_attachment: bool,
    accel_path: str | None = None,
) -> Response:
    """The answer to a GET or HEAD of the file: 200, 206 or 304, with all that belongs to it.

    With `accel_path`, the address under which nginx has the file, nginx is told to send it; only
    what needs no body is answered here.
    Raises FileNotFoundError, RequestedRangeNotSatisfiable and PreconditionFailed.
    """
    # X-Sendfile keeps werkzeug from opening the file; its way of sending parts takes 8 KiB a time.
    response = cast(
        Response,
        send_file(
            path,
            request.environ,
            mimetype=mime_type,
            as_attachment=as_attachment,
            download_name=download_name,
            conditional=True,
            etag=etag,
            use_x_sendfile=True,
            response_class=Response,
        ),
    )
    response.headers.pop("X-Sendfile", None)
    response.content_type = mime_type  # werkzeug puts a charset behind one that is there
    if response.status_code == 412:
        raise PreconditionFailed
    if response.status_code in (200, 206):
        if accel_path is not None and not any(name in request.headers for name in _NOT_FOR_NGINX):
            _hand_to_nginx(response, accel_path)
        elif request.method == "GET":
            part = FilePart(path, response.content_range.start or 0, response.content_length or 0)
            response.response = wrap_file(request.environ, part, _PIECE_BYTES)
    return response


def spliced_answer(
    spliced: SplicedFile, *, mime_type: str, etag: str, download_name: str, as_attachment: bool
) -> Response:
    """As `file_answer`, for a file that is put together while it is sent.

    Raises RequestedRangeNotSatisfiable and PreconditionFailed.
    """
    response = Response(
        FileWrapper(cast(IO[bytes], spliced.open()), _PIECE_BYTES),
        content_type=mime_type,
        direct_passthrough=True,
    )
    response.content_length = spliced.length
    response.headers.set(
        "Content-Disposition",
        "attachment" if as_attachment else "inline",
        filename=download_name,
    )
    response.set_etag(etag)
    response.make_conditional(request, accept_ranges=True, complete_length=spliced.length)
    if response.status_code == 412:
        raise PreconditionFailed
    return response


def _hand_to_nginx(response: Response, accel_path: str) -> None:
    """nginx works out the part and the length itself: it knows the file, and has the request."""
    response.status_code = 200
    response.response = []
    for name in ("Accept-Ranges", "Content-Range", "Content-Length"):
        response.headers.pop(name, None)
    response.headers["X-Accel-Redirect"] = quote(accel_path)
