"""The files of the pages: HTML, CSS, scripts, words, pictures. Texts go out compressed."""

from __future__ import annotations

import gzip
from pathlib import Path

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

# A table of our own: what mimetypes says depends on the machine (Windows calls .js plain text).
_TEXTS = {
    "": "text/plain",
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/plain",
    ".svg": "image/svg+xml",
}
_TYPES = {**_TEXTS, ".png": "image/png", ".webp": "image/webp"}
_SMALLEST = 512
"""Bytes below which compressing gains nothing."""

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob:; connect-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)
"""As everywhere, and blob: for the textures inside 3D files, which the viewer unpacks itself."""


class PageFiles:
    """Answers with the files below one folder; what was compressed once is kept in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._compressed: dict[Path, tuple[str, bytes]] = {}

    def answer(self, name: str) -> Response:
        """The file `name`, a path with `/`, by ETag and, for texts, compressed where that is
        understood. Browsers ask each time whether it is still the same: a tablet never runs
        half of an old page. Raises NotFound.
        """
        joined = safe_join(str(self._folder), name)
        path = Path(joined) if joined else None
        if path is None or "\0" in name or not path.is_file():
            raise NotFound
        suffix = path.suffix.lower()
        stat = path.stat()
        etag = f"{stat.st_mtime_ns:x}-{stat.st_size:x}"
        if suffix in _TEXTS and stat.st_size >= _SMALLEST:
            answer = self._text(path, etag)
        else:
            answer = Response(path.read_bytes())
            answer.set_etag(etag)
        answer.mimetype = _TYPES.get(suffix, "application/octet-stream")
        answer.headers["Cache-Control"] = "no-cache"
        if suffix == ".html":
            answer.headers["Content-Security-Policy"] = PAGE_POLICY
        answer.make_conditional(request)
        return answer

    def _text(self, path: Path, etag: str) -> Response:
        if request.accept_encodings["gzip"] > 0:
            answer = Response(self._gzip(path, etag))
            answer.headers["Content-Encoding"] = "gzip"
            answer.set_etag(f"{etag}-gzip")
        else:
            answer = Response(path.read_bytes())
            answer.set_etag(etag)
        answer.vary.add("Accept-Encoding")
        return answer

    def _gzip(self, path: Path, etag: str) -> bytes:
        kept = self._compressed.get(path)
        if kept is None or kept[0] != etag:
            kept = (etag, gzip.compress(path.read_bytes(), mtime=0))
            self._compressed[path] = kept
        return kept[1]


def register(app: Flask, folder: Path) -> None:
    """Serve the files of `folder` under /static."""
    app.extensions["page_files"] = PageFiles(folder)
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=page_file)


def page_file(filename: str) -> Response:
    """A file of the pages."""
    files: PageFiles = current_app.extensions["page_files"]
    return files.answer(filename)
