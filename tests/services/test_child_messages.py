from __future__ import annotations

from devserver.my_app.services.child_messages import ChildMessages
from devserver.my_app.services.schema_files import LocalisedText

SCARY = LocalisedText(de="Zu gruselig.", en="Too scary.")
PRIVATE = LocalisedText(de="Das ist privat.", en="That is private.")


def test_a_message_is_found_by_its_words_in_either_language() -> None:
    messages = ChildMessages([SCARY, PRIVATE])
    assert messages.find("Zu gruselig.") == messages.find("Too scary.") == SCARY
    assert messages.find("That is private.") == PRIVATE


def test_what_is_no_message_of_ours_is_not_guessed_at() -> None:
    messages = ChildMessages([SCARY])
    assert messages.find("Viel zu gruselig.") is None
    assert messages.find("zu gruselig.") is None
    assert messages.find("") is None
