"""A hundred and fifty children and one ComfyUI: is it kept busy, and does the server stay quick?"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from benchmarks.busy_comfyui import Busy, busy, comfyui_process
from benchmarks.children import Children, Crowd, Tablet
from benchmarks.figure import Figure
from benchmarks.other_work import OtherWork
from tests.comfyui_graphs import write_all
from tests.fake_comfyui import Worked
from tests.honest_folders import check_folder
from tests.running_server import RunningServer

_CLIENTS = 150
_RUNS = 2000
_SECONDS_A_PROMPT = 0.05
_POLL_SECONDS = 1.0
TOKEN = "a-token-for-the-benchmark"  # noqa: S105 - of a server that lives as long as this
_BODY = {"schema": "passthrough", "input_text": "Eine Katze", "output_config": "image"}

_BUSY_AT_LEAST = 0.95
_SLOWER_AT_MOST = 5.0
_IDLE_LOOKS = 300
_PAUSE_SECONDS = 0.02
_GROWTH_AT_MOST = 1.1


@dataclass
class Watched:
    """What was seen of the server while the children were at it."""

    look_seconds: list[float] = field(default_factory=list)
    memory_bytes: list[tuple[int, float]] = field(default_factory=list)


def measure() -> list[Figure]:
    """Busy, quick, complete and no larger than before."""
    other_work = OtherWork()
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as name,
        comfyui_process(_SECONDS_A_PROMPT) as comfy,
    ):
        folder = Path(name)
        write_all(folder / "configs")
        server = RunningServer(
            folder,
            token=TOKEN,
            COMFYUI_URLS=comfy.url,
            DEVSERVER_OUTPUT_CONFIGS_DIR=str(folder / "configs"),
        )
        server.start()
        try:
            prober = Tablet(server.port)
            idle = _idle_looks(prober)
            before = len(comfy.worked())
            children = Children(Crowd(server.port, _CLIENTS, _RUNS, dict(_BODY), _POLL_SECONDS))
            watched = _watch(server, prober, lambda: children.are_done)
            outcome = children.outcome()
            prober.close()
            was_busy = busy(_while_all_want_some(comfy.worked()[before:]))
        finally:
            server.stop()
        lost = _RUNS - len(set(outcome.run_ids))
        dishonest = [_trouble_of(server.runs / run_id) for run_id in outcome.run_ids]
        troubles = [*outcome.troubles, *(trouble for trouble in dishonest if trouble)]
    return [
        _figure_of_busy(was_busy, other_work.said()),
        _figure_of_looks(idle, watched.look_seconds),
        Figure(
            f"errors and lost runs of {_RUNS}",
            len(troubles) + lost,
            0,
            "",
            f"every folder checked; {troubles[:3] or 'no trouble'}",
        ),
        _figure_of_memory(watched.memory_bytes),
    ]


def _while_all_want_some(worked: list[Worked]) -> list[Worked]:
    """Without the end, when fewer runs are left than children and some have nothing to do."""
    return worked[: _RUNS - _CLIENTS]


def _idle_looks(prober: Tablet) -> list[float]:
    path = _start_a_run(prober)
    while prober.ask("GET", path)[1]["status"] != "success":
        time.sleep(_PAUSE_SECONDS)
    looks = []
    for _ in range(_IDLE_LOOKS):
        time.sleep(_PAUSE_SECONDS)
        looks.append(_look(prober, path))
    return looks


def _watch(server: RunningServer, prober: Tablet, is_over: Callable[[], bool]) -> Watched:
    """Look at runs on their way and at their end, and at the memory, until all is over."""
    watched = Watched()
    path = _start_a_run(prober)
    for number in itertools.count():
        if is_over():
            return watched
        time.sleep(_PAUSE_SECONDS)
        started = time.perf_counter()
        status, state = prober.ask("GET", path)
        watched.look_seconds.append(time.perf_counter() - started)
        if status != 200:
            raise RuntimeError(f"{status}: {state}")
        if state["status"] == "success" and number % 100 > 50:
            path = _start_a_run(prober)
        if number % 25 == 0:
            watched.memory_bytes.append(_runs_over_and_memory(server))
    raise AssertionError


def _start_a_run(prober: Tablet) -> str:
    status, started = prober.ask(
        "POST", "/api/schema/pipeline/execute", dict(_BODY), Prefer="respond-async"
    )
    if status not in (200, 202):
        raise RuntimeError(f"{status}: {started}")
    return f"/api/runs/{started['run_id']}"


def _look(prober: Tablet, path: str) -> float:
    started = time.perf_counter()
    status, state = prober.ask("GET", path)
    took = time.perf_counter() - started
    if status != 200:
        raise RuntimeError(f"{status}: {state}")
    return took


def own_metrics(server: RunningServer) -> dict[str, float]:
    """What the server says at /metrics, by name with labels."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    text = requests.get(f"{server.url}/metrics", headers=headers, timeout=60).text
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line[:1] != "#")
    return {name: float(value) for name, value in lines}


def _runs_over_and_memory(server: RunningServer) -> tuple[int, float]:
    """How many runs have succeeded, and the bytes that the server's own process takes."""
    values = own_metrics(server)
    over = sum(
        value
        for name, value in values.items()
        if name.startswith("devserver_runs_total{") and 'status="success"' in name
    )
    return int(over), values["process_resident_memory_bytes"]


def _trouble_of(folder: Path) -> str | None:
    try:
        run = check_folder(folder)
    except (AssertionError, OSError) as error:
        return f"{folder.name}: {error!r}"
    return None if run.status == "success" else f"{folder.name}: {run.status}"


def _figure_of_busy(was: Busy, other_work: str) -> Figure:
    return Figure(
        f"ComfyUI at work while {_CLIENTS} clients want runs",
        was.share,
        _BUSY_AT_LEAST,
        "of the time",
        f"{was.prompts} prompts of {was.worked_seconds / was.prompts * 1000:.0f} ms "
        f"in {was.wall_seconds:.0f} s; {other_work}",
        at_least=True,
    )


def _figure_of_looks(idle: list[float], loaded: list[float]) -> Figure:
    median = statistics.median(idle)
    p95 = statistics.quantiles(loaded, n=20)[-1]
    return Figure(
        "GET /api/runs/<id> meanwhile, p95",
        p95 / median,
        _SLOWER_AT_MOST,
        "x its median when idle",
        f"{median * 1000:.1f} ms idle, then median {statistics.median(loaded) * 1000:.1f} ms, "
        f"p95 {p95 * 1000:.1f} ms, longest {max(loaded) * 1000:.0f} ms, of {len(loaded)}",
    )


def _figure_of_memory(seen: list[tuple[int, float]]) -> Figure:
    """The median of the last quarter beside that of the second: single values go up and down."""
    second = [size for over, size in seen if 0.25 * _RUNS <= over < 0.5 * _RUNS]
    last = [size for over, size in seen if over >= 0.75 * _RUNS]
    early, late = statistics.median(second), statistics.median(last)
    return Figure(
        f"memory of the server over {_RUNS} runs",
        late / early,
        _GROWTH_AT_MOST,
        "x in the last quarter of what it was in the second",
        f"{early / 2**20:.0f} MiB, then {late / 2**20:.0f} MiB",
    )
