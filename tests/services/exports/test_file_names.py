from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.exports.file_names import PortableNames, portable_name

ANY_NAME = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    "name",
    [
        "metadata.json",
        "input_text.txt",
        "workflow_2.json",
        "output_3d.glb",
        "notiz vom 3. März.txt",
    ],
)
def test_ordinary_names_stay(name: str) -> None:
    assert portable_name(name) == name


@given(ANY_NAME)
def test_every_system_can_hold_it(name: str) -> None:
    found = portable_name(name)
    assert 0 < len(found) <= 125
    assert not set('<>:"/\\|?*\0\n') & set(found)
    assert not found.endswith((".", " "))
    assert found not in (".", "..")
    assert found.partition(".")[0].lower() not in ("con", "prn", "aux", "nul", "com1", "lpt9")
    assert portable_name(found) == found


@given(st.lists(st.sampled_from(["a.txt", "A.TXT", "a?.txt", "a*.txt", "con", "x", "a_2.txt"])))
def test_no_two_are_the_same(names: list[str]) -> None:
    given_names = PortableNames()
    found = [given_names.name(name).casefold() for name in names]
    assert len(found) == len(set(found))
