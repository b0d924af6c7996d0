"""Keeping what is stored in order: verify, recover."""

from __future__ import annotations

import sys

import click

from devserver.commands.account import refuse_root
from devserver.commands.noting import note
from devserver.commands.selecting import filter_options, lookout, query_of
from devserver.commands.shared import failures_told, on_one_line, run_folders, settled_keeping
from devserver.config import read_settings
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.local_network import own_url
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.verification import faults_of
from devserver.my_app.wiring import build_media_storage


@click.command()
@click.argument("run_ids", metavar="[RUN_ID]...", nargs=-1)
@filter_options
def verify(run_ids: tuple[str, ...], **filters: tuple[str, ...]) -> None:
    """Check that folders hold what their metadata says: each file, its size and its sha256.

    The runs named, those that the filters find, or all. Of archived runs the sealed files are read
    and compared with their lists. The exit status is 1 when a folder lies.
    """
    with failures_told():
        settings = read_settings()
        folders = run_folders(settings)
        has_filters = any(filters.values())
        if run_ids and has_filters:
            raise click.UsageError("Name runs or say filters, not both.")
        if has_filters:
            query = query_of(filters)
            with lookout(settings) as index:
                selected = list(index.ids(query))
        else:
            selected = list(run_ids) or sorted({*folders.ids(), *folders.sealed_ids()})
        note(settings, "verified", runs=len(selected))
        checked = lying = 0
        shows_progress = sys.stderr.isatty()
        for number, run_id in enumerate(selected, 1):
            if shows_progress:
                click.echo(f"\r{number} of {len(selected)}", err=True, nl=False)
            try:
                faults = faults_of(folders, run_id)
            except RunNotFound:
                if run_ids:
                    raise
                continue  # deleted meanwhile
            checked += 1
            lying += bool(faults)
            for fault in faults:
                click.echo(f"{run_id}: {on_one_line(fault)}")
        if shows_progress:
            click.echo(err=True)
        click.echo(f"{checked} checked, {lying} of them not as metadata.json says")
    if lying:
        raise SystemExit(1)


@click.command()
def recover() -> None:
    """Make the folders of unfinished runs agree with their metadata, as a server does at start.

    They go on when a server is started. Finished runs whose crate a power cut or a full disk took
    get it again. Only when no server owns the root.
    """
    with failures_told():
        settings = read_settings()
        run_folders(settings)
        refuse_root(settings)
        root = StorageRoot(settings.exports_dir)
        root.claim(own_url(settings.host, settings.port))
        try:
            settled_keeping(settings, root)
            storage = build_media_storage(settings, root)
            unfinished = storage.unfinished_runs()
            for run in unfinished:
                click.echo(f"{run.run_id}  {storage.settle(run.run_id).status}")
            folders = storage.folders
            made = sum(_has_new_crate(folders, run_id) for run_id in folders.ids())
        finally:
            root.release()
        click.echo(f"{len(unfinished)} unfinished runs are settled, {made} crates made anew")


def _has_new_crate(folders: RunFolders, run_id: str) -> bool:
    try:
        return folders.repair_crate(run_id)
    except (ServerError, OSError) as error:  # verify tells more
        click.echo(f"{run_id}: {on_one_line(str(error))}", err=True)
        return False
