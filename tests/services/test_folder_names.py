"""How files are told that somebody called by any bytes."""

from __future__ import annotations

import os

import pytest

from devserver.my_app.services.folder_names import sayable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names are no bytes there")


@pytest.mark.parametrize("name", ["output_image.png", "Grüße 😀\n.txt", "50%.txt", ""])
def test_what_can_be_said_is_told_as_it_is(name: str) -> None:
    assert sayable(name) == name


def test_no_two_names_are_told_alike() -> None:
    names = [b"\xe4", rb"\xe4", rb"\\xe4", b"\\\xe4", "ä".encode(), b"\xc3", b"\\"]
    told = [sayable(os.fsdecode(name)) for name in names]
    assert told == [r"\xe4", r"\\xe4", r"\\\\xe4", r"\\\xe4", "ä", r"\xc3", r"\\"]
    assert len(set(told)) == len(names)
