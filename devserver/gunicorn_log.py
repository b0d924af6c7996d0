"""What gunicorn says of itself, in the server's own log."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger


class GunicornLog(Logger):  # type: ignore[misc] # it comes without types
    """Goes where everything goes, in the same form."""

    def setup(self, cfg: Any) -> None:
        """Set up as gunicorn does, without its own way of writing."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
