"""Rules that the child made: those that are understood are applied, the others are said with it.

`ersetze Hund durch Katze` also turns `der` into `die`. A rule that is not understood changes no
word of the text: it follows it, as a rule for whoever makes the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Annotated

from pydantic import Field

from .adjectives import is_adjective
from .child_rules import (
    Always,
    Backwards,
    Repeat,
    Replace,
    Rule,
    Shout,
    Whisper,
    Without,
    Wording,
    understood,
)
from .english import indefinite_article
from .german import adjective_ending, article_for, inflected
from .graphemes import base_letter, graphemes, lower, upper
from .language_guess import known_language
from .nouns import FoundNoun, find_nouns, is_article, with_quality
from .pieces import (
    Piece,
    in_case_of,
    join_words,
    lookup,
    pieces,
    replace_words,
    starts_sentence,
    word_before,
    words,
)
from .sayable import is_sayable
from .sentences import as_sentence
from .shapes import RewriteStep, Rewriting, TechniqueParameters, longest_result
from .syllables import Language

_STRONG_ENDINGS = {"m": "er", "f": "e", "n": "es", None: "e"}
_COUNTING_TEXT = "zwei drei vier fünf sechs sieben acht neun zehn viele einige mehrere"
_COUNTING = frozenset(_COUNTING_TEXT.split())
_LONG_ENDINGS_FIRST = ("en", "em", "er", "es", "e")
_RULE_ROOM = 330  # characters in which the rules are said


class ChildRulesParameters(TechniqueParameters):
    """`rules` is what the child wrote as context of the request; a schema file leaves it out."""

    rules: Annotated[str, Field(max_length=8_000)] = ""


def rules_of_the_child(text: str, _random: Random, parameters: ChildRulesParameters) -> Rewriting:
    """Apply the rules in their order, a step for each that changed something.

    A rule that changes nothing, or from which a word would come that no child should read (`Regen`
    backwards), is said after the text. Without any rule the text honestly says no more than that it
    follows rules of its own.
    """
    language = known_language(text)
    rules = understood(parameters.rules, lambda word: is_adjective(word, language or "de"))
    said = text.strip()
    known = {lookup(piece.text) for source in (text, parameters.rules) for piece in pieces(source)}
    room = longest_result(text) - _RULE_ROOM
    steps: list[RewriteStep] = []
    kept: list[str] = []
    for number, (rule, wording) in enumerate(rules, start=1):
        new = _applied(rule, said, language)
        if new.strip() and new != said and len(new) <= room and is_sayable(new, known):
            said = new
            steps.append(RewriteStep(f"rule_{number}", said))
        else:
            kept.append(wording)
    if kept or not steps:
        said = _with_rules(said, kept, language)
        steps.append(RewriteStep("rules_said" if kept else "no_rules", said))
    return Rewriting(tuple(steps))


def _with_rules(text: str, rules: Sequence[str], language: Language | None) -> str:
    told = _cut("; ".join(rule.rstrip(".!;, ") for rule in rules))
    if language is None:
        return f"{text} — {told}" if told else f"{text} …"
    if not told:
        return f"{text}, {'nach meinen eigenen Regeln' if language == 'de' else 'by my own rules'}"
    return f"{as_sentence(text)} {'Regel' if language == 'de' else 'Rule'}: {told}."


def _cut(rules: str) -> str:
    clusters = graphemes(rules)
    if len(rules) < _RULE_ROOM - 30:
        return rules
    kept = ""
    for cluster in clusters:
        if len(kept) + len(cluster) > _RULE_ROOM - 40:
            break
        kept += cluster
    return f"{kept.rstrip()}…"


def _applied(rule: Rule, text: str, language: Language | None) -> str:  # noqa: PLR0911
    match rule:
        case Replace():
            return _replaced(rule, text, language)
        case Always():
            return text if language is None else _always(rule.quality, text, language)
        case Without():
            letters = graphemes(text)
            return "".join(c for c in letters if base_letter(c) != rule.letter)
        case Shout():
            return "".join(map(upper, graphemes(text)))
        case Whisper():
            return "".join(map(lower, graphemes(text)))
        case Backwards():
            if rule.whole_words:
                return join_words(words(text)[::-1])
            return "".join(reversed(graphemes(text)))
        case Repeat():
            again = as_sentence(text) if language and len(words(text)) > 1 else text
            return " ".join([again] * rule.times)
        case Wording():
            return text


def _replaced(rule: Replace, text: str, language: Language | None) -> str:
    if len(graphemes(rule.old)) == 1 and rule.old.isalpha():
        return "".join(
            in_case_of(c, rule.new) if lookup(c) == lookup(rule.old) else c for c in graphemes(text)
        )
    parts = pieces(text)
    wanted = [lookup(piece.text) for piece in pieces(rule.old)]
    if len(wanted) > 1 or pieces(rule.old)[0].kind != "word":
        return _replaced_phrase(parts, wanted, rule.new)
    new: dict[int, str] = {}
    old_forms = _noun(rule.old, language)
    new_forms = _noun(rule.new, language)
    found = {noun.index: noun for noun in find_nouns(parts, language)} if language else {}
    for index, piece in enumerate(parts):
        if piece.kind != "word":
            continue
        noun = found.get(index)
        if lookup(piece.text) == wanted[0]:
            _put(parts, index, rule.new, new)
            if old_forms and new_forms:
                _fit_article(parts, index, old_forms, new_forms, new)
        elif (
            noun is not None
            and noun.is_plural
            and old_forms is not None
            and noun.word == old_forms.word
            and new_forms is not None
            and new_forms.plural is not None
        ):
            _put(parts, index, new_forms.plural, new)
    return replace_words(parts, new.get)


def _put(parts: Sequence[Piece], index: int, word: str, new: dict[int, str]) -> None:
    """Put a word in, as the child writes it, with a capital where a sentence begins."""
    old = parts[index].text
    shouted = old.isupper() and len(old) > 1
    new[index] = in_case_of(old, word) if shouted or starts_sentence(parts, index) else word


def _fit_article(
    parts: Sequence[Piece], index: int, old: FoundNoun, noun: FoundNoun, new: dict[int, str]
) -> None:
    before = word_before(parts, index)
    if before is None:
        return
    adjective = before if old.gender and is_adjective(parts[before].text, "de") else None
    if adjective is not None:
        before = word_before(parts, adjective)
        if before is None:
            return
    article = parts[before].text
    if noun.gender is None or old.gender is None:
        if lookup(article) in {"a", "an"}:
            new[before] = in_case_of(article, indefinite_article(noun.word))
    else:
        fitted = article_for(lookup(article), old.gender, noun.gender)
        if fitted is None:
            return
        new[before] = in_case_of(article, fitted)
        ending = adjective_ending(fitted, noun.word)
        if adjective is not None and ending is not None:
            new[adjective] = _with_ending(parts[adjective].text, ending)


def _with_ending(adjective: str, ending: str) -> str:
    """`kleiner` + `e` → `kleine`."""
    old = next((e for e in _LONG_ENDINGS_FIRST if adjective.endswith(e)), "")
    return adjective.removesuffix(old) + ending


def _noun(word: str, language: Language | None) -> FoundNoun | None:
    if language is None:
        return None
    spelled = in_case_of("Aa", word) if language == "de" else word
    return next(iter(find_nouns(pieces(spelled), language)), None)


def _replaced_phrase(parts: Sequence[Piece], wanted: Sequence[str], new: str) -> str:
    said: list[str] = []
    index = 0
    while index < len(parts):
        here = [lookup(piece.text) for piece in parts[index : index + len(wanted)]]
        if here == list(wanted):
            said.append(new)
            index += len(wanted)
        else:
            said.append(parts[index].text)
            index += 1
    return "".join(said)


def _always(quality: str, text: str, language: Language) -> str:
    parts = pieces(text)
    nouns = find_nouns(parts, language)
    if language == "en":
        return with_quality(parts, nouns, "en", quality)
    new: dict[int, str] = {}
    for noun in nouns:
        ending = _ending(parts, noun)
        if ending is None:
            continue
        word = parts[noun.index].text
        said = inflected(quality, ending)
        before = word_before(parts, noun.index)
        if starts_sentence(parts, noun.index) and word[:1].isupper():
            said = in_case_of("Aa", said)
        elif before is not None and lookup(parts[before].text) == said:
            continue
        new[noun.index] = f"{said} {word}"
    return replace_words(parts, new.get)


def _ending(parts: Sequence[Piece], noun: FoundNoun) -> str | None:
    """The ending an adjective takes before this German noun; None where it is not clear."""
    word = parts[noun.index].text
    before = word_before(parts, noun.index)
    if before is None:
        return "e" if noun.is_plural else _STRONG_ENDINGS[noun.gender]
    article = parts[before].text
    if is_article(article, "de"):
        if noun.is_plural:
            return "en"
        return adjective_ending(article, noun.word)
    if is_adjective(article, "de"):
        # `der kleine blaue Hund`: the same ending as the adjective before.
        return next((e for e in _LONG_ENDINGS_FIRST if lookup(article).endswith(e)), None)
    if noun.is_plural and lookup(word) == lookup(noun.plural or ""):
        return "e" if lookup(article) in _COUNTING else None
    return None
