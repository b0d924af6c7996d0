from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

if os.name == "nt":
    pytest.skip("gunicorn does not run there", allow_module_level=True)

from gunicorn.config import Config

from devserver.gunicorn_log import GunicornLog
from devserver.overseer import Overseer


@pytest.fixture
def overseer(monkeypatch: pytest.MonkeyPatch) -> Overseer:
    """One that may start no process."""

    def fork() -> int:
        raise AssertionError("a second process")

    monkeypatch.setattr(os, "fork", fork)
    cfg = Config()
    cfg.set("logger_class", GunicornLog)
    return Overseer(SimpleNamespace(cfg=cfg))


def test_a_closed_terminal_ends_it(overseer: Overseer) -> None:
    with pytest.raises(StopIteration):
        overseer.handle_hup()


def test_no_signal_brings_a_second_worker(overseer: Overseer) -> None:
    overseer.WORKERS = {1: "the worker"}
    for handle in (overseer.handle_ttin, overseer.handle_ttou, overseer.handle_usr2):
        handle()
    assert overseer.num_workers == 1
