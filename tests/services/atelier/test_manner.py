"""The `picture` part of a schema file."""

import pytest

from devserver.my_app.services.atelier import Manner


def test_defaults() -> None:
    assert Manner.from_mapping({}) == Manner()


def test_values_are_taken_over() -> None:
    manner = Manner.from_mapping({"style": "montage", "exaggeration": 2, "paper": "#ffffff"})
    assert (manner.style, manner.exaggeration, manner.paper) == ("montage", 2, "#ffffff")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"stile": "montage"}, "unknown key 'stile'; allowed are style, "),
        ({"style": "oil"}, "style is 'oil'; it must be one of papercut, montage, geometric"),
        ({"style": ["papercut"]}, "must be one of papercut"),
        ({"time": "noon"}, "must be one of as_written, day"),
        ({"paper": "white"}, "must be a colour like #faf3e2"),
        ({"exaggeration": 3}, "must be a number from 0 to 2"),
        ({"exaggeration": True}, "must be a number from 0 to 2"),
        ({"exaggeration": float("nan")}, "must be a number from 0 to 2"),
        ({"upside_down": "yes"}, "must be true or false"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match="picture: ") as failure:
        Manner.from_mapping(values)
    assert sentence in str(failure.value)
