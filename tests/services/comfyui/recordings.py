"""The recordings of a real ComfyUI 0.3.64 that lie in tests/data/comfyui."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "data" / "comfyui"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def steps(name: str) -> list[dict[str, Any]]:
    """The HTTP steps of a recording, in order."""
    recording = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return [step for step in recording["steps"] if "request" in step]


def history_entries(name: str) -> Iterator[dict[str, Any]]:
    """Every history entry that a recording holds."""
    for step in steps(name):
        body = step["response"].get("body_json")
        if step["request"]["path"].startswith("/history/") and isinstance(body, dict):
            yield from (entry for entry in body.values() if isinstance(entry, dict))
