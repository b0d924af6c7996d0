"""What the tests of packages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot
from tests.services.exports.package_rig import Rig


@pytest.fixture
def rig(root: StorageRoot, folders: RunFolders) -> Iterator[Rig]:
    rig = Rig(root, folders)
    yield rig
    rig.held.go_on.set()
    rig.packages.close()
