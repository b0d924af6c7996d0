"""Whose runs they are: root writes none of them for another account."""

from __future__ import annotations

import os
import sys

import click

from devserver.config import Settings
from devserver.my_app.services.storage_root import StorageRoot

_ADMINISTRATOR = 0


def refuse_root(settings: Settings, *, beside_server: bool = False) -> None:
    """Raise ClickException where root would write into runs that are another account's.

    Folders, locks and files that root makes that account's server could not write to, nor always
    read; it would not even start. Where that server works just now it does the writing, so nothing
    is refused, but for what is written `beside_server`. Makes nothing.
    """
    runs = settings.exports_dir / "json"
    if not hasattr(os, "geteuid") or os.geteuid() != _ADMINISTRATOR or not runs.is_dir():
        return
    owner = runs.stat().st_uid
    if owner == _ADMINISTRATOR:
        return
    if not beside_server and StorageRoot(settings.exports_dir).is_taken():
        return
    name = _name_of(owner)
    raise click.ClickException(
        f"{settings.exports_dir} belongs to {name}, and what root makes there the server could not "
        f"write to. Run this as that account: sudo -u {name} {sys.executable} -m devserver …"
    )


def _name_of(uid: int) -> str:
    """The account's name as `sudo -u` takes it; one that has none is called by its number."""
    import pwd  # noqa: PLC0415 - only there on Unix

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"'#{uid}'"
