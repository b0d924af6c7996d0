"""Keeping and forgetting: delete, erase, retention, archive, restore.

The server that owns the root does it, if there is one; else it is done here, with the root claimed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any

import click
import requests

from devserver.commands.account import refuse_root
from devserver.commands.noting import Note, note
from devserver.commands.shared import failures_told, on_one_line, run_folders, settled_keeping
from devserver.config import read_settings
from devserver.my_app.keeping_wiring import Keeping
from devserver.my_app.services.local_network import own_url
from devserver.my_app.services.operator_key import read_operator_key
from devserver.my_app.services.retention import applied_facts, planned_facts
from devserver.my_app.services.retention_rules import RetentionRule
from devserver.my_app.services.run_id import checked_run_id
from devserver.my_app.services.storage_root import RootTaken, StorageRoot

_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 3600
_SHOWN = 5

token_option = click.option(
    "--token", help="A researcher token, where a server runs that is not this user's."
)
yes_option = click.option("--yes", is_flag=True, help="Don't ask.")
ids_argument = click.argument("run_ids", metavar="RUN_ID...", nargs=-1, required=True)


@click.command()
@ids_argument
@yes_option
@token_option
def delete(run_ids: tuple[str, ...], yes: bool, token: str | None) -> None:
    """Delete runs for good. The exit status is 1 when something is left of one."""
    with failures_told():
        keeper = _Keeper(token)
        if not yes:
            click.confirm(f"Delete {len(run_ids)} runs for good?", abort=True)
        left = False
        for run_id in map(checked_run_id, run_ids):
            receipt = keeper.do(partial(_deleted, run_id), "DELETE", f"/api/runs/{run_id}")
            click.echo(f"{run_id}: {receipt['files']} files, {receipt['bytes']:,} bytes are gone")
            left |= _tell_faults(run_id, receipt["faults"])
    if left:
        raise SystemExit(1)


@click.command()
@click.argument("user_id")
@yes_option
@token_option
def erase(user_id: str, yes: bool, token: str | None) -> None:
    """Delete all runs of the person with that USER_ID, and print a receipt.

    Says first what would go, and asks. The exit status is 1 when something is left.
    """
    with failures_told():
        keeper = _Keeper(token)
        if not yes:
            planned = _erased(keeper, user_id, dry_run=True)
            click.echo(
                f"{len(planned['run_ids'])} runs with {planned['files']} files, "
                f"{planned['bytes']:,} bytes"
            )
            click.confirm("Erase them for good?", abort=True)
        receipt = _erased(keeper, user_id, dry_run=False)
        _print_receipt(receipt)
    if not receipt["is_complete"]:
        raise SystemExit(1)


@click.command()
@click.option("--apply", is_flag=True, help="Do it; without this, only say what would be done.")
@click.option("--action", type=click.Choice(["archive", "delete"]))
@click.option("--older-than-days", type=click.IntRange(min=1), help="Since the run ended.")
@click.option("--status", multiple=True, help="Only runs that ended so; may be repeated.")
@click.option("--workshop", multiple=True, help="Only runs of this workshop; may be repeated.")
@token_option
def retention(
    *,
    apply: bool,
    action: str | None,
    older_than_days: int | None,
    status: tuple[str, ...],
    workshop: tuple[str, ...],
    token: str | None,
) -> None:
    """Archive or delete old runs by rule: the rule of these options, else those of
    DEVSERVER_RETENTION. The exit status is 1 when a run could not be dealt with."""
    with failures_told():
        rules = _rule_of(action, older_than_days, status, workshop)
        body: dict[str, Any] = {"apply": apply}
        if rules is not None:
            body["rules"] = [rule.model_dump(mode="json") for rule in rules]

        def here(keeping: Keeping, note: Note) -> dict[str, Any]:
            chosen = keeping.rules if rules is None else rules
            if apply:
                reports = keeping.retention.apply(chosen)
                note("retention_applied", **applied_facts(reports))
            else:
                reports = keeping.retention.plan(chosen)
                note("retention_planned", **planned_facts(reports))
            return {"rules": [{**asdict(one), "rule": one.rule.model_dump()} for one in reports]}

        reports = _Keeper(token).do(here, "POST", "/api/retention", body)["rules"]
        if not reports:
            click.echo("There are no rules: neither options nor DEVSERVER_RETENTION.")
        for report in reports:
            _print_report(report, applied=apply)
    if any(report["faults"] for report in reports):
        raise SystemExit(1)


@click.command()
@ids_argument
@token_option
def archive(run_ids: tuple[str, ...], token: str | None) -> None:
    """Seal runs that are over, each as one file under archive/, and let their folders go."""
    with failures_told():
        keeper = _Keeper(token)
        for run_id in map(checked_run_id, run_ids):
            keeper.do(partial(_archived, run_id), "POST", f"/api/runs/{run_id}/archive")
            click.echo(f"{run_id} is archived")


@click.command()
@ids_argument
@token_option
def restore(run_ids: tuple[str, ...], token: str | None) -> None:
    """Bring runs back from the archive, to the byte."""
    with failures_told():
        keeper = _Keeper(token)
        for run_id in map(checked_run_id, run_ids):
            keeper.do(partial(_restored, run_id), "POST", f"/api/runs/{run_id}/restore")
            click.echo(f"{run_id} is restored")


class _Keeper:
    """Whoever may change the root just now: its server, or this command."""

    def __init__(self, token: str | None) -> None:
        self._settings = read_settings()
        run_folders(self._settings)  # the root has to be there
        refuse_root(self._settings)
        self._root = StorageRoot(self._settings.exports_dir)
        self._token = token

    def do(
        self,
        here: Callable[[Keeping, Note], dict[str, Any]],
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """What `here` gives, or what the server answers to the request that does the same.

        `here` notes what it did; the server does so by itself.
        """
        address = own_url(self._settings.host, self._settings.port)
        try:
            self._root.claim(address)
        except RootTaken:
            return self._ask_server(self._root.owner() or address, method, path, body)
        try:
            return here(settled_keeping(self._settings, self._root), partial(note, self._settings))
        finally:
            self._root.release()

    def _ask_server(
        self, address: str, method: str, path: str, body: dict[str, Any] | None
    ) -> dict[str, Any]:
        configured = self._settings.researcher_token
        key = self._token or read_operator_key(self._root.state)
        key = key or (configured.get_secret_value() if configured else None)
        if key is None:
            raise click.ClickException(
                f"A server works on {self._root.path}, and its key is not this user's to read. "
                "Run this command as the server's user, or give a researcher token with --token."
            )
        answer = requests.request(
            method,
            f"{address}{path}",
            json=body,
            headers={"Authorization": f"Bearer {key}"},
            timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
        )
        values: dict[str, Any] = {}
        with suppress(ValueError):
            values = answer.json()
        if answer.status_code != 200:
            raise click.ClickException(str(values.get("error") or f"HTTP {answer.status_code}"))
        return values


def _deleted(run_id: str, keeping: Keeping, note: Note) -> dict[str, Any]:
    receipt = keeping.forgetting.delete(run_id)
    note("deleted", run_id)
    return asdict(receipt)


def _archived(run_id: str, keeping: Keeping, note: Note) -> dict[str, Any]:
    keeping.archive.archive(run_id)
    note("archived", run_id)
    return {}


def _restored(run_id: str, keeping: Keeping, note: Note) -> dict[str, Any]:
    keeping.archive.restore(run_id)
    note("restored", run_id)
    return {}


def _erased(keeper: _Keeper, user_id: str, *, dry_run: bool) -> dict[str, Any]:
    def here(keeping: Keeping, note: Note) -> dict[str, Any]:
        receipt = keeping.erasure.erase(user_id, dry_run=dry_run)
        if dry_run:
            note("searched", found=len(receipt.run_ids), filters=("user",))
        else:
            note("erased", runs=len(receipt.run_ids))
        return asdict(receipt)

    body = {"user_id": user_id, "dry_run": dry_run}
    return keeper.do(here, "POST", "/api/erasures", body)


def _print_receipt(receipt: dict[str, Any]) -> None:
    click.echo(f"Receipt of {receipt['time']}, for {on_one_line(receipt['user_id'])}")
    click.echo(
        f"  {len(receipt['run_ids'])} runs are gone, {receipt['were_under_way']} of them "
        f"were under way; {receipt['files']} files, {receipt['bytes']:,} bytes"
    )
    for run_id in receipt["run_ids"]:
        repeats = " (repeated one of them under another label)"
        click.echo(f"    {run_id}{repeats if run_id in receipt['repetitions'] else ''}")
    for run_id in receipt["unreadable"]:
        click.echo(f"  {run_id} can't be read; nobody can say whose it is")
    for run_id, faults in receipt["faults"].items():
        _tell_faults(run_id, faults)
    click.echo("  Out of reach from here:")
    for place in receipt["out_of_reach"]:
        of = f" ({place['runs']} runs)" if place["runs"] else ""
        where = f" at {on_one_line(place['where'])}" if place["where"] else ""
        click.echo(f"    {on_one_line(place['name'])}{where}{of}: {place['advice']}")


def _print_report(report: dict[str, Any], *, applied: bool) -> None:
    rule, ids = report["rule"], report["run_ids"]
    span = f", ended {report['oldest']} to {report['newest']}" if ids else ""
    click.echo(
        f"{on_one_line(rule['name'])}: {rule['action']} {len(ids)} runs, "
        f"{report['bytes']:,} bytes{span}"
    )
    for run_id in ids if not applied else ids[:_SHOWN]:
        click.echo(f"  {run_id}")
    if applied:
        click.echo(f"  {report['done']} of {len(ids)} done")
    _tell_faults("", report["faults"])


def _tell_faults(run_id: str, faults: dict[str, str]) -> bool:
    for who, sentence in faults.items():
        click.echo(f"  {' '.join(filter(None, (run_id, who)))}: {on_one_line(sentence)}")
    return bool(faults)


def _rule_of(
    action: str | None, days: int | None, status: tuple[str, ...], workshop: tuple[str, ...]
) -> tuple[RetentionRule, ...] | None:
    if action is None and days is None and not status and not workshop:
        return None
    if action is None or days is None:
        raise click.UsageError("A rule needs --action and --older-than-days.")
    values: dict[str, Any] = {"name": "command line", "action": action, "older_than_days": days}
    if status:
        values["status"] = status
    if workshop:
        values["workshop"] = workshop
    try:
        return (RetentionRule.model_validate(values),)
    except ValueError as error:
        raise click.UsageError("A --status is none of those in which a run ends.") from error
