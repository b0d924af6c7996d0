"""Which runs a command is about: the filters of `GET /api/runs` as options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from devserver.config import Settings
from devserver.my_app.services.run_index import PARAMETERS, RunQuery, parse_query
from devserver.my_app.services.run_index.lookout import Lookout
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.tombstones import Tombstones

Command = TypeVar("Command", bound=Callable[..., Any])
_PAGING = ("sort", "limit", "after", "skip")
FILTERS = tuple(name for name in PARAMETERS if name not in _PAGING)


def filter_options(command: Command) -> Command:
    """Give a command an option for each filter; they arrive as keywords of the same names."""
    for name in reversed(FILTERS):
        flag = f"--{name.replace('_', '-')}"
        command = click.option(flag, name, multiple=True, help=PARAMETERS[name])(command)
    return command


def query_of(said: Mapping[str, Any], **more: str) -> RunQuery:
    """The search that the options ask for. Raises QueryInvalid."""
    return parse_query({**said, **{name: [value] for name, value in more.items()}})


@contextmanager
def lookout(settings: Settings) -> Iterator[Lookout]:
    """All runs under the configured root, for searching."""

    def say(number: int) -> None:
        click.echo(f"The index is not there or not fresh: reading {number} folders …", err=True)

    root = StorageRoot(settings.exports_dir)
    found = Lookout(root.path, Tombstones(root.state), say=say)
    try:
        yield found
    finally:
        found.close()
