"""gunicorn's master process, as this server needs it: it looks after one worker and no other."""

from __future__ import annotations

import signal

from gunicorn.arbiter import Arbiter


class Overseer(Arbiter):  # type: ignore[misc] # it comes without types
    """Ends the server on SIGHUP as on SIGTERM, unless it was started to outlive its terminal.

    gunicorn would reload on it, and can be told to start further workers or a second master. None
    of them could have the root, which the one worker owns.
    """

    def init_signals(self) -> None:
        """Listen to signals; to SIGHUP only if it wasn't ignored before, as under `nohup`."""
        outlives_terminal = is_hangup_ignored()
        super().init_signals()
        if outlives_terminal:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def handle_hup(self) -> None:
        """The terminal was closed, or the connection to it."""
        self.handle_term()

    def _handle_nothing(self) -> None:
        """For what would need a second worker."""

    handle_ttin = handle_ttou = handle_usr2 = _handle_nothing


def is_hangup_ignored() -> bool:
    """Whether SIGHUP is ignored by this process."""
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
