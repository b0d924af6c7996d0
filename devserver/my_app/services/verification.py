"""Whether a run's folder holds what its metadata.json says."""

from __future__ import annotations

import hashlib
from pathlib import Path

from devserver.my_app.services.crate_check import crate_faults
from devserver.my_app.services.durable_files import is_temporary
from devserver.my_app.services.folder_names import sayable
from devserver.my_app.services.regular_files import regular
from devserver.my_app.services.run_folders import (
    INPUT_TEXT,
    METADATA,
    OWN_NAME,
    TRANSFORMED_TEXT,
    RunArchived,
    RunFolders,
    RunNotFound,
)
from devserver.my_app.services.run_metadata import MetadataUnreadable, Output, RunMetadata
from devserver.my_app.services.sealed_run import SealBroken, check, read_sealed_metadata


def faults_of(folders: RunFolders, run_id: str) -> list[str]:
    """What is wrong with the run's folder, one sentence each; nothing when it doesn't lie.

    Of an archived run every sealed file is read and compared with the list in the archive.
    Every listed file is there, with its listed size and sha256 (files are read in pieces, however
    large); the texts are those of the metadata; what was sent to a backend is kept; a success has
    something to show; in the folder of a run that is over lies its crate, which says the same, and
    none of our files that isn't listed.
    Takes no lock and writes nothing: what a run under way lists is there already, and stays.
    Raises RunIdInvalid, RunNotFound, also for a run that is deleted meanwhile.
    """
    try:
        run = _read(folders, run_id)
    except RunArchived:
        return _sealed_faults(folders, run_id)
    if isinstance(run, str):
        return [run]
    try:
        faults = _faults(folders.path(run_id), run)
    except OSError as error:
        faults = [f"The folder can't be read: {error.strerror}."]
    if faults:
        _read(folders, run_id)
    return faults


def _sealed_faults(folders: RunFolders, run_id: str) -> list[str]:
    sealed = folders.sealed_path(run_id)
    try:
        check(sealed, run_id)
        read_sealed_metadata(sealed, run_id)
    except FileNotFoundError:
        return faults_of(folders, run_id)  # it is restored, or deleted, at this moment
    except SealBroken as error:
        return [f"{sealed.name}: {error}"]
    except OSError as error:
        return [f"{sealed.name} can't be read: {error.strerror}."]
    return []


def _read(folders: RunFolders, run_id: str) -> RunMetadata | str:
    try:
        return folders.read(run_id)
    except RunArchived:
        raise
    except RunNotFound:
        if folders.has_folder(run_id):
            return f"{METADATA} is missing."
        raise
    except MetadataUnreadable as error:
        return f"{METADATA}: {error}"


def _faults(folder: Path, run: RunMetadata) -> list[str]:
    faults = [] if run.run_id == folder.name else [f"{METADATA} is that of run {run.run_id}."]
    # The first servers wrote neither version nor text files.
    if "metadata_version" in run.model_fields_set:
        faults += _text_faults(folder / INPUT_TEXT, run.input_text)
        if run.is_final:  # before, the text is written first and listed then
            faults += _text_faults(folder / TRANSFORMED_TEXT, run.transformed_text)
    for output in run.outputs:
        faults += _output_faults(folder, output)
    sent = [job.workflow for job in run.jobs if job.workflow]
    faults += [f"{name} is missing." for name in sent if not (folder / name).is_file()]
    if run.status in ("success", "partial"):
        only_text = run.request.output_type == "text" and run.transformed_text is not None
        if not run.outputs and not only_text:
            faults.append(f"It says {run.status} and has nothing to show.")
    if run.is_final:
        listed = {output.filename for output in run.outputs} | set(sent)
        names = sorted(entry.name for entry in folder.iterdir())
        faults += [
            f"{sayable(name)} lies there but is not listed."
            for name in names
            if is_temporary(name) or (OWN_NAME.fullmatch(name) and name not in listed)
        ]
    if run.is_final and not faults:  # it is derived, so it would only repeat them
        faults = crate_faults(run, folder)
    return faults


def _text_faults(path: Path, text: str | None) -> list[str]:
    try:
        with open(path, "rb", opener=regular) as file:
            found = file.read()
    except FileNotFoundError:
        return [f"{path.name} is missing."] if text is not None else []
    except OSError as error:
        return [f"{path.name} can't be read: {error.strerror}."]
    if text is None:
        return [f"{path.name} lies there, but {METADATA} has no such text."]
    return [] if found == text.encode() else [f"{path.name} is not the text of {METADATA}."]


def _output_faults(folder: Path, output: Output) -> list[str]:
    path = folder / output.filename
    if path.parent != folder:
        return [f"{output.filename!r} is no name of a file in this folder."]
    try:
        with open(path, "rb", opener=regular) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except FileNotFoundError:
        return [f"{output.filename} is missing."]
    except OSError as error:
        return [f"{output.filename} can't be read: {error.strerror}."]
    faults = []
    if size == 0:
        faults.append(f"{output.filename} is empty.")
    elif "file_size_bytes" in output.model_fields_set and size != output.file_size_bytes:
        faults.append(f"{output.filename} has {size} bytes instead of {output.file_size_bytes}.")
    elif output.sha256 is not None and sha256 != output.sha256:
        faults.append(f"{output.filename} has other content than was stored (sha256).")
    return faults
