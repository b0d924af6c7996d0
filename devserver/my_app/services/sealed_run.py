"""One run as one sealed file: a ZIP that holds the run's folder and a list of what is in it.

Inside lie `<run_id>/…`, byte for byte what lay in the folder, and `manifest-sha256.txt`, which has
a line for each of these files: its sha256, two spaces, its name (with %, CR and LF written as %25,
%0D and %0A, as in BagIt, RFC 8493). So `unzip` and `sha256sum -c manifest-sha256.txt` are all that
is needed to open and check one in fifty years. Nothing is compressed (media are already); order,
dates and rights are always the same, so the same folder gives the same bytes. ZIP64 from 2 GiB on.
Empty folders are left out.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from devserver.my_app.services.durable_files import full_disk_named, sync_folder
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.regular_files import regular
from devserver.my_app.services.run_metadata import MetadataUnreadable, RunMetadata, parse_metadata

MANIFEST = "manifest-sha256.txt"
_METADATA = "metadata.json"
_PIECE_BYTES = 1024 * 1024
_MOST_METADATA_BYTES = 64 * 1024**2
_MOST_MANIFEST_BYTES = 16 * 1024**2
_ALWAYS = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}


class NotSealable(ServerError):
    """The folder holds something that a sealed file can't: a link, a device, an odd name."""

    code = "not_sealable"


class SealBroken(ServerError):
    """A sealed file is damaged, or not what it has to be."""

    code = "seal_broken"


def seal(folder: Path, sealed: Path) -> None:
    """Write `folder`, which is named by its run_id, as a new sealed file, and read it back.

    The bytes are durable on return, the name isn't. When it raises, `sealed` may be there in part.
    Raises NotSealable, SealBroken, StorageFull, and OSError when a file can't be read.
    """
    names = _names_in(folder)
    sums: dict[str, str] = {}
    with full_disk_named(), sealed.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name in names:
                path = folder / name
                inside = f"{folder.name}/{name}"
                info = _info(inside, path.stat().st_size)
                with open(path, "rb", opener=regular) as source, archive.open(info, "w") as target:
                    sums[inside] = _copy(source, target)
            manifest = _write_manifest(sums)
            with archive.open(_info(MANIFEST, len(manifest)), "w") as target:
                target.write(manifest)
        file.flush()
        os.fsync(file.fileno())
    if check(sealed, folder.name) != sums:
        raise SealBroken("The archive could not be read back as it was written.")


def check(sealed: Path, run_id: str) -> Mapping[str, str]:
    """Read all of a sealed file and give the sha256 of each file in it, by its name inside.

    Raises SealBroken, FileNotFoundError.
    """
    with _opened(sealed) as archive:
        listed = _listed(archive, run_id)
        for name, sha256 in listed.items():
            with archive.open(name) as source:
                if _copy(source) != sha256:
                    raise SealBroken(f"{name} has other content than was sealed (sha256).")
    return listed


def read_sealed_metadata(sealed: Path, run_id: str) -> RunMetadata:
    """The metadata of a sealed run, marked as archived. The rest of the file is not looked at.

    Raises SealBroken, FileNotFoundError.
    """
    with _opened(sealed) as archive:
        try:
            info = archive.getinfo(f"{run_id}/{_METADATA}")
            if info.file_size > _MOST_METADATA_BYTES:
                raise SealBroken("The metadata in this archive are too large to be any.")
            run = parse_metadata(archive.read(info))
        except (KeyError, MetadataUnreadable) as error:
            raise SealBroken("The metadata in this archive can't be read.") from error
    if run.run_id != run_id:
        raise SealBroken("The metadata in this archive are those of another run.")
    return run.having(archived=True)


def sealed_sizes(sealed: Path, run_id: str) -> Mapping[str, int]:
    """The bytes of each file in a sealed one, by its name in the run's folder.

    Raises SealBroken, FileNotFoundError.
    """
    with _opened(sealed) as archive:
        inside = f"{run_id}/"
        return {
            info.filename.removeprefix(inside): info.file_size
            for info in archive.infolist()
            if info.filename.startswith(inside)
        }


def is_held_by(sealed: Path, folder: Path) -> bool:
    """Whether `folder` holds every file that is in the sealed one, with the sha256 listed there.

    Raises SealBroken, FileNotFoundError when there is no such sealed file.
    """
    with _opened(sealed) as archive:
        listed = _listed(archive, folder.name)
    for name, sha256 in listed.items():
        try:
            with open(folder.parent / name, "rb", opener=regular) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    return False
        except OSError:
            return False
    return True


def unseal(sealed: Path, run_id: str, folder: Path, *, durable: bool = True) -> None:
    """Unpack into `folder`, which must not be there yet; each file is checked, and durable.

    When it raises, `folder` may be there in part. Raises SealBroken, StorageFull.
    """
    with full_disk_named(), _opened(sealed) as archive:
        listed = _listed(archive, run_id)
        folder.mkdir()
        made = {folder}
        for name, sha256 in listed.items():
            path = folder / PurePosixPath(name).relative_to(run_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            made |= {parent for parent in path.parents if parent.is_relative_to(folder)}
            with archive.open(name) as source, path.open("xb") as target:
                found = _copy(source, target)
                if durable:
                    target.flush()
                    os.fsync(target.fileno())
            if found != sha256:
                raise SealBroken(f"{name} has other content than was sealed (sha256).")
        for one in made if durable else ():
            sync_folder(one)


def _names_in(folder: Path) -> list[str]:
    """Every file under `folder`, by its path from there with slashes, sorted."""
    names = []
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                path = Path(entry.path)
                name = path.relative_to(folder).as_posix()
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.is_file(follow_symlinks=False) and _is_sayable(name):
                    names.append(name)
                else:
                    raise NotSealable(
                        "There is something in this run's folder that can't be archived: "
                        "a link, or a file with an odd name."
                    )
    return sorted(names)


def _is_sayable(name: str) -> bool:
    """Whether the name survives a ZIP unchanged, on every system."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\\" not in name and "\0" not in name


def _is_inside(name: str, run_id: str) -> bool:
    """Whether a name in a sealed file leads into the run's folder and nowhere else."""
    parts = name.split("/")
    odd = {"", ".", ".."} & set(parts) or "\\" in name or "\0" in name
    on_windows = os.name == "nt" and ":" in name
    return len(parts) > 1 and parts[0] == run_id and not odd and not on_windows


def _listed(archive: zipfile.ZipFile, run_id: str) -> dict[str, str]:
    """The manifest: sha256 by name. Raises SealBroken when it isn't that of what is there."""
    infos = archive.infolist()
    try:
        info = archive.getinfo(MANIFEST)
        if info.file_size > _MOST_MANIFEST_BYTES:
            raise SealBroken("The list in this archive is too large to be any.")
        listed = _read_manifest(archive.read(info).decode())
    except (KeyError, ValueError) as error:
        raise SealBroken("The list in this archive is missing or can't be read.") from error
    there = [info.filename for info in infos if info.filename != MANIFEST]
    if sorted(there) != sorted(listed) or not all(_is_inside(name, run_id) for name in there):
        raise SealBroken("This archive holds other files than its list says.")
    if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
        raise SealBroken("This archive is not one that was sealed here.")  # nor a bomb
    return listed


def _write_manifest(sums: Mapping[str, str]) -> bytes:
    table = str.maketrans(_ESCAPES)
    lines = (f"{sha256}  {name.translate(table)}\n" for name, sha256 in sums.items())
    return "".join(lines).encode()


def _read_manifest(text: str) -> dict[str, str]:
    listed = {}
    for line in text.split("\n")[:-1]:
        sha256, found, name = line.partition("  ")
        if not found:
            raise ValueError("no line of a manifest")
        for sign, escape in reversed(_ESCAPES.items()):
            name = name.replace(escape, sign)
        listed[name] = sha256
    return listed


def _info(name: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _ALWAYS)
    info.file_size = size
    info.external_attr = _PLAIN_FILE
    info.create_system = _UNIX
    return info


@contextmanager
def _opened(sealed: Path) -> Iterator[zipfile.ZipFile]:
    """The file as a ZIP. What is wrong with it comes out of the block as SealBroken."""
    try:
        with open(sealed, "rb", opener=regular) as file, zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, struct.error) as error:
        raise SealBroken("This archive is damaged.") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the beginning of the file
            raise
        raise SealBroken("This archive is damaged.") from error


def _copy(source: IO[bytes], target: IO[bytes] | None = None) -> str:
    """Read all of `source`, write it to `target`; gives its sha256."""
    checksum = hashlib.sha256()
    while piece := source.read(_PIECE_BYTES):
        checksum.update(piece)
        if target is not None:
            target.write(piece)
    return checksum.hexdigest()
