"""Children with tablets: a process of threads, each of which starts runs and watches them end."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import queue
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

_ANSWER_SECONDS = 120.0
_FINAL = frozenset({"success", "partial", "blocked", "failed", "cancelled"})


@dataclass(frozen=True)
class Crowd:
    """What the children do: `runs` in all, by `children` at once.

    Every other one asks how its run stands every so often; the others open its stream of events.
    """

    port: int
    children: int
    runs: int
    body: dict[str, Any]
    poll_seconds: float


@dataclass(frozen=True)
class Outcome:
    """What became of the runs: their ids, and whatever was not as it should be."""

    run_ids: list[str]
    troubles: list[str]


class Children:
    """A crowd at work in a process of its own."""

    def __init__(self, crowd: Crowd) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._ours, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_play, args=(theirs, crowd))
        self._process.start()
        theirs.close()

    @property
    def are_done(self) -> bool:
        """Whether every run has come to its end."""
        return self._ours.poll()

    def outcome(self) -> Outcome:
        """Wait for the end and say what became of all."""
        outcome: Outcome = self._ours.recv()
        self._process.join()
        self._ours.close()
        return outcome


class Tablet:
    """One connection that is kept, with the cookie of one device."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookie = f"device={secrets.token_urlsafe(16)}"
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, Any]:
        """The status and the JSON; connects again where the server closed an idle connection."""
        sent = None if body is None else json.dumps(body).encode()
        said = {"Cookie": self._cookie, **headers}
        if sent is not None:
            said["Content-Type"] = "application/json"
        for is_last in (False, True):
            is_fresh = self._connection is None
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self._port, timeout=_ANSWER_SECONDS
                )
            try:
                self._connection.request(method, path, sent, said)
                answer = self._connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (http.client.BadStatusLine, ConnectionError):
                self.close()
                if is_fresh or is_last:
                    raise
        raise AssertionError

    def last_event(self, path: str) -> tuple[int, dict[str, Any]]:
        """The status, and the data of the last event when the stream has come to its end."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", path, headers={"Cookie": self._cookie})
            answer = connection.getresponse()
            last: dict[str, Any] = {}
            for line in answer:
                if line.startswith(b"data: "):
                    last = json.loads(line[6:])
            return answer.status, last
        finally:
            connection.close()

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _play(line: Any, crowd: Crowd) -> None:
    tickets: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(crowd.runs):
        tickets.put(number)
    run_ids: list[str] = []
    troubles: list[str] = []

    def child(number: int) -> None:
        tablet = Tablet(crowd.port)
        time.sleep(crowd.poll_seconds * number / crowd.children)  # they don't tap in step
        try:
            while True:
                try:
                    ticket = tickets.get_nowait()
                except queue.Empty:
                    return
                run_id = _start(tablet, crowd, ticket, troubles)
                if run_id is None:
                    continue
                run_ids.append(run_id)
                last = _watch(tablet, run_id) if number % 2 else _ask(tablet, run_id, crowd)
                if last != "success":
                    troubles.append(f"{run_id}: {last}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a trouble to report
            troubles.append(f"{type(error).__name__}: {error}")
        finally:
            tablet.close()

    threads = [threading.Thread(target=child, args=(number,)) for number in range(crowd.children)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line.send(Outcome(run_ids, troubles))
    line.close()


def _start(tablet: Tablet, crowd: Crowd, ticket: int, troubles: list[str]) -> str | None:
    status, started = tablet.ask(
        "POST",
        "/api/schema/pipeline/execute",
        {**crowd.body, "seed": ticket},
        Prefer="respond-async",
    )
    if status not in (200, 202):
        troubles.append(f"POST: {status} {started}")
        return None
    return str(started["run_id"])


def _watch(tablet: Tablet, run_id: str) -> str:
    """The status with which its stream ended, or what came in place of a stream."""
    status, last = tablet.last_event(f"/api/runs/{run_id}/events")
    return str(last.get("status")) if status == 200 else f"the stream was {status}"


def _ask(tablet: Tablet, run_id: str, crowd: Crowd) -> str:
    """The final status, or what came in place of the state."""
    while True:
        time.sleep(crowd.poll_seconds)
        status, state = tablet.ask("GET", f"/api/runs/{run_id}")
        if status != 200:
            return f"GET was {status}"
        if state["status"] in _FINAL:
            return str(state["status"])
