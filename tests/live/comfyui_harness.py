"""Many runs through a real ComfyUI while it is restarted and our server is killed.

Afterwards every run has to be complete or honestly failed, and each file that ComfyUI has of it has
to lie in its folder, byte for byte:

    python -m tests.live.comfyui_harness --url http://127.0.0.1:8188 \
        --output-folder PATH/OF/ComfyUI/output --restart-command "PATH/OF/restart.sh"
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests

from devserver.my_app.services.run_metadata import RunMetadata
from tests.comfyui_graphs import GRAPHS, write_all
from tests.crash_harness import all_at_rest, end_of
from tests.honest_folders import check_all
from tests.running_server import RunningServer

_CLIENTS = 8
_KINDS = [name for name in GRAPHS if name not in ("text_only", "preview_only")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--output-folder", type=Path, required=True)
    parser.add_argument("--restart-command", required=True)
    parser.add_argument("--runs", type=int, default=300)
    asked = parser.parse_args()
    # Kept when something is found, so that it can be looked at.
    folder = Path(tempfile.mkdtemp(prefix="comfyui_harness_"))
    server = serve(folder, asked.url)
    ended = storm(server, asked.runs, shlex.split(asked.restart_command))
    server.stop()
    runs = check_all(server.runs)
    if len(runs) != len(ended):
        raise RuntimeError(f"{len(runs)} folders, but {len(ended)} runs")
    compared = sum(compare(server.runs / run.run_id, run, asked.output_folder) for run in runs)
    shutil.rmtree(folder)
    print(f"{len(runs)} runs: {dict(Counter(ended.values()))}; {compared} files compared")


def serve(folder: Path, url: str) -> RunningServer:
    """Our server on configs of all stock kinds."""
    write_all(folder / "configs")
    server = RunningServer(
        folder,
        COMFYUI_URLS=url,
        DEVSERVER_OUTPUT_CONFIGS_DIR=str(folder / "configs"),
        DEVSERVER_LOG_LEVEL="WARNING",
    )
    server.start()
    return server


def storm(server: RunningServer, runs: int, restart_command: list[str]) -> dict[str, str]:
    """Post `runs` runs; at two moments ComfyUI is restarted, at two others our server is killed."""
    chance = random.Random(7)
    left = iter(range(runs))
    told: set[str] = set()
    guard = threading.Lock()

    def post() -> None:
        while True:
            with guard:
                number = next(left, None)
            if number is None:
                return
            told_id = post_until_taken(server, _KINDS[number % len(_KINDS)], chance)
            with guard:
                told.add(told_id)

    clients = [threading.Thread(target=post) for _ in range(_CLIENTS)]
    for client in clients:
        client.start()
    for number, trouble in enumerate(("comfyui", "server", "comfyui", "server"), start=1):
        wait_until(lambda number=number: len(told) >= runs * number / 6)
        time.sleep(chance.uniform(0, 1))
        print(f"{trouble} goes down, {len(told)} runs told", flush=True)
        if trouble == "comfyui":
            subprocess.run(restart_command, check=True, capture_output=True)
        else:
            server.kill()
            server.start()
    for client in clients:
        client.join()
    ended = {run_id: end_of(run) for run_id, run in all_at_rest(server).items()}
    if not told <= ended.keys():
        raise RuntimeError(f"Runs that were told of are gone: {told - ended.keys()}")
    return ended


def post_until_taken(server: RunningServer, kind: str, chance: random.Random) -> str:
    """One run; a server that is just being killed is asked again."""
    while True:
        try:
            answer = server.post_text(
                schema="passthrough",
                output_config=kind,
                seed=chance.randrange(0xFFFFFF),
                input_text=f"ein Bild, Art {kind}",
                timeout=300,
            )
            body: dict[str, Any] = answer.json()
            if body.get("run_id"):
                return str(body["run_id"])
        except requests.RequestException:
            pass
        time.sleep(0.2)


def wait_until(condition: Any) -> None:
    while not condition():
        time.sleep(0.05)


def compare(folder: Path, run: RunMetadata, output_folder: Path) -> int:
    """The run has as many files as its last prompt made, each as ComfyUI has it on disk.

    A run that was sent twice may have its first files of the first submission.
    """
    if run.status != "success":
        return 0
    made = [files_of_prompt(folder / str(job.workflow), output_folder) for job in run.jobs]
    known = {path.read_bytes() for paths in made for path in paths}
    stored = [(folder / output.filename).read_bytes() for output in run.outputs]
    if len(stored) != len(made[-1]) or not known.issuperset(stored):
        raise RuntimeError(
            f"{folder} ({run.jobs[-1].config}) differs from ComfyUI's folder: "
            f"{[output.filename for output in run.outputs]} here, {made} there"
        )
    return len(stored)


def files_of_prompt(workflow: Path, output_folder: Path) -> list[Path]:
    """The media that ComfyUI saved for the graph in `workflow`."""
    graph = json.loads(workflow.read_text())
    prefixes = (
        n["inputs"]["filename_prefix"] for n in graph.values() if "filename_prefix" in n["inputs"]
    )
    paths = [path for prefix in prefixes for path in output_folder.glob(f"{prefix}_*")]
    return [path for path in paths if path.suffix != ".latent"]


if __name__ == "__main__":
    main()
