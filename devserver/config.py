"""Every setting: its environment variable, default and meaning.

This module is the only reader of the environment. `read_settings()` is called once, at start; from
there the settings are passed in.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from devserver.setting_types import (
    PROJECT_FOLDER,
    Folder,
    KeepAlive,
    Location,
    Names,
    OllamaUrl,
    OptionalFile,
    Url,
    Urls,
    WorkshopCodeList,
    origin_of,
)

__all__ = [
    "PROJECT_FOLDER",
    "SafetyLevel",
    "Settings",
    "SettingsInvalid",
    "read_settings",
    "setting_names",
]

_OUR_PREFIX = "DEVSERVER_"

logger = logging.getLogger(__name__)

SafetyLevel = Literal["kids", "youth", "adult", "off"]


class SettingsInvalid(Exception):
    """One or more settings have values that can't be used; the message names each of them."""


class Settings(BaseModel):
    """All settings, validated and immutable. Field names in Python, aliases in the environment."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    host: str = Field(
        "127.0.0.1",
        alias="DEVSERVER_HOST",
        description="Address to listen on; 0.0.0.0 for the local network.",
    )
    port: int = Field(
        17801, ge=0, le=65535, alias="DEVSERVER_PORT", description="Port to listen on."
    )
    exports_dir: Folder = Field(
        PROJECT_FOLDER / "devserver" / "exports",
        alias="DEVSERVER_EXPORTS_DIR",
        description="The one root of all stored data; relative paths start at the project folder.",
    )
    max_wait_seconds: float = Field(
        90.0,
        ge=0,
        le=3600,
        alias="DEVSERVER_MAX_WAIT_SECONDS",
        description="Longest time a request waits for its run before it gets 202.",
    )
    minimum_safety_level: SafetyLevel = Field(
        "youth",
        alias="DEVSERVER_MINIMUM_SAFETY_LEVEL",
        description="The floor: a lower level asked for is raised to it (kids, youth, adult, off).",
    )
    safety_words: OptionalFile = Field(
        None,
        alias="DEVSERVER_SAFETY_WORDS",
        description="A file with further words to stop, or to let through, in this workshop.",
    )
    personal_data: Literal["block", "replace", "off"] = Field(
        "block",
        alias="DEVSERVER_PERSONAL_DATA",
        description="What fast mode does with personal data in a text before it leaves here.",
    )
    class_names: OptionalFile = Field(
        None,
        alias="DEVSERVER_CLASS_NAMES",
        description="A text file with the names of the class, one a line; personal data, too.",
    )
    researcher_token: SecretStr | None = Field(
        None,
        alias="DEVSERVER_RESEARCHER_TOKEN",
        description="One more token for researchers; without it one is made and printed once.",
    )
    workshop_codes: WorkshopCodeList = Field(
        (),
        alias="DEVSERVER_WORKSHOP_CODES",
        description="Codes that making runs needs, with their workshops: rot-3=Klasse 3b, blau-7.",
    )
    device_runs_per_minute: int = Field(
        30,
        ge=0,
        alias="DEVSERVER_DEVICE_RUNS_PER_MINUTE",
        description="Runs that one device may start in a minute; here and below: 0 for no limit.",
    )
    workshop_runs_per_minute: int = Field(
        600,
        ge=0,
        alias="DEVSERVER_WORKSHOP_RUNS_PER_MINUTE",
        description="Runs that all devices with one workshop code may start in a minute.",
    )
    address_runs_per_minute: int = Field(
        300,
        ge=0,
        alias="DEVSERVER_ADDRESS_RUNS_PER_MINUTE",
        description="Runs that devices not seen before may start from one address in a minute.",
    )
    device_requests_per_minute: int = Field(
        6000,
        ge=0,
        alias="DEVSERVER_DEVICE_REQUESTS_PER_MINUTE",
        description="Requests of any kind that one device may make in a minute.",
    )
    address_requests_per_minute: int = Field(
        60_000,
        ge=0,
        alias="DEVSERVER_ADDRESS_REQUESTS_PER_MINUTE",
        description="Requests without a known device from one address in a minute.",
    )
    token_requests_per_minute: int = Field(
        6000,
        ge=0,
        alias="DEVSERVER_TOKEN_REQUESTS_PER_MINUTE",
        description="Requests that researchers with one token may make in a minute.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=5,
        alias="DEVSERVER_TRUSTED_PROXIES",
        description="Proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    allowed_origins: Names = Field(
        (),
        alias="DEVSERVER_ALLOWED_ORIGINS",
        description="Web origins of other pages that may call this server, comma-separated.",
    )
    allowed_hosts: Names = Field(
        (),
        alias="DEVSERVER_ALLOWED_HOSTS",
        description="Further host names under which this server may be called, comma-separated.",
    )
    output_configs_dir: Folder = Field(
        PROJECT_FOLDER / "devserver" / "schemas" / "output",
        alias="DEVSERVER_OUTPUT_CONFIGS_DIR",
        description="Where the output configs and their ComfyUI workflows lie.",
    )
    comfyui_urls: Urls = Field(
        (),
        alias="COMFYUI_URLS",
        description="ComfyUI servers, comma-separated.",
    )
    comfyui_timeout_seconds: float = Field(
        3600.0,
        gt=0,
        alias="DEVSERVER_COMFYUI_TIMEOUT_SECONDS",
        description="Longest time a workflow may take at ComfyUI, its waiting there included.",
    )
    openai_api_key: SecretStr | None = Field(
        None, alias="OPENAI_API_KEY", description="Opens OpenAI's image service for fast mode."
    )
    openai_base_url: Url = Field(
        "https://api.openai.com/v1",
        alias="OPENAI_BASE_URL",
        description="Where it is; any OpenAI-compatible images server, which may need no key.",
    )
    openrouter_api_key: SecretStr | None = Field(
        None, alias="OPENROUTER_API_KEY", description="Opens OpenRouter for fast mode."
    )
    openrouter_base_url: Url = Field(
        "https://openrouter.ai/api/v1", alias="OPENROUTER_BASE_URL", description="Where it is."
    )
    replicate_api_token: SecretStr | None = Field(
        None, alias="REPLICATE_API_TOKEN", description="Opens Replicate for fast mode."
    )
    replicate_base_url: Url = Field(
        "https://api.replicate.com/v1", alias="REPLICATE_BASE_URL", description="Where it is."
    )
    ollama_host: OllamaUrl | None = Field(
        None,
        alias="OLLAMA_HOST",
        description="Where Ollama is, as Ollama itself takes it; unset, it is not used.",
    )
    language_base_url: Url | None = Field(
        None,
        alias="DEVSERVER_LANGUAGE_BASE_URL",
        description="An OpenAI-compatible language server (llama.cpp, vLLM, LM Studio), with /v1.",
    )
    language_api_key: SecretStr | None = Field(
        None, alias="DEVSERVER_LANGUAGE_API_KEY", description="Its key, if it wants one."
    )
    interception_model: str | None = Field(
        None,
        alias="DEVSERVER_INTERCEPTION_MODEL",
        description="Who rewrites in eco mode (ollama/… or openai_compatible/…), and in fast mode.",
    )
    interception_model_fast: str | None = Field(
        None,
        alias="DEVSERVER_INTERCEPTION_MODEL_FAST",
        description="Who rewrites in fast mode; also openrouter/… and openai/….",
    )
    translation_model: str | None = Field(
        None, alias="DEVSERVER_TRANSLATION_MODEL", description="Who translates; as above."
    )
    translation_model_fast: str | None = Field(
        None, alias="DEVSERVER_TRANSLATION_MODEL_FAST", description="Who translates in fast mode."
    )
    guard_model: str | None = Field(
        None, alias="DEVSERVER_GUARD_MODEL", description="Who judges texts; as above."
    )
    guard_model_fast: str | None = Field(
        None, alias="DEVSERVER_GUARD_MODEL_FAST", description="Who judges texts in fast mode."
    )
    vision_model: str | None = Field(
        None,
        alias="DEVSERVER_VISION_MODEL",
        description="Who looks at pictures before they are shown; as above. Off by default.",
    )
    vision_model_fast: str | None = Field(
        None, alias="DEVSERVER_VISION_MODEL_FAST", description="Who looks at them in fast mode."
    )
    language_keep_alive: KeepAlive = Field(
        "24h",
        alias="DEVSERVER_LANGUAGE_KEEP_ALIVE",
        description="How long Ollama keeps a model loaded after a call; one value for all calls.",
    )
    language_context_tokens: int = Field(
        8192,
        ge=2048,
        alias="DEVSERVER_LANGUAGE_CONTEXT_TOKENS",
        description="Context length at Ollama, for all calls; longer texts fail.",
    )
    language_timeout_seconds: float = Field(
        120.0,
        gt=0,
        le=3600,
        alias="DEVSERVER_LANGUAGE_TIMEOUT_SECONDS",
        description="Longest time one answer may take, the waiting for a place included.",
    )
    language_calls_at_once: int = Field(
        3,
        ge=1,
        le=64,
        alias="DEVSERVER_LANGUAGE_CALLS_AT_ONCE",
        description="Calls that each language server gets at once; the others are queued.",
    )
    own_origins: Urls = Field(
        (),
        alias="DEVSERVER_OWN_ORIGINS",
        description="Language servers of your own with public addresses, for eco mode.",
    )
    api_proxy: SecretStr | None = Field(
        None,
        alias="DEVSERVER_API_PROXY",
        description="An HTTP proxy on the way to API services, such as a school's; else none.",
    )
    proxied_origins: Urls = Field(
        (
            "https://api.openai.com",
            "https://openrouter.ai",
            "https://api.replicate.com",
            "https://replicate.delivery",
        ),
        alias="DEVSERVER_PROXIED_ORIGINS",
        description="What is reached through that proxy, comma-separated; all else directly.",
    )
    trusted_media_origins: Urls = Field(
        (),
        alias="DEVSERVER_TRUSTED_MEDIA_ORIGINS",
        description="Origins that media may be fetched from wherever they are; others are public.",
    )
    max_media_bytes: int = Field(
        2 * 1024**3,
        ge=1024,
        alias="DEVSERVER_MAX_MEDIA_BYTES",
        description="Largest media file that is stored, in bytes.",
    )
    fetch_timeout_seconds: float = Field(
        600.0,
        gt=0,
        alias="DEVSERVER_FETCH_TIMEOUT_SECONDS",
        description="Longest time one media file may take to arrive.",
    )
    accel_redirect_prefix: Location | None = Field(
        None,
        alias="DEVSERVER_ACCEL_REDIRECT_PREFIX",
        description="Behind nginx: the internal location under which it serves the runs folder.",
    )
    threads: int = Field(
        512,
        ge=8,
        le=2000,
        alias="DEVSERVER_THREADS",
        description="Threads that answer HTTP; half of them may wait for runs.",
    )
    one_processor: bool = Field(
        True,
        alias="DEVSERVER_ONE_PROCESSOR",
        description="Keep the server's threads on one processor (Linux).",
    )
    run_workers: int = Field(
        64,
        ge=1,
        le=256,
        alias="DEVSERVER_RUN_WORKERS",
        description="Runs under way at once, over all backends; the others are queued.",
    )
    comfyui_runs: int = Field(
        2,
        ge=1,
        le=16,
        alias="DEVSERVER_COMFYUI_RUNS",
        description="Prompts that each ComfyUI server has at once.",
    )
    api_runs: int = Field(
        4,
        ge=1,
        le=64,
        alias="DEVSERVER_API_RUNS",
        description="Requests that each API service gets at once.",
    )
    atelier_runs: int | None = Field(
        None,
        ge=1,
        le=65,
        alias="DEVSERVER_ATELIER_RUNS",
        description="Runs under way at once for the atelier; default: pool processes and one more.",
    )
    max_queued_runs: int = Field(
        500,
        ge=1,
        alias="DEVSERVER_MAX_QUEUED_RUNS",
        description="Runs that may be waiting; beyond it new ones get 503.",
    )
    pool_processes: int = Field(
        os.cpu_count() or 2,
        ge=1,
        le=64,
        alias="DEVSERVER_POOL_PROCESSES",
        description="Processes for drawing and for checking media files; default: one per core.",
    )
    pool_memory_bytes: int = Field(
        2 * 1024**3,
        ge=512 * 1024**2,
        alias="DEVSERVER_POOL_MEMORY_BYTES",
        description="Memory each of those processes may use (enforced on Linux).",
    )
    min_free_bytes: int = Field(
        500 * 1024**2,
        ge=0,
        alias="DEVSERVER_MIN_FREE_BYTES",
        description="Free space on the disk below which no new run is started; 0 for no floor.",
    )
    retention: OptionalFile = Field(
        None,
        alias="DEVSERVER_RETENTION",
        description="A JSON file with rules of how long runs are kept; applied once a day.",
    )
    auto_export: Names = Field(
        (),
        alias="DEVSERVER_AUTO_EXPORT",
        description="Formats in which each run is exported at its end, comma-separated; else none.",
    )
    package_days: float = Field(
        7.0,
        gt=0,
        le=3650,
        alias="DEVSERVER_PACKAGE_DAYS",
        description="How many days the file of a package is kept.",
    )
    share_days: float = Field(
        7.0,
        ge=0,
        le=365,
        alias="DEVSERVER_SHARE_DAYS",
        description="How many days a link to a run lasts; with 0 there are no links.",
    )
    licence: str | None = Field(
        None,
        alias="DEVSERVER_LICENCE",
        description="Licence of the runs: its address, a Creative Commons name, or a sentence.",
    )
    organisation: str | None = Field(
        None, alias="DEVSERVER_ORGANISATION", description="Who keeps the runs and publishes them."
    )
    organisation_url: Url | None = Field(
        None, alias="DEVSERVER_ORGANISATION_URL", description="The page of that organisation."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO",
        alias="DEVSERVER_LOG_LEVEL",
        description="How much is logged.",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        alias="DEVSERVER_LOG_FORMAT",
        description="Lines for people, or one JSON object a line.",
    )

    @field_validator("api_proxy")
    @classmethod
    def _proxy_is_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            origin_of(value.get_secret_value() if value else "http://none")
        except ValueError:
            raise ValueError("it is not an http or https address") from None  # it may hold a word
        return value

    @property
    def has_own_openai_server(self) -> bool:
        """Whether OPENAI_BASE_URL leads to another server than OpenAI's."""
        return bool(self.openai_base_url != Settings.model_fields["openai_base_url"].default)

    @property
    def trusted_origins(self) -> tuple[str, ...]:
        """Where media may be fetched from even on a private network."""
        own = (self.openai_base_url,) if self.has_own_openai_server else ()
        return (*self.comfyui_urls, *self.trusted_media_origins, *own)

    def proxy_to(self, url: str) -> str | None:
        """The proxy on the way to `url`, if there is one; it may hold a password."""
        origins = {origin_of(proxied) for proxied in self.proxied_origins}
        if self.api_proxy is None or origin_of(url) not in origins:
            return None
        return self.api_proxy.get_secret_value()

    @property
    def max_waiters(self) -> int:
        """Requests that may wait for runs at once, so that threads are left for everything else."""
        return self.threads // 2


def setting_names() -> dict[str, Any]:
    """Every setting by its environment variable: (default, meaning), in the order of the docs."""
    return {
        str(field.alias): (field.get_default(), field.description)
        for field in Settings.model_fields.values()
    }


def read_settings(
    environment: Mapping[str, str] | None = None, env_file: Path | None = PROJECT_FOLDER / ".env"
) -> Settings:
    """Read the settings from the environment and a `.env` file; the environment wins.

    An empty value counts as not set. Raises SettingsInvalid, which names every wrong one.
    """
    values: dict[str, str | None] = dict(dotenv_values(env_file)) if env_file else {}
    values.update(os.environ if environment is None else environment)
    known = setting_names()
    for name in sorted(values.keys() - known.keys()):
        if name.startswith(_OUR_PREFIX):
            logger.warning("%s is not a setting of this server and was ignored", name)
    try:
        return Settings.model_validate({name: values[name] for name in known if values.get(name)})
    except ValidationError as error:
        faults = (f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise SettingsInvalid("These settings can't be used. " + "; ".join(faults)) from error
