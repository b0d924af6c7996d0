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
from .n_plus_7 import n_plus_7
from .opposites import opposites
from .overdrive import overdrive
from .passthrough import passthrough
from .pig_latin import PigLatinParameters, pig_latin
from .shapes import (
    NoParameters,
    ParametrisedTechnique,
    RewriteStep,
    Rewriting,
    Technique,
    longest_result,
)
from .snowball import snowball
from .whisper_chain import whisper_chain

__all__ = ["TECHNIQUES", "RewriteStep", "Rewriting", "Technique", "longest_result"]

TECHNIQUES: Mapping[str, Technique] = MappingProxyType(
    {
        "clauses": ParametrisedTechnique(ClausesParameters, clauses),
        "cut_up": ParametrisedTechnique(NoParameters, cut_up),
        "lipogram": ParametrisedTechnique(LipogramParameters, lipogram),
        "n_plus_7": ParametrisedTechnique(NoParameters, n_plus_7),
        "opposites": ParametrisedTechnique(NoParameters, opposites),
        "overdrive": ParametrisedTechnique(NoParameters, overdrive),
        "passthrough": ParametrisedTechnique(NoParameters, passthrough),
        "pig_latin": ParametrisedTechnique(PigLatinParameters, pig_latin),
        "snowball": ParametrisedTechnique(NoParameters, snowball),
        "whisper_chain": ParametrisedTechnique(NoParameters, whisper_chain),
    }
)
