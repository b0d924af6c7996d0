from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from devserver.my_app.services.language.model_names import (
    BACKENDS,
    ModelName,
    StepModels,
    read_model_name,
)
from devserver.my_app.services.language.models import LanguageModels
from devserver.my_app.services.language.port import LanguageModelNotConfigured
from tests.services.language.rig import compatible_at, ollama_at

OLLAMA = ollama_at("http://127.0.0.1:1", own_machines_only=True)
OLLAMA_ANYWHERE = ollama_at("http://127.0.0.1:1")
COMPATIBLE = compatible_at("http://127.0.0.1:2/v1")


@pytest.mark.parametrize(
    ("text", "backend", "model"),
    [
        ("ollama/llama3.2:3b", "ollama", "llama3.2:3b"),
        ("ollama/hf.co/someone/model:Q4_K_M", "ollama", "hf.co/someone/model:Q4_K_M"),
        (" openrouter/openai/gpt-5-mini ", "openrouter", "openai/gpt-5-mini"),
        ("openai/gpt-5-mini", "openai", "gpt-5-mini"),
        ("openai_compatible/smollm2", "openai_compatible", "smollm2"),
    ],
)
def test_a_model_is_named_by_server_and_name(text: str, backend: str, model: str) -> None:
    name = read_model_name(text)
    assert name == ModelName(backend, model)
    assert str(name) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "llama3.2", "ollama", "ollama/", "/x", "gemini/x", "Ollama/x", "ollama/a\nb"]
)
def test_other_names_are_told_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(ValueError, match="ollama/<model>"):
        read_model_name(text)


@given(backend=st.sampled_from(BACKENDS), model=st.from_regex(r"[!-~]{1,199}", fullmatch=True))
def test_every_name_is_read_back(backend: str, model: str) -> None:
    assert str(read_model_name(f"{backend}/{model}")) == f"{backend}/{model}"


@pytest.mark.parametrize("name", ["openrouter/x/y", "openai/gpt-5"])
def test_a_service_of_others_can_not_be_named_for_eco(name: str) -> None:
    with pytest.raises(ValidationError, match="stays on one's own machines"):
        StepModels.model_validate({"eco": name})
    assert StepModels.model_validate({"fast": name}).of_mode("eco") is None


def models(**steps: dict[str, str]) -> LanguageModels:
    return LanguageModels(
        {step: StepModels.model_validate(names) for step, names in steps.items()},  # type: ignore[misc]
        own={"ollama": OLLAMA},
        others={"ollama": OLLAMA_ANYWHERE, "openrouter": COMPATIBLE},
    )


def test_each_mode_has_its_model_at_its_server() -> None:
    chosen = models(interception={"eco": "ollama/a", "fast": "openrouter/b/c"})
    eco, fast = (chosen.choose("interception", mode) for mode in ("eco", "fast"))
    assert eco and (eco.server, eco.model) == (OLLAMA, "a")
    assert fast and (fast.server, fast.model) == (COMPATIBLE, "b/c")


def test_fast_takes_ecos_model_without_its_own() -> None:
    fast = models(guard={"eco": "ollama/a"}).choose("guard", "fast")
    assert fast and (fast.server, fast.model) == (OLLAMA_ANYWHERE, "a")


def test_a_step_without_a_model_has_none() -> None:
    chosen = models(interception={"fast": "openrouter/b"})
    assert chosen.choose("interception", "eco") is None
    assert chosen.choose("translation", "fast") is None


def test_an_unknown_mode_is_treated_as_eco() -> None:
    chosen = models(interception={"eco": "ollama/a", "fast": "openrouter/b"})
    found = chosen.choose("interception", "FAST")
    assert found and found.server is OLLAMA


def test_a_schemas_own_choice_wins() -> None:
    chosen = models(interception={"eco": "ollama/a", "fast": "openrouter/b"})
    own = StepModels.model_validate({"eco": "ollama/c"})
    for mode in ("eco", "fast"):
        found = chosen.choose("interception", mode, own)
        assert found and found.model == "c"
    only_fast = StepModels.model_validate({"fast": "openrouter/d"})
    found = chosen.choose("interception", "eco", only_fast)
    assert found and found.model == "a"


def test_a_schemas_choice_without_its_server_is_a_failure_and_never_another_model() -> None:
    chosen = models(interception={"eco": "ollama/a"})
    own = StepModels.model_validate({"eco": "openai_compatible/x", "fast": "openai/y"})
    with pytest.raises(LanguageModelNotConfigured, match="DEVSERVER_LANGUAGE_BASE_URL is not set"):
        chosen.choose("interception", "eco", own)
    with pytest.raises(LanguageModelNotConfigured, match="OPENAI_API_KEY is not set"):
        chosen.choose("interception", "fast", own)


def test_a_setting_without_its_server_stops_the_start() -> None:
    with pytest.raises(LanguageModelNotConfigured, match="OLLAMA_HOST is not set"):
        LanguageModels({"guard": StepModels.model_validate({"eco": "ollama/a"})}, own={}, others={})


@pytest.mark.parametrize("backend", ["openrouter", "openai"])
def test_eco_mode_can_not_be_given_a_service_of_others(backend: str) -> None:
    with pytest.raises(ValueError, match="can't serve eco"):
        LanguageModels({}, own={backend: COMPATIBLE}, others={})


def test_what_is_warmed_up_is_each_model_once() -> None:
    chosen = models(
        interception={"eco": "ollama/a", "fast": "openrouter/b"},
        translation={"eco": "ollama/a"},
        guard={"eco": "ollama/c"},
    )
    assert [one.model for one in chosen.all] == ["a", "b", "c"]


def test_the_start_up_lines_name_every_step() -> None:
    lines = models(interception={"eco": "ollama/a"}).describe()
    assert lines[0] == "interception, eco: a at Server (http://127.0.0.1:1)"
    assert models().describe() == []
