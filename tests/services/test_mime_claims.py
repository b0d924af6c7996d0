from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.media_kinds import KINDS
from devserver.my_app.services.mime_claims import contradicts


@pytest.mark.parametrize(
    ("claim", "mime_type", "contradiction"),
    [
        ("image/jpeg", "image/png", "image/jpeg"),
        ("Image/JPEG; charset=x", "image/png", "image/jpeg"),
        ("text/html", "image/png", "text/html"),
        ("audio/x-wav", "audio/mpeg", "audio/wav"),
        ("audio/x-wav", "audio/wav", None),
        ("image/jpg", "image/jpeg", None),
        ("application/octet-stream", "image/png", None),
        ("", "image/png", None),
        (None, "image/png", None),
        ("no type", "image/png", None),
        ("image/\njpeg", "image/png", None),
        ("a/" + "b" * 100, "image/png", None),
    ],
)
def test_a_contradiction_is_seen(claim: str | None, mime_type: str, contradiction: str) -> None:
    assert contradicts(claim, mime_type) == contradiction


@given(st.sampled_from(KINDS), st.text())
def test_nothing_contradicts_itself_and_nothing_odd_comes_through(kind: object, claim: str) -> None:
    mime_type = kind.mime_type  # type: ignore[attr-defined]
    assert contradicts(mime_type, mime_type) is None
    told = contradicts(claim, mime_type)
    assert told is None or (told.isprintable() and " " not in told)
