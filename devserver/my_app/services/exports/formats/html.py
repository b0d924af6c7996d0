"""The HTML report: one page that holds everything, or a folder of pages and media in a ZIP.

Both work without a server and without a network, and run no script but their own: a Content
Security Policy names it by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from devserver.my_app.services.exports.illustrations import Illustration, Illustrations
from devserver.my_app.services.exports.port import ExportedFile, ExportedRun, ExportOptions, Holds
from devserver.my_app.services.exports.report import Medium, Report, Section
from devserver.my_app.services.run_id import is_run_id
from devserver.my_app.services.run_metadata import Output

LARGEST_INSIDE = 32 * 1024**2
"""The largest file that a page of its own holds, in bytes."""

MOST_INSIDE = 256 * 1024**2
"""The bytes of media that one page holds; what comes after is named, with its picture."""

_FOLDER = Path(__file__).parent
_PIECES = (
    Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    .get_template("report.html")
    .module
)
_CSS = (_FOLDER / "report.css").read_text(encoding="utf-8")
_JS = (_FOLDER / "report.js").read_text(encoding="utf-8")
_INSIDE = "data:"
_BESIDE = "'self' file:"
_PLAIN_NAME = re.compile(r"[\w-]+\.[a-z0-9]{1,8}")
_BASE64_BYTES = 3 * 256 * 1024
_TYPES = re.compile(r"(?:image|audio|video|model)/[\w.+-]+")


def _piece(name: str, *arguments: object) -> bytes:
    made: str = getattr(_PIECES, name)(*arguments)
    return made.encode()


def _policy(media: str) -> str:
    """The Content Security Policy of a page whose media come from `media`."""
    script, style = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (_JS, _CSS)
    )
    return (
        f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; "
        f"img-src {media}; media-src {media}; base-uri 'none'; form-action 'none'"
    )


def _mime_type(output: Output) -> str:
    known = output.mime_type or ""
    return known if _TYPES.fullmatch(known) else "application/octet-stream"


class _HtmlReport:
    """What both ways have: pictures of the media, and room for what is written before its top."""

    def __init__(self, illustrations: Illustrations, *, scratch: Path) -> None:
        self._illustrations = illustrations
        self._scratch = scratch

    def _laid_aside(self) -> IO[bytes]:
        """A file for what comes below the number of runs, which is known at the end."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=self._scratch)


class HtmlPage(_HtmlReport):
    """One page with all runs and, as far as there is room, all their media in it."""

    name = "html"
    extension = "html"
    mime_type = "text/html; charset=utf-8"
    version = 3
    holds: Holds = "media in text"
    marks_media = True

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """See `ExportFormat`."""
        report = Report(options)
        words = report.words
        with self._laid_aside() as body:
            number, room = 0, MOST_INSIDE
            for number, run in enumerate(runs, 1):
                section = report.section(run, number)
                body.write(_piece("run_top", section, words))
                for medium in section.media:
                    room = self._write_medium(body, section, medium, words, room)
                body.write(_piece("run_end", section, words))
            out.write(_piece("page_top", report.language, report.title, _policy(_INSIDE), _CSS))
            how_many = report.how_many(number)
            out.write(_piece("overview_top", report, how_many, words, ""))
            body.seek(0)
            shutil.copyfileobj(body, out, 1 << 20)
            out.write(_piece("overview_end", words, number))
            out.write(_piece("page_end", _JS))

    def _write_medium(
        self, body: IO[bytes], section: Section, medium: Medium, words: dict[str, str], room: int
    ) -> int:
        file, output = medium.file, medium.output
        picture = self._illustrations.of(section.run, file, output)
        small = None if picture is None else _data_of(picture)
        fits = file.size <= min(LARGEST_INSIDE, room)
        if not fits:
            body.write(_figure(medium, words, None, small))
            return room
        # The file goes in between two halves of its figure: it is never in memory as a whole.
        before, after = _figure(medium, words, _HERE, small).split(_HERE.encode())
        body.write(before)
        body.write(f"data:{_mime_type(output)};base64,".encode())
        with file.path.open("rb") as media:
            while piece := media.read(_BASE64_BYTES):
                body.write(base64.b64encode(piece))
        body.write(after)
        return room - file.size


_HERE = "\x00here\x00"


def _data_of(picture: Illustration) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode()


def _figure(medium: Medium, words: dict[str, str], source: str | None, small: str | None) -> bytes:
    """One output; `source` appears exactly once, `small` is a picture of it."""
    kind = medium.output.type
    picture, file = Markup('<img src="{}" alt="{}" decoding="async">'), ""
    on_paper = Markup('<p class="print quiet">{}</p>')
    if kind == "image":
        shown = source or small
        body = picture.format(shown, medium.alt) if shown else ""
    elif kind == "video":
        # On paper a player shows nothing but its buttons.
        printed = Markup('<img class="print" src="{}" alt="{}" decoding="async">')
        poster = Markup(' poster="{}"').format(small) if small else ""
        player = Markup('<video controls preload="none" aria-label="{}"{} src="{}"></video>')
        still = picture.format(small, medium.alt) if small else ""
        body = player.format(medium.alt, poster, source) if source else still
        if source:
            body += (
                printed.format(small, medium.alt) if small else on_paper.format(words["no_picture"])
            )
    else:
        body = picture.format(small, medium.alt) if small else ""
        if kind == "audio" and source:
            player = Markup('<audio controls preload="none" aria-label="{}" src="{}"></audio>')
            body += player.format(medium.alt, source)
        elif source:
            link = Markup('<p class="download"><a download="{}" href="{}">{}</a></p>')
            file = link.format(medium.file.name, source, words["download"])
    if source is None:
        file = Markup("<p>{}</p>").format(words["too_large"])
    below = _piece("caption", medium, words).decode()
    return f"<figure>{body}{below}{file}</figcaption></figure>\n".encode()


class HtmlFolder(_HtmlReport):
    """A ZIP: index.html with all runs in short, runs/ with a page for each, media/ as files."""

    name = "html_folder"
    extension = "html.zip"
    mime_type = "application/zip"
    version = 3
    holds: Holds = "media"
    marks_media = True

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """See `ExportFormat`."""
        report = Report(options)
        words = report.words
        policy = _policy(_BESIDE)
        with (
            self._laid_aside() as cards,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as package,
        ):
            number = 0
            for number, run in enumerate(runs, 1):
                section = report.section(run, number)
                page, picture = self._page(package, section, report, policy)
                href = f"runs/{_folder_name(section)}.html"
                package.writestr(href, page)
                cards.write(_piece("card", section, words, href, picture))
            with package.open("index.html", "w") as index:
                top = report.language, report.title, policy, _CSS
                index.write(_piece("page_top", *top))
                how_many = report.how_many(number)
                index.write(_piece("overview_top", report, how_many, words, "cards"))
                cards.seek(0)
                shutil.copyfileobj(cards, index, 1 << 20)
                index.write(_piece("overview_end", words, number))
                index.write(_piece("page_end", _JS))

    def _page(
        self, package: zipfile.ZipFile, section: Section, report: Report, policy: str
    ) -> tuple[bytes, tuple[str, str] | None]:
        """The page of one run, whose media are written; and the first picture for its card, with
        what a reader hears who does not see it."""
        words = report.words
        first: tuple[str, str] | None = None
        made = [
            _piece("page_top", report.language, section.heading, policy, _CSS),
            f'<main><p class="back"><a href="../index.html">{Markup.escape(words["back"])}</a></p>'
            f"<h1>{Markup.escape(report.title)}</h1>".encode(),
            _piece("terms", report, words),
            _piece("run_top", section, words),
        ]
        for number, medium in enumerate(section.media, 1):
            stem = f"media/{_folder_name(section)}/"
            small = None
            picture = self._illustrations.of(section.run, medium.file, medium.output)
            if picture:
                small = f"{stem}picture_{number}.jpg"
                package.writestr(zipfile.ZipInfo(small), picture.jpeg)
                first = first or (small, medium.alt)
            source = stem + _plain_name(medium.file, number)
            _store(package, source, medium.file)
            small = small and f"../{small}"
            made.append(_figure(medium, words, f"../{source}", small))
        made += [_piece("run_end", section, words), b"</main>", _piece("page_end", _JS)]
        return b"".join(made), first


def _folder_name(section: Section) -> str:
    return section.run.run_id if is_run_id(section.run.run_id) else str(section.number)


def _plain_name(file: ExportedFile, number: int) -> str:
    return file.name if _PLAIN_NAME.fullmatch(file.name) else f"output_{number}.bin"


def _store(package: zipfile.ZipFile, name: str, file: ExportedFile) -> None:
    """Put a file in as it is, piece by piece."""
    entry = zipfile.ZipInfo(name)
    is_large = file.size >= 1 << 31
    with (
        file.path.open("rb") as source,
        package.open(entry, "w", force_zip64=is_large) as target,
    ):
        shutil.copyfileobj(source, cast(Any, target), 1 << 20)
