"""JSON: one document with all that the metadata.json of each run says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from devserver.my_app.services.exports.plain_values import json_text, plain_run
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions, Holds


class JsonDocument:
    """`{"title", "licence", "runs": […]}`, indented for people; one run is a list of one."""

    name = "json"
    extension = "json"
    mime_type = "application/json"
    version = 1
    holds: Holds = "texts"
    marks_media = False

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """Write the document run by run."""
        out.write(b'{\n  "title": ' + json_text(options.title))
        out.write(b',\n  "licence": ' + json_text(options.licence) + b',\n  "runs": [')
        before = b"\n    "
        for run in runs:
            text = json_text(plain_run(run.metadata), indent=2)
            out.write(before + text.replace(b"\n", b"\n    "))
            before = b",\n    "
        out.write(b"\n  ]\n}\n" if before.startswith(b",") else b"]\n}\n")
