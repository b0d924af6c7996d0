from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.made_media import MAX_DEPTH, MAX_MEDIA, MAX_VALUES, descriptions_of
from devserver.my_app.services.media_sources import MadeBy, MediaData, MediaUrl
from tests.media_samples import GOOD, NOT_MEDIA, png_bytes

BY = MadeBy(backend="some")
PNG = png_bytes()
PNG_64 = base64.b64encode(PNG).decode()
URL = "https://replicate.delivery/abc/out-0.webp?signature=x%20y"

FORMS: list[tuple[Any, MediaData | MediaUrl]] = [
    (URL, MediaUrl(URL, BY)),
    (f"  {URL}\n", MediaUrl(URL, BY)),
    ("HTTP://host/x", MediaUrl("HTTP://host/x", BY)),
    (PNG, MediaData(PNG, BY)),
    (PNG_64, MediaData(PNG, BY)),
    (f"data:image/png;base64,{PNG_64}", MediaData(PNG, BY, "image/png")),
    (f"data:image/png;name=a.png;charset=x;base64,{PNG_64}", MediaData(PNG, BY, "image/png")),
    (f"data:,{quote(PNG)}", MediaData(PNG, BY)),
]
WORDS = ["succeeded", "processing", "canceled", "done", "cat", "Hallo", "a" * 64, "abcd" * 300, ""]


@pytest.mark.parametrize(("value", "expected"), FORMS)
def test_every_form_is_told_apart(value: object, expected: object) -> None:
    assert descriptions_of(value, BY) == [expected]


@pytest.mark.parametrize("name", GOOD)
def test_all_media_this_server_knows_are_seen_in_bare_base64(name: str) -> None:
    data = GOOD[name][1]()
    assert descriptions_of(base64.b64encode(data).decode(), BY) == [MediaData(data, BY)]


@pytest.mark.parametrize("name", NOT_MEDIA)
def test_base64_of_anything_else_is_not_guessed_to_be_media(name: str) -> None:
    with pytest.raises(MediaRejected):
        descriptions_of(base64.b64encode(NOT_MEDIA[name]).decode(), BY)


@pytest.mark.parametrize(
    "text",
    [*WORDS, "ftp://host/x", "https://", "https:///x", "https://a b/x", "http://[x", "/home/x.png"],
)
def test_any_other_text_is_an_error_that_does_not_quote_it(text: str) -> None:
    for value in (text, [text], [URL, text], {"url": URL, "output": text}, {"remark": text}):
        with pytest.raises(MediaRejected) as caught:
            descriptions_of(value, BY)
        assert str(caught.value) == (
            f"A text of {len(text)} characters is neither an address nor a data URI nor media "
            "in base64."
        )


@pytest.mark.parametrize("text", ["data:image/png;base64", "data:;base64,!", "data:"])
def test_a_broken_data_uri_is_an_error_also_beside_media(text: str) -> None:
    with pytest.raises(MediaRejected, match="neither a data URI nor base64"):
        descriptions_of({"url": URL, "remark": text}, BY)


@pytest.mark.parametrize("word", WORDS)
def test_remarks_beside_media_are_passed_over(word: str) -> None:
    answer = {"remark": word, "mesh": URL, "seconds": 3.5, "done": True, "none": None}
    assert descriptions_of(answer, BY) == [MediaUrl(URL, BY)]


def test_an_address_under_a_key_for_remarks_is_no_media() -> None:
    answer = {"revised_prompt": URL, "urls": {"get": URL}, "b64_json": PNG_64}
    assert descriptions_of(answer, BY) == [MediaData(PNG, BY)]


def test_two_forms_of_one_file_are_one_file() -> None:
    assert descriptions_of({"url": URL, "b64_json": PNG_64}, BY) == [MediaData(PNG, BY)]
    page = base64.b64encode(b"<html>no picture</html>").decode()
    assert descriptions_of({"b64_json": page}, BY) == [MediaData(b"<html>no picture</html>", BY)]
    assert descriptions_of({"b64_json": URL}, BY) == [MediaUrl(URL, BY)]
    with pytest.raises(MediaRejected, match="A text of 9 characters"):
        descriptions_of({"b64_json": "finished!"}, BY)
    assert descriptions_of({"url": URL, "b64_json": None}, BY) == [MediaUrl(URL, BY)]
    assert descriptions_of({"url": URL, "b64_json": ""}, BY) == [MediaUrl(URL, BY)]


def test_several_files_keep_their_order() -> None:
    answer = {
        "model_file": "https://a/1.glb",
        "color_video": "https://a/2.mp4",
        "no_background_images": ["https://a/3.png", PNG],
        "combined_video": None,
    }
    first = [MediaUrl(f"https://a/{name}", BY) for name in ("1.glb", "2.mp4", "3.png")]
    assert descriptions_of(answer, BY) == [*first, MediaData(PNG, BY)]


@pytest.mark.parametrize("value", [None, [], {}, [None, 1, True], {"url": None, "n": [{}]}])
def test_nothing_gives_nothing(value: object) -> None:
    assert descriptions_of(value, BY) == []


@pytest.mark.parametrize("value", [1, 1.5, True, object()])
def test_what_can_not_hold_media_is_an_error(value: object) -> None:
    with pytest.raises(MediaRejected):
        descriptions_of(value, BY)


def test_depth_and_count_are_bounded() -> None:
    deep: object = URL
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert len(descriptions_of(deep, BY)) == 1
    for value in ([deep], [URL] * (MAX_MEDIA + 1), [None] * MAX_VALUES):
        with pytest.raises(MediaRejected, match="more than"):
            descriptions_of(value, BY)
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(MediaRejected, match="deep"):
        descriptions_of(endless, BY)


nestings = st.recursive(
    st.sampled_from([form for form, _ in FORMS]) | st.none() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["mesh", "output", "any", "more"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value] if isinstance(value, str | bytes) else []


@given(st.lists(nestings, max_size=3))
def test_any_nesting_gives_its_leaves_in_order(value: list[object]) -> None:
    expected = [dict(FORMS)[leaf] for leaf in _leaves(value)]
    try:
        assert descriptions_of(value, BY) == expected
    except MediaRejected as error:
        assert "deep" in str(error)


@given(st.text(max_size=200))
def test_no_text_is_ever_lost_or_guessed(text: str) -> None:
    try:
        assert len(descriptions_of(text, BY)) == 1
    except MediaRejected:
        return
    start = text.strip()[:8].lower()
    assert start.startswith(("http://", "https://", "data:"))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_nothing_but_media_rejected_is_ever_raised(value: object) -> None:
    try:
        for description in descriptions_of(value, BY):
            assert description.made_by is BY
    except MediaRejected as error:
        assert len(str(error)) < 500
