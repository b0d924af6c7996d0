"""What the gallery calls the steps, techniques, makers and levels of a run, for reports, too.

There is one source, the words of the pages, so that a step that is read about in a report is found
in the gallery under the same name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.atelier.pictograms import CREDIT
from devserver.my_app.services.exports.port import Language

_LOCALES = PROJECT_FOLDER / "devserver" / "public_dev" / "locales"
_NUMBERED = re.compile(r"(\w+)_(\d+)", re.ASCII)
_WITHOUT_LETTER = re.compile(r"without_(.)")


class GalleryWords:
    """The words of one language. What nobody has a word for is called by its id."""

    def __init__(self, language: Language) -> None:
        self._words = _read(language)

    def step(self, name: str) -> str:
        """A step; those of a kind share their words, such as `listener_3` and `without_e`."""
        if known := self._words.get(f"gallery.step.{name}"):
            return known
        if numbered := _NUMBERED.fullmatch(name):
            kind, number = numbered.groups()
            if known := self._words.get(f"gallery.step.{kind}_n"):
                return known.replace("{number}", number)
        if without := _WITHOUT_LETTER.fullmatch(name):
            return self._words["gallery.step.without_letter"].replace("{letter}", without[1])
        return name

    def technique(self, name: str) -> str:
        """A technique of this server, such as `cut_up`."""
        return self._words.get(f"gallery.technique.{name}", name)

    def backend(self, name: str) -> str:
        """Who made or wrote something, such as `embedded`."""
        return self._words.get(f"gallery.backend.{name}", name)

    def level(self, name: str) -> str:
        """A safety level, with the id that requests and filters have."""
        known = self._words.get(f"gallery.level.{name}")
        return f"{known} ({name})" if known else name

    def credit(self, credit: str | None, licence: str | None) -> str:
        """Whom a medium is owed to, and its licence where that doesn't say it."""
        said = self._words["common.credit.pictograms"] if credit == CREDIT else credit or ""
        if not licence or licence in said:
            return said
        return f"{said} · {licence}" if said else licence


@cache
def _read(language: Language) -> Mapping[str, str]:
    found: dict[str, str] = json.loads((_LOCALES / f"{language}.json").read_text(encoding="utf-8"))
    return found
