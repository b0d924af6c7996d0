from __future__ import annotations

import pytest

from devserver.my_app.services.access import (
    Guesses,
    LoginFailed,
    Researcher,
    ResearcherAccess,
    ResearcherTokens,
    TooManyGuesses,
)
from devserver.my_app.services.access.guesses import Patience
from devserver.my_app.services.access.sessions import SESSION_SECONDS, Sessions
from devserver.my_app.services.audit import Audit
from devserver.my_app.services.storage_root import StorageRoot
from tests.services.access.clock import Clock

HERE = "192.0.2.1"


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="access")
def _access(root: StorageRoot, clock: Clock) -> ResearcherAccess:
    def guesses(patience: Patience) -> Guesses:
        return Guesses(patience, clock)

    return ResearcherAccess(
        ResearcherTokens(root, "secret"),
        Audit(root),
        sessions=Sessions(clock),
        new_guesses=guesses,
    )


def test_a_bearer_is_let_in_by_name(access: ResearcherAccess) -> None:
    anna = access.tokens.add("anna")
    assert access.by_bearer("secret") == Researcher("environment", "bearer")
    assert access.by_bearer(anna) == Researcher("anna", "bearer")
    assert access.by_bearer("wrong") is None
    assert access.by_bearer(None) is None


def test_a_login_opens_a_session_that_ends_with_its_token(access: ResearcherAccess) -> None:
    anna = access.tokens.add("anna")
    session_id, who = access.log_in(anna, HERE)
    assert access.by_session(session_id) == who
    assert (who.name, who.way) == ("anna", "cookie")
    access.tokens.revoke("anna")
    assert access.by_session(session_id) is None
    access.tokens.add("anna")
    assert access.by_session(session_id) is None


def test_logging_out_ends_one_session_only(access: ResearcherAccess) -> None:
    first, who = access.log_in("secret", HERE)
    second, _ = access.log_in("secret", HERE)
    access.log_out(first, who)
    assert access.by_session(first) is None
    assert access.by_session(second) is not None


def test_a_session_is_over_after_twelve_hours(access: ResearcherAccess, clock: Clock) -> None:
    session_id, _ = access.log_in("secret", HERE)
    clock.now += SESSION_SECONDS
    assert access.by_session(session_id) is None


def test_only_the_word_of_the_session_is_a_repetition(access: ResearcherAccess) -> None:
    _, who = access.log_in("secret", HERE)
    _, other = access.log_in("secret", HERE)
    assert who.repeats(who.csrf_token)
    for word in (None, "", "ü", "\ud800", other.csrf_token):
        assert not who.repeats(word)
    assert Researcher("anna", "bearer").repeats(None)


def test_guessing_is_slowed_down_and_shuts_out_no_bearer(
    access: ResearcherAccess, clock: Clock
) -> None:
    for _ in range(6):
        with pytest.raises(LoginFailed):
            access.log_in("wrong", HERE)
    with pytest.raises(TooManyGuesses):
        access.log_in("wrong", HERE)
    with pytest.raises(TooManyGuesses):
        access.log_in("secret", HERE)
    assert access.by_bearer("secret")
    access.log_in("secret", "192.0.2.2")
    clock.now += 1
    access.log_in("secret", HERE)


def test_guessing_from_everywhere_is_slowed_down_too(
    access: ResearcherAccess, clock: Clock
) -> None:
    for number in range(51):
        with pytest.raises(LoginFailed):
            access.log_in("wrong", f"198.51.100.{number}")
    for number in range(50):
        with pytest.raises(TooManyGuesses):
            access.log_in("wrong", f"203.0.113.{number}")
    clock.now += 1
    access.log_in("secret", "203.0.113.1")  # those refused cost this address nothing
    assert access.by_bearer("secret")


def test_logins_are_written_down(access: ResearcherAccess, root: StorageRoot) -> None:
    with pytest.raises(LoginFailed):
        access.log_in("a-wrong-token", HERE)
    session_id, who = access.log_in("secret", HERE)
    access.log_out(session_id, who)
    lines = [(entry.action, entry.who) for entry in Audit(root).read()]
    assert lines == [
        ("login_failed", "nobody"),
        ("logged_in", "environment"),
        ("logged_out", "environment"),
    ]
    [file] = (root.state / "audit").iterdir()
    assert not any(word in file.read_text() for word in ("a-wrong-token", "secret", HERE))
