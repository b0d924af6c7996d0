"""How the log looks: lines for people, or one JSON object a line for machines."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

LogFormat = Literal["text", "json"]

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_UUID4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_RUN = re.compile(rf"(?:\brun |/)({_UUID4})(?![0-9a-f-])")
"""A run as our messages and the paths of our API name it; other ids look the same."""
_VALIDATED_INPUT = re.compile(r"input_value=.*?, input_type=", re.DOTALL)
_run_at_work: ContextVar[str | None] = ContextVar("run_at_work", default=None)


@contextmanager
def about_run(run_id: str) -> Iterator[None]:
    """Let what this thread logs in here be about the run, where a message names no other."""
    before = _run_at_work.set(run_id)
    try:
        yield
    finally:
        _run_at_work.reset(before)


class TextLines(logging.Formatter):
    """Time, level, logger and message; a failure with its trace on lines of its own."""

    def __init__(self) -> None:
        super().__init__(_TEXT)

    def formatException(  # noqa: N802 - the name that logging calls
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """The trace, without the values that pydantic quotes: they can be what a child wrote."""
        return _VALIDATED_INPUT.sub("input_value=…, input_type=", super().formatException(ei))


class JsonLines(TextLines):
    """One JSON object a line: time (UTC), level, logger, message; and, where there is one, run_id
    and exception (the trace)."""

    def format(self, record: logging.LogRecord) -> str:
        """`record` as one line."""
        message = record.getMessage()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        run_id = _run_of(message)
        if run_id:
            line["run_id"] = run_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class OneWriteALine(logging.Handler):
    """Writes to a file descriptor, one call of the system a record, without a lock around it.

    With a lock, all threads stand in line behind the one that waits for its write to return; the
    system keeps single writes apart by itself (to a pipe, up to 4 KiB).
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def handle(self, record: logging.LogRecord) -> bool:
        """As logging's own, but for the lock."""
        passed = self.filter(record)
        if passed:  # since Python 3.12 a filter may give another record
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; what goes wrong is said as logging says it."""
        try:
            rest = memoryview(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except Exception:  # noqa: BLE001 - a log line must never end what it tells of
            self.handleError(record)


def set_up_logging(level: str, log_format: LogFormat) -> None:
    """Log from here on to stderr, from `level` up, in that form."""
    handler = OneWriteALine(sys.stderr.fileno())
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    logging.basicConfig(level=level, handlers=[handler])


def _run_of(message: str) -> str | None:
    found = _RUN.search(message)
    return found.group(1) if found else _run_at_work.get()
