"""An index on a fresh root, that looks through the folders only when told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devserver.my_app.services.run_index import RunIndex
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.tombstones import Tombstones

NEVER = 10_000.0


def index_on(root: StorageRoot) -> RunIndex:
    """An index whose first look is over."""
    index = RunIndex(root.path, Tombstones(root.state), look_seconds=NEVER)
    index.look_through()
    return index


@pytest.fixture
def index(root: StorageRoot) -> Iterator[RunIndex]:
    index = index_on(root)
    yield index
    index.close()
