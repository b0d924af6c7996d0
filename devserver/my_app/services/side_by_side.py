"""Work that is done at the same time, and waited for together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from contextvars import copy_context

Work = Callable[[], None]


def side_by_side(works: Iterable[Work]) -> None:
    """Do all of them at once; returns when all are over, or raises then what the first one raised.

    Each has a thread and a copy of the caller's context, in which the log knows the run. Unlike an
    executor's, the threads keep no process from ending.
    """
    under_way = [_begun(work) for work in works]
    wait(under_way)
    for one in under_way:
        one.result()


def _begun(work: Work) -> Future[None]:
    end: Future[None] = Future()
    args = (_do, work, end)
    threading.Thread(target=copy_context().run, args=args, daemon=True).start()
    return end


def _do(work: Work, end: Future[None]) -> None:
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - for who waits for it, whatever it is
        end.set_exception(error)
    else:
        end.set_result(None)
