"""What can be done with runs from the command line, with or without a server running.

Commands that only read don't claim the root. Those that make a run ask the server that owns the
root to do it, and do it themselves when there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import requests

from devserver.config import Settings, SettingsInvalid, read_settings
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.rerun import SeedChoice, again
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.runs import MAX_SEED, NewRun
from devserver.my_app.services.storage_root import RootTaken, StorageRoot
from devserver.my_app.services.stored_runs import StoredRuns
from devserver.my_app.services.verification import faults_of
from devserver.my_app.wiring import build_media_storage, build_services


@click.group()
def main() -> None:
    """Work with runs from the command line."""


@main.command()
@click.argument("text", default="Eine Blume auf der Wiese")
@click.option("--schema", default="dada", show_default=True, help="The style, by id.")
def demo(text: str, schema: str) -> None:
    """Make one run of TEXT and print its folder."""
    with _failures_told():
        settings = read_settings()
        new = NewRun(schema=schema, input_text=text)
        path = "/api/schema/pipeline/execute"
        body: dict[str, object] = {"schema": schema, "input_text": text}
        _print_folder(_make_run(settings, new, path, body))


@main.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
def list_runs(limit: int) -> None:
    """List runs, the one written to last first."""
    with _failures_told():
        runs, total = StoredRuns(_folders()).list_runs(limit=limit)
        for run in runs:
            made = ", ".join(output.filename for output in run.outputs) or "-"
            when, schema = (run.timestamp or "")[:19], _on_one_line(run.schema_id or "-")
            click.echo(f"{run.run_id}  {when:19}  {run.status:13}  {schema:20}  {made}")
        click.echo(f"{len(runs)} of {total} runs")


@main.command()
@click.argument("run_id")
def show(run_id: str) -> None:
    """Show a run: how it was asked for, its texts, steps and files."""
    with _failures_told():
        folders = _folders()
        run = folders.read(run_id)
        click.echo(folders.path(run_id))
        for label, value in _facts(run):
            if value is not None:
                click.echo(f"  {label:13} {_on_one_line(str(value))}")
        for step in run.stages:
            by = " by ".join(part for part in (step.step, step.model or step.backend) if part)
            click.echo(f"  stage {step.stage}       {step.status:11} {_on_one_line(by)}")
        for output in run.outputs:
            name = _on_one_line(output.filename)
            click.echo(f"  {name:24} {output.file_size_bytes:>11,} bytes  {output.mime_type}")


@main.command()
@click.argument("run_ids", metavar="[RUN_ID]...", nargs=-1)
def verify(run_ids: tuple[str, ...]) -> None:
    """Check that folders hold what their metadata says: each file, its size and its sha256.

    All runs when none is named. The exit status is 1 when a folder lies.
    """
    with _failures_told():
        folders = _folders()
        checked = lying = 0
        for run_id in run_ids or sorted(folders.ids()):
            try:
                faults = faults_of(folders, run_id)
            except RunNotFound:
                if run_ids:
                    raise
                continue  # deleted meanwhile
            checked += 1
            lying += bool(faults)
            for fault in faults:
                click.echo(f"{run_id}: {_on_one_line(fault)}")
        click.echo(f"{checked} checked, {lying} of them not as metadata.json says")
    if lying:
        raise SystemExit(1)


def _checked_seed(_ctx: click.Context, _param: click.Parameter, said: str) -> SeedChoice:
    if said in ("same", "new"):
        return "same" if said == "same" else "new"
    if said.isascii() and said.isdigit() and int(said[:17]) <= MAX_SEED:
        return int(said)
    raise click.BadParameter(f"{said!r} is not same, new or a number from 0 to {MAX_SEED}.")


@main.command()
@click.argument("run_id")
@click.option(
    "--seed",
    default="same",
    show_default=True,
    metavar="same|new|N",
    callback=_checked_seed,
)
def rerun(run_id: str, seed: SeedChoice) -> None:
    """Do a run that is over once more, from its input text, and print the new run's folder."""
    with _failures_told():
        settings = read_settings()
        # Whoever sits at this machine is asked for no token, so levels stay where the floor is.
        new = again(_folders(settings).read(run_id), seed)
        path = f"/api/runs/{run_id}/rerun"
        _print_folder(_make_run(settings, new, path, {"seed": seed}))


@main.command()
def recover() -> None:
    """Make the folders of unfinished runs agree with their metadata, as a server does at start.

    They go on when a server is started. Only when no server owns the root.
    """
    with _failures_told():
        settings = read_settings()
        folders = _folders(settings)
        root = StorageRoot(settings.exports_dir)
        root.claim(f"http://{settings.host}:{settings.port}")
        try:
            folders.remove_strays()
            storage = build_media_storage(settings, root)
            unfinished = storage.unfinished_runs()
            for run in unfinished:
                storage.settle(run.run_id)
                click.echo(f"{run.run_id}  {run.status}")
        finally:
            root.release()
        click.echo(f"{len(unfinished)} unfinished runs are settled")


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except (SettingsInvalid, ServerError, requests.RequestException) as error:
        raise click.ClickException(str(error)) from error


def _folders(settings: Settings | None = None) -> RunFolders:
    """The runs under the configured root, which has to be there: reading makes none."""
    exports = (settings or read_settings()).exports_dir
    if not (exports / "json").is_dir():
        raise click.ClickException(f"There are no runs under {exports}.")
    return RunFolders(StorageRoot(exports))


def _make_run(settings: Settings, new: NewRun, path: str, body: dict[str, object]) -> Path:
    """Make the run here, or have the server make it that owns the root; returns its folder."""
    try:
        services = build_services(settings, patience_seconds=0)
    except RootTaken:
        return _ask_server(settings, path, body)
    try:
        run = services.runs.start(new)
        run = services.runs.wait(run.run_id, settings.max_wait_seconds)
        click.echo(f"{run.status}: {run.transformed_text!r}")
        return services.root.runs / run.run_id
    finally:
        services.close()


def _ask_server(settings: Settings, path: str, body: dict[str, object]) -> Path:
    root = StorageRoot(settings.exports_dir)
    address = root.owner() or f"http://127.0.0.1:{settings.port}"
    answer = requests.post(
        f"{address}{path}", json=body, timeout=settings.max_wait_seconds + 10
    ).json()
    run_id = answer.get("run_id")
    # An error may name the run it was asked about; a run of its own it names when one was made.
    if not run_id or run_id in path:
        raise click.ClickException(str(answer.get("error")))
    click.echo(f"{answer['status']}: {answer.get('transformed_text')!r}")
    return root.runs / str(run_id)


def _print_folder(folder: Path) -> None:
    click.echo(folder)
    for path in sorted(folder.iterdir()):
        click.echo(f"  {path.name:24} {path.stat().st_size:>9,} bytes")


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


def _on_one_line(text: str) -> str:
    """Without what could move the cursor or colour the terminal; a text may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
