"""E-mail addresses and names of accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .datum import PersonalDatum

# The lookbehind lets a local part begin in one place only, so that long runs are read once.
_LOCAL = r"(?<![\w.+%-])[\w.+%-]{1,64}"
_LABEL = r"[^\W_](?:[\w-]{0,62})"
_LAST = r"(?:[^\W\d_]{2,24})(?![^\W_])"
_EMAIL = re.compile(rf"{_LOCAL} ?@ ?{_LABEL}(?:\.{_LABEL}){{0,4}}\.{_LAST}")
_TOP = r"(?:de|at|ch|com|net|org|eu|info|uk|schule|fr|it|nl|tr|pl|ru|ua)(?![^\W_])"
_DOT = r"(?:\.| ?[(\[{] ?(?:dot|punkt|\.) ?[)\]}] ?| (?:dot|punkt) )"
_IN_WORDS = re.compile(
    rf"{_LOCAL}(?: ?[(\[{{] ?(?:at|ät|@) ?[)\]}}] ?| (?:at|ät) ){_LABEL}{_DOT}{_TOP}",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w@.])@(?=[\w.]{0,30}[^\W\d_])[\w.]{3,31}")
_PLATFORM = (
    r"(?:instagram|insta|tiktok|snapchat|snap|discord|telegram|twitch|roblox|steam|psn|fortnite"
    r"|minecraft)"
)
_LINK = r"(?:(?:[ -]?(?:name|account|user|username|acc|id)| ist| is| lautet| heißt| heisst|:|=))"
_ACCOUNT = re.compile(
    rf"(?<![^\W_]){_PLATFORM}{_LINK}{{0,4}}[ ]?(?P<name>[\w.#-]{{3,32}})", re.IGNORECASE
)
_NOT_A_WORD = re.compile(r"(?=.*[^\W\d_])(?:.*[\d_#]|.*\w\.\w)")
_PROFILE = re.compile(
    r"(?<![\w.])(?:https?://)?(?:www\.)?(?:instagram|tiktok|youtube|facebook|twitter|x|snapchat"
    r"|github|twitch|threads|pinterest|roblox|scratch\.mit)\.(?:com|net|tv|edu|de)"
    r"/(?:(?:@|add/|user/|users/|c/|u/|profile/){1,2})?[\w.-]{2,40}",
    re.IGNORECASE,
)


def accounts_in(text: str) -> Iterator[PersonalDatum]:
    """E-mail addresses, also with "at" and "dot" in words; @names, profiles, account names."""
    for pattern in (_EMAIL, _IN_WORDS):
        for found in pattern.finditer(text):
            yield PersonalDatum("email", *found.span())
    for pattern in (_HANDLE, _PROFILE):
        for found in pattern.finditer(text):
            end = found.end() - (len(found.group()) - len(found.group().rstrip(".")))
            yield PersonalDatum("handle", found.start(), end)
    for found in _ACCOUNT.finditer(text):
        # A bare word may go on as a sentence: "mein Insta ist kaputt".
        if _NOT_A_WORD.search(found["name"]):
            yield PersonalDatum("handle", *found.span("name"))
