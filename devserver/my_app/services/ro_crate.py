"""What every RO-Crate metadata file of ours is made of: JSON-LD in the form of RO-Crate 1.1."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from devserver.my_app.services.crate_terms import Entity
from devserver.my_app.services.folder_names import CRATE

PROCESS_RUN_CRATE = "https://w3id.org/ro/wfrun/process/0.5"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    {
        "sha256": "https://w3id.org/ro/terms/workflow-run#sha256",
        "creditText": "http://schema.org/creditText",
    },
]
"""RO-Crate 1.1 has no term for checksums; this is the one of the Process Run Crate."""


def ref(entity_id: str) -> Entity:
    """A reference to the entity of this id."""
    return {"@id": entity_id}


def in_id(text: str) -> str:
    """`text` as an id or a part of one, whatever it holds; the ids of files are their names."""
    return quote(text, safe="", errors="surrogatepass")


def without_nothing(entity: Entity) -> Entity:
    """`entity` without properties that say nothing."""
    return {key: value for key, value in entity.items() if value is not None and value != []}


def as_json(entities: Iterable[Entity]) -> bytes:
    """A whole RO-Crate metadata file, with a line for each entity, for people too."""
    # Not indented by `json`, which takes ten times as long for it.
    lines = ",\n ".join(json.dumps(entity, ensure_ascii=False) for entity in entities)
    document = f'{{"@context": {json.dumps(CONTEXT)}, "@graph": [\n {lines}\n]}}\n'
    return document.encode("utf-8", "backslashreplace")


def descriptor() -> Entity:
    """The entity that says of which kind the metadata file itself is."""
    return {
        "@id": CRATE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }


def profile() -> Entity:
    """The profile that a run's crate keeps to."""
    return {
        "@id": PROCESS_RUN_CRATE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }


def one_or_many(values: list[Any]) -> Any:
    """RO-Crate wants a list only where there are several."""
    return values[0] if len(values) == 1 else values


def in_milliseconds(time: str | None) -> str | None:
    """A time of metadata.json in the form that the profile asks for; None when it is no time."""
    try:
        moment = datetime.fromisoformat(time or "")
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")
