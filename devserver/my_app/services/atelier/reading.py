"""What a text says, as far as a picture can show it: things, places, times and weathers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .feelings import felt_in
from .lexicon import Language, Thing, irregular_plurals, thing_for
from .recognition import Found, guess_language, recognise

# How far a colour, number or size reaches to the noun it belongs to ("drei sehr kleine Katzen").
REACH = 4


@dataclass(frozen=True)
class Mention:
    """One thing the text names: the word as written, how many, in which colour and size."""

    word: str
    thing: Thing
    count: int = 1
    colour: str | None = None
    scale: float = 1.0
    relation: str | None = None  # to the thing or place named next: on, under, in, above, beside
    motion: str | None = None  # flies, swims, dances, sleeps
    plural: bool = False


@dataclass(frozen=True)
class Setting:
    """A word that became part of the surroundings: a place, a time or a weather."""

    word: str
    name: str


@dataclass(frozen=True)
class Reading:
    """Everything recognised, in the order of the text."""

    language: Language
    mentions: tuple[Mention, ...] = ()
    places: tuple[Setting, ...] = ()
    times: tuple[Setting, ...] = ()
    weathers: tuple[Setting, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.mentions or self.places or self.times or self.weathers)


def read(text: str) -> Reading:
    """Read a text of any length and script; an unrecognised one gives an empty Reading.

    Feelings are shown only when there is nothing else to show.
    """
    language = guess_language(text)
    gathered = _Gathered()
    for piece in recognise(text, language):
        gathered.add(piece)
    gathered.add(None)
    reading = Reading(
        language,
        tuple(gathered.mentions),
        tuple(gathered.settings["place"]),
        tuple(gathered.settings["time"]),
        tuple(gathered.settings["weather"]),
    )
    return reading or replace(
        reading,
        mentions=tuple(
            Mention(word, thing_for(pictogram)) for word, pictogram in felt_in(text, language)
        ),
    )


NOBODY = Mention("", Thing(""))


@dataclass
class _Gathered:
    """Gathers numbers, colours and relations around the things they belong to."""

    mentions: list[Mention] = field(default_factory=list)
    settings: dict[str, list[Setting]] = field(
        default_factory=lambda: {"place": [], "time": [], "weather": []}
    )
    pending: Mention = NOBODY  # what was said of a thing still to come
    waited: int = 0
    # German puts the verb second: in "am Himmel fliegt ein Drache" it belongs to what follows.
    subject_known: bool = False

    def add(self, piece: Found | None) -> None:
        """Take the next recognised piece; None is the end of a sentence."""
        if piece is None:
            self._end_sentence()
            return
        self.waited += 1
        if self.waited > REACH:
            self._forget()
        kind, value = piece.meaning.kind, piece.meaning.value
        if isinstance(value, Thing):
            self._thing(piece, value)
        elif kind in self.settings:
            self._setting(piece.word, kind, str(value))
        elif kind == "pause":
            self.subject_known = False
        elif kind == "number" and isinstance(value, int | float):
            self.pending, self.waited = replace(self.pending, count=int(value)), 0
        elif kind == "size" and isinstance(value, int | float):
            self.pending = replace(self.pending, scale=value)
        elif kind == "colour":
            self.pending = replace(self.pending, colour=str(value))
        elif kind == "relation":
            self._change_last(relation=str(value))
        elif self.subject_known:
            self._change_last(motion=str(value))
        else:
            self.pending = replace(self.pending, motion=str(value))

    def _thing(self, piece: Found, thing: Thing) -> None:
        mention = replace(
            self.pending,
            word=piece.word,
            thing=thing,
            colour=self.pending.colour or thing.colour,
            plural=_is_plural(piece),
        )
        self.mentions.append(mention)
        self.subject_known = True
        self._forget()

    def _setting(self, word: str, kind: str, name: str) -> None:
        self.settings[kind].append(Setting(word, name))
        # In "die Katze auf der Wiese und der Hund" nothing is on the dog.
        self._change_last(relation=None)
        self.subject_known = False
        self._forget()

    def _end_sentence(self) -> None:
        """ "The horse is blue": a colour or size at the end belongs to the thing before it."""
        if self.mentions and self.pending is not NOBODY:
            last = self.mentions[-1]
            self.mentions[-1] = replace(
                last,
                colour=last.colour or self.pending.colour,
                scale=self.pending.scale if last.scale == 1.0 else last.scale,
            )
        self.subject_known = False
        self._forget()

    def _forget(self) -> None:
        self.pending, self.waited = NOBODY, 0

    def _change_last(self, **changes: str | None) -> None:
        if self.mentions:
            self.mentions[-1] = replace(self.mentions[-1], **changes)  # type: ignore[arg-type]


def _is_plural(piece: Found) -> bool:
    folded = piece.word.casefold()
    if folded in irregular_plurals():
        return True
    inflected = folded[-1] in "esnr" or any(letter in "äöü" for letter in folded)
    return not piece.exact and inflected and not folded.endswith(("'s", "’s"))
