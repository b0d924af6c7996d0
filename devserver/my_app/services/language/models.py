"""Which model serves which step of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from devserver.my_app.services.language.model_names import OWN_BACKENDS, ModelName, StepModels
from devserver.my_app.services.language.port import LanguageModel, LanguageModelNotConfigured

Step = Literal["interception", "translation", "guard", "vision"]
STEPS: tuple[Step, ...] = get_args(Step)

_MODES = ("eco", "fast")
_SETTINGS = {
    "ollama": "OLLAMA_HOST",
    "openai_compatible": "DEVSERVER_LANGUAGE_BASE_URL",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
}


@dataclass(frozen=True)
class ChosenModel:
    """A model and the server it is asked at."""

    server: LanguageModel
    model: str

    def __str__(self) -> str:
        return f"{self.model} at {self.server.label} ({self.server.server})"


class LanguageModels:
    """The models of all steps and modes.

    How eco mode stays on one's own machines: it gets its servers from `own` alone, where nothing
    but Ollama and the operator's own language server can be, each with a client that connects to
    addresses of internal networks only, and which refuses models that Ollama runs elsewhere. What
    an override names goes the same way.
    """

    def __init__(
        self,
        steps: Mapping[Step, StepModels],
        *,
        own: Mapping[str, LanguageModel],
        others: Mapping[str, LanguageModel],
    ) -> None:
        """`own` serves eco mode and `others` fast mode, by backend. Only what is set up is there.

        Raises LanguageModelNotConfigured when a step names a model whose server isn't set up, and
        ValueError when `own` has what can't be one's own.
        """
        if not own.keys() <= OWN_BACKENDS:
            raise ValueError("a service of others can't serve eco mode")
        self._steps = dict(steps)
        self._own, self._others = dict(own), dict(others)
        self._all = list(self._named())

    def choose(
        self, step: Step, execution_mode: str, override: StepModels | None = None
    ) -> ChosenModel | None:
        """The model for a step in a mode; None when none is configured.

        `override` is a schema's own choice and wins. Raises LanguageModelNotConfigured when the
        server of the model isn't set up: nothing else is taken in its place.
        """
        name = override.of_mode(execution_mode) if override else None
        name = name or self._steps.get(step, StepModels()).of_mode(execution_mode)
        return self._at_its_server(name, execution_mode) if name else None

    @property
    def all(self) -> Sequence[ChosenModel]:
        """Every configured model once, in the order of the steps: what is warmed up."""
        places = {(str(chosen), chosen.server.backend): chosen for _, _, chosen in self._all}
        return list(places.values())

    def describe(self) -> list[str]:
        """Lines for people: which model serves which step."""
        return [f"{step}, {mode}: {chosen}" for step, mode, chosen in self._all]

    def serving(self, step: Step) -> list[str]:
        """The modes in which a model is configured for `step`."""
        return [mode for mode in _MODES if self.choose(step, mode) is not None]

    def _named(self) -> Iterator[tuple[Step, str, ChosenModel]]:
        for step in STEPS:
            for mode in _MODES:
                if chosen := self.choose(step, mode):
                    yield step, mode, chosen

    def _at_its_server(self, name: ModelName, execution_mode: str) -> ChosenModel:
        servers = self._others if execution_mode == "fast" else self._own
        server = servers.get(name.backend)
        if server is None:
            missing = _SETTINGS.get(name.backend, "A server for it")
            raise LanguageModelNotConfigured(
                f"The language model {name} can't be asked: {missing} is not set."
            )
        return ChosenModel(server, name.model)
