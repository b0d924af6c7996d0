from __future__ import annotations

from pathlib import Path

from devserver.my_app.services.researcher_access import ResearcherAccess


def test_a_configured_token_opens_and_nothing_else_does(tmp_path: Path) -> None:
    access = ResearcherAccess(tmp_path, "secret")
    assert access.allows("secret")
    for token in (None, "", "Secret", "secret ", "\ud800", "ü"):
        assert not access.allows(token)
    assert access.new_token is None
    assert list(tmp_path.iterdir()) == []


def test_the_first_token_is_made_once_and_only_its_hash_kept(tmp_path: Path) -> None:
    first = ResearcherAccess(tmp_path, None)
    assert first.new_token is not None
    assert first.allows(first.new_token)
    second = ResearcherAccess(tmp_path, None)
    assert second.new_token is None
    assert second.allows(first.new_token)
    [file] = tmp_path.iterdir()
    assert first.new_token not in file.read_text()
