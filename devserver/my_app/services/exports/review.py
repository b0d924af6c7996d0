"""Personal data in the free texts of runs, found before they are taken away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.exports.source import ExportSource
from devserver.my_app.services.personal_data import find_personal_data
from devserver.my_app.services.personal_data.datum import Kind
from devserver.my_app.services.run_metadata import RunMetadata

MOST_FINDINGS = 10_000
"""More are not listed; nobody reads them, and they would not fit into an answer."""
MOST_SECONDS = 20.0
"""For whoever waits for the answer: some thousand runs. It is less than any proxy waits, and one of
the server's threads is held meanwhile."""
_LABEL = "user_id"


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of a text: `text` is what stands at `start` to `end` of the field of a run."""

    run_id: str
    field: str
    kind: Kind
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Review:
    """What was found in how many runs. `unread` are those that no export can hold. When it isn't
    complete, there is more than is listed, or runs behind these were not looked through."""

    runs: int
    findings: tuple[Finding, ...]
    unread: tuple[str, ...]
    is_complete: bool


class Reviewer:
    """Looks through the texts of runs by the rules for personal data and the names of the class.

    Nothing of what is found is kept or logged. The rules miss some; see `personal_data`.
    """

    def __init__(
        self,
        source: ExportSource,
        names: Sequence[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._names = names
        self._clock = clock

    def review(self, run_ids: Iterable[str], *, most_seconds: float | None = None) -> Review:
        """All that is found in these runs, in their order; at most MOST_FINDINGS pieces.

        After `most_seconds` no further run is looked through. Raises what `run_ids` raises.
        """
        begun = self._clock()
        findings: list[Finding] = []
        unread: list[str] = []
        runs = 0
        is_complete = True
        for run_id in run_ids:
            if most_seconds is not None and self._clock() - begun >= most_seconds:
                is_complete = False
                break
            try:
                with self._source.run(run_id) as run:
                    found = list(self._found(run.metadata))
            except (ServerError, FileNotFoundError):
                unread.append(run_id)
                continue
            runs += 1
            findings += found
            if len(findings) > MOST_FINDINGS:
                is_complete = False
                break
        return Review(runs, tuple(findings[:MOST_FINDINGS]), tuple(unread), is_complete)

    def _found(self, run: RunMetadata) -> Iterator[Finding]:
        for field, text in free_texts(run):
            # Of the user_id itself it would only say that there is one.
            label = None if field == _LABEL else run.user_id
            for datum in find_personal_data(text, self._names, label):
                piece = text[datum.start : datum.end]
                yield Finding(run.run_id, field, datum.kind, piece, datum.start, datum.end)


def free_texts(run: RunMetadata) -> Iterator[tuple[str, str]]:
    """Every text of a run that a person or a model wrote, with the name of its field.

    A text that stood in a field before isn't gone through again: most steps pass on what they got.
    """
    yield from _named(_LABEL, run.user_id)
    # Not seen before: with pseudonyms it stays wherever else it stands.
    seen: set[str] = set()
    for field, text in _all_texts(run):
        if text and text not in seen:
            seen.add(text)
            yield field, text


def _all_texts(run: RunMetadata) -> Iterator[tuple[str, str]]:
    yield from _named("workshop", run.workshop)
    yield from _named("input_text", run.input_text)
    yield from _named("transformed_text", run.transformed_text)
    yield from _named("request.context", run.request.context)
    yield from _unknown("request", run.request)
    for number, stage in enumerate(run.stages):
        yield from _named(f"stages[{number}].input", stage.input)
        yield from _named(f"stages[{number}].output", stage.output)
        yield from _nested(f"stages[{number}].details", stage.details)
        yield from _unknown(f"stages[{number}]", stage)
    for number, output in enumerate(run.outputs):
        yield from _named(f"outputs[{number}].credit", output.credit)
        yield from _nested(f"outputs[{number}].details", output.details)
        yield from _unknown(f"outputs[{number}]", output)
    for number, job in enumerate(run.jobs):
        # An id that a service gave is nobody's, and its digits may look like a telephone number.
        yield from _nested(f"jobs[{number}]", job.model_dump(exclude={"job_id"}))
    for number, warning in enumerate(run.warnings):
        yield f"warnings[{number}]", warning
    if run.error:
        yield "error.message", run.error.message
        yield from _unknown("error", run.error)
    yield from _nested("", run.model_extra or {})


def _unknown(field: str, record: BaseModel) -> Iterator[tuple[str, str]]:
    """What another writer noted that this version doesn't know."""
    yield from _nested(field, record.model_extra or {})


def _named(field: str, text: str | None) -> Iterator[tuple[str, str]]:
    if text:
        yield field, text


def _nested(field: str, value: object) -> Iterator[tuple[str, str]]:
    """Texts within details, whatever their shape; not deeper than Python may go."""
    waiting = [(field, value)]
    while waiting:
        name, inner = waiting.pop()
        if isinstance(inner, str):
            yield name, inner
        elif isinstance(inner, dict):
            waiting += [(f"{name}.{key}".lstrip("."), one) for key, one in reversed(inner.items())]
        elif isinstance(inner, list | tuple):
            waiting += [(f"{name}[{at}]", one) for at, one in reversed(list(enumerate(inner)))]
