"""What the files of a run's folder are called; media are named by their entry in metadata.json."""

from __future__ import annotations

import os

METADATA = "metadata.json"
INPUT_TEXT = "input_text.txt"
TRANSFORMED_TEXT = "transformed_text.txt"
CRATE = "ro-crate-metadata.json"


def sayable(name: str) -> str:
    """How the name of a file is told: as it is, but that no two names are told alike and every one
    can be written as UTF-8.

    Whoever puts a file into a folder by hand may call it by any bytes; those that are no UTF-8 are
    told as `\\xe4`, and a backslash is told as two.
    """
    return os.fsencode(name.replace("\\", "\\\\")).decode(errors="backslashreplace")
