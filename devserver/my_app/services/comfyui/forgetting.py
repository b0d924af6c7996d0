"""Having ComfyUI forget a run: the entries in its history hold the whole graph with its texts.

Its queue and history are in memory and end with its process. The files in its output folder can't
be deleted from outside.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence

from devserver.my_app.services.backends.port import BackendUnreachable
from devserver.my_app.services.comfyui.client import ComfyUIClient
from devserver.my_app.services.run_metadata import Job

logger = logging.getLogger(__name__)

COMFYUI = "comfyui"
_ANSWER_SECONDS = 5.0
_END_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_TROUBLE_SECONDS = 60.0


class HistoryNotForgotten(Exception):
    """A ComfyUI still has, or may have, entries of a run; the message says why."""


class ComfyUIHistory:
    """Deletes entries at the configured servers, and at no others.

    A server that didn't answer isn't asked again for a minute, so that a thousand runs don't wait a
    thousand times.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = frozenset(urls)
        self._silent_since: dict[str, float] = {}

    def forget(self, jobs: Iterable[Job]) -> int:
        """Take the jobs that are ComfyUI's out of queue and history; returns how many there were.

        A prompt that is running is stopped first. Raises HistoryNotForgotten.
        """
        prompts: dict[str, list[str]] = {}
        for job in jobs:
            if job.backend == COMFYUI and job.server and job.job_id:
                prompts.setdefault(job.server, []).append(job.job_id)
        faults = [fault for url, ids in prompts.items() if (fault := self._forget_at(url, ids))]
        if faults:
            raise HistoryNotForgotten(" ".join(faults))
        return sum(len(ids) for ids in prompts.values())

    def _forget_at(self, url: str, prompt_ids: Sequence[str]) -> str | None:
        """What went wrong, in a sentence; None when the server has nothing of them any more."""
        if url not in self._urls:
            return "A ComfyUI that made media of this run is not one of COMFYUI_URLS any more."
        if time.monotonic() - self._silent_since.get(url, float("-inf")) < _TROUBLE_SECONDS:
            return "A ComfyUI does not answer; what it has in memory ends with its process."
        try:
            with ComfyUIClient(url, answer_seconds=_ANSWER_SECONDS) as client:
                left = [one for one in prompt_ids if not _forget(client, one)]
        except BackendUnreachable as error:
            logger.warning("ComfyUI at %s was not asked to forget: %s", url, error)
            self._silent_since[url] = time.monotonic()
            return "A ComfyUI does not answer; what it has in memory ends with its process."
        return _STILL_AT_WORK if left else None


_STILL_AT_WORK = "A ComfyUI is still at work on this run and may put it into its history."


def _forget(client: ComfyUIClient, prompt_id: str) -> bool:
    """Whether the prompt is in neither queue nor history afterwards. Raises BackendUnreachable."""
    end = time.monotonic() + _END_SECONDS
    # A prompt that is stopped comes into the history when its node ends.
    while prompt_id in client.queue():
        if time.monotonic() > end:
            return False
        client.cancel(prompt_id)
        time.sleep(_LOOK_SECONDS)
    client.forget(prompt_id)
    return client.history(prompt_id) is None
