"""A real nginx on a free port, with the site of the operations page or any other."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from devserver.config import PROJECT_FOLDER
from tests.running_server import RunningServer, free_port

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
ACCEL_PREFIX = "/run-media/"
_PAGE = PROJECT_FOLDER / "devserver" / "docs" / "OPERATIONS.md"
_START_SECONDS = 20
# Debian's build writes to places that only root may use.
_MAIN = """
{user}
worker_processes auto;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    include {folder}/site.conf;
}}
"""


def documented_site() -> str:
    """The example of the operations page."""
    [site] = re.findall(r"^```nginx\n(.*?)^```", _PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(site)


def site_before(server: RunningServer, port: int) -> str:
    """The example with the places of `server`, which has ACCEL_PREFIX set, and a port of ours."""
    site = documented_site()
    for example, ours in (
        ("127.0.0.1:17801", f"127.0.0.1:{server.port}"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/srv/devserver/exports/json/", f"{server.runs}/"),
    ):
        assert site.count(example) == 1, f"{example} is not in the example once"
        site = site.replace(example, ours)
    return site


class RunningNginx:
    """One nginx with its files under `folder`; ends with the block."""

    def __init__(self, folder: Path, site: str, port: int | None = None) -> None:
        folder.mkdir()
        self._folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(_MAIN.format(user=user, folder=folder))
        (folder / "site.conf").write_text(site)
        self._process: subprocess.Popen[bytes] | None = None

    def _command(self) -> list[str]:
        assert NGINX is not None
        return [NGINX, "-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]

    def check(self) -> str:
        """What `nginx -t` says of the configuration; raises CalledProcessError for a wrong one."""
        checked = subprocess.run(
            [*self._command(), "-t"], capture_output=True, text=True, check=True
        )
        return checked.stderr

    def __enter__(self) -> RunningNginx:
        self._process = subprocess.Popen(
            self._command(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
            else:
                return self
        self.__exit__()
        raise AssertionError(f"nginx did not start:\n{(self._folder / 'error.log').read_text()}")

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
