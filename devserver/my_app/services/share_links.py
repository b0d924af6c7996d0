"""Links by which somebody may look at one run, for some days, and do nothing else with it.

A link is a random code, of which only the hash is kept: `state/share_links/<sha256>.json` says for
which run it is and until when. Who knows a code learns no run_id by it. A link goes with its run,
and what is said of one that is over is kept for a while, so that people are told so.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devserver.my_app.services.access.secrets_kept import sha256_of
from devserver.my_app.services.durable_files import (
    OWNER_ONLY,
    full_disk_named,
    is_temporary,
    replace_file,
    sync_folder,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import is_run_id
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.storage_root import StorageRoot

logger = logging.getLogger(__name__)

MOST_OF_A_RUN = 20
"""Open links that one run may have at a time."""

REMEMBERED = timedelta(days=30)
"""How long a link that is over is known to have been one."""

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, none taken for another: 5 bits each
_LENGTH = 16
_CODE = re.compile(f"[{_LETTERS}]{{{_LENGTH}}}")
_TIDIED_EVERY = timedelta(hours=1)


class NothingToShare(ServerError):
    """The run is on its way, or has come to nothing that could be shown."""

    code = "nothing_to_share"


class SharingOff(ServerError):
    """No links are made here."""

    code = "sharing_off"


class TooManyLinks(ServerError):
    """The run has as many open links as it may have."""

    code = "too_many_links"


class LinkNotFound(ServerError):
    """There is no such link, or its run is gone."""

    code = "link_not_found"


class LinkExpired(ServerError):
    """The link's days are over."""

    code = "link_expired"


@dataclass(frozen=True)
class NewLink:
    """A link as it is told once: its code (80 random bits) and when it ends (UTC)."""

    code: str
    expires_at: datetime


@dataclass(frozen=True)
class SharedRun:
    """What a link leads to, and until when."""

    run_id: str
    expires_at: datetime


class ShareLinks:
    """The links of a root. For its owner: threads are kept apart, processes are not.

    `days` is how long a new link lasts; with 0 none is made, and those there are don't open.
    """

    def __init__(
        self,
        root: StorageRoot,
        *,
        days: float,
        is_gone: Callable[[str], bool] = lambda _: False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`is_gone` says whether a run was deleted."""
        self._folder = root.state / "share_links"
        self._days = timedelta(days=days)
        self._is_gone = is_gone
        self._now = now
        self._guard = threading.Lock()
        self._paths: dict[str, set[Path]] = {}
        self._folder.mkdir(exist_ok=True)
        sync_folder(root.state)
        with self._guard:
            self._tidy()

    def make(self, run: RunMetadata) -> NewLink:
        """A new link to `run`, durable on return; its code is kept nowhere.

        Raises NothingToShare, SharingOff, TooManyLinks, StorageFull, and RunNotFound when the run
        is deleted meanwhile.
        """
        if not self._days:
            raise SharingOff("Links to runs are switched off on this server.")
        if run.status not in ("success", "partial"):
            raise NothingToShare("There is nothing to share of this run, or not yet.")
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        link = NewLink(code, (self._now() + self._days).replace(microsecond=0))
        with self._guard:
            if not timedelta(0) <= self._now() - self._tidied < _TIDIED_EVERY:
                self._tidy()
            if len(self._open_of(run.run_id)) >= MOST_OF_A_RUN:
                raise TooManyLinks(
                    f"There are {MOST_OF_A_RUN} links to this run already; more can be made when "
                    "one of them is over."
                )
            path = self._path(code)
            # Before the file is there, so that it is found whatever fails behind it.
            self._paths.setdefault(run.run_id, set()).add(path)
            replace_file(path, _to_json(run.run_id, link.expires_at), mode=OWNER_ONLY)
            with full_disk_named():
                sync_folder(self._folder)
        # Looked at after the writing: a deletion either finds this link or is seen here.
        if self._is_gone(run.run_id):
            self.forget(run.run_id)
            raise RunNotFound("There is no run with this id on this server.")
        return link

    def find(self, code: str) -> SharedRun:
        """What the link leads to. Raises LinkNotFound, LinkExpired.

        Found by its hash, so that time tells nothing of other codes.
        """
        shared = self._read(self._path(code)) if self._days and _CODE.fullmatch(code) else None
        if shared is None or self._is_gone(shared.run_id):
            raise LinkNotFound("There is no such link on this server.")
        if shared.expires_at <= self._now():
            raise LinkExpired("This link is over.")
        return shared

    def forget(self, run_id: str) -> None:
        """Remove all links to a run. Raises OSError when that can't be done."""
        with self._guard:
            for path in self._paths.get(run_id, set()):
                path.unlink(missing_ok=True)
            self._paths.pop(run_id, None)

    def _open_of(self, run_id: str) -> list[SharedRun]:
        found = [self._read(path) for path in self._paths.get(run_id, ())]
        return [link for link in found if link and link.expires_at > self._now()]

    def _tidy(self) -> None:
        """Remove what is long over, what is of deleted runs, and what a kill left unfinished."""
        self._tidied = self._now()
        kept: dict[str, set[Path]] = {}
        for path in self._folder.iterdir():
            link = None if is_temporary(path.name) else self._read(path)
            over = link is None or link.expires_at + REMEMBERED <= self._now()
            if link is None or over or self._is_gone(link.run_id):
                path.unlink(missing_ok=True)
            else:
                kept.setdefault(link.run_id, set()).add(path)
        self._paths = kept

    def _path(self, code: str) -> Path:
        return self._folder / f"{sha256_of(code)}.json"

    def _read(self, path: Path) -> SharedRun | None:
        """What the file says; None when it isn't there or says nothing."""
        try:
            said = json.loads(path.read_bytes())
            run_id, expires_at = said["run_id"], datetime.fromisoformat(said["expires_at"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            logger.warning("the link %s can't be read", path.name[:8])
            return None
        if not is_run_id(run_id) or expires_at.tzinfo is None:
            return None
        return SharedRun(run_id, expires_at)


def _to_json(run_id: str, expires_at: datetime) -> bytes:
    said = {"run_id": run_id, "expires_at": expires_at.isoformat()}
    return json.dumps(said).encode() + b"\n"
