"""What stages 1 to 3 cost without models, beside a bare loop over the same functions.

The run is one of text alone, so that nothing but its stages and its record is measured.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.figure import Figure
from devserver.config import PROJECT_FOLDER
from devserver.my_app.services import media_probe
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.comfyui.files import ComfyUIFiles
from devserver.my_app.services.interception.interception import apply_technique
from devserver.my_app.services.media_fetch import MediaFetcher
from devserver.my_app.services.media_intake import MediaIntake
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import RunMetadata, RunRequest
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.safe_words import WordLists
from devserver.my_app.services.schemas import load_interception_schemas
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import build_pipeline

_TEXT = "Eine Katze sitzt auf dem Mond und angelt Sterne aus dem Meer"
_ROUNDS = 9


def measure() -> Figure:
    """Rounds over all schemas, each as runs and bare, one after the other."""
    schemas = load_interception_schemas(PROJECT_FOLDER / "devserver/schemas/interception")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        folders = RunFolders(StorageRoot(Path(folder) / "exports"))
        storage = MediaStorageService(
            folders,
            MediaIntake(folders, measure=media_probe.measure, max_bytes=2**20),
            fetch_url=MediaFetcher([], timeout_seconds=10).open,
            list_comfyui_files=ComfyUIFiles([]).list_urls,
        )
        pipeline = build_pipeline(storage, Catalogue(schemas, {}, []), RunProgress())

        def new_run(schema_id: str) -> RunMetadata:
            request = RunRequest(output_type="text", seed=7, context="Alles blau")
            return storage.create_run(schema=schema_id, input_text=_TEXT, request=request)

        lists = WordLists()

        def bare() -> None:
            for schema in schemas.values():
                lists.check(_TEXT, "kids")
                parameters = dict(schema.technique.parameters)
                if schema.needs_context:
                    parameters["rules"] = "Alles blau"
                made = apply_technique(schema.technique.name, _TEXT, f"7:{schema.id}", parameters)
                lists.check(made.text, "kids")

        ours: list[float] = []
        plain: list[float] = []

        def on_record(runs: list[RunMetadata]) -> None:
            for run in runs:
                pipeline.work(run.run_id)

        for _ in range(_ROUNDS):
            runs = [new_run(schema_id) for schema_id in schemas]
            ours.append(_seconds(partial(on_record, runs)) / len(schemas))
            plain.append(_seconds(bare) / len(schemas))
    own, peer = statistics.median(ours), statistics.median(plain)
    return Figure(
        "a run of text alone, all on record",
        own / peer,
        None,
        "x the bare functions",
        f"{own * 1000:.2f} ms a run, bare {peer * 1000:.2f} ms, mean of {len(schemas)} schemas",
    )


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
