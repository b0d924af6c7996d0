from __future__ import annotations

import os
import re
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.exports.pseudonyms import PseudonymKeyUnusable, Pseudonyms
from tests.exported_runs import LONE_SURROGATES, a_run


def test_the_same_person_has_the_same_code_always(tmp_path: Path) -> None:
    code = Pseudonyms(tmp_path / "state").code("DOE_J")
    assert Pseudonyms(tmp_path / "state").code("DOE_J") == code
    assert re.fullmatch("P-[A-Z2-7]{24}", code)
    assert Pseudonyms(tmp_path / "other").code("DOE_J") != code


@given(st.lists(st.text(), unique=True, min_size=2, max_size=20))
def test_nobody_shares_a_code(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    pseudonyms = Pseudonyms(tmp_path_factory.mktemp("state"))
    assert len({pseudonyms.code(name) for name in names}) == len(names)


def test_the_key_is_for_nobody_else_and_nothing_else_is_left(tmp_path: Path) -> None:
    Pseudonyms(tmp_path).code(LONE_SURROGATES)
    key = tmp_path / "pseudonym_key"
    assert len(key.read_bytes()) == 32
    assert {entry.name for entry in tmp_path.iterdir()} == {"pseudonym_key", "locks"}
    if os.name != "nt":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_damaged_key_is_never_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pseudonym_key").write_bytes(content)
    with pytest.raises(PseudonymKeyUnusable):
        Pseudonyms(tmp_path).code("DOE_J")
    assert (tmp_path / "pseudonym_key").read_bytes() == content


def test_many_at_once_make_one_key(tmp_path: Path) -> None:
    gate = threading.Barrier(8)
    codes: list[str] = []

    def ask() -> None:
        pseudonyms = Pseudonyms(tmp_path)
        gate.wait()
        codes.append(pseudonyms.code("DOE_J"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 8
    assert len(set(codes)) == 1


def test_a_run_without_a_person_stays_without(tmp_path: Path) -> None:
    run = a_run(tmp_path).metadata
    pseudonyms = Pseudonyms(tmp_path / "state")
    assert pseudonyms.pseudonymise(run.having(user_id=None)).user_id is None
    known = pseudonyms.pseudonymise(run)
    assert known == run.without_unknown().having(user_id=pseudonyms.code(run.user_id or ""))
    assert not known.model_extra
