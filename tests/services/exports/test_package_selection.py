"""Which runs a package is made of."""

from __future__ import annotations

import json

import pytest

from devserver.my_app.services.export_manager import ExportFormatUnknown, ExportWish
from devserver.my_app.services.exports.package import PackageNotFound
from devserver.my_app.services.exports.package_selection import SelectionEmpty
from devserver.my_app.services.exports.port import ExportOptions
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import RunIdInvalid, new_run_id
from tests.exported_runs import a_stored_run
from tests.services.exports.package_rig import ZIP, Rig


def test_a_query_selects(rig: Rig, storage: MediaStorageService) -> None:
    ids = {a_stored_run(storage) for _ in range(3)}
    package, is_new = rig.packages.ask(ExportWish("jsonl"), query={"schema": "dada"})
    assert is_new
    assert rig.queries == [{"schema": "dada"}]
    package = rig.ended(package)
    lines = rig.packages.file(package.package_id)[1].read_text().splitlines()
    assert {json.loads(line)["run_id"] for line in lines} == ids


def test_what_can_not_be_asked_for_is_named(rig: Rig, storage: MediaStorageService) -> None:
    known, unknown = a_stored_run(storage), new_run_id()
    with pytest.raises(RunNotFound) as failure:
        rig.ask([known, unknown])
    assert failure.value.details == {"unknown": [unknown]}
    with pytest.raises(RunIdInvalid):
        rig.ask(["../x"])
    with pytest.raises(SelectionEmpty):
        rig.ask([])
    with pytest.raises(ExportFormatUnknown) as other:
        rig.ask([known], ExportWish("docx"))
    assert other.value.details == {"known": ["zip", "jsonl", "held"]}
    for call in (rig.packages.get, rig.packages.file, rig.packages.cancel, rig.packages.delete):
        for package_id in ("0" * 32, "../../json", ""):
            with pytest.raises(PackageNotFound):
                call(package_id)
    assert rig.files() == set()


def test_the_same_is_made_once_until_a_run_changes(rig: Rig, storage: MediaStorageService) -> None:
    ids = [a_stored_run(storage), a_stored_run(storage, is_over=False)]
    first = rig.ended(rig.ask(ids))
    again, is_new = rig.packages.ask(ZIP, run_ids=ids)
    assert (again, is_new) == (first, False)
    others = [
        rig.ask(list(reversed(ids))),
        rig.ask(ids[:1]),
        rig.ask(ids, ExportWish("jsonl")),
        rig.ask(ids, ExportWish("zip", options=ExportOptions(title="x"))),
    ]
    storage.finish_run(ids[1], "success")
    others.append(rig.ask(ids))
    assert len({first.package_id, *(one.package_id for one in others)}) == 6
    assert rig.ended(others[-1]).runs == 2
