"""What a search has to find, said as simply as Python can: a look at every run, one by one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

from devserver.my_app.services.run_index.query import Choice, RunQuery
from devserver.my_app.services.run_index.words import Term, words_of
from devserver.my_app.services.run_metadata import RunMetadata


def found(runs: Iterable[RunMetadata], query: RunQuery) -> set[str]:
    """The ids of the runs that the query finds."""
    return {run.run_id for run in runs if matches(run, query)}


def matches(run: RunMetadata, query: RunQuery) -> bool:
    moment = moment_of(run)
    if query.since is not None or query.before is not None:
        if moment is None:
            return False
        if query.since is not None and moment < query.since:
            return False
        if query.before is not None and moment >= query.before:
            return False
    lengths = [one.duration_seconds for one in run.outputs if one.duration_seconds is not None]
    longest = max(lengths, default=None)
    if query.sort in ("longest", "shortest") and longest is None:
        return False
    return (
        _in_range(size_of(run), *query.size)
        and _in_range(longest, *query.duration)
        and all(_chosen(run, choice) for choice in query.choices)
        and (query.text is None or (query.text != () and _has_text(run, query.text)))
    )


def moment_of(run: RunMetadata) -> int | None:
    """Microseconds since 1970."""
    if run.timestamp is None:
        return None
    moment = datetime.fromisoformat(run.timestamp)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 10**6 + since.microseconds


def size_of(run: RunMetadata) -> int:
    return sum(one.file_size_bytes for one in run.outputs)


def _in_range(value: float | None, least: float | None, most: float | None) -> bool:
    if least is None and most is None:
        return True
    if value is None:
        return False
    return (least is None or value >= least) and (most is None or value <= most)


def values_of(run: RunMetadata, field: str) -> set[str | None]:
    single: dict[str, str | None] = {
        "status": run.status,
        "schema": run.schema_id,
        "mode": run.execution_mode,
        "level": run.safety_level,
        "user": run.user_id,
        "workshop": run.workshop,
        "origin": run.origin,
        "text": sha256(run.input_text.encode()).hexdigest(),
    }
    if field in single:
        return {single[field] or None}
    several: dict[str, set[str | None]] = {
        "backend": {*(o.backend for o in run.outputs), *(j.backend for j in run.jobs)},
        "config": {*(o.config for o in run.outputs), *run.request.output_configs},
        "type": {str(o.type) for o in run.outputs},
    }
    return {one for one in several[field] if one} or {None}


def _chosen(run: RunMetadata, choice: Choice) -> bool:
    values = values_of(run, choice.field)
    return (not choice.wanted or bool(values & set(choice.wanted))) and not (
        values & set(choice.unwanted)
    )


def _has_text(run: RunMetadata, terms: Iterable[Term]) -> bool:
    texts = (words_of(run.input_text), words_of(run.transformed_text or ""))
    return all(
        any(_stands_in(term, words) for words in texts) is not term.excluded for term in terms
    )


def _stands_in(term: Term, words: list[str]) -> bool:
    length = len(term.words)
    for at in range(len(words) - length + 1):
        here = words[at : at + length]
        if term.prefix:
            here[-1] = here[-1][: len(term.words[-1])]
        if tuple(here) == term.words:
            return True
    return False
