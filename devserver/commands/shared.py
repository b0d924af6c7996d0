"""What all commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import click
import requests

from devserver.config import Settings, SettingsInvalid, read_settings
from devserver.my_app.export_wiring import crate_terms
from devserver.my_app.keeping_wiring import Keeping, build_keeping
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.exports.kept_exports import KeptExports
from devserver.my_app.services.idempotency import IdempotencyKeys
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_index.database import remove_index
from devserver.my_app.services.share_links import ShareLinks
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.thumbnails import Thumbnails, draw_thumbnail
from devserver.my_app.wiring import build_media_storage


@contextmanager
def failures_told() -> Iterator[None]:
    """Say a failure in a sentence, without a trace."""
    try:
        yield
    except (SettingsInvalid, ServerError, requests.RequestException) as error:
        raise click.ClickException(str(error)) from error


def run_folders(settings: Settings | None = None) -> RunFolders:
    """The runs under the configured root, which has to be there: reading makes none."""
    settings = settings or read_settings()
    exports = settings.exports_dir
    if not (exports / "json").is_dir():
        raise click.ClickException(f"There are no runs under {exports}.")
    return RunFolders(StorageRoot(exports), crate_terms(settings))


def settled_keeping(settings: Settings, root: StorageRoot) -> Keeping:
    """What keeps and forgets, without a server; the root has to be claimed. What a kill cut off is
    brought to its end first."""
    storage = build_media_storage(settings, root)
    thumbnails, exports = Thumbnails(root.cache, draw_thumbnail), KeptExports(root.packages)
    keeping = build_keeping(
        settings,
        storage,
        holders={
            "exports": exports.forget,
            "thumbnails": thumbnails.forget,
            "share_links": ShareLinks(root, days=settings.share_days).forget,
            "idempotency_keys": IdempotencyKeys(root).forget,
        },
        # The next server makes another one.
        wipers={"index": partial(remove_index, root.cache)},
        sweepers={"exports": exports.sweep, "thumbnails": thumbnails.sweep},
    )
    storage.folders.remove_strays()
    keeping.settle()
    return keeping


def on_one_line(text: str) -> str:
    """Without what could move the cursor or colour the terminal; a text may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
