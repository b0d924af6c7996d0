"""The files that runs were exported to at their end: in `packages/auto/`, named by the run_id."""

from __future__ import annotations

from pathlib import Path

from devserver.my_app.services.run_id import checked_run_id, is_run_id


class AutoFiles:
    """The files in one folder, which need not be there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, run_id: str, extension: str) -> Path:
        """Where the run's file of this kind is or would be. Raises RunIdInvalid."""
        return self._folder / f"{checked_run_id(run_id)}.{extension}"

    def make_folder(self) -> None:
        """Make the folder, if it isn't there."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def forget(self, run_id: str) -> None:
        """Remove the files of a run, of every format. Raises RunIdInvalid, OSError."""
        for path in self._folder.glob(f"{checked_run_id(run_id)}.*"):
            path.unlink(missing_ok=True)

    def run_ids(self) -> set[str]:
        """The runs that have a file here."""
        try:
            stems = {path.name.partition(".")[0] for path in self._folder.iterdir()}
        except FileNotFoundError:
            return set()
        return {stem for stem in stems if is_run_id(stem)}
