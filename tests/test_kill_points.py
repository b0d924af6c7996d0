from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER


@pytest.mark.skipif(os.name == "nt", reason="needs fork")
def test_a_kill_at_any_point_leaves_what_the_next_start_puts_right(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.kill_points", str(tmp_path)],
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    points = json.loads(done.stdout)
    assert points.keys() == {"archive", "restore", "delete", "delete_archived"}
    assert all(number >= 8 for number in points.values()), points
