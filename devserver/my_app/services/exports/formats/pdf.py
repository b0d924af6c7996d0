"""The PDF report: tagged, with bookmarks, set in fonts that it brings along."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from devserver.my_app.services.exports.illustrations import Illustrations
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions, Holds
from devserver.my_app.services.exports.report import Medium, Report, Section, Step
from devserver.my_app.services.exports.report_fonts import (
    choose_fonts,
    unpack_fonts,
    with_numbers,
)
from devserver.my_app.services.exports.shown_text import readable, runs_rightwards
from devserver.my_app.services.exports.typesetting import bind, pages_of_runs, set_pages

RUNS_AT_A_TIME = 40
"""A report of more runs is set in parts, so that memory does not grow with their number."""

_CONTENTS_FROM = 3
_WIDE = 2.5

Run = Callable[..., Any]
"""Calls a function with its arguments, perhaps in another process; gives back what it returns."""


def run_here(function: Callable[..., Any], *args: object) -> Any:
    """Call `function` in this process."""
    return function(*args)


class PdfReport:
    """One PDF. Up to 40 runs are set as one tagged document (PDF/UA-1), more in parts.

    Works in folders under `scratch`, which it leaves empty; keeps its fonts in `fonts`. `run` is
    where pages are set.
    """

    name = "pdf"
    extension = "pdf"
    mime_type = "application/pdf"
    version = 5
    holds: Holds = "pictures"
    marks_media = False

    def __init__(
        self, illustrations: Illustrations, *, scratch: Path, fonts: Path, run: Run = run_here
    ) -> None:
        self._illustrations = illustrations
        self._scratch = scratch
        self._fonts = fonts
        self._run = run

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """See `ExportFormat`."""
        unpack_fonts(self._fonts)
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pdf-", dir=self._scratch) as folder:
            work = _Work(Path(folder), Report(options), self._illustrations, self._fonts, self._run)
            with work.made_of(iter(runs)).open("rb") as made:
                shutil.copyfileobj(made, out, 1 << 20)


@dataclass(frozen=True)
class _Taken:
    """What is kept of a run until it is set; `data` is what the template gets."""

    anchor: str
    heading: str
    status: str
    data: dict[str, Any]


class _Work:
    """The making of one PDF in a folder."""

    def __init__(
        self, folder: Path, report: Report, illustrations: Illustrations, fonts: Path, run: Run
    ) -> None:
        self._folder = folder
        self._report = report
        self._illustrations = illustrations
        self._fonts = fonts
        self._run = run

    def made_of(self, runs: Iterator[ExportedRun]) -> Path:
        """The finished PDF."""
        taken = (self._taken(run, number) for number, run in enumerate(runs, 1))
        following = list(islice(taken, RUNS_AT_A_TIME))
        after = next(taken, None)
        if after is None:
            entries = [_entry(run, None) for run in following]
            return self._set("whole", following, entries, how_many=len(following))
        return self._made_in_parts(following, after, taken)

    def _made_in_parts(
        self, following: list[_Taken], after: _Taken | None, taken: Iterator[_Taken]
    ) -> Path:
        parts: list[tuple[Path, list[tuple[str, int]]]] = []
        contents: list[dict[str, Any]] = []
        pages = 0
        while following:
            part = self._set(f"part-{len(parts)}", following, first_page=pages + 1)
            length, starts = self._run(pages_of_runs, part)
            marks = list(zip(following, starts, strict=True))
            contents += [_entry(run, pages + at + 1) for run, at in marks]
            parts.append((part, [(run.heading, at) for run, at in marks]))
            pages += length
            for run in following:
                for picture in self._folder.glob(f"{run.anchor}-*.jpg"):
                    picture.unlink()
            ahead = [after] if after else []
            following = [*ahead, *islice(taken, RUNS_AT_A_TIME - len(ahead))]
            after = None
        front = self._set("front", [], contents, how_many=len(contents))
        target = self._folder / "bound.pdf"
        self._run(bind, front, parts, target)
        return target

    def _taken(self, run: ExportedRun, number: int) -> _Taken:
        """A run with its pictures drawn: its files are there until the next one is taken."""
        section = self._report.section(run, number)
        return _Taken(_anchor(section), section.heading, section.status, self._run_data(section))

    def _set(
        self,
        name: str,
        runs: list[_Taken],
        contents: list[dict[str, Any]] | None = None,
        *,
        how_many: int = 0,
        first_page: int = 1,
    ) -> Path:
        report, words = self._report, self._report.words
        data: dict[str, Any] = {
            "is_front": contents is not None,
            "is_empty": contents is not None and how_many == 0,
            "first_page": first_page,
            "language": report.language,
            "title": report.title,
            "how_many": report.how_many(how_many),
            "made_on": report.made_on,
            "words": words,
            "about": [
                (words["about"], words["what_this_is"]),
                (words["ai_notice_title"], words["ai_notice"]),
                (words["licence"], report.licence),
                (words["how_title"], words["how_made"]),
            ],
            "contents": contents if contents and how_many >= _CONTENTS_FROM else [],
            "runs": [run.data for run in runs],
        }
        choice = choose_fonts(set(_strings(data)), self._fonts)
        if choice.missing:
            data = _replaced(data, choice.missing)
        data["families"] = choice.families
        (self._folder / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
        self._run(set_pages, self._folder, name, choice.folders)
        return self._folder / f"{name}.pdf"

    def _run_data(self, section: Section) -> dict[str, Any]:
        return {
            "anchor": _anchor(section),
            "heading": section.heading,
            "facts": [{"label": fact.label, "value": fact.value} for fact in section.facts],
            "why": section.why and {"label": section.why.label, "value": section.why.value},
            "warnings": section.warnings,
            "input": _lines(section.input_text),
            "transformed": None
            if section.transformed_text is None
            else _lines(section.transformed_text),
            "same": section.transformed_text is not None and not section.is_rewritten,
            "media": [
                self._medium_data(section, medium, number)
                for number, medium in enumerate(section.media, 1)
            ],
            "steps": [self._step_data(step) for step in section.steps],
        }

    def _step_data(self, step: Step) -> dict[str, Any]:
        words = self._report.words
        said = [step.note, words["unchanged"] if step.is_unchanged else ""]
        changes = () if step.is_unchanged else readable(step.changes, words["cut_short"])
        return {
            "title": step.title,
            "status": step.status,
            "facts": step.facts,
            "said": " ".join(filter(None, said)),
            "changed": [{"kind": c.kind, "text": c.text} for c in changes],
            "rightwards": runs_rightwards("".join(c.text for c in changes)),
        }

    def _medium_data(self, section: Section, medium: Medium, number: int) -> dict[str, Any]:
        words = self._report.words
        what = {"video": words["still"], "audio": words["waveform"], "3d": words["view"]}
        picture = self._illustrations.of(section.run, medium.file, medium.output)
        name = f"{_anchor(section)}-{number}.jpg"
        if picture:
            (self._folder / name).write_bytes(picture.jpeg)
            said = what.get(medium.output.type, "")
        else:
            said = words["no_picture"]
        return {
            "title": medium.title,
            "what": said,
            "facts": medium.facts,
            "made_by": medium.made_by,
            "credit": medium.credit,
            "alt": medium.alt,
            "picture": name if picture else None,
            "wide": picture is not None and picture.width > _WIDE * picture.height,
        }


def _anchor(section: Section) -> str:
    return f"run-{section.number}"


def _entry(run: _Taken, page: int | None) -> dict[str, Any]:
    return {
        "anchor": run.anchor,
        "heading": run.heading,
        "status": run.status,
        "page": page,
    }


def _lines(text: str) -> list[dict[str, Any]]:
    """The lines of a text, each with its direction."""
    return [{"text": line, "rightwards": runs_rightwards(line)} for line in text.split("\n")]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _replaced(value: Any, missing: frozenset[str]) -> Any:
    if isinstance(value, str):
        return with_numbers(value, missing)
    if isinstance(value, dict):
        return {key: _replaced(inner, missing) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(inner, missing) for inner in value]
    return value
