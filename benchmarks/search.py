"""Finding runs among a hundred thousand, and making the index of them anew.

The runs are generated once: under the folder that BENCHMARK_RUNS names, if it is set, and found
there the next time; else under a temporary one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure
from benchmarks.peak_memory import forget_peak, needs_linux, peak_kib
from devserver.config import PROJECT_FOLDER, Settings
from devserver.my_app import create_app
from devserver.my_app.services.folder_names import METADATA
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_index import RunIndex, parse_query
from devserver.my_app.services.run_index.search import page_sql
from devserver.my_app.services.run_metadata import parse_metadata
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.tombstones import Tombstones
from tests.synthetic_runs import write_runs

MANY, FEW = 100_000, 1_000
_SETTLING_SECONDS = 2.5
_REPEATS = 200
SEARCHES: dict[str, dict[str, list[str]]] = {
    "newest 50": {},
    # So many runs have them that a page is full in both indexes.
    "full text with a filter": {"q": ["und"], "status": ["success"]},
}


def measure() -> list[Figure]:
    """Searches at 100,000 runs beside 1,000 and beside the bare SQL; the rebuild beside reading."""
    needs_linux()
    with _roots() as (many, few):
        return [*_rebuild(many), *_searches(many, few)]


@contextmanager
def _roots() -> Iterator[tuple[Path, Path]]:
    kept = os.environ.get("BENCHMARK_RUNS")
    base = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="runs-"))
    try:
        for number in (MANY, FEW):
            root = base / str(number)
            if not (root / "whole").exists():
                shutil.rmtree(root, ignore_errors=True)
                write_runs(root / "json", number)
                (root / "whole").touch()
        time.sleep(_SETTLING_SECONDS)  # files that changed just now are read again
        yield base / str(MANY), base / str(FEW)
    finally:
        if not kept:
            shutil.rmtree(base)


def _rebuild(root: Path) -> list[Figure]:
    """In processes of their own, after the files were read once, so that all find them cached."""
    _apart(root, "read")
    reading, rebuilding = [], []
    for _ in range(3):
        reading.append(_apart(root, "read"))
        rebuilding.append(_apart(root, "rebuild"))
    seconds, rebuilt = (median(one[0] for one in taken) for taken in (reading, rebuilding))
    ratio = median(after[0] / before[0] for before, after in zip(reading, rebuilding, strict=True))
    return [
        Figure(
            f"rebuild of {MANY:,} runs, to reading and parsing their metadata",
            ratio,
            2.0,
            "times",
            f"{rebuilt:.1f} s, reading and parsing alone {seconds:.1f} s",
        ),
        Figure(
            "memory of a rebuild",
            max(one[1] for one in rebuilding),
            60.0,
            "MB more",
            "the process's peak above what it had before",
        ),
    ]


def _apart(root: Path, what: str) -> tuple[float, float]:
    """Seconds, and megabytes that the peak of memory grew."""
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.search", what, str(root)],
        cwd=PROJECT_FOLDER,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return float(said[0]), float(said[1])


def _one(what: str, root: Path) -> None:
    storage_root = StorageRoot(root)
    folders = RunFolders(storage_root)
    before = forget_peak()
    begun = time.perf_counter()
    if what == "read":
        for run_id in folders.ids():
            parse_metadata((folders.path(run_id) / METADATA).read_bytes())
    else:
        shutil.rmtree(storage_root.cache, ignore_errors=True)
        index = RunIndex(root, Tombstones(root / "state"), look_seconds=1e5)
        while not index.state.complete:  # not `look_through`, which would look twice
            time.sleep(0.005)
        ended = time.perf_counter()
        index.close()
        begun += time.perf_counter() - ended
    print(time.perf_counter() - begun, (peak_kib() - before) / 1024)


def _index(root: Path) -> RunIndex:
    """The index of a root, when it knows all runs."""
    index = RunIndex(root, Tombstones(root / "state"), look_seconds=1e5)
    index.look_through()
    return index


def _searches(many: Path, few: Path) -> Iterator[Figure]:
    large, small = _index(many), _index(few)
    try:
        for name, said in SEARCHES.items():
            yield from _search(name, said, large, small)
    finally:
        large.close()
        small.close()
    yield from _over_http(many)


def _search(
    name: str, said: dict[str, list[str]], large: RunIndex, small: RunIndex
) -> Iterator[Figure]:
    query = parse_query(said)
    assert len(large.search(query).hits) == len(small.search(query).hits) == query.limit
    sql, values = page_sql(query, query.limit)
    with large._database.reading() as connection:
        at_large, at_small, bare = _medians(
            lambda: large.search(query),
            lambda: small.search(query),
            lambda: connection.execute(sql, values).fetchall(),
        )
    detail = f"{at_large:.2f} ms; at {FEW:,} runs {at_small:.2f} ms; bare SQL {bare:.2f} ms"
    yield Figure(f"{name}, to {FEW:,} runs", at_large / at_small, 2.0, "times", detail)
    yield Figure(f"{name}, to the bare SQL", at_large / bare, 5.0, "times", detail)
    begun = time.perf_counter()
    found = large.count(query)
    took = (time.perf_counter() - begun) * 1e3
    yield Figure(f"{name}, first count", took, None, "ms", f"{found:,} found; then remembered")


def _medians(*calls: Callable[[], object]) -> list[float]:
    """Milliseconds of each, measured in turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(_REPEATS):
        for call, times in zip(calls, taken, strict=True):
            begun = time.perf_counter()
            call()
            times.append((time.perf_counter() - begun) * 1e3)
    return [median(times) for times in taken]


def _over_http(root: Path) -> Iterator[Figure]:
    """Through the app, without a socket; a first answer counts, later ones remember it."""
    settings = {"exports_dir": root, "researcher_token": "a-token", "pool_processes": 1}
    app = create_app(Settings.model_validate(settings))
    try:
        services = app.extensions["devserver"]
        services.index.look_through()
        client = app.test_client()
        headers = {"Authorization": "Bearer a-token"}
        for said in ("", "&fields=run_id,status,schema,timestamp"):
            url = f"/api/runs?q=und&status=success{said}"
            assert len(client.get(url, headers=headers).get_json()["runs"]) == 50
            [taken] = _medians(lambda url=url: client.get(url, headers=headers))  # type: ignore[misc]
            what = "few fields" if said else "everything about each"
            yield Figure(f"GET /api/runs, {what}", taken, None, "ms", "50 of 100,000 runs")
    finally:
        app.extensions["devserver"].close()


if __name__ == "__main__":
    _one(sys.argv[1], Path(sys.argv[2]))
