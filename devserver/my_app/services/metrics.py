"""What the server counts and measures, for Prometheus.

Everything is learnt from what the storage writes: `heard` is told of each change. No text, no
person and no run_id gets into a label, and what may be a label is limited, so that the number of
time series is, too.
"""

from __future__ import annotations

import threading
from collections import Counter as Tally
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from devserver.my_app.services.run_metadata import RunMetadata, StageRecord
from devserver.my_app.services.run_queue import Moved, RunQueue

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
OTHER = "other"
NONE = "none"
SEVERAL = "several"
MOST_LABEL_VALUES = 64
_OPEN = ("queued", "running", "awaiting_edit")
_STEP_BUCKETS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)
_WAIT_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)


@dataclass
class _OpenRun:
    """What was heard of a run that isn't over."""

    status: str
    revision: int
    stages: int
    files: set[str]


@dataclass
class _Limited:
    """Lets the first MOST_LABEL_VALUES names through and calls all further ones `other`."""

    names: set[str] = field(default_factory=set)

    def __call__(self, name: str | None) -> str:
        if name is None:
            return NONE
        if name not in self.names and len(self.names) >= MOST_LABEL_VALUES:
            return OTHER
        self.names.add(name)
        return name


class Metrics:
    """The metrics of one server, in a registry of their own. Safe to share between threads.

    `schemas` are the known ids of schemas, `backend_of` says which backend makes an output config;
    `is_stored` whether a run still is there, since nobody tells of deleted runs.
    """

    def __init__(
        self,
        *,
        schemas: Container[str],
        backend_of: Mapping[str, str],
        is_stored: Callable[[str], bool],
        free_bytes: Callable[[], int],
    ) -> None:
        self._schemas = schemas
        self._backend_of = backend_of
        self._is_stored = is_stored
        self._queue_lengths: Callable[[], Mapping[str, int]] = dict
        self._guard = threading.Lock()
        self._open: dict[str, _OpenRun] = {}
        self._step_label, self._backend_label = _Limited(), _Limited()
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._runs = Counter(
            "devserver_runs",
            "Runs that came into a status, since the server's start.",
            ["status", "schema", "backend"],
            registry=registry,
        )
        self._runs_open = Gauge(
            "devserver_runs_open", "Runs that are not over, now.", ["status"], registry=registry
        )
        self._queue_length = Gauge(
            "devserver_queue_length", "Runs in line, now.", ["lane"], registry=registry
        )
        self._wait = Histogram(
            "devserver_queue_wait_seconds",
            "How long runs were in line.",
            ["lane"],
            buckets=_WAIT_BUCKETS,
            registry=registry,
        )
        self._steps = Histogram(
            "devserver_stage_duration_seconds",
            "How long steps took; skipped and edited ones are left out.",
            ["stage", "step", "backend"],
            buckets=_STEP_BUCKETS,
            registry=registry,
        )
        self._bytes = Counter(
            "devserver_media_stored_bytes",
            "Bytes of media files stored, since the server's start.",
            ["media_type"],
            registry=registry,
        )
        self._files = Counter(
            "devserver_media_stored_files",
            "Media files stored, since the server's start.",
            ["media_type"],
            registry=registry,
        )
        for status in _OPEN:
            self._runs_open.labels(status).set_function(partial(self._count, status))
        Gauge(
            "devserver_disk_free_bytes", "Room on the disk with the runs, now.", registry=registry
        ).set_function(free_bytes)

    def heard(self, run: RunMetadata) -> None:
        """Count what is new about a run.

        Of changes that are told in the wrong order the older one is passed over; and so is what is
        told of a run after its end.
        """
        with self._guard:
            if run.revision == 1:
                self._open[run.run_id] = _OpenRun("", 0, 0, set())
            known = self._open.get(run.run_id)
            if known is None or run.revision <= known.revision:
                return
            known.revision = run.revision
            self._count_status(run, known)
            self._count_steps(run.stages[known.stages :])
            known.stages = len(run.stages)
            self._count_media(run, known)
            if run.is_final:
                del self._open[run.run_id]

    def moved(self, moved: Moved) -> None:
        """Measure how long a run was in line that is being worked on now."""
        if moved.waited_seconds is not None:
            self._wait.labels(moved.lane).observe(moved.waited_seconds)

    def taken_up(self, run: RunMetadata) -> None:
        """Know a run that an earlier server left: what is on record already isn't counted again."""
        with self._guard:
            self._open[run.run_id] = _OpenRun(
                # One that was under way has to wait for a worker again.
                "queued" if run.status == "running" else run.status,
                run.revision,
                len(run.stages),
                {output.filename for output in run.outputs},
            )

    def watch_queue(self, queue: RunQueue) -> None:
        """Tell of this queue, too."""
        self._queue_lengths = queue.lengths
        queue.listen(self.moved)

    def exposition(self) -> bytes:
        """All metrics in Prometheus's text format (CONTENT_TYPE)."""
        self._forget_deleted()
        for lane, length in self._queue_lengths().items():
            self._queue_length.labels(lane).set(length)
        return generate_latest(self._registry)

    def _count_status(self, run: RunMetadata, known: _OpenRun) -> None:
        if run.status == known.status:
            return
        known.status = run.status
        schema = run.schema_id if run.schema_id in self._schemas else None
        self._runs.labels(run.status, schema or OTHER, self._backend_label_of(run)).inc()

    def _count_steps(self, records: Iterable[StageRecord]) -> None:
        for record in records:
            if record.duration_seconds > 0:
                self._steps.labels(
                    record.stage,
                    self._step_label(record.step),
                    self._backend_label(record.backend),
                ).observe(record.duration_seconds)

    def _count_media(self, run: RunMetadata, known: _OpenRun) -> None:
        for output in run.outputs:
            if output.filename not in known.files:
                known.files.add(output.filename)
                self._bytes.labels(output.type).inc(output.file_size_bytes)
                self._files.labels(output.type).inc()

    def _backend_label_of(self, run: RunMetadata) -> str:
        configs = run.request.output_configs
        backends = {self._backend_of.get(config, OTHER) for config in configs}
        return SEVERAL if len(backends) > 1 else next(iter(backends), NONE)

    def _count(self, status: str) -> int:
        with self._guard:
            return Tally(run.status for run in self._open.values())[status]

    def _forget_deleted(self) -> None:
        with self._guard:
            open_runs = list(self._open)
        for run_id in open_runs:
            if not self._is_stored(run_id):
                with self._guard:
                    self._open.pop(run_id, None)
