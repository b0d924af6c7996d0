"""Which runs a package is made of, and in which state they were then."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import checked_run_id

Select = Callable[[Mapping[str, Any]], Iterable[str]]
"""The ids of the runs that a query finds, in its order."""


class SelectionEmpty(ServerError):
    """There is no run in what was asked for."""

    code = "selection_empty"


class RunSelection:
    """Finds the runs that are asked for, by their ids or by a query. Safe between threads."""

    def __init__(self, manager: ExportManager, select: Select) -> None:
        self._manager = manager
        self._select = select

    def of(
        self,
        run_ids: Iterable[str] | None = None,
        query: Mapping[str, Any] | None = None,
        leave_out: Iterable[str] = (),
    ) -> list[str]:
        """The runs of these ids, or those that the query finds, each once and in their order.

        Runs of `leave_out` are not in it; they need not be in the selection.
        Raises RunIdInvalid, RunNotFound (all ids that are not there are in its `details`),
        SelectionEmpty, and what the query raises.
        """
        unwanted = {checked_run_id(run_id) for run_id in leave_out}
        found = self._select(query or {}) if run_ids is None else self._known(run_ids)
        chosen = [run_id for run_id in dict.fromkeys(found) if run_id not in unwanted]
        if not chosen:
            raise SelectionEmpty("There is no run in this selection.")
        return chosen

    def fingerprint(self, wish: ExportWish, run_ids: Iterable[str]) -> str:
        """The same for the same wish for the same runs in the same state."""
        said = self._manager.fingerprint(wish)
        digest = hashlib.sha256(said.encode("utf-8", "backslashreplace"))
        for run_id in run_ids:
            digest.update(f"\n{run_id} {self._manager.source.stamp(run_id)}".encode())
        return digest.hexdigest()

    def _known(self, run_ids: Iterable[str]) -> list[str]:
        chosen = [checked_run_id(run_id) for run_id in dict.fromkeys(run_ids)]
        unknown = [run_id for run_id in chosen if not self._manager.source.stamp(run_id)]
        if unknown:
            raise RunNotFound(
                "There is no run with this id on this server, or with several of these.",
                details={"unknown": unknown},
            )
        return chosen
