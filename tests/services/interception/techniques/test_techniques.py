"""What every technique promises, whatever the text."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devserver.my_app.services.interception.techniques import (
    TECHNIQUES,
    RewriteStep,
    Rewriting,
    longest_result,
)
from devserver.my_app.services.interception.techniques.graphemes import graphemes

from .texts import HARD_TEXTS, PARAMETERS, any_texts, seeds, texts

names = st.sampled_from(sorted(TECHNIQUES))


def rewritten(name: str, text: str, seed: int) -> Rewriting:
    return TECHNIQUES[name](text, random=Random(seed), parameters=PARAMETERS.get(name, {}))


@pytest.mark.parametrize("text", HARD_TEXTS, ids=lambda text: text[:12])
@pytest.mark.parametrize("name", sorted(TECHNIQUES))
def test_never_blank_and_never_too_long(name: str, text: str) -> None:
    rewriting = rewritten(name, text, 7)
    assert rewriting.text.strip()
    assert len(rewriting.text) <= longest_result(text) <= 24_000


@settings(max_examples=150, deadline=None)
@given(name=names, text=any_texts, seed=seeds)
def test_any_text_gives_the_same_for_the_same_seed(name: str, text: str, seed: int) -> None:
    rewriting = rewritten(name, text, seed)
    assert rewriting == rewritten(name, text, seed)
    assert bool(rewriting.text.strip()) == bool(text.strip())
    assert len(rewriting.text) <= longest_result(text)


@settings(max_examples=250, deadline=None)
@given(name=names, text=texts, seed=seeds)
def test_grapheme_clusters_stay_whole(name: str, text: str, seed: int) -> None:
    composed = {cluster for cluster in graphemes(text) if len(cluster) > 1}
    for step in rewritten(name, text, seed).steps:
        found = {cluster for cluster in graphemes(step.text) if len(cluster) > 1}
        small = {cluster.lower() for cluster in composed}
        large = {cluster.upper() for cluster in composed}
        assert found <= composed | small | large


@pytest.mark.parametrize("name", sorted(TECHNIQUES))
def test_a_blank_text_passes_through(name: str) -> None:
    assert rewritten(name, " \n", 1).text == " \n"


@pytest.mark.parametrize("name", sorted(TECHNIQUES))
def test_unknown_parameters_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        TECHNIQUES[name].check({**PARAMETERS.get(name, {}), "colour": "red"})
    TECHNIQUES[name].check(PARAMETERS.get(name, {}))


def test_a_rewriting_has_a_step() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        Rewriting(())
    assert Rewriting((RewriteStep("unchanged", "a"),)).text == "a"
