"""The kinds of values that settings have, and how each is read from text."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
_SHORTEST_CODE = 4
_LONGEST_LABEL = 100


def _split_commas(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def origin_of(url: str) -> str:
    """Return `scheme://host:port` of a URL, in lower case and with the port always written.

    Raises ValueError when it is no http(s) URL with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not an http or https address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{host}:{port}"


def _http_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    for url in urls:
        origin_of(url)
    return tuple(url.rstrip("/") for url in urls)


def _base_url(url: str) -> str:
    if urlsplit(url).username is not None:
        raise ValueError("a base URL must not hold a user or a password")
    return _http_urls((url,))[0]


def _internal_location(path: str) -> str:
    if not re.fullmatch(r"/([A-Za-z0-9_-][A-Za-z0-9._-]*/)+", path):
        raise ValueError("it has to be a path that starts and ends with '/', like /run-media/")
    return path


def _ollama_url(value: str) -> str:
    """The base URL of OLLAMA_HOST, which Ollama itself reads: host, host:port or a whole URL.

    As in Ollama: without a scheme it is http and port 11434; an address to listen on everywhere
    (0.0.0.0, ::) is this machine.
    """
    scheme, found, rest = value.strip().partition("://")
    if not found:
        scheme, rest = "http", value.strip()
    if rest.count(":") > 1 and not rest.startswith("["):  # a bare IPv6 address
        rest = f"[{rest}]"
    parts = urlsplit(f"{scheme}://{rest}")
    host, port = parts.hostname or "127.0.0.1", parts.port
    if port is None and not found:
        port = 11434
    try:
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"
    except ValueError:
        pass  # a name
    host = f"[{host}]" if ":" in host else host
    at = f"{parts.username}@" if parts.username is not None else ""
    return _base_url(f"{scheme}://{at}{host}{f':{port}' if port else ''}{parts.path}")


def _keep_alive(value: str) -> str:
    if not re.fullmatch(r"-?[0-9]+|([0-9]+(\.[0-9]+)?(ms|s|m|h))+", value):
        raise ValueError("it has to be like 24h, 90m or 1h30m; -1 means for ever")
    return value


def plain_code(code: str) -> str:
    """A workshop code without what children get wrong: capitals, spaces, dashes."""
    return "".join(c for c in unicodedata.normalize("NFKC", code).casefold() if c.isalnum())


def _workshop_codes(value: object) -> object:
    """`code=label, code` as pairs of code and label; a code without a label is its own."""
    if not isinstance(value, str):
        return value
    pairs = (part.partition("=") for part in value.split(",") if part.strip())
    return tuple((code.strip(), label.strip() or code.strip()) for code, _, label in pairs)


def _distinct_codes(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    plain = [plain_code(code) for code, _ in pairs]
    if any(len(code) < _SHORTEST_CODE for code in plain):
        raise ValueError(f"a code has at least {_SHORTEST_CODE} letters or digits")
    if len(set(plain)) < len(plain):
        raise ValueError("two codes are the same but for capitals, spaces and dashes")
    if any(len(label) > _LONGEST_LABEL for _, label in pairs):
        raise ValueError(f"the name of a workshop has at most {_LONGEST_LABEL} characters")
    return pairs


def _existing_file(path: Path) -> Path:
    found = _from_project_folder(path)
    if not found.is_file():
        raise ValueError("there is no such file")
    return found


def _from_project_folder(path: Path) -> Path:
    return (PROJECT_FOLDER / path.expanduser()).resolve()


Names = Annotated[tuple[str, ...], BeforeValidator(_split_commas)]
Urls = Annotated[Names, AfterValidator(_http_urls)]
Url = Annotated[str, AfterValidator(_base_url)]
Location = Annotated[str, AfterValidator(_internal_location)]
OllamaUrl = Annotated[str, AfterValidator(_ollama_url)]
WorkshopCodeList = Annotated[
    tuple[tuple[str, str], ...],
    BeforeValidator(_workshop_codes),
    AfterValidator(_distinct_codes),
]
KeepAlive = Annotated[str, AfterValidator(_keep_alive)]
OptionalFile = Annotated[Path, AfterValidator(_existing_file)] | None
Folder = Annotated[Path, AfterValidator(_from_project_folder)]
