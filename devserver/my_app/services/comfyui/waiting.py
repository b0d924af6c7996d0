"""Waiting for the end of one prompt, whatever may happen to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from devserver.my_app.services.backends.port import BackendTimedOut, BackendUnreachable
from devserver.my_app.services.comfyui.client import ComfyUIClient
from devserver.my_app.services.errors import ServerError

# How often ComfyUI is asked when nothing is heard: soon at first, since most trouble shows at once,
# then slowly.
_FIRST_LOOK_SECONDS = 0.25
_SLOWEST_LOOK_SECONDS = 3.0
_LOOK_GROWTH = 1.5
# After execution_success the history entry is written within milliseconds (COMFYUI.md, 2).
_JUST_AFTER_SECONDS = 0.005
UNREACHABLE_SECONDS = 20.0


class PromptLost(ServerError):
    """ComfyUI knows nothing of the prompt any more: deleted from its queue, or it was restarted."""

    code = "comfyui_prompt_lost"


def wait_for_end(
    client: ComfyUIClient,
    prompt_id: str,
    *,
    look: threading.Event,
    timeout_seconds: float,
    check_wanted: Callable[[], None],
    on_place: Callable[[int], None],
    unreachable_seconds: float = UNREACHABLE_SECONDS,
) -> dict[str, Any]:
    """The prompt's history entry, once it has ended.

    The history and the queue are looked at when `look` is set, and slowly otherwise. `check_wanted`
    is called before each look and raises when nobody wants the result any more; `on_place` hears
    how many prompts are ahead of ours.
    Raises PromptLost, BackendTimedOut, and BackendUnreachable when ComfyUI has not answered for
    `unreachable_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    answered = time.monotonic()
    pause = _FIRST_LOOK_SECONDS
    missing = False
    while True:
        hinted = look.wait(pause)
        look.clear()
        check_wanted()
        pause = min(pause * _LOOK_GROWTH, _SLOWEST_LOOK_SECONDS)
        try:
            entry = _entry(client, prompt_id, patience=hinted)
            if entry is not None:
                return entry
            queue = client.queue()
            # A newer server is asked a third way before the prompt is given up.
            known_as_job = missing and client.job_status(prompt_id) is not None
            answered = time.monotonic()
        except BackendUnreachable:
            if time.monotonic() - answered > unreachable_seconds:
                raise
            continue
        if prompt_id in queue:
            missing = False
            on_place(queue.ahead_of(prompt_id))
        elif missing and not known_as_job:
            raise PromptLost("ComfyUI knows nothing of this run any more.")
        else:
            # It may have ended between the two questions: ask once more before giving it up.
            missing = True
            pause = _FIRST_LOOK_SECONDS
        if time.monotonic() > deadline:
            raise BackendTimedOut("ComfyUI took longer than a run may take.")


def _entry(client: ComfyUIClient, prompt_id: str, *, patience: bool) -> dict[str, Any] | None:
    entry = client.history(prompt_id)
    if entry is None and patience:
        time.sleep(_JUST_AFTER_SECONDS)
        entry = client.history(prompt_id)
    return entry
