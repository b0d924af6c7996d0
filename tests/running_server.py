"""The real `server.py` in a process of its own, to be started, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from devserver.config import PROJECT_FOLDER

_START_SECONDS = 60
_STOP_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningServer:
    """One server on a root under `folder`; its output goes to `server.log` there."""

    def __init__(self, folder: Path, *, token: str = "", **environment: str) -> None:
        self.exports = folder / "exports"
        self.runs = self.exports / "json"
        self.log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ,
            "DEVSERVER_PORT": str(self.port),
            "DEVSERVER_EXPORTS_DIR": str(self.exports),
            "DEVSERVER_RESEARCHER_TOKEN": token,
            "DEVSERVER_HOST": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; fails with its output when it doesn't."""
        process = self.launch()
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                requests.get(f"{self.url}/api/health", timeout=5)
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"The server did not start:\n{self.log.read_text()}")

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it without waiting for anything."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(PROJECT_FOLDER / "server.py")],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=PROJECT_FOLDER,
            )
        return self._process

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        """SIGKILL to the server with all its processes, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(_STOP_SECONDS)

    def post_text(self, timeout: float = 120, **fields: object) -> requests.Response:
        """Post a text, by default a plain one."""
        body = {"schema": "dada", "input_text": "Eine Blume auf der Wiese", **fields}
        return requests.post(f"{self.url}/api/schema/pipeline/execute", json=body, timeout=timeout)
