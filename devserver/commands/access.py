"""Who may look, and who did: tokens, audit; beside a server, and on a root without one."""

from __future__ import annotations

import os

import click

from devserver.commands.shared import failures_told, on_one_line
from devserver.config import Settings, read_settings
from devserver.my_app.services.access import ResearcherTokens
from devserver.my_app.services.audit import ACTIONS, COMMAND_LINE, Audit, AuditEntry
from devserver.my_app.services.local_network import own_url
from devserver.my_app.services.storage_root import StorageRoot


@click.group()
def tokens() -> None:
    """The tokens that researchers show. A running server heeds every change at once."""


@tokens.command("list")
def list_tokens() -> None:
    """List the tokens by name: when each was made, and the last day on which it was used."""
    with failures_told():
        settings = read_settings()
        configured = settings.researcher_token
        known = ResearcherTokens(
            _root(settings), configured.get_secret_value() if configured else None
        ).all()
        for token in known:
            made, used = (token.created_at or "")[:10], token.last_used_on or "-"
            click.echo(f"{on_one_line(token.name):40}  made {made or '-':10}  last used {used}")
        click.echo(f"{len(known)} tokens")


@tokens.command("add")
@click.argument("name")
def add_token(name: str) -> None:
    """Make a token for NAME and print it, this once, with the address it opens."""
    with failures_told():
        settings = read_settings()
        root = StorageRoot(settings.exports_dir)  # may come before the first start
        _check_account(root)
        token = ResearcherTokens(root).add(name)
        Audit(root).record("token_added", COMMAND_LINE, token=name)
        click.echo(token)
        click.echo(f"{own_url(settings.host, settings.port)}/gallery#token={token}")


@tokens.command("revoke")
@click.argument("name")
def revoke_token(name: str) -> None:
    """Let the token NAME open nothing any more, and end what was logged in with it."""
    with failures_told():
        root = _root(read_settings())
        _check_account(root)
        ResearcherTokens(root).revoke(name)
        Audit(root).record("token_revoked", COMMAND_LINE, token=name)
        click.echo("revoked")


@click.command()
@click.option("--month", metavar="YYYY-MM", help="Only this month (UTC).")
@click.option("--action", type=click.Choice(ACTIONS), help="Only lines of this kind.")
def audit(month: str | None, action: str | None) -> None:
    """Show who looked for runs, saw, exported or deleted them, the oldest line first."""
    with failures_told():
        for entry in Audit(_root(read_settings())).read(month=month, action=action):
            click.echo(on_one_line(_line(entry)))


def _line(entry: AuditEntry) -> str:
    facts = " ".join(f"{name}={_shown(value)}" for name, value in entry.facts.items())
    when = entry.time.isoformat(sep=" ", timespec="seconds")
    return f"{when}  {entry.action:17} {entry.who:20} {entry.run_id or '-':36} {facts}".rstrip()


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _check_account(root: StorageRoot) -> None:
    """The file is for its owner alone: written by another account, it would shut the server out."""
    if hasattr(os, "geteuid") and root.state.stat().st_uid != os.geteuid():
        raise click.ClickException(
            f"{root.state} belongs to another account. Run this as the one the server runs under."
        )


def _root(settings: Settings) -> StorageRoot:
    exports = settings.exports_dir
    if not (exports / "state").is_dir():
        raise click.ClickException(f"There is no root at {exports}.")
    return StorageRoot(exports)
