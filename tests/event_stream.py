"""A client of Server-Sent Events on a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

_SILENCE_SECONDS = 60


@dataclass(frozen=True)
class Event:
    """One event as it came; `comment` where there is nothing else."""

    id: str = ""
    event: str = ""
    data: Any = None
    comment: str = ""


@contextmanager
def event_stream(
    url: str, last_event_id: str | None = None, *, comes_back: bool = False
) -> Iterator[Iterator[Event]]:
    """Open the stream at `url` and give its events as they come; hangs up after the block.

    Where it `comes_back`, it does what it is told when there is no room: asks again later.
    """
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with requests.get(url, headers=headers, stream=True, timeout=_SILENCE_SECONDS) as answer:
        if comes_back and answer.status_code == 503:
            threading.Event().wait(float(answer.headers["Retry-After"]))
            answer.close()
            with event_stream(url, last_event_id) as coming:
                yield coming
            return
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].partition(";")[0] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Accel-Buffering"] == "no"
        yield _events(answer)


def _events(answer: requests.Response) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in answer.iter_lines(chunk_size=1, decode_unicode=False):
        name, _, value = line.decode().partition(":")
        if name or value:
            fields[name or "comment"] = value.removeprefix(" ")
        elif fields:
            data = fields.pop("data", None)
            if fields.pop("retry", None) is None:
                yield Event(data=json.loads(data) if data else None, **fields)
            fields = {}
    assert not fields, "the stream ended in the middle of an event"
