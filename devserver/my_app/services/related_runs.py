"""What else there is like a run: the same text, person or style, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from devserver.my_app.services.run_index import RunIndex, RunQuery
from devserver.my_app.services.run_index.query import Choice
from devserver.my_app.services.run_index.rows import text_digest
from devserver.my_app.services.run_metadata import RunMetadata

Relation = Literal["same_text", "same_person", "same_style", "repetitions"]


@dataclass(frozen=True)
class RelatedRuns:
    """Runs that share something: how many, the newest of them, and the filter that finds all."""

    total: int
    run_ids: tuple[str, ...]
    field: str
    value: str


def related_to(run: RunMetadata, index: RunIndex, *, most: int) -> Mapping[Relation, RelatedRuns]:
    """For each relation at most `most` runs, and never the run itself.

    A run without a user_id has no same_person, one without a style no same_style. Raises
    IndexUnavailable.
    """
    asked: dict[Relation, tuple[str, str | None]] = {
        "same_text": ("text", text_digest(run.input_text)),
        "repetitions": ("origin", run.run_id),
        "same_person": ("user", run.user_id),
        "same_style": ("schema", run.schema_id),
    }
    return {
        relation: _found(run, index, field, value, most)
        for relation, (field, value) in asked.items()
        if value
    }


def _found(run: RunMetadata, index: RunIndex, field: str, value: str, most: int) -> RelatedRuns:
    query = RunQuery(choices=(Choice(field, (value,)),))
    hits = index.search(replace(query, limit=most + 1)).hits
    others = tuple(hit.run_id for hit in hits if hit.run_id != run.run_id)
    # The index may be a moment behind: it then counts too few, never fewer than are shown.
    total = max(index.count(query) - (field != "origin"), len(others))
    return RelatedRuns(total, others[:most], field, value)
