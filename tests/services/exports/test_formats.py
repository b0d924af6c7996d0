"""Every format that is wired, under the same rules."""

from __future__ import annotations

import pytest

from devserver.my_app.export_wiring import FORMAT_NAMES, export_formats
from devserver.my_app.report_wiring import ReportParts
from devserver.my_app.services.exports.port import ExportFormat
from tests.services.exports.format_rules import FormatRules
from tests.services.exports.report_samples import parts


@pytest.fixture(name="reports", scope="module")
def _reports(tmp_path_factory: pytest.TempPathFactory) -> ReportParts:
    return parts(tmp_path_factory.mktemp("reports"))


@pytest.fixture(name="known")
def _known(request: pytest.FixtureRequest, reports: ReportParts) -> ExportFormat:
    return {known.name: known for known in export_formats(reports)}[request.param]


@pytest.mark.parametrize("known", FORMAT_NAMES, indirect=True)
class TestEveryFormat(FormatRules):
    pass


def test_each_has_a_name_of_its_own(reports: ReportParts) -> None:
    assert tuple(known.name for known in export_formats(reports)) == FORMAT_NAMES
    assert len(set(FORMAT_NAMES)) == len(FORMAT_NAMES)


def test_each_has_an_ending_of_its_own(reports: ReportParts) -> None:
    """A run that is exported at its end in several formats has them all in one folder."""
    endings = [known.extension for known in export_formats(reports)]
    assert len(set(endings)) == len(endings)
