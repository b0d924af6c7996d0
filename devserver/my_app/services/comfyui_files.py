"""Where the files of a finished ComfyUI prompt can be fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import requests

from devserver.my_app.services.errors import ServerError

_TIMEOUT_SECONDS = (5, 30)


class ComfyUIPromptNotFinished(ServerError):
    """The ComfyUI has no history of the prompt: it is not over, or the server forgot it."""

    code = "comfyui_prompt_not_finished"


class ComfyUIUnreachable(ServerError):
    """The ComfyUI does not answer, or not as a ComfyUI does."""

    code = "backend_unreachable"


class ComfyUIFiles:
    """Reads `/history/<prompt_id>` of configured ComfyUI servers."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = tuple(servers)

    def list_urls(self, server: str | None, prompt_id: str) -> list[str]:
        """The `/view` addresses of all files that the prompt's outputs name.

        Every key of every node is walked, since ComfyUI lists video under `images`, GLB under `3d`
        and so on (recordings video_01, mesh_01). Saved files come alone; temporary ones only when
        nothing was saved. Raises ComfyUIUnreachable, ComfyUIPromptNotFinished.
        """
        server = (server or next(iter(self._servers), "")).rstrip("/")
        if server not in self._servers:
            raise ComfyUIUnreachable("This server is not configured for that ComfyUI.")
        entry = self._history(server, prompt_id).get(prompt_id)
        if not isinstance(entry, dict):
            raise ComfyUIPromptNotFinished("The ComfyUI has no finished prompt of this id.")
        files = list(_files_in(entry.get("outputs")))
        saved = [file for file in files if file["type"] == "output"]
        return [f"{server}/view?{urlencode(file)}" for file in saved or files]

    def _history(self, server: str, prompt_id: str) -> dict[str, Any]:
        url = f"{server}/history/{quote(prompt_id, safe='')}"
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(url, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
                answer.raise_for_status()
                history = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ComfyUIUnreachable("The ComfyUI does not answer.") from error
        return history if isinstance(history, dict) else {}


def _files_in(value: object) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("filename"), str):
            yield {
                "filename": value["filename"],
                "subfolder": str(value.get("subfolder") or ""),
                "type": str(value.get("type") or "output"),
            }
        else:
            for part in value.values():
                yield from _files_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _files_in(part)
