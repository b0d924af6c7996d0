"""A thread that writes rows while the next ones are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from devserver.my_app.services.processors import use_processors
from devserver.my_app.services.run_index.rows import Row

Rows = Mapping[str, Row | None]


class WritingBeside:
    """Writes rows in the order in which they are given, one lot at a time.

    What is raised while rows are written is raised by the next call, at the latest at the end of
    its `with`, unless that ends in an error anyway. After it, nothing is being written any more.
    """

    def __init__(self, write: Callable[[Rows], None]) -> None:
        self._write = write
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="run-index-writing", initializer=use_processors
        )
        self._under_way: Future[None] | None = None

    def write(self, rows: Rows) -> None:
        """Have these rows written after those before, which are written when this returns."""
        self.wait()
        if rows:
            self._under_way = self._thread.submit(self._write, rows)

    def wait(self) -> None:
        """Return when all that was given is written. Raises what kept it from that."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.shutdown()
        if error is None:
            self.wait()
