"""The ComfyUI backend with everything it needs, small enough to be made for each test."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services import media_probe
from devserver.my_app.services.backends.comfyui import ComfyUIBackend
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.comfyui.files import ComfyUIFiles
from devserver.my_app.services.comfyui.servers import ComfyUIServers
from devserver.my_app.services.media_fetch import MediaFetcher
from devserver.my_app.services.media_intake import MediaIntake
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.output_configs import load_output_configs
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import RunMetadata, RunRequest
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.schemas import load_interception_schemas
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import build_pipeline, read_workflows
from tests.comfyui_graphs import write_all

SCHEMAS = load_interception_schemas(PROJECT_FOLDER / "devserver/schemas/interception")


class Rig:
    """Storage, servers, backend and pipeline on `folder`; closes as a context.

    A second one on the same folder is the same server after a restart.
    """

    def __init__(
        self,
        folder: Path,
        urls: Sequence[str],
        *,
        in_flight: int = 2,
        timeout_seconds: float = 60,
        unreachable_seconds: float = 0.3,
        return_seconds: float = 10,
        check_seconds: float = 0.1,
    ) -> None:
        configs_folder = folder / "configs"
        if not configs_folder.exists():
            write_all(configs_folder)
        configs = load_output_configs(configs_folder)
        self.folders = RunFolders(StorageRoot(folder / "exports"))
        self.storage = MediaStorageService(
            self.folders,
            MediaIntake(self.folders, measure=media_probe.measure, max_bytes=10 * 1024**2),
            fetch_url=MediaFetcher(urls, timeout_seconds=30, retry_delays=(0, 0)).open,
            list_comfyui_files=ComfyUIFiles(urls).list_urls,
        )
        self.servers = ComfyUIServers(
            urls, check_seconds=check_seconds, in_flight=in_flight, return_seconds=return_seconds
        )
        self.backend = ComfyUIBackend(
            self.servers,
            read_workflows(configs_folder, configs.values()),
            timeout_seconds=timeout_seconds,
            unreachable_seconds=unreachable_seconds,
        )
        self.configs = configs
        self.progress = RunProgress()
        self.storage.watch(self.progress.heard)
        catalogue = Catalogue(SCHEMAS, configs, [self.backend])
        self.pipeline = build_pipeline(self.storage, catalogue, self.progress)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.callback(self.servers.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def new_run(self, *configs: str, seed: int = 7, text: str = "Eine Blume") -> str:
        """A queued run of these configs, asking for the type of the first."""
        return self.storage.create_run(
            schema="passthrough",
            input_text=text,
            request=RunRequest(
                output_configs=configs, output_type=self.configs[configs[0]].media_type, seed=seed
            ),
        ).run_id

    def run(self, *configs: str, **more: Any) -> RunMetadata:
        """Make a run and bring it to its end."""
        run_id = self.new_run(*configs, **more)
        self.pipeline.work(run_id)
        return self.storage.get_metadata(run_id)

    def work_beside(self, run_id: str) -> threading.Thread:
        """Bring the run to its end in a thread; it is joined when the rig closes."""
        thread = threading.Thread(target=self.pipeline.work, args=(run_id,))
        thread.start()
        self._stack.callback(thread.join)
        return thread

    def files(self, run: RunMetadata) -> dict[str, bytes]:
        """The bytes of the run's outputs by name."""
        return {
            output.filename: self.storage.get_media_path(run.run_id, output.filename).read_bytes()
            for output in run.outputs
        }
