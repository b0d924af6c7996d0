"""The configured ComfyUI servers: which answer, what each can run, and who may use one next."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from devserver.my_app.services.backends.port import BackendNotConfigured, BackendUnreachable
from devserver.my_app.services.comfyui.abilities import Abilities, Missing
from devserver.my_app.services.comfyui.client import ComfyUIClient
from devserver.my_app.services.comfyui.workflow import Workflow

logger = logging.getLogger(__name__)

IN_FLIGHT = 2
"""Runs at one server at a time: so its GPU never waits, and our own queue stays fair."""

_MADE_READY = 1
_CHECK_SECONDS = 10.0
_ABILITIES_SECONDS = 60.0
_TURN_SECONDS = 0.5
_RETURN_SECONDS = 45.0


@dataclass(frozen=True)
class ServerState:
    """What is known of one server; `trouble` says in a sentence why it can't be used."""

    url: str
    version: str | None
    trouble: str | None


class _Server:
    def __init__(self, url: str) -> None:
        self.url = url
        self.version: str | None = None
        self.trouble: str | None = "It was not asked yet."
        self.abilities: Abilities | None = None
        self.abilities_age = 0.0
        self.in_flight = 0
        """Runs that have a place here: at work, or being made ready for it."""
        self.at_work = 0
        """Prompts that this ComfyUI has."""
        self.seen = float("-inf")

    @property
    def is_up(self) -> bool:
        return self.trouble is None and self.abilities is not None


class ComfyUIServers:
    """Watches the servers in the background and hands out places at them, first come first served.

    A server that stops answering is left out; it comes back by itself when it answers again.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        check_seconds: float = _CHECK_SECONDS,
        in_flight: int = IN_FLIGHT,
        return_seconds: float = _RETURN_SECONDS,
    ) -> None:
        self._servers = {url: _Server(url) for url in urls}
        self._check_seconds = check_seconds
        self._in_flight = in_flight
        self._return_seconds = return_seconds
        self._changed = threading.Condition()
        self._line: dict[int, frozenset[str]] = {}
        self._tickets = itertools.count()
        self._closed = threading.Event()
        for url in urls:
            self.check(url)
            threading.Thread(
                target=self._watch, args=(url,), daemon=True, name=f"comfyui-watch {url}"
            ).start()

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()

    def states(self) -> list[ServerState]:
        """What is known of each server, in the configured order."""
        with self._changed:
            return [ServerState(s.url, s.version, s.trouble) for s in self._servers.values()]

    def lacks(self, workflow: Workflow) -> Missing | None:
        """What the servers that answer lack for `workflow`; None when one can, or none answers."""
        with self._changed:
            missing = [
                s.abilities.lacks(workflow)
                for s in self._servers.values()
                if s.is_up and s.abilities is not None
            ]
        return missing[0] if missing and all(missing) else None

    def lacks_at(self, url: str, workflow: Workflow) -> Missing | None:
        """What one server lacks for `workflow`; None when nothing, or when it doesn't answer."""
        with self._changed:
            server = self._servers[url]
            return server.abilities.lacks(workflow) if server.is_up and server.abilities else None

    def report_trouble(self, url: str, sentence: str) -> None:
        """Leave a server out that failed to answer somebody; it is asked again in a while."""
        with self._changed:
            self._servers[url].trouble = sentence
            self._changed.notify_all()

    def is_known(self, url: str) -> bool:
        """Whether this is one of the configured servers."""
        return url in self._servers

    @contextmanager
    def hold(self, url: str) -> Iterator[None]:
        """Count a run that is at a server already, from before a restart, as one under way."""
        server = self._servers[url]
        with self._changed:
            server.in_flight += 1
            server.at_work += 1
        try:
            yield
        finally:
            with self._changed:
                server.at_work -= 1
            self._leave(server)

    @contextmanager
    def turn(
        self, url: str, check_wanted: Callable[[], None], on_ahead: Callable[[int], None]
    ) -> Iterator[None]:
        """Wait, with a place and everything ready, until the server may get one more prompt.

        `check_wanted` and `on_ahead` are as for `place`.
        """
        server = self._servers[url]
        while not self._begin_work(server):
            check_wanted()
            on_ahead(server.at_work)
        try:
            yield
        finally:
            with self._changed:
                server.at_work -= 1
                self._changed.notify_all()

    def _begin_work(self, server: _Server) -> bool:
        with self._changed:
            is_free = self._changed.wait_for(
                lambda: server.at_work < self._in_flight, _TURN_SECONDS
            )
            server.at_work += is_free
            return is_free

    @contextmanager
    def place(
        self,
        workflow: Workflow,
        check_wanted: Callable[[], None],
        on_ahead: Callable[[int], None],
    ) -> Iterator[str]:
        """Wait for a place at a server that can run `workflow`; gives its URL.

        There is one more than prompts it may have, so that the next one is made ready meanwhile;
        it is sent in its `turn`.

        Among the servers with a free place, the one with the shortest queue. While waiting,
        `check_wanted` is called, which raises when nobody wants it any more, and `on_ahead` hears
        how many runs are before this one.
        Raises BackendUnreachable when no server answers, nor has done lately, and
        BackendNotConfigured when none can run it.
        """
        ticket = next(self._tickets)
        server = None
        try:
            while server is None:
                check_wanted()
                server = self._take(ticket, self._able(workflow))
                if server is None:
                    on_ahead(self._ahead_of(ticket))
        finally:
            with self._changed:
                self._line.pop(ticket, None)
                self._changed.notify_all()
        try:
            yield server.url
        finally:
            self._leave(server)

    def check(self, url: str) -> None:
        """Ask a server how it is, now."""
        server = self._servers[url]
        try:
            with ComfyUIClient(url) as client:
                version = client.version()
                is_old = time.monotonic() - server.abilities_age > _ABILITIES_SECONDS
                if server.abilities is None or server.trouble or is_old:
                    server.abilities = Abilities(client.object_info())
                    server.abilities_age = time.monotonic()
            trouble = None
        except BackendUnreachable as error:
            version, trouble = None, str(error)
        if (trouble is None) != (server.trouble is None):
            logger.info("ComfyUI at %s: %s", url, trouble or f"answers, version {version}")
        with self._changed:
            server.version, server.trouble = version, trouble
            if trouble is None:
                server.seen = time.monotonic()
            self._changed.notify_all()

    def _watch(self, url: str) -> None:
        while not self._closed.wait(self._check_seconds):
            self.check(url)

    def _able(self, workflow: Workflow) -> frozenset[str]:
        able = self._able_now(workflow)
        if able is None:
            # Perhaps one has just come back: ask before saying no.
            for url in self._servers:
                self.check(url)
            able = self._able_now(workflow)
        if able is None:
            if self._one_was_seen_lately():
                return frozenset()
            raise BackendUnreachable("No ComfyUI answers.")
        if not able:
            raise BackendNotConfigured("No ComfyUI that answers can run this workflow.")
        return able

    def _able_now(self, workflow: Workflow) -> frozenset[str] | None:
        """The servers that can run it; None when none answers at all."""
        with self._changed:
            up = [s for s in self._servers.values() if s.is_up]
            if not up:
                return None
            return frozenset(
                s.url for s in up if s.abilities is not None and s.abilities.lacks(workflow) is None
            )

    def _one_was_seen_lately(self) -> bool:
        """Whether a server may just be starting again; then it is worth waiting for."""
        since = time.monotonic() - self._return_seconds
        with self._changed:
            return any(server.seen > since for server in self._servers.values())

    def _take(self, ticket: int, able: frozenset[str]) -> _Server | None:
        """A place at one of `able`; None when it isn't our turn yet, after waiting a while."""
        with self._changed:
            self._line[ticket] = able
            free = self._free_for(ticket, able)
            if not free:
                self._changed.wait(_TURN_SECONDS)
                free = self._free_for(ticket, able)
            if not free:
                return None
            # Counted before their queues are asked, so that nobody else takes it meanwhile.
            for server in free:
                server.in_flight += 1
        chosen = free[0] if len(free) == 1 else min(free, key=self._queue_length)
        for server in free:
            if server is not chosen:
                self._leave(server)
        return chosen

    def _ahead_of(self, ticket: int) -> int:
        with self._changed:
            under_way = sum(server.in_flight for server in self._servers.values())
            return under_way + sum(1 for other in self._line if other < ticket)

    def _free_for(self, ticket: int, able: frozenset[str]) -> list[_Server]:
        wanted_before = {
            url for other, urls in self._line.items() if other < ticket for url in urls
        }
        return [
            self._servers[url]
            for url in self._servers
            if url in able
            and url not in wanted_before
            and self._servers[url].in_flight < self._in_flight + _MADE_READY
        ]

    def _queue_length(self, server: _Server) -> float:
        try:
            with ComfyUIClient(server.url) as client:
                return len(client.queue())
        except BackendUnreachable as error:
            self.report_trouble(server.url, str(error))
            return float("inf")

    def _leave(self, server: _Server) -> None:
        with self._changed:
            server.in_flight -= 1
            self._changed.notify_all()
