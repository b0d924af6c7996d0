"""Requests that come twice under one key start one run.

A repeated tap and a retry after a lost answer carry the same `Idempotency-Key`
(draft-ietf-httpapi-idempotency-key-header). Which run a key stands for is written down, durable,
before the run's folder is made: after a kill in between there is a note without a folder, and that
counts as no note. So is the note of a run that was deleted since.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devserver.my_app.services.durable_files import is_temporary, replace_file, sync_folder
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_id import is_run_id
from devserver.my_app.services.storage_root import StorageRoot

logger = logging.getLogger(__name__)

REMEMBERED = timedelta(days=1)
_TIDIED_EVERY = timedelta(hours=1)
_LOCKS = 64

Note = Callable[[str], None]


class IdempotencyKeyReused(ServerError):
    """The key came before, with a request that asked for something else."""

    code = "idempotency_key_reused"


@dataclass(frozen=True)
class RequestKey:
    """A client's key, and all that its request asks for, written in one way."""

    key: str
    asked: str

    @property
    def name(self) -> str:
        """What the key is filed under; the key itself is never stored."""
        return hashlib.sha256(self.key.encode()).hexdigest()

    @property
    def asked_sha256(self) -> str:
        """Hashed together with the key, so that no text can be guessed from it without the key."""
        return hashlib.sha256(f"{self.key}\n{self.asked}".encode()).hexdigest()


class IdempotencyKeys:
    """The keys of the last day, one small file each under `state/idempotency/`.

    For the server that owns the root: threads are kept apart, processes are not.
    """

    def __init__(
        self,
        root: StorageRoot,
        *,
        is_stored: Callable[[str], bool] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`is_stored` says whether there is such a run; by default, whether it has a folder."""
        self._is_stored = is_stored or (lambda run_id: (root.runs / run_id).is_dir())
        self._paths: dict[str, set[Path]] = {}
        self._paths_guard = threading.Lock()
        self._folder = root.state / "idempotency"
        self._now = now
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._folder.mkdir(exist_ok=True)
        sync_folder(root.state)
        self._tidied = now()
        self.tidy()

    def once(self, request: RequestKey, start: Callable[[Note], object]) -> str:
        """The run_id that stands for the request; `start` is called only when there is none.

        `start` has to call the note it is given with the run_id, before anything of the run is
        stored; when it raises before that, the key stays free. Of several requests at once one
        starts, and the others get its run. Raises IdempotencyKeyReused, StorageFull, and whatever
        `start` raises.
        """
        if not timedelta(0) <= self._now() - self._tidied < _TIDIED_EVERY:
            self._tidied = self._now()
            self.tidy()
        path = self._folder / f"{request.name}.json"
        with self._lock_of(path):
            known = self._read(path)
            if known is not None and self._is_stored(known.run_id):
                if known.asked_sha256 != request.asked_sha256:
                    raise IdempotencyKeyReused(
                        "This Idempotency-Key was used before, for another request."
                    )
                return known.run_id
            made: list[str] = []

            def note(run_id: str) -> None:
                self._write(path, _Noted(run_id, request.asked_sha256, self._now()))
                self._know(run_id, path)
                made.append(run_id)

            start(note)
            return made[0]

    def forget(self, run_id: str) -> None:
        """Forget the keys that stand for a run. Raises OSError when that can't be done."""
        with self._paths_guard:
            paths = self._paths.pop(run_id, set())
        for path in paths:
            with self._lock_of(path):
                known = self._read(path)
                if known is not None and known.run_id == run_id:
                    path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Forget every key that is older than a day, and what a kill left unfinished."""
        kept: dict[str, set[Path]] = {}
        for path in self._folder.iterdir():
            with self._lock_of(path):
                known = None if is_temporary(path.name) else self._read(path)
                if known is None:
                    path.unlink(missing_ok=True)
                else:
                    kept.setdefault(known.run_id, set()).add(path)
        with self._paths_guard:
            for run_id in self._paths.keys() - kept.keys():
                # One that was noted since its file was passed has its file.
                self._paths[run_id] = {path for path in self._paths[run_id] if path.exists()}
                if not self._paths[run_id]:
                    del self._paths[run_id]
            for run_id, paths in kept.items():
                self._paths.setdefault(run_id, set()).update(paths)

    def _know(self, run_id: str, path: Path) -> None:
        with self._paths_guard:
            self._paths.setdefault(run_id, set()).add(path)

    def _lock_of(self, path: Path) -> threading.Lock:
        # A temporary file `.<name>.….part` shares the lock of the file it is to become.
        return self._locks[sum(path.name.lstrip(".")[:64].encode()) % _LOCKS]

    def _read(self, path: Path) -> _Noted | None:
        """What was noted within a day; None else."""
        try:
            noted = _Noted.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            logger.warning("%s can't be read and is forgotten", path.name)
            return None
        return noted if self._now() - noted.time < REMEMBERED else None

    def _write(self, path: Path, noted: _Noted) -> None:
        replace_file(path, noted.to_json())
        sync_folder(self._folder)


@dataclass(frozen=True)
class _Noted:
    run_id: str
    asked_sha256: str
    time: datetime

    @classmethod
    def from_json(cls, data: bytes) -> _Noted:
        values = json.loads(data)
        if not is_run_id(values["run_id"]):
            raise ValueError("no run_id")
        time = datetime.fromisoformat(values["time"]).astimezone(UTC)
        return cls(values["run_id"], str(values["asked_sha256"]), time)

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "run_id": self.run_id,
                "asked_sha256": self.asked_sha256,
                "time": self.time.isoformat(),
            }
        ).encode()
