from __future__ import annotations

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from devserver.config import SettingsInvalid, read_settings
from devserver.my_app.services.access import TooManyGuesses, WorkshopCodes, WorkshopCodeWrong
from devserver.my_app.services.storage_root import StorageRoot

CODES = (("rot-3", "Klasse 3b"), ("blau-7", "blau-7"))
NAT = "203.0.113.7"


def test_a_code_leads_to_its_workshop_however_a_child_types_it(root: StorageRoot) -> None:
    codes = WorkshopCodes(root, CODES)
    for typed in ("rot-3", "Rot 3", " ROT3 ", "rot–3", "r o t 3"):
        assert codes.enter(typed, "device", NAT) == "Klasse 3b"
    assert codes.enter("blau-7", "device", NAT) == "blau-7"


@pytest.mark.parametrize("typed", ["rot-4", "", "-", "rot", "\ud800", "Klasse 3b", "x" * 200])
def test_other_words_do_not(root: StorageRoot, typed: str) -> None:
    with pytest.raises(WorkshopCodeWrong):
        WorkshopCodes(root, CODES).enter(typed, "device", NAT)


def test_without_codes_none_is_needed_and_nothing_stored(root: StorageRoot) -> None:
    codes = WorkshopCodes(root, ())
    assert not codes.are_needed
    assert codes.of_cookie("x") is None
    assert not (root.state / "workshop_cookie_key").exists()


def test_the_cookie_lasts_over_a_restart_and_ends_with_its_code(root: StorageRoot) -> None:
    cookie = WorkshopCodes(root, CODES).cookie_for("Klasse 3b")
    assert "rot" not in cookie
    assert WorkshopCodes(root, CODES).of_cookie(cookie) == "Klasse 3b"
    assert WorkshopCodes(root, [("rot-3", "Klasse 4b")]).of_cookie(cookie) == "Klasse 4b"
    assert WorkshopCodes(root, CODES[1:]).of_cookie(cookie) is None
    (root.state / "workshop_cookie_key").write_bytes(b"short")
    assert WorkshopCodes(root, CODES).of_cookie(cookie) is None


@pytest.mark.parametrize("made_up", [None, "", "rot-3", "ü", "0" * 64])
def test_nobody_can_make_a_cookie_up(root: StorageRoot, made_up: str | None) -> None:
    assert WorkshopCodes(root, CODES).of_cookie(made_up) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_the_owner_can_read_the_key(root: StorageRoot) -> None:
    WorkshopCodes(root, CODES)
    assert stat.S_IMODE((root.state / "workshop_cookie_key").stat().st_mode) == 0o600


def test_a_tablet_that_guesses_has_to_wait_and_its_class_does_not(root: StorageRoot) -> None:
    codes = WorkshopCodes(root, CODES)
    for number in range(6):
        with pytest.raises(WorkshopCodeWrong):
            codes.enter(f"rot-{number + 4}", "guessing", NAT)
    with pytest.raises(TooManyGuesses):
        codes.enter("rot-3", "guessing", NAT)
    assert codes.enter("rot-3", "another", NAT) == "Klasse 3b"


def test_new_devices_are_no_way_round(root: StorageRoot) -> None:
    codes = WorkshopCodes(root, CODES)
    refused = 0
    for number in range(200):
        with pytest.raises((WorkshopCodeWrong, TooManyGuesses)) as error:
            codes.enter("grün-1", f"device-{number}", NAT)
        refused += error.type is TooManyGuesses
    assert refused >= 200 - 62  # sixty are free; one more makes others wait; a second may pass


def test_thirty_children_that_mistype_once_all_get_in(root: StorageRoot) -> None:
    codes = WorkshopCodes(root, CODES)
    for child in range(30):
        with pytest.raises(WorkshopCodeWrong):
            codes.enter("rot-4", f"device-{child}", NAT)
        assert codes.enter("rot-3", f"device-{child}", NAT) == "Klasse 3b"


def test_a_hundred_and_fifty_right_codes_at_once_are_no_guesses(root: StorageRoot) -> None:
    codes = WorkshopCodes(root, CODES)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(150) as clients:
            entered = clients.map(lambda n: codes.enter("rot-3", f"d{n}", NAT), range(2000))
            assert set(entered) == {"Klasse 3b"}
    finally:
        sys.setswitchinterval(interval)


def codes_of(value: str) -> tuple[tuple[str, str], ...]:
    return read_settings({"DEVSERVER_WORKSHOP_CODES": value}, env_file=None).workshop_codes


def test_codes_are_read_from_the_settings() -> None:
    assert codes_of("rot-3=Klasse 3b, blau-7,") == CODES
    assert codes_of("rot-3 = a=b ") == (("rot-3", "a=b"),)
    assert codes_of("") == ()


@pytest.mark.parametrize("value", ["abc", "=Klasse 3b", "rot-3,ROT 3=x", f"rot-3={'x' * 101}"])
def test_codes_that_are_no_good_stop_the_start(value: str) -> None:
    with pytest.raises(SettingsInvalid, match="DEVSERVER_WORKSHOP_CODES"):
        codes_of(value)
