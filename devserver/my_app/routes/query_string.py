"""What a query string says, read strictly: what can't be understood is refused, never ignored."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask import request

from devserver.my_app.routes.http import FieldsInvalid

_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_LONGEST_TOLD = 60
_MOST_TOLD = 10


def flag(name: str) -> bool:
    """Whether a flag is set: by 1 or true; not by 0 or false, nor when it is absent.

    Raises FieldsInvalid for anything else, and when it is said twice.
    """
    return _FLAGS[choice(name, tuple(_FLAGS), "0")]


def choice(name: str, known: Sequence[str], default: str) -> str:
    """One of the `known` words; the default when it is absent.

    Raises FieldsInvalid for anything else, and when it is said twice.
    """
    said = request.args.getlist(name)
    if not said:
        return default
    if len(said) > 1 or said[0] not in known:
        problem = f"has to be one of {', '.join(known)}, said once"
        raise _refused([(name, problem)])
    return said[0]


def check_names(known: Collection[str]) -> None:
    """Raises FieldsInvalid when something else is said than has one of these names."""
    possible = f"there are {', '.join(known)}" if known else "this address takes no query"
    problem = f"is not known here: {possible}"
    unknown = [name for name in request.args if name not in known]
    if unknown:
        raise _refused([(name[:_LONGEST_TOLD], problem) for name in unknown[:_MOST_TOLD]])


def _refused(problems: Sequence[tuple[str, str]]) -> FieldsInvalid:
    sentence = "; ".join(f"{name} {problem}" for name, problem in problems)
    return FieldsInvalid(
        f"This request can't be used: {sentence}.",
        details={"fields": [{"field": name, "problem": problem} for name, problem in problems]},
    )
