from __future__ import annotations

from pathlib import Path

import pytest

from devserver.my_app.services.run_id import RunIdInvalid, new_run_id
from devserver.my_app.services.unfinished_deletions import UnfinishedDeletions


def test_marks_stay_until_they_are_ended(tmp_path: Path) -> None:
    marks = UnfinishedDeletions(tmp_path)
    assert marks.ids() == frozenset()
    one, other = new_run_id(), new_run_id()
    for run_id in (one, other, one):
        marks.begin(run_id)
    assert UnfinishedDeletions(tmp_path).ids() == {one, other}
    marks.end([one, new_run_id()])
    assert marks.ids() == {other}


def test_what_is_no_run_has_no_mark(tmp_path: Path) -> None:
    marks = UnfinishedDeletions(tmp_path)
    with pytest.raises(RunIdInvalid):
        marks.begin("../outside")
    marks.begin(new_run_id())
    (tmp_path / "unfinished" / "notes.txt").write_text("by hand")
    assert len(marks.ids()) == 1
