"""Every format that is wired, under the same rules."""

from __future__ import annotations

import pytest

from devserver.my_app.export_wiring import TEXTS_ONLY, export_formats
from tests.services.exports.format_rules import FormatRules

FORMATS = {known.name: known for known in export_formats()}


@pytest.mark.parametrize("known", FORMATS.values(), ids=FORMATS)
class TestEveryFormat(FormatRules):
    pass


def test_each_has_a_name_of_its_own() -> None:
    assert len(FORMATS) == len(export_formats())
    assert FORMATS.keys() >= TEXTS_ONLY
