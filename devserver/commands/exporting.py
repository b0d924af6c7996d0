"""Taking runs away: export."""

from __future__ import annotations

from pathlib import Path

import click

from devserver.commands.shared import failures_told, on_one_line, run_folders
from devserver.config import read_settings
from devserver.my_app.export_wiring import build_export_source, export_formats
from devserver.my_app.services.durable_files import appearing_file
from devserver.my_app.services.export_manager import ExportManager, ExportWish
from devserver.my_app.services.exports.package import AUTO
from devserver.my_app.services.exports.port import ExportOptions
from devserver.my_app.services.run_folders import RunFolders


@click.command()
@click.argument("run_ids", metavar="[RUN_ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All runs, the oldest first.")
@click.option("--format", "format_name", default="zip", show_default=True, metavar="FORMAT")
@click.option("--out", "path", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--language", default="de", show_default=True, type=click.Choice(["de", "en"]))
@click.option("--title", default="", help="A heading.")
@click.option("--pseudonyms", is_flag=True, help="Pseudonyms in place of each user_id.")
@click.option("--marked", is_flag=True, help="Media as copies that say that AI made them.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def export(
    *,
    run_ids: tuple[str, ...],
    everything: bool,
    format_name: str,
    path: Path,
    language: str,
    title: str,
    pseudonyms: bool,
    marked: bool,
    force: bool,
) -> None:
    """Export runs that are over to a file; the file appears when it is whole."""
    if bool(run_ids) == everything:
        raise click.UsageError("Name runs, or say --all.")
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force replaces it.")
    if not path.parent.is_dir():
        raise click.ClickException(f"There is no folder {path.parent}.")
    with failures_told():
        settings = read_settings()
        folders = run_folders(settings)
        manager = ExportManager(
            build_export_source(folders),
            export_formats(),
            auto_folder=settings.exports_dir / "packages" / AUTO,
        )
        options = ExportOptions(language="en" if language == "en" else "de", title=title)
        chosen = reversed(folders.newest_first()) if everything else _all_over(folders, run_ids)
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


def _all_over(folders: RunFolders, run_ids: tuple[str, ...]) -> list[str]:
    """The runs that were named, each once; a wrong one is said before anything is written."""
    for run_id in run_ids:
        folders.read(run_id)
    return list(dict.fromkeys(run_ids))
