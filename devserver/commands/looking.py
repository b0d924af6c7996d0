"""Looking at runs: list, show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from devserver.commands.noting import note
from devserver.commands.selecting import filter_options, lookout
from devserver.commands.shared import failures_told, on_one_line, run_folders
from devserver.config import read_settings
from devserver.my_app.services.run_index import PARAMETERS, Hit
from devserver.my_app.services.run_index.showing import SHOWING, Showing, parse_search
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.stored_runs import StoredRuns


@click.command("list")
@filter_options
@click.option("--sort", default="newest", show_default=True, help=PARAMETERS["sort"])
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--after", default="", metavar="CURSOR", help=PARAMETERS["after"])
@click.option("--fields", multiple=True, metavar="NAME[,NAME]...", help=SHOWING["fields"])
@click.option("--facets", multiple=True, metavar="NAME[,NAME]...", help=SHOWING["facets"])
@click.option("--json", "as_json", is_flag=True, help="One JSON object: runs, total, next, facets.")
def list_runs(
    *,
    sort: str,
    limit: int,
    after: str,
    fields: tuple[str, ...],
    facets: tuple[str, ...],
    as_json: bool,
    **filters: tuple[str, ...],
) -> None:
    """List runs, the newest first, as `GET /api/runs` finds them.

    With or without a server: its index is only read, and what it lacks is looked up in the folders.
    """
    with failures_told():
        settings = read_settings()
        stored = StoredRuns(run_folders(settings))
        asked = {**filters, "sort": [sort], "after": [after], "fields": fields, "facets": facets}
        query, showing = parse_search(asked)
        with lookout(settings) as index:
            page = index.search(replace(query, limit=limit))
            total = index.count(query)
            counts = {name: _counted(index.facet(query, name)) for name in showing.facets}
        named = tuple(sorted(name for name, values in filters.items() if values))
        note(settings, "searched", found=total, filters=named)
        runs = [run for hit in page.hits for run in _shown(hit, stored, showing)]
        if as_json:
            said = {"runs": runs, "total": total, "next": page.next, "facets": counts or None}
            click.echo(json.dumps(said))
            return
        for run in runs:
            click.echo("\t".join(map(_cell, run.values())) if showing.fields else _line(run))
        more = f", more with --after {page.next}" if page.next else ""
        click.echo(f"{len(runs)} of {total} runs{more}")
        for name, values in counts.items():
            click.echo(f"\n{name}")
            for one in values:
                click.echo(f"{one['runs']:>9,}  {_cell(one['value'])}")


def _counted(values: Sequence[tuple[str | None, int]]) -> list[dict[str, Any]]:
    return [{"value": value, "runs": runs} for value, runs in values]


def _shown(hit: Hit, stored: StoredRuns, showing: Showing) -> Iterator[dict[str, Any]]:
    """What is told of a run; nothing when it is gone or can't be read."""
    if told := showing.of_hit(hit):
        yield told
        return
    for run in stored.readable([hit.run_id]):
        yield showing.of_values({**run.to_dict(), "archived": run.archived})


def _line(run: Mapping[str, Any]) -> str:
    made = ", ".join(output["filename"] for output in run["outputs"]) or "-"
    when, schema = (run["timestamp"] or "")[:19], on_one_line(run["schema"] or "-")
    return f"{run['run_id']}  {when:19}  {run['status']:13}  {schema:20}  {made}"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return on_one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


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
