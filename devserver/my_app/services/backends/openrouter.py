"""Images from OpenRouter, where models answer in a chat.

`POST <base>/chat/completions` with `modalities`; the images come in `choices[].message.images`,
from some models as `image_url` parts of `choices[].message.content`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devserver.my_app.services.api_calls.answers import is_moderation
from devserver.my_app.services.backends.api_jobs import brought, made_by, only_job
from devserver.my_app.services.backends.api_service import ApiService
from devserver.my_app.services.backends.port import BackendFailed, MediaRequest
from devserver.my_app.services.made_media import descriptions_of
from devserver.my_app.services.media_sources import MediaDescription
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_metadata import Job

DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"

_OWN_PARAMETERS = frozenset({"takes_seed"})
_REFUSING_ENDS = frozenset(
    {"content_filter", "safety", "image_safety", "prohibited_content", "image_prohibited_content"}
)


class OpenRouterBackend:
    """Asks one model for one answer with images, once per run and config.

    A config's parameters are sent as they are (model, image_config, …); its `takes_seed` says that
    the model makes the same of the same `seed`.
    """

    name = "openrouter"

    def __init__(
        self, service: ApiService, *, key_setting: str | None = "OPENROUTER_API_KEY"
    ) -> None:
        self._service = service
        self._key_setting = key_setting

    @property
    def is_set_up(self) -> bool:
        """Whether there is a key, where one is needed."""
        return self._service.lacks_key(self._key_setting) is None

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """A missing key or model, or that it is no image that is wanted."""
        if config.media_type != "image":
            return f"{self._service.label} makes images here, not {config.media_type}."
        if not config.parameters.get("model"):
            return "Its parameters name no model."
        return self._service.lacks_key(self._key_setting)

    def describe(self, configs: Sequence[OutputConfig]) -> Sequence[str]:
        """Where the service is, and which configs can't be made."""
        return self._service.describe(configs, self.unavailable_because)

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        """Ask for the images and wait for them; nothing when the model only talks.

        Raises also ApiKeyRefused, SentBefore, MediaRejected.
        """
        body, seed = _body(request)
        with only_job(self, self._service, request, body) as job:
            answer = self._service.post("/chat/completions", body, request.run)
            images = list(_images_of(answer))
            if not images:
                self._raise_refusal(answer)
        described = descriptions_of(images, made_by(self.name, request, seed=seed))
        return brought(request.run, job, described)

    def cancel(self, job: Job) -> None:
        """Nothing: there is only the answer, which nobody hears any more."""

    def _raise_refusal(self, answer: Mapping[str, Any]) -> None:
        """Raise what an answer without images says of itself, if it says anything."""
        for choice in _objects(answer.get("choices")):
            ends = (choice.get("finish_reason"), choice.get("native_finish_reason"))
            refused = any(isinstance(e, str) and e.lower() in _REFUSING_ENDS for e in ends)
            if refused or _message(choice).get("refusal") or is_moderation(choice):
                raise self._service.refused()
            if choice.get("error"):
                raise BackendFailed(f"The model at {self._service.label} failed.")


def _body(request: MediaRequest) -> tuple[dict[str, Any], int | None]:
    """What is sent, and the seed in it."""
    parameters = request.config.parameters
    body = {
        "modalities": ["image", "text"],
        **{key: value for key, value in parameters.items() if key not in _OWN_PARAMETERS},
        "messages": [{"role": "user", "content": request.prompt}],
        "stream": False,
    }
    if not parameters.get("takes_seed"):
        return body, None
    return {**body, "seed": request.seed}, request.seed


def _images_of(answer: Mapping[str, Any]) -> Iterator[object]:
    """The images of every choice. What the model says beside them is not looked at."""
    for choice in _objects(answer.get("choices")):
        message = _message(choice)
        parts = message.get("images") or message.get("content")
        for part in _objects(parts):
            image = part.get("image_url")
            if image:
                yield image if isinstance(image, dict) else {"url": image}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _message(choice: Mapping[str, Any]) -> dict[str, Any]:
    message = choice.get("message")
    return message if isinstance(message, dict) else {}
