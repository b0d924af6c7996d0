"""Whether the crate in a run's folder is the one that the run has to have."""

from __future__ import annotations

import json
from pathlib import Path

from devserver.my_app.services.folder_names import CRATE, METADATA
from devserver.my_app.services.regular_files import regular
from devserver.my_app.services.ro_crate import in_id
from devserver.my_app.services.run_crate import SUCCEEDED, files_of
from devserver.my_app.services.run_metadata import RunMetadata


def crate_faults(run: RunMetadata, folder: Path) -> list[str]:
    """What is wrong with the crate in the folder of `run`, which is over; a sentence each.

    It has to be that of this run and give each file the checksum that metadata.json gives. Under
    which terms it was written is its own affair: those may change. A run of a server that wrote no
    crates yet needs none.
    """
    try:
        with open(folder / CRATE, "rb", opener=regular) as file:
            crate = json.loads(file.read())
        said = {entity["@id"]: entity for entity in crate["@graph"]}
        about, status = said["./"]["identifier"], said["#run"].get("error")
    except FileNotFoundError:
        return [f"{CRATE} is missing."] if run.server_version is not None else []
    except OSError as error:
        return [f"{CRATE} can't be read: {error.strerror}."]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [f"{CRATE} can't be understood."]
    if about != f"urn:uuid:{run.run_id}":
        return [f"{CRATE} is that of another run."]
    if (status is None) != (run.status in SUCCEEDED):
        return [f"{CRATE} tells another end of the run."]
    return [
        f"{CRATE} says something else of {file.name} than {METADATA}."
        for file in files_of(run, [])
        if said.get(in_id(file.name), {}).get("sha256") != file.sha256
    ]
