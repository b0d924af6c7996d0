"""Tests against real servers, named by environment variables; without them they are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.backends.comfyui_rig import Rig


@pytest.fixture(scope="session")
def comfyui_url() -> str:
    url = os.environ.get("COMFYUI_URL", "").rstrip("/")
    if not url:
        pytest.skip("COMFYUI_URL does not name a real ComfyUI")
    return url


@pytest.fixture
def rig(tmp_path: Path, comfyui_url: str) -> Iterator[Rig]:
    with Rig(tmp_path, [comfyui_url], unreachable_seconds=20) as rig:
        yield rig
