"""The audit lines of commands: of what one does by itself, since a server writes its own."""

from __future__ import annotations

import os
from collections.abc import Callable

from devserver.config import Settings
from devserver.my_app.services.audit import COMMAND_LINE, Action, Audit, Fact
from devserver.my_app.services.storage_root import StorageRoot

Note = Callable[..., None]
"""`note` for settings that are known."""

_ADMINISTRATOR = 0


def note(settings: Settings, action: Action, run_id: str | None = None, **facts: Fact) -> None:
    """Write that whoever sits at this machine did this; durable on return.

    Nothing is written where this account may only read, as on a read-only copy.
    """
    root = StorageRoot(settings.exports_dir)
    if _may_write(root):
        Audit(root).record(action, COMMAND_LINE, run_id, **facts)


def _may_write(root: StorageRoot) -> bool:
    """What another account wrote, the server could not go on writing."""
    if hasattr(os, "geteuid") and os.geteuid() not in (_ADMINISTRATOR, root.state.stat().st_uid):
        return False
    return os.access(root.state, os.W_OK)
