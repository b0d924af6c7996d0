from __future__ import annotations

import hmac
from collections.abc import Iterator

import pytest

from devserver.my_app.services.access import ResearcherTokens, WorkshopCodes, WorkshopCodeWrong
from devserver.my_app.services.access.secrets_kept import matching, sha256_of
from devserver.my_app.services.storage_root import StorageRoot

compare = hmac.compare_digest


@pytest.fixture(name="compared")
def _compared(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was compared in constant time."""
    pairs: list[tuple[str, str]] = []

    def note(a: str, b: str) -> bool:
        pairs.append((a, b))
        return compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", note)
    yield pairs


def test_every_candidate_is_compared_whichever_fits(compared: list[tuple[str, str]]) -> None:
    known = [(sha256_of(secret), secret) for secret in ("a", "b", "c")]
    for secret in ("a", "b", "c", "d"):
        compared.clear()
        assert matching(sha256_of(secret), known) == (secret if secret != "d" else None)
        assert len(compared) == 3


def test_a_right_token_and_any_wrong_one_are_the_same_work(
    root: StorageRoot, compared: list[tuple[str, str]]
) -> None:
    tokens = ResearcherTokens(root, "configured")
    made = [tokens.add(name) for name in ("anna", "ben", "cem")]
    near = made[0][:-1] + ("A" if made[0][-1] != "A" else "B")
    for token in (*made, "configured", "x", near, "y" * 10_000):
        compared.clear()
        tokens.find(token)
        assert len(compared) == 4
        assert {len(side) for pair in compared for side in pair} == {64}  # hashes, never tokens


def test_a_workshop_code_is_compared_with_all(
    root: StorageRoot, compared: list[tuple[str, str]]
) -> None:
    codes = WorkshopCodes(root, [("rot-3", "A"), ("blau-7", "B")])
    codes.enter("rot-3", "device", "127.0.0.1")
    assert len(compared) == 2
    with pytest.raises(WorkshopCodeWrong):
        codes.enter("rot-4", "device", "127.0.0.1")
    assert len(compared) == 4
