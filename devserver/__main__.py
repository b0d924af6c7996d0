"""The command line: `python -m devserver COMMAND`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import requests

from devserver.config import Settings, SettingsInvalid, read_settings
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.runs import NewRun
from devserver.my_app.services.storage_root import RootTaken, StorageRoot
from devserver.my_app.wiring import build_services


@click.group()
def main() -> None:
    """Work with runs from the command line."""


@main.command()
@click.argument("text", default="Eine Blume auf der Wiese")
@click.option("--schema", default="dada", show_default=True, help="The style, by id.")
def demo(text: str, schema: str) -> None:
    """Make one run of TEXT and print its folder."""
    try:
        settings = read_settings()
        folder = _make_run(settings, text, schema)
    except (SettingsInvalid, ServerError, requests.RequestException) as error:
        raise click.ClickException(str(error)) from error
    print(folder)
    for path in sorted(folder.iterdir()):
        print(f"  {path.name:24} {path.stat().st_size:>9,} bytes")


def _make_run(settings: Settings, text: str, schema: str) -> Path:
    """Make the run here, or have the server make it that owns the root."""
    try:
        services = build_services(settings, patience_seconds=0)
    except RootTaken:
        return _ask_server(settings, text, schema)
    try:
        run = services.runs.start(NewRun(schema=schema, input_text=text))
        run = services.runs.wait(run.run_id, settings.max_wait_seconds)
        print(f"{run.status}: {run.transformed_text!r}")
        return services.root.runs / run.run_id
    finally:
        services.close()


def _ask_server(settings: Settings, text: str, schema: str) -> Path:
    root = StorageRoot(settings.exports_dir)
    address = root.owner() or f"http://127.0.0.1:{settings.port}"
    answer = requests.post(
        f"{address}/api/schema/pipeline/execute",
        json={"schema": schema, "input_text": text},
        timeout=settings.max_wait_seconds + 10,
    ).json()
    if "run_id" not in answer:
        raise click.ClickException(str(answer.get("error")))
    print(f"{answer['status']}: {answer.get('transformed_text')!r}")
    return root.runs / str(answer["run_id"])


if __name__ == "__main__":
    sys.exit(main())
