"""The telephone game (Stille Post): eight listeners, each mishears the one before.

A listener takes a word for one that rhymes with it, swaps sounds that are easily confused, runs two
short words together or misses one. What comes out can still be said aloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from random import Random

from .graphemes import base_letter, graphemes, is_latin
from .language_guess import guess_language
from .pieces import Piece, has_no_capitals, in_case_of, is_shouted, lookup, pieces, starts_sentence
from .sayable import is_sayable
from .shapes import NoParameters, RewriteStep, Rewriting
from .syllables import Language, is_vowel, syllables, vowel_groups
from .word_data import word_data

LISTENERS = 8
_WORDS_PER_SLIP = 9
_TRIES = 30
_LONGEST_WORD = 40  # characters in which a rhyme is looked for
_SHORTEST_RHYME = 4  # letters of a compound's last part


def whisper_chain(text: str, random: Random, _parameters: NoParameters) -> Rewriting:
    """Pass the text through eight listeners, one step each.

    No two steps say the same, and none says what the child wrote.
    """
    language = guess_language(text)
    heard = [text]
    met = _words_of(text)
    for _ in range(LISTENERS):
        said = _listen(heard, met, language, random)
        heard.append(said)
        met |= _words_of(said)
    return Rewriting(
        tuple(RewriteStep(f"listener_{n}", said) for n, said in enumerate(heard[1:], start=1))
    )


def _listen(heard: Sequence[str], met: set[str], language: Language, random: Random) -> str:
    parts = pieces(heard[-1])
    places = [i for i, p in enumerate(parts) if _is_spoken(p) or _is_known_sign(p, language)]
    first = _words_of(heard[0])
    weights = [_weight(parts[index].text, first, met, language) for index in places]
    slips = max(1, round(len(places) / _WORDS_PER_SLIP))
    for _ in range(_TRIES if places else 0):
        changed = list(parts)
        for index in random.choices(places, weights, k=slips):
            if changed[index].kind != "gap":
                _slip(changed, index, met, language, random)
        whole = "".join(piece.text for piece in changed)
        if whole not in heard and whole.strip() and is_sayable(whole, met):
            return whole
    return _stutter(heard, random)


def _is_spoken(piece: Piece) -> bool:
    return piece.kind == "word" and all(map(is_latin, graphemes(piece.text)))


def _is_known_sign(piece: Piece, language: Language) -> bool:
    return piece.kind == "sign" and piece.text in _alike_signs(language)


def _words_of(text: str) -> set[str]:
    return {lookup(piece.text) for piece in pieces(text)}


def _weight(word: str, first: set[str], met: set[str], language: Language) -> float:
    """How likely the ear slips: long words and rhymes first, and where nobody has slipped yet."""
    word = lookup(word)
    likely = 6.0 if _rhyming(word, met, language) else 1.0
    if len(word) < 4:
        likely *= 0.3
    return likely * (3.0 if word in first else 1.0)


def _slip(
    parts: list[Piece], index: int, met: set[str], language: Language, random: Random
) -> None:
    piece = parts[index]
    if piece.kind != "word":
        others = [sign for sign in _alike_signs(language).get(piece.text, ()) if sign not in met]
        parts[index] = Piece("sign", random.choice(others)) if others else piece
        return
    rhymes = _rhyming(lookup(piece.text), met, language)
    chance = random.random()
    if rhymes and chance < 0.9:
        parts[index] = Piece("word", _spelled(parts, index, random.choice(rhymes), language))
    elif chance > 0.93 and _can_merge(parts, index):
        parts[index] = Piece("word", piece.text + lookup(parts[index + 2].text))
        parts[index + 1] = parts[index + 2] = Piece("gap", "")
    elif chance > 0.86 and _can_drop(parts, index):
        parts[index] = parts[index + 1] = Piece("gap", "")
    else:
        parts[index] = Piece("word", _misheard(piece.text, language, random))


def _can_merge(parts: Sequence[Piece], index: int) -> bool:
    if index + 2 >= len(parts) or parts[index + 1].text != " " or not _is_spoken(parts[index + 2]):
        return False
    second = parts[index + 2].text
    # Only where the tongue slides over the joint: `hat eine` → `hateine`.
    slides = (
        is_vowel([base_letter(second[0]), ""], 0)
        and base_letter(parts[index].text[-1]) not in "aeiou"
    )
    return slides and len(parts[index].text) + len(second) < 8


def _can_drop(parts: Sequence[Piece], index: int) -> bool:
    many = sum(piece.kind == "word" for piece in parts) > 4
    short = len(parts[index].text) < 4 and not starts_sentence(parts, index)
    return many and short and index + 1 < len(parts) and parts[index + 1].text == " "


def _rhyming(word: str, met: set[str], language: Language) -> tuple[str, ...]:
    """What the word can be taken for and nobody has said yet; a compound keeps its first part."""
    starts = range(2, min(len(word), _LONGEST_WORD) - _SHORTEST_RHYME + 1)
    for start in (0, *starts):
        found = tuple(
            word[:start] + lookup(other) if start else other
            for other in _rhymes(language).get(word[start:], ())
            if word[:start] + lookup(other) not in met
        )
        if found:
            return found
    return ()


def _spelled(parts: Sequence[Piece], index: int, heard: str, language: Language) -> str:
    """In the case of the word it takes the place of; German nouns bring their own capital."""
    model = parts[index].text
    whole = "".join(piece.text for piece in parts)
    first = starts_sentence(parts, index)
    if language == "en" or first or is_shouted(model) or has_no_capitals(whole):
        return in_case_of(model, heard)
    return heard if lookup(heard) in _rhymes(language) else in_case_of(model, heard)


@cache
def _rhymes(language: Language) -> Mapping[str, tuple[str, ...]]:
    return _groups(word_data(f"sound_alikes_{language}")["rhymes"])


@cache
def _alike_signs(language: Language) -> Mapping[str, tuple[str, ...]]:
    return _groups(word_data(f"sound_alikes_{language}")["signs"])


def _groups(groups: Sequence[Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for word in group:
            others = tuple(other for other in group if lookup(other) != lookup(word))
            found[lookup(word)] = tuple(dict.fromkeys(found.get(lookup(word), ()) + others))
    return found


def _misheard(word: str, language: Language, random: Random) -> str:
    """The word with one sound taken for another: an onset, the ending, or a vowel that is heard."""
    confused = word_data(f"sound_alikes_{language}")
    clusters = graphemes(word)
    letters = [base_letter(cluster) for cluster in clusters]
    groups = vowel_groups(letters, language)
    if not groups:
        return word
    slips: list[tuple[int, int, str]] = []
    place = 0
    for syllable in syllables(word, language):
        size = len(graphemes(syllable))
        end = next((i for i in range(place, place + size) if is_vowel(letters, i)), place)
        onset = "".join(letters[place:end])
        slips += [(place, end, other) for other in confused["sounds"].get(onset, ())]
        place += size
    last = groups[-1][1]
    slips += [
        (last, len(letters), other)
        for other in confused["endings"].get("".join(letters[last:]), ())
        if len(groups) == 1
    ]
    for first, end in groups[:-1] or groups:  # endings like -e and -en are hardly heard
        sound = lookup("".join(clusters[first:end]))
        slips += [(first, end, other) for other in confused["vowels"].get(sound, ())]
    if not slips:
        return word
    first, end, sound = random.choice(slips)
    return in_case_of(word, "".join([*clusters[:first], sound, *clusters[end:]]))


def _stutter(heard: Sequence[str], random: Random) -> str:
    """Where nothing can be misheard (numbers, other scripts): a character twice, or two swapped."""
    clusters = graphemes(heard[-1])
    places = [i for i, cluster in enumerate(clusters) if not cluster.isspace()]
    random.shuffle(places)
    for place in places:
        rest = clusters[place + 1 :]
        joint = [] if clusters[place][0].isalpha() else [" "]
        twice = [*clusters[: place + 1], *joint, *clusters[place:]]
        swapped = [*clusters[:place], *rest[:1], clusters[place], *rest[1:]]
        both = [twice, swapped] if random.random() < 0.3 else [swapped, twice]
        for said in both:
            whole = "".join(said)
            is_whole = graphemes(whole) == said and not (
                rest and rest[0].isspace() and said is swapped
            )
            if is_whole and whole not in heard:
                return whole
    return f"{heard[-1]} {clusters[places[0]]}"
