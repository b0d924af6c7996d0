"""The word lists of the techniques, read once when first asked for."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[4] / "schemas" / "interception_words"


@cache
def word_data(name: str) -> Any:
    """The content of `<name>.json` among the word lists; shared, so it must not be changed.

    The shape of each file is told by the module that reads it and proven by its tests.
    """
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
