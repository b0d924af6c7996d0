"""What tests of the API services share: a run that keeps notes, a clock, and a service on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.backends.api_service import ApiService
from devserver.my_app.services.backends.port import MediaRequest, NotWanted
from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.output_configs import OutputConfig, load_output_configs
from devserver.my_app.services.run_metadata import Job

KEY = "sk-Geheim-0123456789abcdef"
PROMPT = "Ein Walross im Ballkleid"
BASE = "https://api.example.org/v1"
CONFIGS = load_output_configs(PROJECT_FOLDER / "devserver" / "schemas" / "output")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that only goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.on_sleep()

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)


class FakeRun:
    """A `RunAtWork` in memory, with what becomes of jobs."""

    def __init__(self, jobs: Sequence[Job] = ()) -> None:
        self.jobs: list[Job] = list(jobs)
        self.sent: list[Mapping[str, Any]] = []
        self.states: list[tuple[str | None, str]] = []
        self.made: list[int] = []
        self.warnings: list[str] = []
        self.wanted = True

    def submitting(self, job: Job, sent: Mapping[str, Any]) -> Job:
        job = job.model_copy(update={"workflow": f"workflow_{len(self.jobs)}.json"})
        self.jobs.append(job)
        self.sent.append(sent)
        return job

    def job_known_as(self, job: Job, job_id: str) -> Job:
        known = job.model_copy(update={"job_id": job_id})
        self.jobs[self.jobs.index(job)] = known
        return known

    def job_done(self, job: Job, made: int) -> None:
        self.made.append(made)

    def job_is(self, job: Job, state: str) -> None:
        self.states.append((job.job_id, state))

    def check_wanted(self) -> None:
        if not self.wanted:
            raise NotWanted("The run is over already.")

    def progress(self, **changes: object) -> None:
        pass

    def preview(self, data: bytes, mime_type: str) -> None:
        pass

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def service(
    clock: Clock | None = None, *, base: str = BASE, key: str | None = KEY, **more: Any
) -> ApiService:
    """A service that never really sleeps."""
    clock = clock or Clock()
    return ApiService(
        "Service",
        base,
        SecretStr(key) if key else None,
        **{
            "deadline_seconds": 100.0,
            "clock": clock,
            "sleep": clock.sleep,
            "now": clock.now,
            "jitter": lambda: 0.5,
            **more,
        },
    )


def request(config: OutputConfig | str, run: FakeRun, *, prompt: str = PROMPT) -> MediaRequest:
    """A request for the config, or for the one of this id that comes with the server."""
    return MediaRequest(
        run_id="5f0c0a39-2b2f-4c0e-9a06-3c2f6ff4b8f5",
        config=CONFIGS[config] if isinstance(config, str) else config,
        prompt=CheckedText(prompt),
        negative_prompt="",
        input_text=CheckedText("Ein Walross"),
        seed=2**40 + 7,
        picture={},
        run=run,
    )


def changed(config_id: str, **parameters: object) -> OutputConfig:
    """The config that comes with the server, with other parameters."""
    config = CONFIGS[config_id]
    return config.model_copy(update={"parameters": {**config.parameters, **parameters}})
