"""The run_id: a canonical lower-case UUID4. It is made here and nowhere else."""

from __future__ import annotations

import re
import uuid

from devserver.my_app.services.errors import ServerError

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class RunIdInvalid(ServerError):
    """A run_id is not written as a lower-case UUID4."""

    code = "run_id_invalid"


def new_run_id() -> str:
    """Make the id of a new run; 122 random bits, so it can't be guessed."""
    return str(uuid.uuid4())


def is_run_id(text: str) -> bool:
    """Tell whether `text` is written exactly as a run_id is."""
    return _CANONICAL.fullmatch(text) is not None


def checked_run_id(text: str) -> str:
    """Return `text` unchanged when it is a run_id, so that it can safely become a path.

    Raises RunIdInvalid otherwise: upper case, other UUID versions and path tricks included.
    """
    if not is_run_id(text):
        raise RunIdInvalid("A run_id is a UUID in lower case, such as it stands in the answer.")
    return text
