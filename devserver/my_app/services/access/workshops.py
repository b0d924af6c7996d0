"""Workshop codes: what a class types in before it may make runs, and what its runs are filed under.

A code is short, since children type it, so guessing is slowed down. Who has typed it once gets a
cookie that can't be made without this root's own key, and is never slowed down again.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence

from devserver.my_app.services.access.guesses import Guesses, Patience, attempt
from devserver.my_app.services.access.limits import network_of
from devserver.my_app.services.access.secrets_kept import matching, sha256_of
from devserver.my_app.services.durable_files import OWNER_ONLY, replace_file, sync_folder
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.storage_root import StorageRoot
from devserver.setting_types import plain_code

# A tablet has five tries; a class of thirty behind one address two for each child.
_OF_A_DEVICE = Patience(free=5, longest_wait=60)
_OF_AN_ADDRESS = Patience(free=60, longest_wait=60)
_OF_EVERYBODY = Patience(free=300, longest_wait=10)
_EVERYBODY = "everybody"
_KEY_BYTES = 32


class WorkshopCodeRequired(ServerError):
    """Runs are made with a workshop code here, and none came."""

    code = "workshop_code_required"


class WorkshopCodeWrong(ServerError):
    """The code is none of this server's."""

    code = "workshop_code_wrong"


class WorkshopCodes:
    """The codes that are set, each with the label of its workshop; without any, none is needed."""

    def __init__(self, root: StorageRoot, codes: Sequence[tuple[str, str]]) -> None:
        self._labels = [(sha256_of(plain_code(code)), label) for code, label in codes]
        self._by_device = Guesses(_OF_A_DEVICE)
        self._by_address = Guesses(_OF_AN_ADDRESS)
        self._by_everybody = Guesses(_OF_EVERYBODY)
        key = _kept_key(root) if codes else b""
        self._cookies = [(_cookie(key, plain_code(code)), label) for code, label in codes]

    @property
    def are_needed(self) -> bool:
        """Whether a run needs a code here."""
        return bool(self._labels)

    def enter(self, code: str, device: str, address: str) -> str:
        """The label of the workshop with this code; upper and lower case, spaces and dashes don't
        matter. Raises WorkshopCodeWrong, and TooManyGuesses before it has even looked.
        """
        with attempt(
            (self._by_device, device),
            (self._by_address, network_of(address)),
            (self._by_everybody, _EVERYBODY),
        ):
            label = matching(sha256_of(plain_code(code)), self._labels)
            if label is None:
                raise WorkshopCodeWrong("This workshop code is not right. Look again, please.")
        return label

    def cookie_for(self, label: str) -> str:
        """What the cookie of a class says: nothing of its code."""
        return next(cookie for cookie, known in self._cookies if known == label)

    def of_cookie(self, cookie: str | None) -> str | None:
        """The workshop of a cookie; None when it is of no code that is set now."""
        if not cookie or not cookie.isascii():
            return None
        return matching(cookie, self._cookies)


def _cookie(key: bytes, code: str) -> str:
    return hmac.new(key, code.encode(), "sha256").hexdigest()


def _kept_key(root: StorageRoot) -> bytes:
    """The root's own key, made when there is none: codes are typed once, not after each restart."""
    file = root.state / "workshop_cookie_key"
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != _KEY_BYTES:
        key = secrets.token_bytes(_KEY_BYTES)
        replace_file(file, key, mode=OWNER_ONLY)
        sync_folder(root.state)
    return key
