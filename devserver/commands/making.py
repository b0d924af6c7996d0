"""Making runs: demo, rerun. The server that owns the root does it, if there is one."""

from __future__ import annotations

from pathlib import Path

import click
import requests

from devserver.commands.account import refuse_root
from devserver.commands.shared import failures_told, run_folders
from devserver.config import Settings, read_settings
from devserver.my_app.services.digits import number_within
from devserver.my_app.services.local_network import own_url
from devserver.my_app.services.rerun import SeedChoice, again
from devserver.my_app.services.runs import MAX_SEED, NewRun
from devserver.my_app.services.storage_root import RootTaken, StorageRoot
from devserver.my_app.services.stored_runs import StoredRuns
from devserver.my_app.wiring import build_services


@click.command()
@click.argument("text", default="Eine Blume auf der Wiese")
@click.option("--schema", default="dada", show_default=True, help="The style, by id.")
def demo(text: str, schema: str) -> None:
    """Make one run of TEXT and print its folder."""
    with failures_told():
        settings = read_settings()
        new = NewRun(schema=schema, input_text=text)
        path = "/api/schema/pipeline/execute"
        body: dict[str, object] = {"schema": schema, "input_text": text}
        _print_folder(_make_run(settings, new, path, body))


def _checked_seed(_ctx: click.Context, _param: click.Parameter, said: str) -> SeedChoice:
    if said in ("same", "new"):
        return "same" if said == "same" else "new"
    number = number_within(said, 0, MAX_SEED)
    if number is not None:
        return number
    raise click.BadParameter(f"{said!r} is not same, new or a number from 0 to {MAX_SEED}.")


@click.command()
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
    with failures_told():
        settings = read_settings()
        # Whoever sits at this machine is asked for no token, so levels stay where the floor is.
        new = again(StoredRuns(run_folders(settings)).get_metadata(run_id), seed)
        path = f"/api/runs/{run_id}/rerun"
        _print_folder(_make_run(settings, new, path, {"seed": seed}))


def _make_run(settings: Settings, new: NewRun, path: str, body: dict[str, object]) -> Path:
    """Make the run here, or have the server make it that owns the root; returns its folder."""
    refuse_root(settings)
    try:
        services = build_services(settings, patience_seconds=0)
    except RootTaken:
        return _ask_server(settings, path, body, _code_for(settings, new.workshop))
    try:
        run = services.runs.start(new)
        run = services.runs.wait(run.run_id, settings.max_wait_seconds)
        click.echo(f"{run.status}: {run.transformed_text!r}")
        return services.root.runs / run.run_id
    finally:
        services.close()


def _code_for(settings: Settings, workshop: str | None) -> str | None:
    """The code of that workshop, or any, where the server asks for one."""
    codes = {label: code for code, label in settings.workshop_codes}
    return codes.get(workshop or "", next(iter(codes.values()), None))


def _ask_server(settings: Settings, path: str, body: dict[str, object], code: str | None) -> Path:
    root = StorageRoot(settings.exports_dir)
    address = root.owner() or own_url(settings.host, settings.port)
    answer = requests.post(
        f"{address}{path}",
        json=body,
        headers={"X-Workshop-Code": code} if code else {},
        timeout=settings.max_wait_seconds + 10,
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
