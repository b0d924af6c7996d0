"""The text as it came: for children who want to see their own words as a picture."""

from __future__ import annotations

from random import Random

from .shapes import NoParameters, RewriteStep, Rewriting


def passthrough(text: str, _random: Random, _parameters: NoParameters) -> Rewriting:
    """Change nothing, in one step that says so."""
    return Rewriting((RewriteStep("unchanged", text),))
