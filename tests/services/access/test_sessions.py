from __future__ import annotations

from devserver.my_app.services.access.sessions import SESSION_SECONDS, Sessions
from tests.services.access.clock import Clock


def test_a_session_is_found_by_its_id_until_it_ends() -> None:
    sessions = Sessions()
    session_id, session = sessions.begin("anna", "hash")
    assert sessions.find(session_id) == session
    assert (session.token_name, session.token_sha256) == ("anna", "hash")
    assert sessions.find(session_id + "x") is None
    assert sessions.find("\ud800") is None
    sessions.end(session_id)
    sessions.end(session_id)
    assert sessions.find(session_id) is None


def test_ids_and_words_are_random_and_long() -> None:
    sessions = Sessions()
    begun = [sessions.begin("anna", "hash") for _ in range(20)]
    words = {session_id for session_id, _ in begun} | {one.csrf_token for _, one in begun}
    assert len(words) == 40
    assert min(map(len, words)) == 43  # 256 bits


def test_it_is_over_after_twelve_hours() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    session_id, _ = sessions.begin("anna", "hash")
    clock.now += SESSION_SECONDS - 1
    assert sessions.find(session_id)
    clock.now += 1
    assert sessions.find(session_id) is None


def test_no_number_of_logins_fills_the_memory() -> None:
    sessions = Sessions()
    ids = [sessions.begin("anna", "hash")[0] for _ in range(1005)]
    assert [sessions.find(one) is None for one in ids] == [True] * 5 + [False] * 1000
