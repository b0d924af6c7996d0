from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_sources import decode_media_data


@given(st.binary(min_size=1), st.sampled_from(["", "image/png", "text/html;charset=utf-8"]))
def test_every_form_gives_the_bytes(data: bytes, mime: str) -> None:
    encoded = base64.b64encode(data).decode()
    wrapped = "\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
    url_safe = base64.urlsafe_b64encode(data).decode().rstrip("=")
    for form in (
        data,
        encoded,
        wrapped,
        url_safe,
        f"data:{mime};base64,{encoded}",
        f"DATA:{mime};BASE64,{quote(encoded)}",
        f"data:{mime},{quote(data)}",
    ):
        assert decode_media_data(form) == data


@pytest.mark.parametrize(
    "text",
    ["data:image/png;base64", "data:;base64,!", "https://example.org/a.png", "ü", "a" * 5, "{}"],
)
def test_anything_else_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(MediaRejected) as caught:
        decode_media_data(text)
    said = f"A text of {len(text)} characters is neither a data URI nor base64."
    assert str(caught.value) == said
