"""What children are told when a run is stopped, in all the languages that it is written in."""

from __future__ import annotations

from collections.abc import Iterable

from devserver.my_app.services.schema_files import LocalisedText


class ChildMessages:
    """Finds a message by its words in either language, as they stand in metadata.json.

    A run keeps what the child was told, in the language of that moment. By the words, and not by
    the code of an error, the same sentence is found in the other language: a guard's code has many
    messages, and one that was worded anew since then is no translation of what was told.
    """

    def __init__(self, messages: Iterable[LocalisedText]) -> None:
        self._by_words = {
            words: message for message in messages for words in (message.de, message.en)
        }

    def find(self, told: str) -> LocalisedText | None:
        """The message that `told` is one language of; None when it is none of these."""
        return self._by_words.get(told)
