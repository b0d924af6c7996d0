"""Opening ordinary files only."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from devserver.my_app.services.regular_files import regular

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders hold no pipes there")


def test_an_ordinary_file_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\r\n\x1a")
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        with open(tmp_path / name, "rb", opener=regular) as file:
            assert file.read() == b"\r\n\x1a"


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_nothing_else_is_opened_nor_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket has to be short
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        before = open_files()
        for path in ("pipe", "link", "folder", "socket", "/dev/null"):
            with pytest.raises(OSError), open(tmp_path / path, "rb", opener=regular):
                pass
        assert open_files() == before
