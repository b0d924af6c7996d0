"""Who looked for runs, saw, exported or deleted them: one line for each, for years.

`state/audit/YYYY-MM.jsonl`, UTC months, one JSON object a line. No line holds a text, a search
word or the label of a person, so that nothing in here has to be erased when a family asks.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock

from devserver.my_app.services.durable_files import OWNER_ONLY, sync_folder
from devserver.my_app.services.storage_root import StorageRoot

logger = logging.getLogger(__name__)

Action = Literal[
    "logged_in",
    "login_failed",
    "logged_out",
    "searched",
    "viewed",
    "shared",
    "reviewed",
    "exported",
    "downloaded",
    "package_deleted",
    "verified",
    "deleted",
    "erased",
    "archived",
    "restored",
    "retention_planned",
    "retention_applied",
    "token_added",
    "token_revoked",
]
ACTIONS: tuple[Action, ...] = get_args(Action)
Fact = str | int | bool | tuple[str, ...] | None

COMMAND_LINE = "command line"
"""Who did it when nobody had to show a token: whoever sits at the machine."""

SERVER = "the server"
"""Who did it when nobody asked for it."""

NOBODY = "nobody"
"""Who did it when no token fitted."""

_LOCK_SECONDS = 10.0
_WORD = re.compile(r"[\w.:@+-]{1,80}", re.ASCII)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class AuditEntry:
    """One line: when (UTC), what, by whom, about which run if about one, and further facts."""

    time: datetime
    action: str
    who: str
    run_id: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


class Audit:
    """Appends lines, from any thread and any process, and reads them."""

    def __init__(
        self, root: StorageRoot, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._state = root.state
        self._folder = root.state / "audit"
        self._lock = FileLock(root.locks / "audit.lock", timeout=_LOCK_SECONDS)
        self._now = now

    def record(self, action: Action, who: str, run_id: str | None = None, **facts: Fact) -> None:
        """Write that `who` (the name of a token, COMMAND_LINE, SERVER) did this; durable on return.

        Facts are numbers and single words of ours, such as the names of filters or a format; never
        what somebody typed. Anything else is refused with ValueError. When the line can't be
        written, on a full disk for one, it goes to the log and the work goes on: deleting is what
        makes room.
        """
        for name, value in facts.items():
            _check(name, value)
        said = {
            "time": self._now().isoformat(timespec="milliseconds"),
            "action": action,
            "who": who,
        }
        if run_id is not None:
            said["run_id"] = run_id
        line = json.dumps({**said, **facts}, ensure_ascii=False)
        try:
            self._append(self._folder / f"{said['time'][:7]}.jsonl", line.encode() + b"\n")
        except OSError:
            logger.exception("the audit log can't be written; this happened: %s", line)

    def months(self) -> list[str]:
        """The months of which there are lines, the oldest first."""
        if not self._folder.is_dir():
            return []
        names = (path.stem for path in self._folder.glob("*.jsonl"))
        return sorted(name for name in names if _MONTH.fullmatch(name))

    def read(self, *, month: str | None = None, action: str | None = None) -> Iterator[AuditEntry]:
        """The lines, the oldest first. One that a full disk has cut is passed over and logged."""
        for name in self.months():
            if month in (None, name):
                for entry in self._entries(self._folder / f"{name}.jsonl"):
                    if action in (None, entry.action):
                        yield entry

    def _append(self, path: Path, line: bytes) -> None:
        with self._lock:
            if not self._folder.is_dir():
                self._folder.mkdir(mode=0o700, parents=True)
                sync_folder(self._folder.parent)
            is_new = not path.exists()
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            descriptor = os.open(path, flags, OWNER_ONLY)
            try:
                if not _ends_with_line(descriptor):
                    line = b"\n" + line
                if os.write(descriptor, line) != len(line):
                    raise OSError(f"{path.name} took only a part of the line")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._hand_over(Path(self._lock.lock_file), self._folder, path)
            if is_new:
                sync_folder(self._folder)

    def _hand_over(self, *made: Path) -> None:
        """Give the server's account what root made in its place: it has to go on writing there."""
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            owner = self._state.stat()
            for path in made:
                if path.stat().st_uid != owner.st_uid:
                    os.chown(path, owner.st_uid, owner.st_gid)

    def _entries(self, path: Path) -> Iterator[AuditEntry]:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        yield _entry(line)
                    except (ValueError, KeyError, TypeError, AttributeError):
                        logger.warning("line %d of %s can't be read", number, path.name)


def _ends_with_line(descriptor: int) -> bool:
    """Whether the next line can begin here; not so after one that a full disk has cut."""
    if os.lseek(descriptor, 0, os.SEEK_END) == 0:
        return True
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) == b"\n"


def _entry(line: bytes) -> AuditEntry:
    said = json.loads(line)
    return AuditEntry(
        time=datetime.fromisoformat(said.pop("time")),
        action=str(said.pop("action")),
        who=str(said.pop("who")),
        run_id=said.pop("run_id", None),
        facts=said,
    )


def _check(name: str, value: object) -> None:
    words = value if isinstance(value, tuple) else (value,)
    for word in words:
        if isinstance(word, str) and not _WORD.fullmatch(word):
            raise ValueError(f"the fact {name} of an audit line has to be a word of ours")
