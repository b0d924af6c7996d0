"""A language model in memory that does what a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable

from devserver.my_app.services.language.model_names import ModelName, StepModels
from devserver.my_app.services.language.models import LanguageModels, Step
from devserver.my_app.services.language.port import (
    CheckWanted,
    LanguageAnswer,
    LanguageRequest,
    Waiting,
    nobody_waits,
    still_wanted,
)

Script = Callable[[LanguageRequest, CheckWanted], str]


class ScriptedModel:
    """Answers by `script`, and keeps what it was asked."""

    label = "Scripted"
    server = "http://127.0.0.1:11434"

    def __init__(self, script: Script, backend: str = "ollama") -> None:
        self.backend = backend
        self.requests: list[LanguageRequest] = []
        self._script = script
        self._guard = threading.Lock()

    def ask(
        self,
        request: LanguageRequest,
        *,
        check_wanted: CheckWanted = still_wanted,
        waiting: Waiting = nobody_waits,
    ) -> LanguageAnswer:
        with self._guard:
            self.requests.append(request)
        return LanguageAnswer(
            text=self._script(request, check_wanted),
            backend=self.backend,
            server=self.server,
            model=request.model,
            seed=request.wire_seed,
            temperature=request.temperature,
            max_tokens=request.max_tokens,
            finish_reason="stop",
            thinking_removed=False,
            prompt_tokens=100,
            answer_tokens=20,
            seconds=0.5,
            waited_seconds=0.0,
            load_seconds=None,
            calls=1,
        )

    def warm_up(self, model: str, *, check_wanted: CheckWanted = still_wanted) -> None:
        pass


def models(**of_steps: ScriptedModel) -> LanguageModels:
    """These models for these steps, in both modes; all of them at one backend each."""
    steps: dict[Step, StepModels] = {}
    servers = {}
    for number, (step, model) in enumerate(of_steps.items()):
        model.backend = ("ollama", "openai_compatible")[number]
        servers[model.backend] = model
        steps[step] = StepModels(eco=ModelName(model.backend, f"{step}-model"))  # type: ignore[index]
    return LanguageModels(steps, own=servers, others=servers)


def text_in(request: LanguageRequest) -> str:
    """The text that stands between the marks of a request."""
    return request.messages[-1].content.rpartition("BEGINS]\n")[2].rpartition("\n[")[0]
