from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from devserver.my_app.services.exports.formats.pdf import RUNS_AT_A_TIME, PdfReport
from devserver.my_app.services.exports.port import ExportedRun, ExportOptions
from devserver.my_app.services.exports.report_fonts import choose_fonts
from devserver.my_app.services.exports.shown_text import visible
from devserver.my_app.services.worker_pool import WorkerPool
from tests.services.exports.report_samples import (
    HOSTILE,
    Unseekable,
    breaking_off,
    illustrations,
    run_with,
    runs_of_each_end,
    watched,
    written,
)


@pytest.fixture(name="fonts", scope="session")
def _fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture(name="report")
def _report(tmp_path: Path, fonts: Path) -> PdfReport:
    return PdfReport(illustrations(tmp_path), scratch=tmp_path / "scratch", fonts=fonts)


def made(report: PdfReport, *runs: ExportedRun, **options: object) -> PdfReader:
    return PdfReader(io.BytesIO(written(report, *runs, **options)), strict=True)


def language_of(reader: PdfReader) -> str:
    return str(reader.root_object["/Lang"])


def is_tagged(reader: PdfReader) -> bool:
    marks = reader.root_object["/MarkInfo"].get_object()
    return isinstance(marks, DictionaryObject) and bool(marks["/Marked"])


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def bare(text: str) -> str:
    """A text without what line breaks and columns do to it."""
    return re.sub(r"[\s\u200b-\u200f\ufe0f]", "", text)


@pytest.mark.parametrize("around", ["ff", "fb", "9a", "e\u0301x", "👩\u200d🚀"])
def test_words_are_copied_without_a_sign_nobody_sees(
    report: PdfReport, tmp_path: Path, around: str
) -> None:
    """Not the one where a long word was broken, nor any other with the same signs."""
    text = f"{'a' * 24}{around} und ein Riff, 9 abfbaum"
    reader = made(report, run_with(tmp_path, text, after=None))
    said = text_of(reader)
    assert "ein Riff, 9 abfbaum" in said
    assert text in said.replace("\n", "")
    assert "\u200b" not in said
    [mark] = [item for item in reader.outline if not isinstance(item, list)]
    assert str(mark["/Title"]).endswith(text)


def drawn(report: PdfReport, tmp_path: Path, before: str, sign: str, after: str) -> tuple[str, int]:
    """How a sign within a word is read, and of how many coloured pictures the report is drawn."""
    reader = made(report, run_with(tmp_path, before + sign + after, after=None))
    found = re.search(rf"{before}(\S+?)\s*{after[:3]}", text_of(reader))
    assert found
    fonts = {
        font.indirect_reference: font.get_object()
        for page in reader.pages
        for font in page["/Resources"]["/Font"].get_object().values()  # type: ignore[index]
    }
    return found[1], sum(len(font.get("/CharProcs", ())) for font in fonts.values())


@pytest.mark.parametrize("sign", ["कि", "1\ufe0f\u20e3", "🇩🇪", "👩\u200d🚀"])
def test_a_long_word_is_broken_between_signs_not_within_them(
    report: PdfReport, tmp_path: Path, sign: str
) -> None:
    """Half a flag is a letter, and a vowel sign without its letter is a dotted circle."""
    in_short_word = drawn(report, tmp_path / "short", "w" * 3, sign, "m" * 3)
    assert drawn(report, tmp_path / "long", "w" * 24, sign, "m" * 60) == in_short_word


def test_ids_stand_on_one_line_and_can_be_looked_for(report: PdfReport, tmp_path: Path) -> None:
    run_id = "00d86d9d-fb00-4d00-9d00-fb0d0d0d0d0d"
    run = run_with(tmp_path, run_id=run_id)
    assert f"{run_id}\n" in text_of(made(report, run))


def test_long_words_are_broken_to_fit_their_column(report: PdfReport, tmp_path: Path) -> None:
    said = text_of(made(report, run_with(tmp_path, "w" * 400, after="m" * 400)))
    lines = [line for line in said.splitlines() if line.startswith(("wwwww", "mmmmm"))]
    assert max(map(len, lines)) <= 75
    assert said.count("w" * 25 + "\n") >= 400 / 25


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_report_holds_everything_of_a_run(
    report: PdfReport, tmp_path: Path, language: str
) -> None:
    runs = runs_of_each_end(tmp_path)
    reader = made(report, *runs, language=language, title="Mein Bericht", licence="CC BY 4.0")
    said = bare(text_of(reader))
    for run in runs:
        assert run.run_id in said
        assert bare(run.metadata.input_text) in said
    for words in (
        "Mein Bericht", "CC BY 4.0", "KIND_07", "tanzt", "OpenMoji", "output_3d.glb",
        "Darüber machen wir keine Bilder.", "No ComfyUI answers.", "backend_unreachable",
        "4 Läufe" if language == "de" else "4 runs",
        "ohne KI-Modell" if language == "de" else "without an AI model",
    ):  # fmt: skip
        assert bare(words) in said, words
    assert sum(len(page.images) for page in reader.pages) == 4
    assert reader.metadata is not None
    assert reader.metadata.title == "Mein Bericht"
    assert language_of(reader) == language
    assert is_tagged(reader)
    top = [item for item in reader.outline if not isinstance(item, list)]
    assert len(top) == 4


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_shown(report: PdfReport, tmp_path: Path, fonts: Path, name: str) -> None:
    text = HOSTILE[name]
    reader = made(report, run_with(tmp_path, text, after=f"Danach: {text}"))
    said = bare(text_of(reader))
    missing = choose_fonts({text}, fonts).missing
    for word in visible(text).split():
        if name in ("arabic", "hebrew", "directions", "emoji"):
            continue  # what pypdf gives back of them is in another order
        if name == "long word":
            assert said.count("a") >= 2 * len(word)  # page ends part it
            continue
        shown = "".join(f"[U+{ord(c):04X}]" if c in missing else c for c in word)
        assert bare(shown) in said, word
    assert "Danach:" in said
    assert is_tagged(reader)


def test_signs_without_a_font_become_numbers(report: PdfReport, tmp_path: Path) -> None:
    nobody_has = "\U000f1234"
    assert "[U+F1234]" in bare(text_of(made(report, run_with(tmp_path, f"x{nobody_has}y"))))


def test_arabic_and_emoji_have_fonts_of_their_own(
    fonts: Path, report: PdfReport, tmp_path: Path
) -> None:
    made(report, run_with(tmp_path))  # lays the fonts there
    for name in ("arabic", "hebrew", "turkish", "emoji"):
        assert choose_fonts({HOSTILE[name]}, fonts).missing == frozenset()


def test_no_run_makes_a_report_that_says_so(report: PdfReport) -> None:
    assert bare("Die Auswahl enthält keinen Lauf.") in bare(text_of(made(report)))


def test_pictures_are_drawn_while_the_files_are_there(report: PdfReport, tmp_path: Path) -> None:
    """The files of a run are gone when the next is taken: marked copies, archived runs."""

    def one_by_one() -> Iterator[ExportedRun]:
        for number in range(3):
            run = run_with(tmp_path, f"Text {number}", "image")
            yield run
            for file in run.files:
                file.path.unlink()

    out = Unseekable()
    report.write(one_by_one(), out, ExportOptions())
    reader = PdfReader(io.BytesIO(out.getvalue()), strict=True)
    assert sum(len(page.images) for page in reader.pages) == 3


def test_many_runs_are_bound_of_parts(report: PdfReport, tmp_path: Path) -> None:
    count = RUNS_AT_A_TIME * 2 + 3
    runs = (run_with(tmp_path, f"Text Nummer {n}.") for n in range(1, count + 1))
    out = Unseekable()
    report.write(watched(runs, RUNS_AT_A_TIME + 2), out, ExportOptions())
    reader = PdfReader(io.BytesIO(out.getvalue()), strict=True)
    assert f"{count} Läufe" in text_of(reader)
    said = bare(text_of(reader))
    assert all(bare(f"Text Nummer {n}.") in said for n in range(1, count + 1))
    top = [item for item in reader.outline if not isinstance(item, list)]
    assert [str(item["/Title"]) for item in top] == [
        f"Lauf {n}: Text Nummer {n}." for n in range(1, count + 1)
    ]
    first = reader.get_destination_page_number(top[0])
    for number, item in enumerate(top, 1):
        page = reader.get_destination_page_number(item)
        assert page is not None and first is not None
        assert bare(f"Lauf {number}: Text Nummer {number}.") in bare(
            reader.pages[page].extract_text()
        )
        # The page its footer names, the page label and the contents are one.
        assert reader.page_labels[page] == str(page - first + 1)
        footer = bare(f"Seite {page - first + 1}")
        assert footer in bare(reader.pages[page].extract_text())
    contents = "".join(reader.pages[n].extract_text() for n in range(1, first or 0))
    last = reader.get_destination_page_number(top[-1])
    entry = f"Lauf {count}: Text Nummer {count}. gelungen {(last or 0) - (first or 0) + 1}"
    assert bare(entry) in bare(contents)


def test_what_the_runs_raise_comes_out_and_nothing_stays(report: PdfReport, tmp_path: Path) -> None:
    out = Unseekable()
    with pytest.raises(InterruptedError):
        report.write(breaking_off(tmp_path), out, ExportOptions())
    assert out.getvalue() == b""
    assert list((tmp_path / "scratch").iterdir()) == []


def test_pages_are_set_in_a_process_with_limits(tmp_path: Path, fonts: Path) -> None:
    pool = WorkerPool(1, memory_bytes=2 * 1024**3)
    try:
        report = PdfReport(
            illustrations(tmp_path),
            scratch=tmp_path / "scratch",
            fonts=fonts,
            run=partial(pool.run, 300),
        )
        assert "Katze" in text_of(made(report, run_with(tmp_path, "Eine Katze", "image")))
    finally:
        pool.close()
