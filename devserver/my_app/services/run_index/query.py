"""What is asked of the index, and how it is said in words."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, get_args

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_index.rows import microseconds
from devserver.my_app.services.run_index.words import Term, terms_of
from devserver.my_app.services.run_metadata import MediaType, RunStatus

Sort = Literal["newest", "oldest", "largest", "smallest", "longest", "shortest"]
CHOICES = (
    "status",
    "schema",
    "mode",
    "level",
    "user",
    "workshop",
    "backend",
    "config",
    "type",
    "origin",
    "text",
)
"""The fields by whose values runs can be filtered."""
RANGES = ("from", "to", "min_size", "max_size", "min_duration", "max_duration")
PARAMETERS: Mapping[str, str] = {
    "q": 'Words in the input or the transformed text, all of them; "a phrase", begin*, -without.',
    "status": "One or more, with commas; !value for all but these. So for the next ten.",
    "schema": "The style, by id.",
    "mode": "execution_mode.",
    "level": "safety_level.",
    "user": "user_id; - for none.",
    "workshop": "The workshop; - for none.",
    "backend": "Who made the media or was asked to.",
    "config": "An output config that was asked for.",
    "type": "A type of media that was stored.",
    "origin": "The run that was repeated; - for none.",
    "text": "The sha256 of an input text, for runs with the same text to the letter.",
    "from": "The first day (2025-11-04) or moment (2025-11-04T10:15), UTC.",
    "to": "The last day, the whole of it, or moment, UTC.",
    "min_size": "Bytes of all media of the run, at least.",
    "max_size": "Bytes of all media of the run, at most.",
    "min_duration": "Seconds of its longest medium, at least, where recorded.",
    "max_duration": "Seconds of its longest medium, at most, where recorded.",
    "sort": "newest (default), oldest, largest, smallest, longest, shortest.",
    "limit": "Runs on a page, 1 to 200; 50 by default.",
    "after": "The next page: the `next` of the last answer.",
    "skip": "So many runs are passed over first, for jumping in a long list.",
}
"""Everything that can be asked, and what it means."""
NONE = "-"
MOST_ON_A_PAGE = 200
_MOST_CHARACTERS = 500
_MOST_TERMS = 32
_MOST_VALUES = 100
_LARGEST = 1 << 53
_MOST_SKIPPED = 10**8
_ITEM = re.compile(r'\s*(!?)\s*(?:"((?:[^"]|"")*)"|([^,]*?))\s*(?:,|$)')
_KNOWN_VALUES: Mapping[str, tuple[str, ...]] = {
    "status": get_args(RunStatus),
    "type": get_args(MediaType),
}


class QueryInvalid(ServerError):
    """A search is asked for in a way that can't be understood; `details` lists every fault."""

    code = "query_invalid"

    @classmethod
    def of(cls, faults: Sequence[Mapping[str, str]]) -> QueryInvalid:
        """The failure that tells these faults: of each its `field` and its `problem`."""
        sentence = "; ".join(f"{one['field']} {one['problem']}" for one in faults)
        return cls(f"This search can't be made: {sentence}.", details={"fields": list(faults)})


@dataclass(frozen=True)
class Choice:
    """Values of one field: any of `wanted` (all when empty), none of `unwanted`."""

    field: str
    wanted: tuple[str | None, ...] = ()
    unwanted: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Position:
    """Where in an order a page ended: the value that is sorted by, and the row id."""

    value: float
    row_id: int


@dataclass(frozen=True)
class RunQuery:
    """Which runs, in which order, from where on. Made by `parse_query`; all runs by default."""

    text: tuple[Term, ...] | None = None
    """None: whatever the texts are. Nothing in it: no text is like that."""
    choices: tuple[Choice, ...] = ()
    since: int | None = None
    """The first microsecond since 1970."""
    before: int | None = None
    """The first microsecond that is too late."""
    size: tuple[int | None, int | None] = (None, None)
    duration: tuple[float | None, float | None] = (None, None)
    sort: Sort = "newest"
    limit: int = 50
    after: Position | None = None
    skip: int = 0
    """Runs that are passed over, from `after` on."""

    @property
    def fingerprint(self) -> str:
        """The same for all pages of a search, and for no other search."""
        same = replace(self, limit=50, after=None, skip=0)
        return hashlib.blake2b(repr(same).encode(), digest_size=9).hexdigest()

    def cursor(self, position: Position) -> str:
        """What to ask for as `after` to go on behind a position."""
        said = json.dumps([self.fingerprint, position.value, position.row_id])
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")

    def position(self, cursor: str) -> Position:
        """Where a cursor of this search stands. Raises ValueError for any other."""
        return _position(cursor, self)

    @property
    def is_open(self) -> bool:
        """Whether it finds every run there is."""
        return replace(self, sort="newest", limit=50, after=None, skip=0) == RunQuery() and (
            self.sort not in ("longest", "shortest")
        )

    def without(self, field: str) -> RunQuery:
        """The same search without its filter on this field (`day`: the dates)."""
        if field == "day":
            return replace(self, since=None, before=None)
        kept = tuple(choice for choice in self.choices if choice.field != field)
        return replace(self, choices=kept)


def parse_query(said: Mapping[str, Sequence[str]], also_known: Iterable[str] = ()) -> RunQuery:
    """The search that these parameters ask for; one that is empty counts as not said.

    A parameter that may have several values may come several times. `also_known` are names that
    the caller understands. Raises QueryInvalid, with all faults at once.
    """
    faults: list[dict[str, str]] = []
    values = {name: [one for one in given if one.strip()] for name, given in said.items()}

    def fault(name: str, problem: str) -> None:
        faults.append({"field": name, "problem": problem})

    def one(name: str, read: Callable[[str], Any]) -> Any:
        given = values.get(name) or []
        if len(given) > 1:
            fault(name, "comes more than once")
        elif given:
            try:
                return read(given[0])
            except ValueError as error:
                fault(name, str(error))
        return None

    for name in sorted(said.keys() - PARAMETERS.keys()):
        fault(name[:60], f"is not known; known are {', '.join((*PARAMETERS, *also_known))}")
    choices = []
    for name in CHOICES:
        try:
            if choice := _choice(name, values.get(name, ())):
                choices.append(choice)
        except ValueError as error:
            fault(name, str(error))
    query = RunQuery(
        text=one("q", _text),
        choices=tuple(choices),
        since=one("from", _moment),
        before=one("to", _moment_after),
        size=(one("min_size", _bytes), one("max_size", _bytes)),
        duration=(one("min_duration", _seconds), one("max_duration", _seconds)),
        sort=one("sort", _sort) or "newest",
        limit=one("limit", _limit) or 50,
        skip=one("skip", _skip) or 0,
    )
    after = one("after", lambda cursor: _position(cursor, query))
    if faults:
        raise QueryInvalid.of(faults)
    return replace(query, after=after)


def _text(said: str) -> tuple[Term, ...]:
    if len(said) > _MOST_CHARACTERS:
        raise ValueError(f"is longer than {_MOST_CHARACTERS} characters")
    terms = tuple(terms_of(said))
    if sum(len(term.words) for term in terms) > _MOST_TERMS:
        raise ValueError(f"has more than {_MOST_TERMS} words")
    return terms


def _choice(name: str, given: Sequence[str]) -> Choice | None:
    wanted: list[str | None] = []
    unwanted: list[str | None] = []
    for one in given:
        for minus, quoted, plain in _ITEM.findall(one):
            value = quoted.replace('""', '"') or plain
            if not value:
                continue
            _check_known(name, value)
            none = value == NONE and not quoted
            (unwanted if minus else wanted).append(None if none else value)
    if len(wanted) + len(unwanted) > _MOST_VALUES:
        raise ValueError(f"has more than {_MOST_VALUES} values")
    if not wanted and not unwanted:
        return None
    return Choice(name, tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted)))


def _check_known(name: str, value: str) -> None:
    known = _KNOWN_VALUES.get(name)
    if known and value != NONE and value not in known:
        raise ValueError(f"can't be {value[:60]!r}, only {', '.join(known)}")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("holds half a character (a lone surrogate)")


def _moment(said: str) -> int:
    return microseconds(_read_moment(said)[0])


def _moment_after(said: str) -> int:
    moment, length = _read_moment(said)
    return microseconds(moment) + length // timedelta(microseconds=1)


def _read_moment(said: str) -> tuple[datetime, timedelta]:
    """The moment, and how long it lasts: a day, a minute, a second or a microsecond."""
    # A plus in a query string arrives as a space unless it was encoded.
    text = re.sub(r" (?=\d\d:?\d\d$)", "+", said.strip())
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC), timedelta(days=1)
        moment = datetime.fromisoformat(text)
        microseconds(moment)
    except (ValueError, OverflowError):
        raise ValueError("is no day (2025-11-04) and no ISO time") from None
    clock = re.sub(r"(Z|[+-]\d\d(:?\d\d)?)$", "", text.partition("T")[2] or text.partition(" ")[2])
    if "." in clock or "," in clock:
        return moment, timedelta(microseconds=1)
    is_to_the_second = len(clock.replace(":", "")) > len("hhmm")
    return moment, timedelta(seconds=1) if is_to_the_second else timedelta(minutes=1)


def _whole(said: str, lowest: int, highest: int) -> int:
    if not (re.fullmatch(r"\d{1,17}", said, re.ASCII) and lowest <= int(said) <= highest):
        raise ValueError(f"has to be a number from {lowest} to {highest}")
    return int(said)


def _bytes(said: str) -> int:
    return _whole(said, 0, _LARGEST)


def _limit(said: str) -> int:
    return _whole(said, 1, MOST_ON_A_PAGE)


def _skip(said: str) -> int:
    return _whole(said, 0, _MOST_SKIPPED)


def _seconds(said: str) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", said, re.ASCII):
        raise ValueError("has to be a number of seconds")
    return float(said)


def _sort(said: str) -> Sort:
    for known in get_args(Sort):
        if said == known:
            found: Sort = known
            return found
    raise ValueError(f"has to be one of {', '.join(get_args(Sort))}")


def _position(said: str, query: RunQuery) -> Position:
    try:
        padded = said.encode("ascii") + b"=" * (-len(said) % 4)
        fingerprint, value, row_id = json.loads(base64.b64decode(padded, b"-_", validate=True))
        # Larger numbers than SQLite has would be an error there.
        position = Position(float(value), max(-1, min(int(row_id), (1 << 63) - 1)))
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise ValueError("is not the next of an answer") from None
    if fingerprint != query.fingerprint:
        raise ValueError("belongs to another search")
    return position


def query_of_json(said: Mapping[str, Any]) -> RunQuery:
    """The search that a JSON object asks for, with a text or a list of texts for each parameter.

    Raises QueryInvalid.
    """
    problems = [
        {"field": name[:60], "problem": "has to be a text or a list of texts"}
        for name, value in said.items()
        if not all(isinstance(one, str) for one in _listed(value))
    ]
    if problems:
        raise QueryInvalid.of(problems)
    return parse_query({name: _listed(value) for name, value in said.items()})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
