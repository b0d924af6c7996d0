"""What all tests share: settings on a fresh root, the storage, the app and its client."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from devserver.config import Settings
from devserver.my_app import create_app
from devserver.my_app.routes.openapi import documentation_of
from devserver.my_app.services import media_probe
from devserver.my_app.services.media_intake import MediaIntake
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import Services
from tests.running_server import LIMITS, RunningServer

TOKEN = "a-token-for-researchers"
Refit = Callable[..., Services]
OF_ALL_ROUTES = (403, 429, 500)
"""A name or a page that may not ask, too many requests, and what nobody thought of."""

# How long an example takes says something about the machine only: speed belongs into benchmarks.
# In CI the examples are the same each time, so that a change is judged by what it changed; whoever
# works on the project draws new ones with each run.
hypothesis_settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis_settings.load_profile("any machine")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have measured."""
    reports = {
        report.nodeid: report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
    }
    figures = [
        str(value)
        for report in reports.values()
        for name, value in report.user_properties
        if name == "measured"
    ]
    if figures:
        terminalreporter.section("measured")
        for figure in figures:
            terminalreporter.write_line(figure)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings on a fresh root, with a known researcher token."""
    return Settings.model_validate(
        {"exports_dir": tmp_path / "exports", "researcher_token": TOKEN, "pool_processes": 1}
    )


@pytest.fixture
def root(settings: Settings) -> StorageRoot:
    return StorageRoot(settings.exports_dir)


@pytest.fixture
def folders(root: StorageRoot) -> RunFolders:
    return RunFolders(root)


@pytest.fixture
def storage(folders: RunFolders) -> MediaStorageService:
    """A storage that fetches nothing and measures in this process."""
    return MediaStorageService(
        folders,
        MediaIntake(folders, measure=media_probe.measure, max_bytes=10 * 1024**2),
        fetch_url=partial(_refuse, "no address"),
        list_comfyui_files=partial(_refuse, "no ComfyUI"),
    )


def _refuse(what: str, *_: object) -> Any:
    raise AssertionError(f"This test fetches nothing: {what}")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One app for all tests of routes; each test makes runs of its own."""
    app = create_app(
        Settings.model_validate(
            {
                "exports_dir": tmp_path_factory.mktemp("app") / "exports",
                "researcher_token": TOKEN,
                "pool_processes": 1,
                **dict.fromkeys(LIMITS, 0),
            }
        )
    )
    yield app
    app.extensions["devserver"].close()


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions["devserver"]
    return found


@pytest.fixture
def refit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Refit:
    """Gives the app other parts, by their names in `Services`, until the test is over.

    `settings` is a dictionary of those that are to differ.
    """

    def with_parts(settings: dict[str, Any] | None = None, **parts: Any) -> Services:
        services: Services = app.extensions["devserver"]
        changed = services.settings.model_copy(update=settings)
        fitted = replace(services, settings=changed, **parts)
        monkeypatch.setitem(app.extensions, "devserver", fitted)
        return fitted

    return with_parts


class BufferingClient(FlaskClient):
    """Reads each answer to its end, so that the file behind it is closed.

    Fails for an answer whose status the description of the API doesn't name.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **{"buffered": True, **kwargs})
        self._check_described(answer)
        return answer

    def _check_described(self, answer: TestResponse) -> None:
        asked = answer.request
        try:
            adapter = self.application.url_map.bind_to_environ(asked.environ)
            endpoint, _ = adapter.match()
        except HTTPException:
            return
        said = documentation_of(self.application.view_functions[endpoint])
        if said is not None and asked.method != "OPTIONS":
            known = {*said.answers, *said.errors, *OF_ALL_ROUTES}
            assert answer.status_code in known, f"{asked.method} {asked.path} {answer.status}"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return BufferingClient(app, app.response_class)


@pytest.fixture
def researcher() -> dict[str, str]:
    """The headers of a researcher."""
    return {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The real server in a process of its own, on a real socket."""
    running = RunningServer(tmp_path_factory.mktemp("server"), token=TOKEN)
    running.start()
    yield running
    running.stop()


@pytest.fixture(params=["alone", "beside a server"])
def exports(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The root that a command works on: one that no server owns, and one that a server does."""
    if request.param == "alone":
        return StorageRoot(tmp_path / "exports").path
    server: RunningServer = request.getfixturevalue("server")
    return server.exports
