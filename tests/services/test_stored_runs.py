from __future__ import annotations

import pytest

from devserver.config import Settings
from devserver.my_app import create_app
from devserver.my_app.services.archive import Archive
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.sealed_run import SealBroken
from devserver.my_app.services.stored_runs import StoredRuns
from devserver.my_app.wiring import Services
from tests.stored_run import put_a_folder_in_its_place, put_run


def test_a_server_starts_whatever_lies_among_the_runs(
    settings: Settings, folders: RunFolders
) -> None:
    run_id = put_run(folders)
    put_a_folder_in_its_place(folders.path(put_run(folders)) / "metadata.json")
    folders.path(new_run_id()).symlink_to("nowhere")
    folders.path(new_run_id()).symlink_to(folders.path(run_id))
    services: Services = create_app(settings).extensions["devserver"]
    try:
        assert [run.run_id for run in services.storage.list_runs()[0]] == [run_id]
    finally:
        services.close()


def test_an_archive_that_can_not_be_read_hides_no_other(folders: RunFolders) -> None:
    archive, stored = Archive(folders), StoredRuns(folders)
    good, bad = put_run(folders), put_run(folders)
    for run_id in (good, bad):
        archive.archive(run_id)
    put_a_folder_in_its_place(folders.sealed_path(bad))
    with pytest.raises(SealBroken, match="can't be read: Is a directory"):
        stored.get_metadata(bad)
    assert [run.run_id for run in archive.runs()] == [good]
