"""ZIP: the folders of runs as they are, the originals bit for bit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from devserver.my_app.services.exports.file_names import PortableNames
from devserver.my_app.services.exports.port import (
    ExportedFile,
    ExportedRun,
    ExportOptions,
    Holds,
    Language,
)
from devserver.my_app.services.exports.zip_writer import ZipWriter

MANIFEST = "manifest-sha256.txt"
README = "README.txt"

_README: dict[Language, str] = {
    "en": """{title}

Each folder is one run: one text on its way through the pipeline, with everything
that came of it. Folders are named by the id of the run.

  metadata.json           everything that is known of the run
  input_text.txt          the text that came in
  transformed_text.txt    what became of it
  output_...              the media, as they were stored
  workflow.json           what was sent to ComfyUI

{manifest} holds a checksum of each file. On Linux and macOS this checks them:

  sha256sum -c {manifest}      (macOS: shasum -a 256 -c {manifest})

Runs: {runs}   Files: {files}
{licence}{missing}""",
    "de": """{title}

Jeder Ordner ist ein Durchlauf: ein Text auf seinem Weg durch die Stufen, mit allem,
was daraus wurde. Die Ordner heißen nach der Kennung des Durchlaufs (run_id).

  metadata.json           alles, was über den Durchlauf bekannt ist
  input_text.txt          der Text, der hereinkam
  transformed_text.txt    was aus ihm wurde
  output_...              die Medien, so wie sie gespeichert wurden
  workflow.json           was an ComfyUI ging

In {manifest} steht zu jeder Datei eine Prüfsumme. So prüft man sie unter Linux und macOS:

  sha256sum -c {manifest}      (macOS: shasum -a 256 -c {manifest})

Durchläufe: {runs}   Dateien: {files}
{licence}{missing}""",
}
_LICENCE: dict[Language, str] = {"en": "Licence: {}\n", "de": "Lizenz: {}\n"}
_MISSING: dict[Language, str] = {
    "en": "\nListed in metadata.json, but not on the server's disk any more:\n",
    "de": "\nIn metadata.json genannt, aber nicht mehr auf der Platte des Servers:\n",
}
_TITLE: dict[Language, str] = {"en": "Runs", "de": "Durchläufe"}


class ZipFolders:
    """Media are stored as they are, not compressed anew. ZIP64 where it is needed."""

    name = "zip"
    extension = "zip"
    mime_type = "application/zip"
    version = 1
    holds: Holds = "media"
    marks_media = False

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """Write a folder for each run; at the top a README.txt, and a manifest of checksums.

        The checksum of a medium is that of its metadata.json, so that a file that has changed on
        the server's disk since it was stored is told from a good one.
        """
        manifest: list[str] = []
        missing: list[str] = []
        number = 0
        with ZipWriter(out) as package:
            for run in runs:
                number += 1
                missing += _missing(run)
                names = PortableNames()
                time = run.metadata.finished_at or run.metadata.timestamp
                for file in run.files:
                    name = f"{run.run_id}/{names.name(file.name)}"
                    manifest.append(f"{_add(package, name, file, time)}  {name}\n")
            readme = _readme(options, number, len(manifest), missing)
            package.add_bytes(README, readme.encode("utf-8", "backslashreplace"))
            package.add_bytes(MANIFEST, "".join(manifest).encode())


def _add(package: ZipWriter, name: str, file: ExportedFile, time: str | None) -> str:
    known = file.output.sha256 if file.output is not None else None
    if known is None:
        return package.add_file(name, file.path, time)
    package.add_known_file(name, file.path, time)
    return known


def _missing(run: ExportedRun) -> list[str]:
    there = {file.name for file in run.files}
    listed = (output.filename for output in run.metadata.outputs)
    return [f"  {run.run_id}/{name!r}\n" for name in listed if name not in there]


def _readme(options: ExportOptions, runs: int, files: int, missing: list[str]) -> str:
    language = options.language
    text = _README[language].format(
        title=options.title or _TITLE[language],
        manifest=MANIFEST,
        runs=runs,
        files=files,
        licence=_LICENCE[language].format(options.licence) if options.licence else "",
        missing=_MISSING[language] + "".join(missing) if missing else "",
    )
    # Notepad takes UTF-8 for what it is since 2019, and needs no other ends of lines.
    return text
