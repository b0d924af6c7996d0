"""Everything becomes of one material: `Katze` → `Holzkatze`, `a cat` → `a woollen cat`.

A way to look: what a thing is made of decides how it shines, folds, sounds and breaks.
"""

from __future__ import annotations

from random import Random
from typing import Annotated

from pydantic import Field

from .language_guess import known_language
from .nouns import find_nouns, with_quality
from .pieces import pieces
from .sentences import as_sentence, fitting
from .shapes import RewriteStep, Rewriting, TechniqueParameters, longest_result

Sentence = Annotated[str, Field(min_length=3, max_length=200, pattern=r"\S")]
Sentences = Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=20, strict=False)]


class MaterialWords(TechniqueParameters):
    """How one language says it: `quality` stands before a noun (`Holz`, `wooden`), `whole` after a
    text without a noun (`ganz aus Holz`), and `details` are sentences on what there is to see."""

    quality: Annotated[str, Field(min_length=2, max_length=30)]
    whole: Annotated[str, Field(min_length=3, max_length=80)]
    details: Sentences


class Material(TechniqueParameters):
    """A material; `sign` stands for it in texts of other languages."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,30}$")]
    sign: Annotated[str, Field(min_length=1, max_length=8)]
    de: MaterialWords
    en: MaterialWords


class MaterialsParameters(TechniqueParameters):
    """The materials, one of which is drawn, and how many details are told."""

    materials: Annotated[tuple[Material, ...], Field(min_length=1, max_length=40, strict=False)]
    count: Annotated[int, Field(ge=1, le=4)] = 2


def materials(text: str, random: Random, parameters: MaterialsParameters) -> Rewriting:
    """Make every noun of one material, and tell what can be seen of it.

    Where no noun is known, the text as a whole is of the material. A text in another language
    keeps its words and gets the material's sign.
    """
    material = random.choice(parameters.materials)
    language = known_language(text)
    if language is None:
        return Rewriting((RewriteStep(material.name, f"{text.strip()} {material.sign}"),))
    words = material.de if language == "de" else material.en
    parts = pieces(text.strip())
    made = with_quality(parts, find_nouns(parts, language), language, words.quality)
    if made == text.strip() or len(made) > longest_result(text) - 100:
        made = f"{text.strip().rstrip('.')}, {words.whole}"
    details = random.sample(words.details, min(parameters.count, len(words.details)))
    whole = as_sentence(made)
    told = fitting(whole, details, longest_result(text))
    return Rewriting(
        (
            RewriteStep(material.name, made),
            RewriteStep("details", " ".join([whole, *told])),
        )
    )
