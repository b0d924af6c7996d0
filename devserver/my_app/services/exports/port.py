"""What an export is made of, and what a format has to be able to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from devserver.my_app.services.run_metadata import Output, RunMetadata

Language = Literal["de", "en"]
Holds = Literal["texts", "pictures", "media", "media in text"]
"""What of the media is in a file: nothing, small pictures of them, they themselves as they are, or
written in letters (base64)."""


@dataclass(frozen=True)
class ExportedFile:
    """One file of a run's folder: its name there, where its bytes lie, and how many they are.

    `output` is what metadata.json says of it, for a media file; None for all others.
    """

    name: str
    path: Path
    size: int
    output: Output | None = None


@dataclass(frozen=True)
class ExportedRun:
    """One run as it leaves the house: what its folder says, and its files, metadata.json first.

    With pseudonyms, `metadata` and the file metadata.json hold the pseudonym in place of the
    user_id. The files stay where they are for as long as the run is being exported.
    """

    metadata: RunMetadata
    files: tuple[ExportedFile, ...]

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.metadata.run_id

    @property
    def media(self) -> Iterator[tuple[ExportedFile, Output]]:
        """The media files in their stored order, with what metadata.json says of them."""
        for file in self.files:
            if file.output is not None:
                yield file, file.output


@dataclass(frozen=True)
class ExportOptions:
    """How an export is wished for, whatever its format."""

    language: Language = "de"
    title: str = ""
    licence: str | None = None


class ExportFormat(Protocol):
    """Writes runs in one format. Keeps nothing between two exports."""

    @property
    def name(self) -> str:
        """What it is called in requests and commands: `zip`, `jsonl`, …"""

    @property
    def extension(self) -> str:
        """The ending of its files, without a dot; no other format has the same."""

    @property
    def mime_type(self) -> str:
        """The Content-Type of its files."""

    @property
    def version(self) -> int:
        """One more whenever the same runs and wishes give another file than before."""

    @property
    def holds(self) -> Holds:
        """What of the media is in its files, which tells how much room they need."""

    @property
    def marks_media(self) -> bool:
        """Whether its media are to be marked as made by AI also where that wasn't asked for."""

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """Write all `runs` to `out`, front to back; `out` can be neither read nor rewound.

        Takes the runs one by one and keeps no media in memory. Ends early only by an exception,
        which `runs` or `out` raise, too: when a run was deleted meanwhile it is passed over by
        `runs`, when the export was cancelled `runs` raises.
        """
