from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

if os.name == "nt":
    pytest.skip("gunicorn does not run there", allow_module_level=True)

from gunicorn.config import Config

from devserver.gunicorn_log import GunicornLog


@pytest.fixture
def log() -> Iterator[GunicornLog]:
    yield GunicornLog(Config())
    logging.getLogger("gunicorn.error").filters.clear()


@pytest.mark.parametrize(("status", "told"), [(4, []), (3, ["exited with code 3", "Reason"])])
def test_only_a_start_that_explained_itself_is_not_told_again(
    log: GunicornLog, caplog: pytest.LogCaptureFixture, status: int, told: list[str]
) -> None:
    log.error("Worker (pid:%s) exited with code %s.", 1, status)
    log.error("Reason: %s", "App failed to load.")
    assert len(caplog.messages) == len(told)
    assert all(part in said for part, said in zip(told, caplog.messages, strict=True))
