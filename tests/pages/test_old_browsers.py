"""The pages use nothing that Safari on iPadOS 14 or a plain http address doesn't have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER

PAGES = PROJECT_FOLDER / "devserver" / "public_dev"
SCRIPTS = [*PAGES.glob("js/**/*.js"), *PAGES.glob("vendor/**/*.js")]
OWN = [path for path in SCRIPTS if "vendor" not in path.parts]
NOT_IN_SCRIPTS = {
    "randomUUID": r"randomUUID",  # not on plain http
    "subtle crypto": r"crypto\.subtle",  # not on plain http
    "clipboard": r"navigator\.clipboard",  # not on plain http
    "service worker": r"navigator\.serviceWorker",  # not on plain http
    "structuredClone": r"\bstructuredClone\(",  # 15.4
    "at": r"\.at\(-?\d",  # 15.4
    "findLast": r"\.findLast(Index)?\(",  # 15.4
    "hasOwn": r"Object\.hasOwn\(",  # 15.4
    "replaceChildren": r"\.replaceChildren\(",  # 14.1
    "dialog element": r"\.showModal\(|<dialog",  # 15.4
    "top-level await": r"^(?:const .*= )?await ",  # 15
    "class fields": r"^(?:export )?class .*\n(?:(?!\}).*\n)*?  (?:static )?#?\w+(?: =|;)",  # 14.1
    "private": r"this\.#",  # 14.1
    "static block": r"\bstatic \{",  # 16.4
    "lookbehind": r"\(\?<[=!]",  # 16.4
    "regexp v": r"/[a-z]*v[a-z]*\.(?:test|exec)\(",  # 17
    "timeout signal": r"AbortSignal\.(timeout|any)",  # 16
    "requestIdleCallback": r"requestIdleCallback",  # never
    "withResolvers": r"withResolvers|Object\.groupBy|\.toSorted\(|\.toReversed\(",  # 16, 17
}
NOT_IN_OWN_SCRIPTS = {
    "innerHTML": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser",
    "eval": r"\beval\(|new Function\(",
    "style attribute": r"setAttribute\(\s*[\"']style|style:\s*[`\"']",
    "other hosts": r"https?://",
}
NOT_IN_STYLES = {
    "has": r":has\(",  # 15.4
    "is, where": r":where\(",  # 14, but not in every build
    # 14.1; to ask for it tells who has no gap in rows of flex, which came with it.
    "inset": r"(?<!^@supports not \()\binset:",
    "dvh": r"\d[dsl]v[hw]\b",  # 15.4
    "layers": r"@layer|@container|light-dark\(|color-mix\(|oklch\(",  # 15.4 to 17.5
    "nesting": r"^\s+&",  # 16.5
    "scripts": r"url\(\s*[\"']?(?:https?:)?//",
}


def faults(paths: list[Path], forbidden: dict[str, str]) -> list[str]:
    return [
        f"{path.name}: {name}"
        for path in paths
        for name, pattern in forbidden.items()
        if re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def test_scripts() -> None:
    assert len(OWN) > 8
    assert faults(SCRIPTS, NOT_IN_SCRIPTS) == []
    assert faults(OWN, NOT_IN_OWN_SCRIPTS) == []


def test_styles() -> None:
    assert faults([*PAGES.glob("css/*.css")], NOT_IN_STYLES) == []


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda path: path.name)
def test_pages_hold_no_script_or_style_of_their_own(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)|https?://", text)
    assert 'name="viewport"' in text and "user-scalable" not in text


def test_a_forbidden_word_would_be_found(tmp_path: Path) -> None:
    script = tmp_path / "script.js"
    script.write_text(
        "id = crypto.randomUUID();\nawait begin();\nclass A {\n  b = 1;\n}\n",
        encoding="utf-8",
    )
    assert faults([script], NOT_IN_SCRIPTS) == [
        "script.js: randomUUID",
        "script.js: top-level await",
        "script.js: class fields",
    ]


def test_vendored_parts_find_each_other_and_bring_their_licence() -> None:
    folder = PAGES / "vendor" / "three"
    assert "MIT" in (folder / "LICENSE").read_text(encoding="utf-8")
    for script in folder.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        for target in re.findall(r"^\}? ?(?:import .*)?from ?[\"']([^\"']+)", text, re.MULTILINE):
            assert (folder / target).is_file(), (script.name, target)
