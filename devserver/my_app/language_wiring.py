"""How the language models are put together from the settings."""

from __future__ import annotations

from pydantic import SecretStr, ValidationError

from devserver.config import Settings, SettingsInvalid
from devserver.my_app.services.language.client import LanguageClient
from devserver.my_app.services.language.model_names import StepModels
from devserver.my_app.services.language.models import LanguageModels, Step
from devserver.my_app.services.language.ollama import OllamaServer
from devserver.my_app.services.language.openai_compatible import OpenAICompatibleServer
from devserver.my_app.services.language.places import CallPlaces
from devserver.my_app.services.language.port import LanguageModel, LanguageModelNotConfigured
from devserver.setting_types import origin_of

NO_MODELS = LanguageModels({}, own={}, others={})

_NO_TRAINING = {"provider": {"data_collection": "deny"}}
"""OpenRouter then asks only providers that don't keep what they are sent."""


def build_language_models(settings: Settings) -> LanguageModels:
    """The language models of the settings. Raises SettingsInvalid."""
    try:
        steps: dict[Step, StepModels] = {
            "interception": StepModels.model_validate(
                {"eco": settings.interception_model, "fast": settings.interception_model_fast}
            ),
            "translation": StepModels.model_validate(
                {"eco": settings.translation_model, "fast": settings.translation_model_fast}
            ),
            "guard": StepModels.model_validate(
                {"eco": settings.guard_model, "fast": settings.guard_model_fast}
            ),
            "vision": StepModels.model_validate(
                {"eco": settings.vision_model, "fast": settings.vision_model_fast}
            ),
        }
        places = _Places(settings.language_calls_at_once)
        return LanguageModels(
            steps,
            own=_own_servers(settings, places, own_machines_only=True),
            others={
                **_own_servers(settings, places, own_machines_only=False),
                **_services(settings, places),
            },
        )
    except ValidationError as error:
        faults = "; ".join(str(fault["msg"]) for fault in error.errors())
        raise SettingsInvalid(f"The language models can't be used: {faults}.") from None
    except (ValueError, LanguageModelNotConfigured) as error:
        raise SettingsInvalid(str(error)) from None


class _Places:
    """The places of each server, which eco and fast mode share."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._places: dict[str, CallPlaces] = {}

    def at(self, url: str) -> CallPlaces:
        return self._places.setdefault(url, CallPlaces(self._at_once))


def _own_servers(
    settings: Settings, places: _Places, *, own_machines_only: bool
) -> dict[str, LanguageModel]:
    """Servers that may be one's own machines; for eco mode with clients that see to that."""

    def client(label: str, url: str, key: SecretStr | None = None) -> LanguageClient:
        return LanguageClient(
            label,
            url,
            key,
            own_machines_only=own_machines_only,
            is_declared_own=origin_of(url) in {origin_of(own) for own in settings.own_origins},
        )

    servers: dict[str, LanguageModel] = {}
    if url := settings.ollama_host:
        servers["ollama"] = OllamaServer(
            client("Ollama", url),
            places.at(url),
            keep_alive=settings.language_keep_alive,
            context_tokens=settings.language_context_tokens,
        )
    if url := settings.language_base_url:
        servers["openai_compatible"] = OpenAICompatibleServer(
            "openai_compatible",
            client("Language server", url, settings.language_api_key),
            places.at(url),
        )
    return servers


def _services(settings: Settings, places: _Places) -> dict[str, LanguageModel]:
    """The services of others, of which there is a key."""
    servers: dict[str, LanguageModel] = {}
    if settings.openai_api_key:
        url = settings.openai_base_url
        servers["openai"] = OpenAICompatibleServer(
            "openai",
            LanguageClient("OpenAI", url, settings.openai_api_key, proxy=settings.proxy_to(url)),
            places.at(url),
        )
    if settings.openrouter_api_key:
        url = settings.openrouter_base_url
        servers["openrouter"] = OpenAICompatibleServer(
            "openrouter",
            LanguageClient(
                "OpenRouter", url, settings.openrouter_api_key, proxy=settings.proxy_to(url)
            ),
            places.at(url),
            always=_NO_TRAINING,
        )
    return servers
