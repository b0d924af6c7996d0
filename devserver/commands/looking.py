"""Looking at runs: list, show."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from devserver.commands.noting import note
from devserver.commands.selecting import filter_options, lookout, query_of
from devserver.commands.shared import failures_told, on_one_line, run_folders
from devserver.config import read_settings
from devserver.my_app.services.run_index import PARAMETERS
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.stored_runs import StoredRuns


@click.command("list")
@filter_options
@click.option("--sort", default="newest", show_default=True, help=PARAMETERS["sort"])
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="One JSON object: runs, total.")
def list_runs(sort: str, limit: int, *, as_json: bool, **filters: tuple[str, ...]) -> None:
    """List runs, the newest first, as `GET /api/runs` finds them.

    With or without a server: its index is only read, and what it lacks is looked up in the folders.
    """
    with failures_told():
        settings = read_settings()
        folders = run_folders(settings)
        query = replace(query_of(filters, sort=sort), limit=limit)
        with lookout(settings) as index:
            total = index.count(query)
            runs = list(StoredRuns(folders).readable(hit.run_id for hit in index.search(query)))
        asked = tuple(sorted(name for name, values in filters.items() if values))
        note(settings, "searched", found=total, filters=asked)
        if as_json:
            click.echo(json.dumps({"runs": [run.to_dict() for run in runs], "total": total}))
            return
        for run in runs:
            made = ", ".join(output.filename for output in run.outputs) or "-"
            when, schema = (run.timestamp or "")[:19], on_one_line(run.schema_id or "-")
            click.echo(f"{run.run_id}  {when:19}  {run.status:13}  {schema:20}  {made}")
        click.echo(f"{len(runs)} of {total} runs")


@click.command()
@click.argument("run_id")
def show(run_id: str) -> None:
    """Show a run: how it was asked for, its texts, steps and files."""
    with failures_told():
        settings = read_settings()
        folders = run_folders(settings)
        run = StoredRuns(folders).get_metadata(run_id)
        note(settings, "viewed", run_id)
        place = folders.sealed_path(run_id) if run.archived else folders.path(run_id)
        click.echo(place)
        for label, value in _facts(run):
            if value is not None:
                click.echo(f"  {label:13} {on_one_line(str(value))}")
        for step in run.stages:
            by = " by ".join(part for part in (step.step, step.model or step.backend) if part)
            click.echo(f"  stage {step.stage}       {step.status:11} {on_one_line(by)}")
        for output in run.outputs:
            name = on_one_line(output.filename)
            click.echo(f"  {name:24} {output.file_size_bytes:>11,} bytes  {output.mime_type}")


def _facts(run: RunMetadata) -> list[tuple[str, object]]:
    return [
        ("status", run.status),
        ("error", f"{run.error.code}: {run.error.message}" if run.error else None),
        ("begun", run.timestamp),
        ("ended", run.finished_at),
        ("schema", run.schema_id),
        ("mode", run.execution_mode),
        ("safety level", run.safety_level),
        ("seed", run.request.seed),
        ("repeats", run.origin),
        ("input", run.input_text),
        ("transformed", run.transformed_text),
        *(("warning", warning) for warning in run.warnings),
    ]
