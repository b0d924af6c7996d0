from __future__ import annotations

import io
import zipfile
from pathlib import Path

from devserver.my_app.services.exports.zip_writer import ZipWriter
from tests.services.exports.format_rules import OneWay


def test_more_entries_than_old_zip_files_can_count() -> None:
    out = OneWay()
    with ZipWriter(out) as package:  # type: ignore[arg-type]
        for number in range(66_000):
            package.add_bytes(str(number), b"")
    with zipfile.ZipFile(io.BytesIO(out.data)) as opened:
        assert len(opened.namelist()) == 66_000


def test_a_file_of_unknown_size_comes_out_whole(tmp_path: Path) -> None:
    out = OneWay()
    with ZipWriter(out) as package, package.new_file("a.txt", "2026-01-02T03:04:05+02:00") as file:  # type: ignore[arg-type]
        for number in range(1000):
            file.write(f"{number}\n".encode())
    with zipfile.ZipFile(io.BytesIO(out.data)) as opened:
        assert opened.read("a.txt").decode().splitlines() == [str(n) for n in range(1000)]
        assert opened.getinfo("a.txt").date_time == (2026, 1, 2, 1, 4, 4)  # even seconds


def test_times_that_zip_files_do_not_know(tmp_path: Path) -> None:
    out = OneWay()
    times = ["", None, "nonsense", "1601-01-01T00:00:00", "9999-12-31T23:59:59+00:00"]
    with ZipWriter(out) as package:  # type: ignore[arg-type]
        for number, time in enumerate(times):
            package.add_bytes(str(number), b"x", time)
    with zipfile.ZipFile(io.BytesIO(out.data)) as opened:
        assert {entry.date_time for entry in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_output_that_takes_only_a_part_gets_the_rest(tmp_path: Path) -> None:
    class Sparing(OneWay):
        def write(self, data: object) -> int:
            return super().write(memoryview(data).cast("B")[:7])  # type: ignore[arg-type]

    out = Sparing()
    (tmp_path / "file").write_bytes(bytes(range(256)))
    with ZipWriter(out) as package:  # type: ignore[arg-type]
        package.add_file("file", tmp_path / "file")
    with zipfile.ZipFile(io.BytesIO(out.data)) as opened:
        assert opened.read("file") == bytes(range(256))
