"""Taking runs away: export."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from devserver.commands.account import refuse_root
from devserver.commands.noting import note
from devserver.commands.selecting import filter_options, lookout, query_of
from devserver.commands.shared import failures_told, on_one_line, run_folders
from devserver.config import Settings, read_settings
from devserver.my_app.export_wiring import (
    FORMAT_NAMES,
    build_export_source,
    manager_without_server,
)
from devserver.my_app.services.durable_files import appearing_file
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.port import ExportOptions
from devserver.my_app.services.exports.pseudonyms import Pseudonyms
from devserver.my_app.services.exports.review import Reviewer
from devserver.my_app.services.run_folders import RunArchived
from devserver.my_app.services.run_id import checked_run_id
from devserver.my_app.wiring import read_names

Filters = dict[str, tuple[str, ...]]


@click.command()
@click.argument("run_ids", metavar="[RUN_ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All runs, the oldest first.")
@click.option(
    "--format",
    "format_name",
    default="zip",
    show_default=True,
    metavar="FORMAT",
    help=f"{', '.join(FORMAT_NAMES)}.",
)
@click.option("--out", "path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--language", default="de", show_default=True, type=click.Choice(["de", "en"]))
@click.option("--title", default="", help="A heading.")
@click.option("--licence", help="In place of DEVSERVER_LICENCE.")
@click.option("--pseudonyms", is_flag=True, help="Pseudonyms in place of each user_id.")
@click.option("--marked", is_flag=True, help="Media as copies that say that AI made them.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option("--review", is_flag=True, help="Export nothing; list personal data in the texts.")
@click.option("--leave-out", multiple=True, metavar="RUN_ID", help="A run that is not wanted.")
@filter_options
def export(
    *,
    run_ids: tuple[str, ...],
    everything: bool,
    format_name: str,
    path: Path | None,
    language: str,
    title: str,
    licence: str | None,
    pseudonyms: bool,
    marked: bool,
    force: bool,
    review: bool,
    leave_out: tuple[str, ...],
    **filters: tuple[str, ...],
) -> None:
    """Export runs that are over to a file; the file appears when it is whole.

    Runs are named, or found by the filters of `list`, the oldest first.
    """
    if sum((bool(run_ids), everything, any(filters.values()))) != 1:
        raise click.UsageError("Name runs, or filter them, or say --all.")
    if not review and path is None:
        raise click.UsageError("Say where to with --out, or --review.")
    if path is not None and not review:
        if path.exists() and not force:
            raise click.ClickException(f"{path} is there already; --force replaces it.")
        if not path.parent.is_dir():
            raise click.ClickException(f"There is no folder {path.parent}.")
    with failures_told():
        settings = read_settings()
        chosen = _chosen(settings, run_ids, filters, leave_out)
        if review or path is None:
            _review(settings, chosen)
            return
        if pseudonyms and not Pseudonyms(settings.exports_dir / "state").has_key:
            refuse_root(settings, beside_server=True)  # it is made with the first pseudonym
        options = ExportOptions("en" if language == "en" else "de", title, licence)
        with manager_without_server(settings) as manager:
            wish = ExportWish(format_name, pseudonyms, marked, options)
            _write(settings, manager, chosen, wish, path)


def _write(
    settings: Settings, manager: ExportManager, chosen: list[str], wish: ExportWish, path: Path
) -> None:
    left_out: list[str] = []
    with appearing_file(path) as file:
        manager.write(
            chosen,
            wish,
            file,
            lambda run_id, code: left_out.append(f"{run_id} was left out: {code}"),
        )
        # Before the file appears, so that nothing was taken away without a line.
        note(
            settings,
            "exported",
            chosen[0] if len(chosen) == 1 else None,
            runs=len(chosen),
            format=wish.format,
            pseudonyms=wish.pseudonyms,
            marked=wish.marked,
        )
    for line in left_out:
        click.echo(on_one_line(line), err=True)
    click.echo(f"{path}  {path.stat().st_size:,} bytes")


def _review(settings: Settings, chosen: list[str]) -> None:
    source = build_export_source(run_folders(settings), settings.exports_dir / "state")
    found = Reviewer(source, read_names(settings.class_names)).review(chosen)
    note(settings, "reviewed", runs=found.runs)
    for one in found.findings:
        place = f"{one.field} {one.start}-{one.end}"
        click.echo(on_one_line(f"{one.run_id}  {place}  {one.kind}  {one.text}"))
    for run_id in found.unread:
        click.echo(f"{run_id} can't be looked through: not over, or unreadable.", err=True)
    if not found.is_complete:
        click.echo("There are more than are listed.", err=True)
    click.echo(f"{len(found.findings)} in {found.runs} runs", err=True)


def _chosen(
    settings: Settings, run_ids: tuple[str, ...], filters: Filters, leave_out: tuple[str, ...]
) -> list[str]:
    """The runs that are meant, each once; a wrong id is said before anything is written."""
    folders = run_folders(settings)
    unwanted = {checked_run_id(run_id) for run_id in leave_out}
    if run_ids:
        for run_id in run_ids:
            with suppress(RunArchived):  # it is read from there
                folders.read(run_id)
        named = list(dict.fromkeys(run_ids))
    elif any(filters.values()):
        with lookout(settings) as index:
            named = list(index.ids(query_of(filters, sort="oldest")))
    else:
        # Not by the index, which knows no run whose metadata can't be read: that has to be said.
        named = [*folders.sealed_ids(), *folders.newest_first()[::-1]]
        named = list(dict.fromkeys(named))
    return [run_id for run_id in named if run_id not in unwanted]
