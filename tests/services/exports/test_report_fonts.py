from __future__ import annotations

from pathlib import Path

import pytest

from devserver.my_app.services.exports import report_fonts
from devserver.my_app.services.exports.report_fonts import (
    FAMILIES,
    choose_fonts,
    unpack_fonts,
    with_numbers,
)


@pytest.fixture(name="fonts", scope="module")
def _fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fonts")
    unpack_fonts(folder)
    return folder


def test_the_families_are_what_the_files_call_themselves(fonts: Path) -> None:
    import typst

    found = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)]
    )
    assert set(FAMILIES) == set(found.families())


@pytest.mark.parametrize(
    "text",
    [
        "ÄÖÜ ß éèê",
        "ığüşöç İ",
        "Ελλάδα",
        "Привет",
        "مرحبا",
        "שלום",
        "สวัสดี",
        "नमस्ते",
        "∑ ∞ √",
        "♫ ★ ☎",
        "👩‍🚀🎉❤️",
    ],
)
def test_many_scripts_have_a_font(fonts: Path, text: str) -> None:
    choice = choose_fonts({text}, fonts)
    assert choice.missing == frozenset()
    assert choice.families == FAMILIES


def test_the_fonts_of_this_computer_are_asked_last(
    fonts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    font = fonts / "FiraGO-Regular.ttf"
    monkeypatch.setattr(report_fonts, "_system_fonts", lambda: (("FiraGO", font),))
    choice = choose_fonts({"ab", "\U000f1234"}, tmp_path)
    assert choice.families == (*FAMILIES, "FiraGO")
    assert choice.folders == (tmp_path, fonts)
    assert choice.missing == frozenset("\U000f1234")


def test_signs_without_a_font_are_numbered() -> None:
    assert with_numbers("a漢b", frozenset("漢")) == "a[U+6F22]b"


def test_fonts_are_laid_out_once(fonts: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in fonts.iterdir()}
    unpack_fonts(fonts)
    assert {path: path.stat().st_mtime_ns for path in fonts.iterdir()} == before
