"""What gunicorn says of itself, in the server's own log."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger


class SaidByWorker(logging.Filter):
    """Leaves out what the master says when its worker could not start: that one has said why."""

    def __init__(self) -> None:
        super().__init__()
        self._is_said = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is told. After that end, the master only says that it ends, too."""
        if "exited with code" in str(record.msg) and isinstance(record.args, tuple):
            self._is_said = record.args[-1] == Arbiter.APP_LOAD_ERROR
        return not self._is_said


class GunicornLog(Logger):  # type: ignore[misc] # it comes without types
    """Goes where everything goes, in the same form."""

    def setup(self, cfg: Any) -> None:
        """Set up as gunicorn does, without its own way of writing."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.addFilter(SaidByWorker())
