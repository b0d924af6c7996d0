"""Erasing a person: every run that carries their label, and every repetition of such a run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.out_of_reach import OutOfReach, places_of, places_out_of_reach
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_metadata import RunMetadata, utc_now
from devserver.my_app.services.stored_runs import StoredRuns

logger = logging.getLogger(__name__)

_MOST_ROUNDS = 20
REMOVED_BY_HAND = "removed by hand"
"""In place of a run_id: runs without a folder, of which somebody still holds something."""


@dataclass(frozen=True)
class ErasureReceipt:
    """What was erased, or would be (`dry_run`). It is given to who asked and stored nowhere.

    `run_ids` are the person's runs and the repetitions of them that carry another label, which are
    in `repetitions` too. `unreadable` are runs of which nobody can say whose they are, and folders
    among the runs that are none, such as copies made by hand. `faults` says by run_id and holder
    what is left here of a run, with a sentence; also of runs that were deleted before.
    """

    user_id: str
    dry_run: bool
    time: str
    run_ids: tuple[str, ...]
    repetitions: tuple[str, ...]
    were_under_way: int
    files: int
    bytes: int
    unreadable: tuple[str, ...]
    faults: Mapping[str, Mapping[str, str]]
    out_of_reach: tuple[OutOfReach, ...]
    is_complete: bool
    """Whether nothing is left here: no fault, no unreadable run, and no new run kept appearing."""


@dataclass
class _Search:
    """The runs looked at so far. A run's label and origin never change, so each is read once."""

    user_id: str
    seen: set[str] = field(default_factory=set)
    copies: dict[str, list[str]] = field(default_factory=dict)
    """The runs that repeat another, by that one."""
    others: dict[str, frozenset[OutOfReach]] = field(default_factory=dict)
    """Where those of them went that carry another label."""
    victims: dict[str, frozenset[OutOfReach]] = field(default_factory=dict)
    repetitions: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)


class Erasure:
    """Erases persons, one at a time. The folders are the truth: no index is asked."""

    def __init__(self, folders: RunFolders, forgetting: Forgetting) -> None:
        self._folders = folders
        self._stored = StoredRuns(folders)
        self._forgetting = forgetting
        self._one_at_a_time = threading.Lock()

    def erase(self, user_id: str, *, dry_run: bool = False) -> ErasureReceipt:
        """Delete every run whose `user_id` is this one, exactly, archived ones too.

        A run repeats the text of its `origin`, so whatever repeats an erased run is erased too,
        whosever it is. Runs under way are cancelled first; runs that are started meanwhile are
        found, since it looks again until there is none. Takes the reading of all metadata (some
        seconds for 100,000 runs). Can be repeated, and goes on where a kill or a fault cut it off.
        Raises StorageFull when not even a tombstone can be written.
        """
        with self._one_at_a_time:
            return self._erase(user_id, dry_run=dry_run)

    def _erase(self, user_id: str, *, dry_run: bool) -> ErasureReceipt:
        search = _Search(user_id)
        faults: dict[str, dict[str, str]] = {}
        files = size = under_way = 0
        quiet = False
        if not dry_run:
            faults |= self._forgetting.complete()
            if swept := self._forgetting.sweep():
                faults[REMOVED_BY_HAND] = swept
        for _ in range(1 if dry_run else _MOST_ROUNDS):
            found = self._look(search)
            if not found:
                quiet = True
                break
            for run_id in found:
                if dry_run:
                    more, bytes_more = self._forgetting.measure(run_id)
                else:
                    try:
                        receipt = self._forgetting.delete(run_id, "erased", more_follow=True)
                    except RunNotFound:  # removed by hand at this moment
                        continue
                    more, bytes_more = receipt.files, receipt.bytes
                    under_way += receipt.was_under_way
                    if receipt.faults:
                        faults[run_id] = dict(receipt.faults)
                files, size = files + more, size + bytes_more
        not_wiped = {} if dry_run else self._forgetting.wipe()
        for run_id in search.victims if not_wiped else ():
            faults[run_id] = {**faults.get(run_id, {}), **not_wiped}
        unreadable = [*search.unreadable, *self._folders.strangers()]
        logger.info(
            "%s %d runs of a person, %d of them not complete",
            "found" if dry_run else "erased",
            len(search.victims),
            len(faults),
        )
        return ErasureReceipt(
            user_id=user_id,
            dry_run=dry_run,
            time=utc_now(),
            run_ids=tuple(sorted(search.victims)),
            repetitions=tuple(sorted(search.repetitions)),
            were_under_way=under_way,
            files=files,
            bytes=size,
            unreadable=tuple(sorted(unreadable)),
            faults=faults,
            out_of_reach=tuple(places_out_of_reach(search.victims.values())),
            is_complete=quiet and not faults and not unreadable and not dry_run,
        )

    def _look(self, search: _Search) -> list[str]:
        """The runs to erase that weren't found before; what was looked at once isn't again."""
        found: list[str] = []
        for run in self._new_runs(search):
            if run.origin:
                search.copies.setdefault(run.origin, []).append(run.run_id)
            if run.user_id == search.user_id:
                search.victims[run.run_id] = places_of(run)
                found.append(run.run_id)
            elif run.origin:
                search.others[run.run_id] = places_of(run)
        # Chains of repetitions, however the ids were ordered, and also from earlier rounds.
        waiting = list(search.victims)
        while waiting:
            for copy in search.copies.get(waiting.pop(), ()):
                if copy not in search.victims:
                    search.victims[copy] = search.others[copy]
                    search.repetitions.add(copy)
                    found.append(copy)
                    waiting.append(copy)
        return found

    def _new_runs(self, search: _Search) -> Iterable[RunMetadata]:
        # Folders once more after the archive: one may come out of it in between.
        ids = {*self._folders.ids(), *self._folders.sealed_ids(), *self._folders.ids()}
        for run_id in ids - search.seen:
            search.seen.add(run_id)
            try:
                # Its place has the id, whatever a metadata.json changed by hand says.
                yield self._stored.get_metadata(run_id).having(run_id=run_id)
            except RunNotFound:
                if self._folders.exists(run_id):
                    logger.warning("run %s has no metadata, so nobody knows whose it is", run_id)
                    search.unreadable.add(run_id)
            except (ServerError, OSError) as error:
                logger.warning(
                    "run %s can't be read, so nobody knows whose it is: %s", run_id, error
                )
                search.unreadable.add(run_id)
