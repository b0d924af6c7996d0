"""What every format of exports has to do. `test_formats.py` runs this over all that are wired.

A new format needs nothing but its place in `export_formats()`.
"""

from __future__ import annotations

import gc
import io
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from devserver.my_app.services.exports import spool
from devserver.my_app.services.exports.port import ExportedRun, ExportFormat, ExportOptions
from tests.exported_runs import HOSTILE_TEXTS, LONE_SURROGATES, a_run
from tests.media_samples import png_bytes

_LARGE = 24 * 1024**2
_MEMORY_BYTES = 12 * 1024**2


class OneWay(io.RawIOBase):
    """Takes bytes and gives none back: no seeking, no telling, no reading, and no closing."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.was_closed = False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def write(self, data: object) -> int:
        self.data += memoryview(data).cast("B")  # type: ignore[arg-type]
        return len(memoryview(data).cast("B"))  # type: ignore[arg-type]


class Broken(Exception):
    """What `runs` or `out` raises."""


class Refusing(OneWay):
    """As a disk that is full after so many bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: object) -> int:
        if len(self.data) + len(memoryview(data).cast("B")) > self._room:  # type: ignore[arg-type]
            raise Broken
        return super().write(data)


def written(known: ExportFormat, runs: Iterator[ExportedRun], **options: object) -> bytes:
    """What a format makes of these runs."""
    out = OneWay()
    known.write(runs, out, ExportOptions(**options))  # type: ignore[arg-type]
    return bytes(out.data)


class FormatRules:
    """Inherited by the tests of `test_formats.py`, which give `known` each format in turn."""

    def test_its_name_goes_into_an_address(self, known: ExportFormat) -> None:
        assert known.name.isascii()
        assert known.name.replace("_", "").isalnum()
        assert known.name == known.name.lower()
        assert not known.extension.startswith(".")
        assert "/" in known.mime_type

    @pytest.mark.parametrize("number", [0, 1, 3])
    @pytest.mark.parametrize("language", ["de", "en"])
    def test_writes_any_number_of_runs(
        self, known: ExportFormat, tmp_path: Path, number: int, language: str
    ) -> None:
        runs = [a_run(tmp_path) for _ in range(number)]
        data = written(known, iter(runs), language=language, title="Ein <Titel> & mehr")
        assert data or (known.name == "jsonl" and not number)

    @pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
    def test_takes_any_text(self, known: ExportFormat, tmp_path: Path, text: str) -> None:
        assert written(known, iter([a_run(tmp_path, text)]), title=text[:200])

    def test_takes_what_no_encoding_can_hold(self, known: ExportFormat, tmp_path: Path) -> None:
        assert written(known, iter([a_run(tmp_path, LONE_SURROGATES)]))

    def test_takes_metadata_that_say_next_to_nothing(
        self, known: ExportFormat, tmp_path: Path
    ) -> None:
        run = a_run(tmp_path)
        bare = run.metadata.having(
            user_id=None, timestamp=None, finished_at=None, schema_id=None, stages=(), jobs=(),
            outputs=(), transformed_text=None, error=None, input_text="",
        )  # fmt: skip
        assert written(known, iter([ExportedRun(bare, run.files[:1])]))

    def test_a_failure_of_the_runs_goes_on_to_the_caller(
        self, known: ExportFormat, tmp_path: Path
    ) -> None:
        def runs() -> Iterator[ExportedRun]:
            yield a_run(tmp_path)
            raise Broken

        with pytest.raises(Broken):
            written(known, runs())
        gc.collect()  # nothing is left open, which would warn

    @pytest.mark.parametrize("room", [0, 100, 1000])
    def test_a_failure_of_the_output_goes_on_to_the_caller(
        self, known: ExportFormat, tmp_path: Path, room: int
    ) -> None:
        with pytest.raises(Broken):
            known.write(iter([a_run(tmp_path)]), Refusing(room), ExportOptions())  # type: ignore[arg-type]
        gc.collect()

    def test_leaves_the_output_open(self, known: ExportFormat, tmp_path: Path) -> None:
        out = OneWay()
        known.write(iter([a_run(tmp_path)]), out, ExportOptions())  # type: ignore[arg-type]
        assert not out.closed

    def test_keeps_nothing_between_two_exports(self, known: ExportFormat, tmp_path: Path) -> None:
        first, second = a_run(tmp_path), a_run(tmp_path)
        written(known, iter([first]))
        assert first.run_id.encode() not in written(known, iter([second]))

    def test_takes_the_runs_one_by_one(self, known: ExportFormat, tmp_path: Path) -> None:
        """The files of a run are gone when the next one is taken."""
        runs = [a_run(tmp_path) for _ in range(3)]

        def one_by_one() -> Iterator[ExportedRun]:
            for run in runs:
                yield run
                for file in run.files:
                    file.path.unlink()

        assert written(known, one_by_one())

    def test_lays_nothing_where_the_system_has_its_temporary_files(
        self, known: ExportFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """That may be a small disk in memory, and it is not the one whose room was asked for."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
        monkeypatch.setattr(spool, "_IN_MEMORY", 1)
        assert written(known, iter([a_run(tmp_path), a_run(tmp_path)]))

    def test_holds_no_media_in_memory(self, known: ExportFormat, tmp_path: Path) -> None:
        large = [a_run(tmp_path, media=png_bytes() + bytes(_LARGE)) for _ in range(2)]

        class Nowhere(OneWay):
            def write(self, data: object) -> int:
                return len(memoryview(data).cast("B"))  # type: ignore[arg-type]

        written(known, iter([a_run(tmp_path)]))  # what is imported or looked up once
        tracemalloc.start()
        try:
            known.write(iter(large), Nowhere(), ExportOptions())  # type: ignore[arg-type]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < _MEMORY_BYTES
