"""Who may look, and who did: audit."""

from __future__ import annotations

import click

from devserver.commands.shared import failures_told, on_one_line
from devserver.config import read_settings
from devserver.my_app.services.audit import ACTIONS, Audit, AuditEntry
from devserver.my_app.services.storage_root import StorageRoot


@click.command()
@click.option("--month", metavar="YYYY-MM", help="Only this month (UTC).")
@click.option("--action", type=click.Choice(ACTIONS), help="Only lines of this kind.")
def audit(month: str | None, action: str | None) -> None:
    """Show who looked for runs, saw, exported or deleted them, the oldest line first."""
    with failures_told():
        for entry in Audit(_root()).read(month=month, action=action):
            click.echo(on_one_line(_line(entry)))


def _line(entry: AuditEntry) -> str:
    facts = " ".join(f"{name}={_shown(value)}" for name, value in entry.facts.items())
    when = entry.time.isoformat(sep=" ", timespec="seconds")
    return f"{when}  {entry.action:14} {entry.who:20} {entry.run_id or '-':36} {facts}".rstrip()


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _root() -> StorageRoot:
    exports = read_settings().exports_dir
    if not (exports / "state").is_dir():
        raise click.ClickException(f"There is no root at {exports}.")
    return StorageRoot(exports)
