from __future__ import annotations

from devserver.config import Settings
from devserver.my_app import create_app
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.wiring import Services
from tests.stored_run import put_run


def test_a_server_starts_whatever_lies_among_the_runs(
    settings: Settings, folders: RunFolders
) -> None:
    run_id = put_run(folders)
    folders.path(new_run_id()).symlink_to("nowhere")
    folders.path(new_run_id()).symlink_to(folders.path(run_id))
    services: Services = create_app(settings).extensions["devserver"]
    try:
        assert services.storage.folders.ids() == [run_id]
    finally:
        services.close()
