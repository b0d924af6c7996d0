"""What every technique promises, whatever the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def strings_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, Mapping) else value
    return (
        [text for part in parts for text in strings_of(part)] if isinstance(parts, Iterable) else []
    )


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
    said = [text, *strings_of(PARAMETERS.get(name, {}))]
    composed = {cluster for part in said for cluster in graphemes(part) if len(cluster) > 1}
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


@pytest.mark.parametrize("name", sorted(set(TECHNIQUES) - {"passthrough"}))
@given(text=any_texts.filter(lambda text: bool(text.strip())), seed=seeds)
@settings(max_examples=25, deadline=None)
def test_every_technique_but_one_changes_any_text(name: str, text: str, seed: int) -> None:
    assert rewritten(name, text, seed).text.strip() != text.strip()


def test_where_nothing_can_be_found_the_text_is_spelled_out() -> None:
    steps = rewritten("lipogram", "Hm hm", 1).steps
    assert [step.name for step in steps] == ["already_without", "spell_out"]
    assert steps[-1].text == "H-m h-m"
    assert rewritten("lipogram", "x", 1).text == "x x"
    assert [step.name for step in rewritten("passthrough", "Hm", 1).steps] == ["unchanged"]


def test_a_rewriting_has_a_step() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        Rewriting(())
    assert Rewriting((RewriteStep("unchanged", "a"),)).text == "a"
