"""What must be true of every run folder, whatever happened to the server."""

from __future__ import annotations

import hashlib
from pathlib import Path

from devserver.my_app.services.crate_check import crate_faults
from devserver.my_app.services.media_probe import measure
from devserver.my_app.services.run_id import is_run_id
from devserver.my_app.services.run_metadata import RunMetadata, parse_metadata

TEXTS = {"metadata.json", "input_text.txt", "transformed_text.txt", "ro-crate-metadata.json"}


def check_folder(folder: Path) -> RunMetadata:
    """Assert that a run's folder and its metadata.json say the same; returns the metadata."""
    run = parse_metadata((folder / "metadata.json").read_bytes())
    names = {entry.name for entry in folder.iterdir()}
    listed = {output.filename for output in run.outputs}
    sent = {job.workflow for job in run.jobs if job.workflow}
    assert sent <= names
    assert run.run_id == folder.name
    assert (folder / "input_text.txt").read_bytes() == run.input_text.encode()
    for output in run.outputs:
        path = folder / output.filename
        data = path.read_bytes()
        facts = measure(path)
        assert len(data) == output.file_size_bytes > 0
        assert hashlib.sha256(data).hexdigest() == output.sha256
        assert (facts.type, facts.format) == (output.type, output.format)
        assert (facts.width, facts.height) == (output.width, output.height)
    if run.status in ("success", "partial"):
        assert run.outputs or run.request.output_type == "text"
        assert run.error is None or run.status == "partial"
    if run.status in ("blocked", "failed"):
        assert run.error is not None
    if run.is_final:
        # Nothing lies there that metadata.json doesn't speak of.
        assert names <= TEXTS | listed | sent
        # A full disk or a power cut may have kept it from its crate, which recover makes.
        assert "ro-crate-metadata.json" not in names or crate_faults(run, folder) == []
        assert ("transformed_text.txt" in names) == (run.transformed_text is not None)
    if run.transformed_text is not None:
        assert (folder / "transformed_text.txt").read_bytes() == run.transformed_text.encode()
    return run


def check_all(runs: Path) -> list[RunMetadata]:
    """Check every run folder under `runs`, and that nothing else lies there."""
    entries = list(runs.iterdir())
    assert all(is_run_id(entry.name) for entry in entries), entries
    return [check_folder(entry) for entry in entries]
