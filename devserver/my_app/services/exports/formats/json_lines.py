"""JSON Lines: one run a line, all that its metadata.json says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from devserver.my_app.services.exports.plain_values import json_text, plain_run
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions, Holds


class JsonLines:
    """See jsonlines.org: UTF-8, one JSON object a line, each line ended by a newline."""

    name = "jsonl"
    extension = "jsonl"
    mime_type = "application/jsonl"
    version = 1
    holds: Holds = "texts"
    marks_media = False

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:  # noqa: ARG002
        """Write a line for each run; nothing at all for no run."""
        for run in runs:
            out.write(json_text(plain_run(run.metadata)) + b"\n")
