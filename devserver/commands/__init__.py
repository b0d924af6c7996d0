"""What can be done from the command line, with or without a server running.

Commands that only read don't claim the root.
"""

from __future__ import annotations

import click

from devserver.commands import access, exporting, forgetting, looking, making, upkeep


@click.group()
def main() -> None:
    """Work with runs from the command line."""


for command in (
    making.demo,
    looking.list_runs,
    looking.show,
    upkeep.verify,
    making.rerun,
    exporting.export,
    upkeep.recover,
    access.tokens,
    access.audit,
    forgetting.delete,
    forgetting.erase,
    forgetting.retention,
    forgetting.archive,
    forgetting.restore,
):
    main.add_command(command)
