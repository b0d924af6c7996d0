"""Has the configured models ready before the first child asks, and logs whether they are."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.language.models import ChosenModel

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 30.0


class _Closing(ServerError):
    """The server ends: nothing has to be warm any more."""

    code = "closing"


class WarmUp:
    """Warms models up in the background, one after the other, each until it has worked once.

    Models come one by one, since servers load them one by one; one that does not answer is tried
    again later and holds up no other.
    """

    def __init__(
        self, models: Sequence[ChosenModel], *, again_seconds: float = _AGAIN_SECONDS
    ) -> None:
        self._left = list(models)
        self._again_seconds = again_seconds
        self._closing = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="warm-up", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End it, also in the middle of a load."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    def wait(self, seconds: float) -> bool:
        """Whether all models are warm, within `seconds`."""
        return self._done.wait(seconds)

    def _work(self) -> None:
        while not self._closing.is_set():
            self._left = [chosen for chosen in self._left if not self._is_warm(chosen)]
            if not self._left:
                self._done.set()
                return
            self._closing.wait(self._again_seconds)

    def _is_warm(self, chosen: ChosenModel) -> bool:
        started = time.monotonic()
        try:
            chosen.server.warm_up(chosen.model, check_wanted=self._check_wanted)
        except _Closing:
            return False
        except ServerError as error:
            logger.warning("The language model %s is not ready: %s", chosen, error)
            return False
        logger.info("The language model %s is ready (%.1f s)", chosen, time.monotonic() - started)
        return True

    def _check_wanted(self) -> None:
        if self._closing.is_set():
            raise _Closing("The server ends.")
