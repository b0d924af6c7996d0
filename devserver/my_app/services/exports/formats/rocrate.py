"""A selection as a crate of crates, in a bag: RO-Crate 1.1 inside BagIt 1.0 (RFC 8493).

Each run is a Process Run Crate in a folder of its own, as it is on disk; the crate around them
names them all. The bag's manifests hold the checksums: of media those that were taken when they
were stored, so that a file that rotted since is found by whoever checks the bag.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from devserver.my_app.services.crate_terms import CrateTerms, Entity
from devserver.my_app.services.exports.file_names import PortableNames
from devserver.my_app.services.exports.port import ExportedFile, ExportedRun, ExportOptions, Holds
from devserver.my_app.services.exports.spool import Spool
from devserver.my_app.services.exports.zip_writer import ZipWriter
from devserver.my_app.services.folder_names import CRATE
from devserver.my_app.services.ro_crate import (
    CONTEXT,
    PROCESS_RUN_CRATE,
    descriptor,
    in_milliseconds,
    profile,
    ref,
    without_nothing,
)
from devserver.my_app.services.run_crate import files_of, run_crate
from devserver.my_app.services.run_metadata import utc_now

BAG = "ro-crate"
"""The one folder at the top of the archive, as RFC 8493 wants it."""
_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_WORDS = {
    "de": ("Läufe", "Läufe des Servers für generative Medien, jeder ein Crate für sich"),
    "en": ("Runs", "Runs of the server for generative media, each a crate of its own"),
}


class RoCrateExport:
    """The format `rocrate`. Works in `scratch`, else where all temporary files are."""

    name = "rocrate"
    extension = "crate.zip"
    mime_type = "application/zip"
    version = 1
    holds: Holds = "media"
    marks_media = False

    def __init__(self, terms: CrateTerms | None = None, *, scratch: Path | None = None) -> None:
        self._terms = terms or CrateTerms()
        self._scratch = scratch

    def write(self, runs: Iterable[ExportedRun], out: BinaryIO, options: ExportOptions) -> None:
        """See ExportFormat. Raises OSError for a file that can't be read, and what `out` raises."""
        terms = self._terms
        if options.licence is not None:
            terms = CrateTerms(options.licence, terms.organisation, terms.organisation_url)
        with (
            ZipWriter(out) as archive,
            Spool(self._scratch) as manifest,
            Spool(self._scratch) as parts,
            Spool(self._scratch) as about,
        ):
            bag = _Bag(archive, manifest)
            for run in runs:
                _add_run(bag, run, terms)
                entity = _about_run(run)
                parts.add(f"{'' if parts.is_empty else ', '}{json.dumps(ref(entity['@id']))}")
                about.add(f"{json.dumps(entity, ensure_ascii=False)},\n")
            bag.add_pieces(CRATE, _crate_of_crates(parts, about, terms, options))
            bag.close()


def _add_run(bag: _Bag, run: ExportedRun, terms: CrateTerms) -> None:
    """The run's files as they are; its crate is derived anew, from the metadata that go along."""
    folder = f"{run.run_id}/"
    portable = PortableNames()
    # RFC 8493 has percent signs escaped in manifests, which not every reader undoes.
    names = {file.name: portable.name(file.name.replace("%", "_")) for file in run.files}
    jobs = {job.workflow for job in run.metadata.jobs}
    sent = [file.path for file in run.files if file.name in jobs]
    described = [
        replace(file, name=names[file.name])
        for file in files_of(run.metadata, sent)
        if file.name in names
    ]
    bag.add_pieces(f"{folder}{CRATE}", [run_crate(run.metadata, described, terms)])
    for file in run.files:
        if file.name != CRATE:
            bag.add_file(f"{folder}{names[file.name]}", file)


def _about_run(run: ExportedRun) -> Entity:
    return without_nothing(
        {
            "@id": f"{run.run_id}/",
            "@type": "Dataset",
            "name": f"Run {run.run_id}",
            "description": f"A run in the style {run.metadata.schema_id or 'unknown'}; it ended "
            f"with: {run.metadata.status}. {CRATE} in it tells the rest.",
            "conformsTo": ref(PROCESS_RUN_CRATE),
            "datePublished": in_milliseconds(run.metadata.finished_at),
        }
    )


def _crate_of_crates(
    parts: Spool, about: Spool, terms: CrateTerms, options: ExportOptions
) -> Iterator[bytes]:
    """The metadata of the crate around all runs, piece by piece: there may be very many."""
    title, description = _WORDS[options.language]
    licence, publisher = terms.licence_entity(), terms.organisation_entity()
    root = without_nothing(
        {
            "@id": "./",
            "@type": "Dataset",
            "name": options.title or title,
            "description": description,
            "datePublished": in_milliseconds(utc_now()),
            "license": ref(licence["@id"]),
            "publisher": ref(publisher["@id"]) if publisher else None,
            "author": ref(publisher["@id"]) if publisher else None,
        }
    )
    around = [descriptor(), profile(), licence, *([publisher] if publisher else [])]
    yield f'{{"@context": {json.dumps(CONTEXT)}, "@graph": [\n'.encode()
    yield "".join(f"{json.dumps(entity, ensure_ascii=False)},\n" for entity in around).encode()
    yield from about.pieces()
    yield f'{json.dumps(root, ensure_ascii=False)[:-1]}, "hasPart": ['.encode()
    yield from parts.pieces()
    yield b"]}\n]}\n"


class _Bag:
    """The bag around the payload; `manifest` holds the payload's while it grows."""

    def __init__(self, archive: ZipWriter, manifest: Spool) -> None:
        self._archive = archive
        self._manifest = manifest
        self._bytes = self._files = 0
        self._tags: list[str] = []
        self._add_tag("bagit.txt", _DECLARATION)

    def add_pieces(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add a file to the payload that is made just now, packed."""
        size, sha256 = self._pack(f"data/{name}", pieces)
        self._note(name, size, sha256)

    def add_file(self, name: str, file: ExportedFile) -> None:
        """Add a file to the payload as it is. Raises OSError when it can't be read."""
        path = f"{BAG}/data/{name}"
        known = file.output.sha256 if file.output else None
        if known is None:
            known = self._archive.add_file(path, file.path)
        else:
            self._archive.add_known_file(path, file.path)
        self._note(name, file.size, known)

    def close(self) -> None:
        """Write the bag's own files; the manifest of these comes last."""
        info = (
            f"Bagging-Date: {utc_now()[:10]}\n"
            f"Payload-Oxum: {self._bytes}.{self._files}\n"
            "External-Description: Runs as RO-Crates; data/ is the crate of them all\n"
        )
        self._add_tag("bag-info.txt", info.encode())
        _, sha256 = self._pack("manifest-sha256.txt", self._manifest.pieces())
        self._tags.append(_manifest_line("manifest-sha256.txt", sha256))
        self._archive.add_bytes(f"{BAG}/tagmanifest-sha256.txt", "".join(self._tags).encode())

    def _add_tag(self, name: str, data: bytes) -> None:
        self._archive.add_bytes(f"{BAG}/{name}", data)
        self._tags.append(_manifest_line(name, hashlib.sha256(data).hexdigest()))

    def _pack(self, name: str, pieces: Iterable[bytes]) -> tuple[int, str]:
        size, checksum = 0, hashlib.sha256()
        with self._archive.new_file(f"{BAG}/{name}") as entry:
            for piece in pieces:
                entry.write(piece)
                checksum.update(piece)
                size += len(piece)
        return size, checksum.hexdigest()

    def _note(self, name: str, size: int, sha256: str) -> None:
        self._bytes += size
        self._files += 1
        self._manifest.add(_manifest_line(f"data/{name}", sha256))


def _manifest_line(name: str, sha256: str) -> str:
    """A line of a manifest; portable names hold nothing that would have to be escaped in it."""
    return f"{sha256}  {name}\n"
