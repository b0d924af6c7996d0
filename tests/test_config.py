from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pydantic import ValidationError

from devserver.config import (
    PROJECT_FOLDER,
    Settings,
    SettingsInvalid,
    read_settings,
    setting_names,
)
from devserver.setting_types import origin_of


def test_defaults_need_no_environment() -> None:
    settings = read_settings({}, env_file=None)
    assert (settings.host, settings.port) == ("127.0.0.1", 17801)
    assert settings.exports_dir == PROJECT_FOLDER / "devserver" / "exports"
    assert settings.researcher_token is None
    assert settings.comfyui_urls == ()


def test_the_environment_is_read(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "DEVSERVER_PORT": "8000",
            "DEVSERVER_EXPORTS_DIR": str(tmp_path),
            "COMFYUI_URLS": "http://127.0.0.1:8188/, http://gpu:8188",
            "DEVSERVER_RESEARCHER_TOKEN": "secret",
            "PATH": "/bin",
        },
        env_file=None,
    )
    assert settings.port == 8000
    assert settings.exports_dir == tmp_path
    assert settings.comfyui_urls == ("http://127.0.0.1:8188", "http://gpu:8188")
    assert "secret" not in repr(settings)


def test_the_environment_wins_over_the_file_and_empty_is_not_set(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("DEVSERVER_PORT=8000\nDEVSERVER_HOST=0.0.0.0\n")
    settings = read_settings({"DEVSERVER_PORT": "9000", "DEVSERVER_THREADS": ""}, env_file=file)
    assert (settings.port, settings.host, settings.threads) == (9000, "0.0.0.0", 512)


def test_a_relative_folder_starts_at_the_project() -> None:
    settings = read_settings({"DEVSERVER_EXPORTS_DIR": "data"}, env_file=None)
    assert settings.exports_dir == PROJECT_FOLDER / "data"


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(
            {"DEVSERVER_PORT": "many", "COMFYUI_URLS": "ftp://x", "DEVSERVER_LOG_LEVEL": "LOUD"},
            env_file=None,
        )
    for name in ("DEVSERVER_PORT", "COMFYUI_URLS", "DEVSERVER_LOG_LEVEL"):
        assert name in str(caught.value)


def test_a_misspelt_setting_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_settings({"DEVSERVER_PROT": "1"}, env_file=None)
    assert "DEVSERVER_PROT" in caplog.text


def test_a_proxy_leads_to_the_services_and_nowhere_else() -> None:
    settings = read_settings({"DEVSERVER_API_PROXY": "http://me:geheim@proxy.school:3128"}, None)
    assert settings.proxy_to("https://api.openai.com/v1") == "http://me:geheim@proxy.school:3128"
    assert settings.proxy_to("http://127.0.0.1:8000/v1") is None
    assert "geheim" not in repr(settings)
    assert read_settings({}, None).proxy_to("https://api.openai.com/v1") is None


def test_a_wrong_proxy_is_told_without_its_password() -> None:
    with pytest.raises(SettingsInvalid, match="DEVSERVER_API_PROXY") as caught:
        read_settings({"DEVSERVER_API_PROXY": "proxy.school:geheim@x"}, None)
    assert "geheim" not in str(caught.value)


def test_settings_are_immutable() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_every_setting_has_a_name_and_a_meaning() -> None:
    for name, (_, meaning) in setting_names().items():
        assert name.isupper()
        assert meaning.endswith(".")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Host/path", "http://host:80"),
        ("https://host", "https://host:443"),
        ("http://[::1]:8188/x?y", "http://[::1]:8188"),
        ("http://user:pass@host:1", "http://host:1"),
    ],
)
def test_origins(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["", "host", "file:///etc/passwd", "http://", "http://host:port"])
def test_what_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        origin_of(url)


@pytest.mark.parametrize("value", ["/run-media/", "/a/b.c_d-e/"])
def test_an_internal_location(value: str) -> None:
    settings = read_settings({"DEVSERVER_ACCEL_REDIRECT_PREFIX": value}, env_file=None)
    assert settings.accel_redirect_prefix == value


@pytest.mark.parametrize(
    "value",
    ["/", "run-media/", "/run-media", "//x/", "/../", "/a b/", "/a/\n", "http://x/", "/a?b/"],
)
def test_what_is_no_internal_location(value: str) -> None:
    with pytest.raises(SettingsInvalid, match="starts and ends with '/'"):
        read_settings({"DEVSERVER_ACCEL_REDIRECT_PREFIX": value}, env_file=None)
