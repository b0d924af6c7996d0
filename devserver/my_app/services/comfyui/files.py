"""Where the files of a finished ComfyUI prompt can be fetched."""

from __future__ import annotations

from collections.abc import Sequence

from devserver.my_app.services.backends.port import BackendUnreachable
from devserver.my_app.services.comfyui.client import ComfyUIClient, view_url
from devserver.my_app.services.comfyui.history import files_of
from devserver.my_app.services.comfyui.waiting import PromptLost


class ComfyUIFiles:
    """Asks the configured servers, and no others."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = tuple(servers)

    def list_urls(
        self, server: str | None, prompt_id: str, *, with_temporary: bool = False
    ) -> list[str]:
        """The `/view` addresses of the prompt's files, in the order of its graph.

        Raises BackendUnreachable, and PromptLost when there is no history of the prompt.
        """
        server = (server or next(iter(self._servers), "")).rstrip("/")
        if server not in self._servers:
            raise BackendUnreachable("This server is not configured for that ComfyUI.")
        with ComfyUIClient(server) as client:
            entry = client.history(prompt_id)
            if entry is None:
                raise PromptLost("ComfyUI has no finished run of this id.")
            files = files_of(entry, with_temporary=with_temporary)
            return [view_url(server, file.query) for file in files]
