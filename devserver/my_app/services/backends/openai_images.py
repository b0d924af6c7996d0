"""The OpenAI Images API, and any server that speaks it under another base URL.

`POST <base>/images/generations` answers `{"data": [{"b64_json"} or {"url"}, …]}`. The GPT image
models always give base64; an address lives for an hour, so it is fetched within the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devserver.my_app.services.backends.api_jobs import brought, made_by, only_job
from devserver.my_app.services.backends.api_service import ApiService
from devserver.my_app.services.backends.port import MediaRequest
from devserver.my_app.services.made_media import descriptions_of
from devserver.my_app.services.media_sources import MediaDescription
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_metadata import Job

DEFAULT_BASE_URL = "https://api.openai.com/v1"

_OWN_PARAMETERS = frozenset({"takes_seed"})


class OpenAIImagesBackend:
    """Asks for images, once per run and config.

    A config's parameters are sent as they are (model, size, quality, output_format, …); its
    `takes_seed` says that the model takes a `seed`, which OpenAI's own do not. `key_setting` is
    the setting that has to hold a key; None for a server that needs none.
    """

    def __init__(
        self,
        service: ApiService,
        *,
        name: str = "openai",
        key_setting: str | None = "OPENAI_API_KEY",
    ) -> None:
        self.name = name
        self._service = service
        self._key_setting = key_setting

    @property
    def is_set_up(self) -> bool:
        """Whether there is a key, where one is needed."""
        return self._service.lacks_key(self._key_setting) is None

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """A missing key, or that it is no image that is wanted."""
        if config.media_type != "image":
            return f"{self._service.label} makes images here, not {config.media_type}."
        return self._service.lacks_key(self._key_setting)

    def describe(self, configs: Sequence[OutputConfig]) -> Sequence[str]:
        """Where the service is, and which configs can't be made."""
        return self._service.describe(configs, self.unavailable_because)

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        """Ask for the images and wait for them.

        Raises also ApiKeyRefused, SentBefore, MediaRejected.
        """
        body, seed = _body(request)
        with only_job(self, self._service, request, body) as job:
            answer = self._service.post("/images/generations", body, request.run)
        images = descriptions_of(answer.get("data"), made_by(self.name, request, seed=seed))
        return brought(request.run, job, images)

    def cancel(self, job: Job) -> None:
        """Nothing: there is only the answer, which nobody hears any more."""


def _body(request: MediaRequest) -> tuple[dict[str, Any], int | None]:
    """What is sent, and the seed in it."""
    parameters = request.config.parameters
    body = {key: value for key, value in parameters.items() if key not in _OWN_PARAMETERS}
    body["prompt"] = request.prompt
    if not parameters.get("takes_seed"):
        return body, None
    return {**body, "seed": request.seed}, request.seed
