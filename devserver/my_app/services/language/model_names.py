"""How models are named in settings and schemas: `ollama/llama3.2:3b`, `openrouter/openai/gpt-5`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

BACKENDS = ("ollama", "openai_compatible", "openai", "openrouter")
OWN_BACKENDS = frozenset({"ollama", "openai_compatible"})
"""The kinds of server that can be machines of one's own; whether they are is seen on connecting."""

_MAX_LENGTH = 200


@dataclass(frozen=True)
class ModelName:
    """A model and the kind of server that has it; `str` gives the form it was read from."""

    backend: str
    model: str

    def __str__(self) -> str:
        return f"{self.backend}/{self.model}"


def read_model_name(text: str) -> ModelName:
    """Read `<server>/<model>`; all behind the first slash is the model, slashes included.

    Raises ValueError with a sentence.
    """
    backend, _, model = text.strip().partition("/")
    if backend not in BACKENDS or not model or len(model) > _MAX_LENGTH or not model.isprintable():
        forms = ", ".join(f"{name}/<model>" for name in BACKENDS)
        raise ValueError(f"a model is named by one of {forms}")
    return ModelName(backend, model.strip())


def _from_text(value: object) -> object:
    return read_model_name(value) if isinstance(value, str) else value


class StepModels(BaseModel):
    """Which model serves one step in eco mode and in fast mode; fast takes eco's without its own.

    Nothing but a model on one's own machines can be named for eco.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    eco: Annotated[ModelName, BeforeValidator(_from_text)] | None = None
    fast: Annotated[ModelName, BeforeValidator(_from_text)] | None = None

    @model_validator(mode="after")
    def _eco_stays_here(self) -> StepModels:
        if self.eco and self.eco.backend not in OWN_BACKENDS:
            allowed = " or ".join(sorted(OWN_BACKENDS))
            raise ValueError(
                f"eco mode stays on one's own machines: its model is at {allowed}, "
                f"not at {self.eco.backend}; that one can be set for fast mode"
            )
        return self

    def of_mode(self, execution_mode: str) -> ModelName | None:
        """The model for a mode; any other mode than fast is treated as eco."""
        return (self.fast or self.eco) if execution_mode == "fast" else self.eco
