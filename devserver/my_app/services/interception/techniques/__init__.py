"""Real, old, named writing techniques: what stage 2 does when no language model is configured.

Each is deterministic by its random generator, needs no network, and takes any text: one word, one
emoji, any script. `TECHNIQUES` holds them by the name a schema file gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .clauses import ClausesParameters, clauses
from .cut_up import cut_up
from .lipogram import LipogramParameters, lipogram
from .materials import MaterialsParameters, materials
from .n_plus_7 import n_plus_7
from .opposites import opposites
from .overdrive import overdrive
from .passthrough import passthrough
from .pig_latin import PigLatinParameters, pig_latin
from .rules_of_the_child import ChildRulesParameters, rules_of_the_child
from .shapes import (
    NoParameters,
    ParametrisedTechnique,
    RewriteStep,
    Rewriting,
    Technique,
    longest_result,
)
from .snowball import snowball
from .story import StoryParameters, story
from .substitution import SubstitutionParameters, substitution
from .technical_description import technical_description
from .viewpoint import ViewpointParameters, viewpoint
from .whisper_chain import whisper_chain

__all__ = ["TECHNIQUES", "RewriteStep", "Rewriting", "Technique", "longest_result"]

TECHNIQUES: Mapping[str, Technique] = MappingProxyType(
    {
        "clauses": ParametrisedTechnique(ClausesParameters, clauses),
        "cut_up": ParametrisedTechnique(NoParameters, cut_up),
        "lipogram": ParametrisedTechnique(LipogramParameters, lipogram),
        "materials": ParametrisedTechnique(MaterialsParameters, materials),
        "n_plus_7": ParametrisedTechnique(NoParameters, n_plus_7),
        "opposites": ParametrisedTechnique(NoParameters, opposites),
        "overdrive": ParametrisedTechnique(NoParameters, overdrive),
        "passthrough": ParametrisedTechnique(NoParameters, passthrough, changes=False),
        "pig_latin": ParametrisedTechnique(PigLatinParameters, pig_latin),
        "rules_of_the_child": ParametrisedTechnique(ChildRulesParameters, rules_of_the_child),
        "snowball": ParametrisedTechnique(NoParameters, snowball),
        "story": ParametrisedTechnique(StoryParameters, story),
        "substitution": ParametrisedTechnique(SubstitutionParameters, substitution),
        "technical_description": ParametrisedTechnique(NoParameters, technical_description),
        "viewpoint": ParametrisedTechnique(ViewpointParameters, viewpoint),
        "whisper_chain": ParametrisedTechnique(NoParameters, whisper_chain),
    }
)
