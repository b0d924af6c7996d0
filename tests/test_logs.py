from __future__ import annotations

import io
import json
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from devserver.logs import JsonLines, OneWriteALine, TextLines, about_run
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.runs import NewRun
from devserver.my_app.wiring import Services
from tests.running_server import RunningServer
from tests.test_server import wait_for


def record(message: str, *arguments: object, failure: BaseException | None = None) -> Any:
    exc_info = (type(failure), failure, failure.__traceback__) if failure else None
    return logging.LogRecord(
        "devserver.x", logging.WARNING, "x.py", 1, message, arguments, exc_info
    )


def line_of(message: str, *arguments: object, failure: BaseException | None = None) -> Any:
    line = JsonLines().format(record(message, *arguments, failure=failure))
    assert "\n" not in line
    return json.loads(line)


@given(st.text())
def test_each_record_is_one_object_on_one_line(text: str) -> None:
    line = line_of("%s", text)
    assert line["message"] == text
    assert (line["level"], line["logger"]) == ("WARNING", "devserver.x")
    assert line["time"].endswith("+00:00")
    assert "exception" not in line


@pytest.mark.parametrize(
    "message",
    [
        "run %s ended: success",
        "run %s, sd35_large failed: x",
        "run %s: no verdict",
        "GET /api/runs/%s/journey 200 3 ms",
        "GET /api/media/image/%s 200 3 ms",
        "GET /api/media/image/%s.png 200 3 ms",
    ],
)
def test_a_message_about_a_run_has_its_id(message: str) -> None:
    run_id = new_run_id()
    assert line_of(message, run_id)["run_id"] == run_id


@pytest.mark.parametrize(
    "message", ["prompt %s is lost", "POST /api/runs 200 3 ms", "rerun %s", "run %s0", "run x%s"]
)
def test_other_messages_have_none(message: str) -> None:
    arguments = (new_run_id(),) if "%s" in message else ()
    assert "run_id" not in line_of(message, *arguments)


def test_what_is_said_while_at_work_on_a_run_is_about_it() -> None:
    run_id, other = new_run_id(), new_run_id()
    with about_run(run_id):
        assert line_of("OpenAI: trying again")["run_id"] == run_id
        assert line_of("run %s deleted", other)["run_id"] == other
        with ThreadPoolExecutor(1) as threads:
            assert "run_id" not in threads.submit(line_of, "something else").result()
        with about_run(other):
            assert line_of("x")["run_id"] == other
        assert line_of("x")["run_id"] == run_id
    assert "run_id" not in line_of("x")


def test_a_worker_names_its_run(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, log = services.storage.begin_attempt, logging.getLogger("test_logs")
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonLines())
    monkeypatch.setattr(log, "handlers", [handler])

    def begin_and_say_so(run_id: str) -> RunMetadata:
        log.warning("a retry, say")
        return begin(run_id)

    monkeypatch.setattr(services.storage, "begin_attempt", begin_and_say_so)
    new = NewRun(schema="dada", input_text="Eine Blume", output_type="text")
    run_id = services.runs.start(new).run_id
    assert services.runs.wait(run_id, 60).status == "success"
    assert json.loads(lines.getvalue())["run_id"] == run_id


TEXT_LEVELS = (" INFO ", " WARNING ", " ERROR ", "[ERROR]", "[WARNING]")


class _Text(BaseModel):
    text: int


def test_a_failure_brings_its_trace_but_no_text_of_a_child() -> None:
    said = "\n".join(["Mein", "Geheim" + "nis"])  # a trace shows lines of source, these too
    try:
        _Text.model_validate({"text": said})
    except ValueError as error:
        line = line_of("it failed", failure=error)
        text = TextLines().format(record("it failed", failure=error))
    for trace in (line["exception"], text):
        assert "Traceback" in trace
        assert "ValidationError" in trace
        assert "valid integer" in trace
        assert "Geheimnis" not in trace


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run there")
def test_the_servers_log_is_json_down_to_the_last_line(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = RunningServer(tmp_path_factory.mktemp("json_log"), DEVSERVER_LOG_FORMAT="json")
    server.start()
    try:
        answer = server.post_text(output_type="text", input_text="Geheimnisvolle Blume").json()
        requests.get(f"{server.url}/api/runs/{answer['run_id']}", timeout=30)
        wait_for(lambda: "ended: success" in server.log.read_text())  # the answer may come first
        worker = json.loads((server.exports / "state" / "server.json").read_bytes())["pid"]
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: "gunicorn.error" in server.log.read_text())
    finally:
        server.stop()
    log = server.log.read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    about = [line["message"] for line in lines if line.get("run_id") == answer["run_id"]]
    assert any("created" in message for message in about)
    assert any("ended: success" in message for message in about)
    assert any(message.startswith("GET /api/runs/") for message in about)
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert "Geheimnisvolle" not in log
    after_greeting = log[log.index('{"') :].splitlines()
    loggers = {line["logger"] for line in lines}
    assert {"devserver.my_app.routes.guard", "gunicorn.error"} <= loggers
    assert not [line for line in after_greeting if any(level in line for level in TEXT_LEVELS)]


def test_lines_of_many_threads_are_not_mixed(tmp_path: Path) -> None:
    log = logging.Logger("many")
    with (tmp_path / "log").open("wb") as file:
        handler = OneWriteALine(file.fileno())
        handler.setFormatter(JsonLines())
        log.addHandler(handler)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: log.info("line %d %s", number, "ö" * 500), range(400)))
    lines = (tmp_path / "log").read_text().splitlines()
    told = sorted(int(json.loads(line)["message"].split()[1]) for line in lines)
    assert told == list(range(400))


def test_a_log_that_cant_be_written_stops_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "log").open("wb") as file:
        handler = OneWriteALine(file.fileno())
    handler.handle(record("nobody hears it"))
    assert "Bad file descriptor" in capsys.readouterr().err
