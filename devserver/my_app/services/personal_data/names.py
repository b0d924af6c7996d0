"""Names: those somebody introduces themselves or their people by, and those of the class."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from .datum import PersonalDatum
from .words import Text, known_words, plain, spelled_out, word_set

_MOST_MORE_NAMES = 3
_MOST_FILLERS = 3
_FILLERS = word_set(
    "auch jetzt uebrigens naemlich eigentlich nur einfach halt ab heute frau herr dr prof "
    "doktor mr mrs ms miss also just really actually called"
)
_ARTICLES = frozenset({"der", "die"})
_PARTICLES = word_set("von van de del di da al el bin ben")
_AND = frozenset(["und", "and", "aus", "from"])
_BEFORE_NAME = " \t\u00a0\n:-*_\"'„“”»«‚‘’"
_LONGEST_GAP = 6
_IN_NAME = frozenset({" ", "-", "\u2011", "\u00a0", "'", "’"})

_HEISSE = ("heisse", "heiss", "heise", "heisze")
_OWN = ("mein", "meine", "unser", "unsere", "deine", "dein")
_PEOPLE_DE = word_set(
    "bruder schwester freund freundin mama mami mutter papa papi vater oma opa lehrer lehrerin "
    "cousin cousine tante onkel sohn tochter nachbar nachbarin klassenlehrer klassenlehrerin "
    "zwillingsbruder zwillingsschwester halbbruder halbschwester erzieherin erzieher trainer "
    "trainerin kumpel sitznachbar sitznachbarin"
)
_PEOPLE_EN = word_set(
    "brother sister friend mum mom mommy mummy mother dad daddy father grandma grandpa teacher "
    "cousin aunt uncle son daughter neighbour neighbor coach buddy classmate twin"
)

_ADJECTIVES = word_set(
    "beste bester kleine kleiner grosse grosser liebe lieber neue neuer aeltere aelterer juengere "
    "juengerer best little big small older younger old new dear"
)


def _people(own: Iterable[str], people: Iterable[str]) -> list[tuple[str, ...]]:
    """My brother, my little brother, and so on."""
    return [
        (mine, *adjective, person)
        for mine in own
        for person in people
        for adjective in ((), *((one,) for one in _ADJECTIVES))
    ]


_MY_PEOPLE_DE, _MY_PEOPLE_EN = _people(_OWN, _PEOPLE_DE), _people(("my",), _PEOPLE_EN)
_TITLES = frozenset({"frau", "herr", "herrn", "mr", "mrs", "ms"})
_DEGREES = frozenset({"dr", "prof", "doktor", "professor"})
_INDEFINITE = word_set("ein eine einer einen einem keine jede jeder viele a every no")
_AGE = re.compile(r"(?:, ?| )\d{1,2} (?:Jahre?|years?)(?![^\W_])| ?\(\d{1,2}\)")
_STRONG = frozenset(
    [("ich", heisse) for heisse in _HEISSE]
    + [(heisse, "ich") for heisse in _HEISSE]
    + [("i", "m", "called"), ("i", "am", "called"), ("im", "called")]
    + [("mein", name, "ist") for name in ("name", "vorname", "nachname")]
    + [("mein", "name", "lautet"), ("mein", "name", "is")]
    + [("my", "name", "is"), ("my", "name", "s"), ("my", "names")]
    + [("my", kind, "name", "is") for kind in ("first", "last", "full", "real", "middle")]
    + [(*person, "heisst") for person in _MY_PEOPLE_DE]
    + [(*person, "is", "called") for person in _MY_PEOPLE_EN]
    + [(*person, "s", "name", "is") for person in _MY_PEOPLE_EN]
    + [(*person, "named") for person in _MY_PEOPLE_EN]
)
"""After these comes a name, unless the word is known to be none."""

_WEAK = frozenset(
    [("ich", "bin"), ("ich", "bin", "s"), ("bin", "ich"), ("hier", "ist"), ("hier", "spricht")]
    + [("i", "m"), ("i", "am"), ("it", "s", "me"), ("this", "is", "me"), ("call", "me")]
    + [("nenn", "mich"), ("nennt", "mich"), ("nennen", "mich"), ("nenne", "mich")]
    + [("gruesse", "von"), ("gruss", "von"), ("ich", "und"), ("love", "from")]
    + _MY_PEOPLE_DE
    + _MY_PEOPLE_EN
    + [(*person, "is") for person in _MY_PEOPLE_EN]
    + [("ich", "bins"), ("ich", "werde"), ("hi", "im"), ("hey", "im"), ("hello", "im")]
)
"""After these a name may come: only one that is known as such is taken."""

_REVERSED = frozenset(
    [("ist", "mein", "name"), ("is", "my", "name"), *((heisse, "ich") for heisse in _HEISSE)]
)
_FIELDS = word_set("name vorname nachname familienname surname")
_LONGEST_TRIGGER = 6


def introduced_names(text: Text) -> Iterator[PersonalDatum]:
    """The names in "ich heiße Lena Müller", "my name is", "mein Bruder heißt", "Name: …"."""
    for number in range(len(text.words)):
        for way in (_after_trigger, _before_trigger, _after_title, _before_age):
            found = way(text, number)
            if found is None:
                continue
            yield PersonalDatum("introduced_name", *found)
            break


def class_names(text: Text, names: Sequence[str]) -> Iterator[PersonalDatum]:
    """The names of a class: each as a whole, and its first name alone; also with an -s.

    "Müller, Lena" is Lena Müller. A family name alone is found when it is an entry of its own.
    """
    wanted = _by_first_word(names)
    if not wanted:
        return
    for number, word in enumerate(text.words):
        candidates = [*wanted.get(word.form, ()), *wanted.get(_without_s(word.form), ())]
        ends = (_end_of_name(text, number, candidate) for candidate in candidates)
        longest = max((end for end in ends if end is not None), default=None)
        if longest is not None:
            yield PersonalDatum("class_name", word.start, longest)


def _after_trigger(text: Text, number: int) -> tuple[int, int] | None:
    """The name after the trigger that begins with word `number`, if both are there."""
    words = text.words
    if words[number].form in _FIELDS and number + 1 < len(words) and ":" in text.gap(number + 1):
        return _name_at(text, number + 1, number, is_strong=True)
    for length in range(min(_LONGEST_TRIGGER, len(words) - number), 1, -1):
        said = tuple(word.form for word in words[number : number + length])
        if said in _STRONG or said in _WEAK:
            gaps = [text.gap(between) for between in range(number + 1, number + length)]
            if all(gap in (" ", "  ", "\u00a0", "'", "’", "`", "´", "\n") for gap in gaps):
                return _name_at(text, number + length, number, is_strong=said in _STRONG)
    return None


def _before_trigger(text: Text, number: int) -> tuple[int, int] | None:
    """The name before "ist mein Name": one of the words right before has to be known as one."""
    forms = tuple(text.form_at(at) for at in range(number, number + 3))
    if forms not in _REVERSED and forms[:2] not in _REVERSED:
        return None
    first = number
    while first and number - first <= _MOST_MORE_NAMES and text.gap(first) in _IN_NAME:
        if not text.words[first - 1].is_capital or _is_no_name(text, first - 1):
            break
        first -= 1
    if first == number or not any(_is_given(text, at) for at in range(first, number)):
        return None
    return text.words[first].start, text.words[number - 1].end


def _after_title(text: Text, number: int) -> tuple[int, int] | None:
    """The name in "Frau Schmidt", "Herr Dr. Weber": with a capital, and of no story's figure."""
    title = text.form_at(number)
    if title not in _TITLES or text.form_at(number - 1) in _INDEFINITE:
        return None
    if text.words[number].is_all_capitals:  # MS Sonnenschein is a ship
        return None
    first = number + 1
    while text.form_at(first) in _DEGREES and first - number <= 2:
        first += 1
    if first >= len(text.words) or text.gap(first) not in (" ", ". "):
        return None
    form = text.form_at(first)
    is_figure = f"{title} {form}" in known_words("figures") or form in _PEOPLE_DE
    if is_figure or not text.words[first].is_capital or _is_no_name(text, first):
        return None
    return text.words[first].start, _end_of_names(text, first, capital=True)


def _before_age(text: Text, number: int) -> tuple[int, int] | None:
    """The name in "Lena, 9 Jahre" and "Lena Müller (9)"."""
    if not _is_given(text, number) or not text.words[number].is_capital:
        return None
    end = _end_of_names(text, number, capital=True)
    return (text.words[number].start, end) if _AGE.match(text.text, end) else None


def _name_at(text: Text, first: int, trigger: int, *, is_strong: bool) -> tuple[int, int] | None:
    """The name that begins with word `first`, or a little later."""
    words = text.words
    between = _BEFORE_NAME if is_strong else f"{_BEFORE_NAME},"
    after_article = False
    for _ in range(_MOST_FILLERS):
        if text.form_at(first) in _FILLERS | _ARTICLES:
            after_article |= text.form_at(first) in _ARTICLES
            between = f"{_BEFORE_NAME}."
            first += 1
    if first >= len(words) or not _is_small(text.gap(first), between):
        return None
    if _is_no_name(text, first):
        return None
    is_shouted = words[trigger].is_all_capitals or words[trigger + 1].is_all_capitals
    capital = words[first].is_capital and not is_shouted
    alone = _is_alone(text, first)
    is_given = _is_given(text, first)
    if is_strong and not after_article:
        is_name = capital or is_given or alone
    else:
        is_name = is_given and (capital or alone)
    if not is_name:
        return None
    return words[first].start, _end_of_names(text, first, capital=capital)


def _is_small(gap: str, signs: str) -> bool:
    return 0 < len(gap) <= _LONGEST_GAP and not gap.strip(signs)


def _is_given(text: Text, number: int) -> bool:
    form = text.form_at(number)
    return form in known_words("given_names") or _without_s(form) in known_words("given_names")


def _is_no_name(text: Text, number: int) -> bool:
    """Whether the word is none of a person: a small word, or somebody out of a story."""
    form = text.form_at(number)
    if f"{form} {text.form_at(number + 1)}" in known_words("figures"):
        return True
    goes_on = number + 1 < len(text.words) and text.gap(number + 1) in ("'", "’")  # O'Connor
    if (len(form) < 2 and not goes_on) or form in known_words("not_names"):
        return True
    return form in known_words("figures") and not _is_given(text, number)


def _end_of_names(text: Text, first: int, *, capital: bool) -> int:
    """Where the name ends that begins with word `first`: further names belong to it."""
    last = first
    while last - first < _MOST_MORE_NAMES and last + 1 < len(text.words):
        following = last + 1
        if capital and text.form_at(following) in _PARTICLES and following + 1 < len(text.words):
            following += 1
        if not all(text.gap(at) in _IN_NAME for at in range(last + 1, following + 1)):
            break
        if not _belongs_to_name(text, following, capital=capital):
            break
        last = following
    return text.words[last].end


def _belongs_to_name(text: Text, number: int, *, capital: bool) -> bool:
    """Whether word `number`, right behind a name, is a part of it."""
    word, gap = text.words[number], text.gap(number)
    if gap in ("'", "’"):
        return len(word.form) > 1
    if gap in ("-", "\u2011"):
        return True
    if _is_no_name(text, number):
        return False
    return word.is_capital if capital else _is_alone(text, number)


def _is_alone(text: Text, number: int) -> bool:
    """Whether the sentence ends behind word `number`, or goes on with another part."""
    return text.ends_at(text.words[number].end) or text.form_at(number + 1) in _AND


def _by_first_word(names: Sequence[str]) -> dict[str, set[tuple[str, ...]]]:
    """The first word of a name → the forms of all its words, in each spelling."""
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for name in names:
        family, comma, given = name.partition(",")
        whole = f"{given} {family}" if comma else name
        parts = whole.split()
        for said in (
            whole,
            family if not comma else f"{family} {given}",
            parts[0] if parts else "",
        ):
            for spelling in (spelled_out, plain):
                forms = tuple(spelling(word) for word in _letters(said))
                if forms and len("".join(forms)) > 1:
                    wanted.setdefault(forms[0], set()).add(forms)
    return wanted


def _letters(name: str) -> list[str]:
    return [name[word.start : word.end] for word in Text(name).words]


def _end_of_name(text: Text, number: int, forms: tuple[str, ...]) -> int | None:
    """Where the name `forms` ends that begins with word `number`; None when it doesn't."""
    last = number + len(forms) - 1
    if last >= len(text.words):
        return None
    for at, form in enumerate(forms[:-1], number):
        if text.form_at(at) != form or text.gap(at + 1) not in _IN_NAME:
            return None
    word = text.words[last]
    if word.form == forms[-1]:
        return word.end
    return word.end - 1 if _without_s(word.form) == forms[-1] else None


def _without_s(form: str) -> str:
    return form.removesuffix("s")
