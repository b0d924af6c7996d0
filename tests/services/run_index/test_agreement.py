"""The index equals the folders, whoever changes them and by whatever means."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from devserver.my_app.services.archive import Archive
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.forgetting import Forgetting
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_index import RunIndex, parse_query
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.stored_runs import StoredRuns
from tests.services.run_index import naive
from tests.services.run_index.conftest import NEVER
from tests.synthetic_runs import as_bytes

TEXTS = st.sampled_from(["Eine Blume", "Der müde Bär", "muede", "Ein Haus 🌻", "", "blue poet"])
TIMES = st.sampled_from(["2025-11-04T10:15:30", "2024-01-01T00:00:00.000001+00:00", None, "never"])
STATUSES = st.sampled_from(["queued", "running", "success", "failed"])
QUERIES = [
    parse_query(said)
    for said in (
        {},
        {"q": ["mude"]},
        {"q": ["blu*"], "status": ["!failed"]},
        {"schema": ["dada"], "from": ["2024-06-01"]},
        {"user": ["-"]},
    )
]


def later_ns() -> int:
    """A clock that runs ahead, so that files count as settled as soon as they are read."""
    return time.time_ns() + 10**10


class FoldersAndIndex(RuleBasedStateMachine):
    """Adds, changes and removes runs by the service and by hand, and starts the index anew."""

    runs: Bundle[str] = Bundle("runs")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.root = StorageRoot(self.folder / "exports")
        self.folders = RunFolders(self.root)
        self.stored = StoredRuns(self.folders)
        self.archive = Archive(self.folders, moved=lambda run: self.index.heard(run))  # noqa: PLW0108 - it is opened anew
        self.saved: dict[str, bytes] = {}
        self.index = self.open()

    def open(self) -> RunIndex:
        return RunIndex(
            self.root.path,
            self.folders.tombstones,
            look_seconds=NEVER,
            now_ns=later_ns,
        )

    def teardown(self) -> None:
        self.index.close()
        shutil.rmtree(self.folder)

    def new(self, text: str, moment: str | None) -> dict[str, Any]:
        run_id = new_run_id()
        return {
            "run_id": run_id,
            "timestamp": moment,
            "schema": "dada" if text else None,
            "user_id": None if text else "DOE_J",
            "status": "queued",
            "input_text": text,
            "request": {},
        }

    @rule(target=runs, text=TEXTS, moment=TIMES)
    def add_by_service(self, text: str, moment: str | None) -> str:
        run = RunMetadata.model_validate(self.new(text, moment))
        self.folders.create(run)
        self.index.heard(run)
        return run.run_id

    @rule(run_id=runs, status=STATUSES, text=TEXTS)
    def change_by_service(self, run_id: str, status: str, text: str) -> None:
        try:
            if self.folders.read(run_id).run_id != run_id:
                return  # a copy by hand is no run of the service
            run = self.folders.change(
                run_id, lambda run: run.having(status=status, transformed_text=text)
            )
        except ServerError:
            return
        self.index.heard(run)

    @rule(run_id=consumes(runs))
    def delete_by_service(self, run_id: str) -> None:
        if self.folders.exists(run_id):
            Forgetting(
                self.folders,
                cancel=self.folders.read,
                holders={"index": self.index.forget},
            ).delete(run_id)

    @rule(run_id=runs)
    def archive_it(self, run_id: str) -> None:
        with suppress(ServerError):
            self.folders.change(run_id, lambda run: run.having(status="cancelled"))
            self.archive.archive(run_id)

    @rule(run_id=runs)
    def restore_it(self, run_id: str) -> None:
        with suppress(ServerError):
            self.archive.restore(run_id)

    @rule(target=runs, text=TEXTS, moment=TIMES, year=st.integers(2001, 2020))
    def rsync_one_in(self, text: str, moment: str | None, year: int) -> str:
        metadata = self.new(text, moment)
        path = self.root.runs / metadata["run_id"] / "metadata.json"
        path.parent.mkdir()
        path.write_bytes(as_bytes(metadata))
        self.keep_old_times(path, year)
        return str(metadata["run_id"])

    @rule(run_id=runs, text=TEXTS, year=st.integers(2001, 2020))
    def rsync_another_version(self, run_id: str, text: str, year: int) -> None:
        path = self.root.runs / run_id / "metadata.json"
        metadata = self.metadata_in(path)
        if metadata is None:
            return
        part = path.with_name(".metadata.json.Xy12")
        part.write_bytes(as_bytes({**metadata, "input_text": text}))
        self.keep_old_times(part, year)
        part.replace(path)

    @rule(run_id=runs, text=TEXTS)
    def edit_in_place(self, run_id: str, text: str) -> None:
        path = self.root.runs / run_id / "metadata.json"
        metadata = self.metadata_in(path)
        if metadata is None:
            return
        notes = metadata.get("notes", "") + "x"  # never the same size twice
        path.write_bytes(as_bytes({**metadata, "transformed_text": text, "notes": notes}))

    @rule(run_id=runs, garbage=st.sampled_from([b"", b"{", b"[]", b'{"run_id": 1}', b"\xff"]))
    def break_it(self, run_id: str, garbage: bytes) -> None:
        path = self.root.runs / run_id / "metadata.json"
        if path.exists():
            self.saved[run_id] = path.read_bytes()
            path.write_bytes(garbage)

    @rule(run_id=runs)
    def mend_it(self, run_id: str) -> None:
        path = self.root.runs / run_id / "metadata.json"
        if run_id in self.saved and path.exists():
            path.write_bytes(self.saved[run_id])

    @rule(run_id=runs)
    def rm_r(self, run_id: str) -> None:
        shutil.rmtree(self.root.runs / run_id, ignore_errors=True)

    @rule(target=runs, run_id=runs)
    def copy_under_another_name(self, run_id: str) -> str:
        other = new_run_id()
        if (self.root.runs / run_id).exists():
            shutil.copytree(self.root.runs / run_id, self.root.runs / other)
        return other

    @rule(text=TEXTS)
    def bring_a_forgotten_one_back(self, text: str) -> None:
        for run_id in sorted(self.folders.tombstones.ids())[:1]:
            path = self.root.runs / run_id / "metadata.json"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(as_bytes({**self.new(text, None), "run_id": run_id}))

    @rule(deletes_cache=st.booleans(), text=TEXTS)
    def restart(self, deletes_cache: bool, text: str) -> None:
        self.index.close()
        self.rsync_one_in(text, None, 2010)  # while nobody looks
        if deletes_cache:
            shutil.rmtree(self.root.cache)
        self.index = self.open()

    @rule()
    def cache_goes_under_way(self) -> None:
        shutil.rmtree(self.root.cache)

    @rule()
    def wipe(self) -> None:
        self.index.wipe()

    @invariant()
    def a_page_shows_nothing_that_is_not_so(self) -> None:
        known = {run.run_id: run for run in self.readable()}
        for hit in self.index.search(parse_query({"limit": ["200"]})).hits:
            run = known[hit.run_id]
            assert (hit.status, hit.user_id, hit.timestamp) == (
                run.status,
                run.user_id,
                run.timestamp,
            )

    @invariant()
    def after_a_look_it_equals_the_folders(self) -> None:
        self.index.look_through()
        runs = self.readable()
        for query in QUERIES:
            expected = {run.run_id for run in runs if self.matches(run, query)}
            assert set(self.index.ids(query)) == expected
            assert self.index.count(query) == len(expected)
        assert self.index.state.complete
        assert self.index.state.known == len(runs)

    def metadata_in(self, path: Path) -> dict[str, Any] | None:
        """What stands in the file, if it is not broken."""
        try:
            metadata = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        return metadata if isinstance(metadata, dict) else None

    def matches(self, run: RunMetadata, query: Any) -> bool:
        if run.timestamp == "never":
            run = run.having(timestamp=None)
        return naive.matches(run, query)

    def readable(self) -> list[RunMetadata]:
        runs = []
        for run_id in {*self.folders.ids(), *self.folders.sealed_ids()}:
            try:
                run = self.stored.get_metadata(run_id)
            except ServerError:
                continue
            if run.run_id == run_id:
                runs.append(run)
        return runs

    def keep_old_times(self, path: Path, year: int) -> None:
        old = (year - 1970) * 31_557_600
        os.utime(path, (old, old))


TestFoldersAndIndex = FoldersAndIndex.TestCase
TestFoldersAndIndex.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
