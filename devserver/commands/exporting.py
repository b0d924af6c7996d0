"""Taking runs away: export."""

from __future__ import annotations

from pathlib import Path

import click

from devserver.commands.shared import failures_told, on_one_line, run_folders
from devserver.config import read_settings
from devserver.my_app.export_wiring import build_export_source, crate_terms, export_formats
from devserver.my_app.services.durable_files import appearing_file
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.package import AUTO
from devserver.my_app.services.exports.port import ExportOptions
from devserver.my_app.services.exports.review import Reviewer
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import checked_run_id
from devserver.my_app.wiring import read_names


@click.command()
@click.argument("run_ids", metavar="[RUN_ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All runs, the oldest first.")
@click.option("--format", "format_name", default="zip", show_default=True, metavar="FORMAT")
@click.option("--out", "path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--language", default="de", show_default=True, type=click.Choice(["de", "en"]))
@click.option("--title", default="", help="A heading.")
@click.option("--pseudonyms", is_flag=True, help="Pseudonyms in place of each user_id.")
@click.option("--marked", is_flag=True, help="Media as copies that say that AI made them.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option("--review", is_flag=True, help="Export nothing; list personal data in the texts.")
@click.option("--leave-out", multiple=True, metavar="RUN_ID", help="A run that is not wanted.")
def export(
    *,
    run_ids: tuple[str, ...],
    everything: bool,
    format_name: str,
    path: Path | None,
    language: str,
    title: str,
    pseudonyms: bool,
    marked: bool,
    force: bool,
    review: bool,
    leave_out: tuple[str, ...],
) -> None:
    """Export runs that are over to a file; the file appears when it is whole."""
    if bool(run_ids) == everything:
        raise click.UsageError("Name runs, or say --all.")
    if review:
        _review(run_ids, everything=everything, leave_out=leave_out)
        return
    if path is None:
        raise click.UsageError("Say where to with --out, or --review.")
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force replaces it.")
    if not path.parent.is_dir():
        raise click.ClickException(f"There is no folder {path.parent}.")
    with failures_told():
        settings = read_settings()
        folders = run_folders(settings)
        manager = ExportManager(
            build_export_source(folders, settings.exports_dir / "state"),
            export_formats(crate_terms(settings)),
            auto_folder=settings.exports_dir / "packages" / AUTO,
        )
        options = ExportOptions(language="en" if language == "en" else "de", title=title)
        chosen = _chosen(folders, run_ids, everything=everything, leave_out=leave_out)
        left_out: list[str] = []
        with appearing_file(path) as file:
            manager.write(
                chosen,
                ExportWish(format_name, pseudonyms, marked, options),
                file,
                lambda run_id, code: left_out.append(f"{run_id} was left out: {code}"),
            )
        for line in left_out:
            click.echo(on_one_line(line), err=True)
        click.echo(f"{path}  {path.stat().st_size:,} bytes")


def _review(run_ids: tuple[str, ...], *, everything: bool, leave_out: tuple[str, ...]) -> None:
    with failures_told():
        settings = read_settings()
        folders = run_folders(settings)
        source = build_export_source(folders, settings.exports_dir / "state")
        reviewer = Reviewer(source, read_names(settings.class_names))
        chosen = _chosen(folders, run_ids, everything=everything, leave_out=leave_out)
        found = reviewer.review(chosen)
    for one in found.findings:
        place = f"{one.field} {one.start}-{one.end}"
        click.echo(on_one_line(f"{one.run_id}  {place}  {one.kind}  {one.text}"))
    for run_id in found.unread:
        click.echo(f"{run_id} can't be looked through: not over, or unreadable.", err=True)
    if not found.is_complete:
        click.echo("There are more than are listed.", err=True)
    click.echo(f"{len(found.findings)} in {found.runs} runs", err=True)


def _chosen(
    folders: RunFolders, run_ids: tuple[str, ...], *, everything: bool, leave_out: tuple[str, ...]
) -> list[str]:
    unwanted = {checked_run_id(run_id) for run_id in leave_out}
    named = folders.newest_first()[::-1] if everything else _all_over(folders, run_ids)
    return [run_id for run_id in named if run_id not in unwanted]


def _all_over(folders: RunFolders, run_ids: tuple[str, ...]) -> list[str]:
    """The runs that were named, each once; a wrong one is said before anything is written."""
    for run_id in run_ids:
        folders.read(run_id)
    return list(dict.fromkeys(run_ids))
