from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crash_harness import crash


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_no_folder_lies_after_kills_at_random_moments(tmp_path: Path) -> None:
    found = crash(tmp_path, runs=24, kills=4, seed=1)
    assert found.ends.total() >= 24
    assert found.interrupted
    assert found.ends["success"] > 0
