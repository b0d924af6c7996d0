"""Where else a run's words and media went: what a deletion here can't undo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from devserver.my_app.services.comfyui.forgetting import COMFYUI
from devserver.my_app.services.run_metadata import RunMetadata

Kind = Literal["comfyui_files", "api_service", "language_server", "copies"]

_OWN = frozenset({"atelier", "embedded", "unknown", "by_hand"})
_LANGUAGE_SERVERS = frozenset({"ollama", "openai_compatible"})
_SENTENCES: dict[Kind, str] = {
    "comfyui_files": (
        "ComfyUI keeps what it makes in its own output folder, with the prompt inside the files. "
        "Delete them there."
    ),
    "api_service": (
        "This service was sent texts and made media or texts of them. How long it keeps them, and "
        "how to have them deleted, is in your agreement with it."
    ),
    "language_server": (
        "This server was sent texts. It keeps them in memory at most, unless its own log says more."
    ),
    "copies": (
        "Downloaded files and packages, printed pages, screenshots, browsers' caches, and backups "
        "of this server's folder. Restored backups are cleaned at the next start."
    ),
}


@dataclass(frozen=True)
class OutOfReach:
    """One such place: `name` is that of the backend, `where` its origin when it is known, `runs`
    how many of the runs went there (None for copies, which nobody counts)."""

    kind: Kind
    name: str
    where: str | None
    runs: int | None
    advice: str


def places_out_of_reach(runs: Iterable[Iterable[OutOfReach]]) -> list[OutOfReach]:
    """The places of many runs, each once, counted; those of copies come last."""
    counts = Counter(place for places in runs for place in set(places))
    found = [
        OutOfReach(place.kind, place.name, place.where, number, place.advice)
        for place, number in counts.items()
    ]
    found.sort(key=lambda place: (place.kind, place.name, place.where or ""))
    return [*found, OutOfReach("copies", "copies", None, None, _SENTENCES["copies"])]


def places_of(run: RunMetadata) -> frozenset[OutOfReach]:
    """Where one run went, as its jobs, outputs and steps say."""
    backends = {(job.backend, _origin(job.server)) for job in run.jobs}
    known = {name for name, _ in backends}
    others = {step.backend for step in run.stages} | {output.backend for output in run.outputs}
    backends |= {(name, None) for name in others if name and name not in known}
    return frozenset(
        OutOfReach(_kind(name), name, where, 1, _SENTENCES[_kind(name)])
        for name, where in backends
        if name not in _OWN
    )


def _kind(backend: str) -> Kind:
    if backend == COMFYUI:
        return "comfyui_files"
    return "language_server" if backend in _LANGUAGE_SERVERS else "api_service"


def _origin(server: str | None) -> str | None:
    """Without path, user and password."""
    if not server:
        return None
    try:
        parts = urlsplit(server)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
