"""Data files under schemas/: one JSON object each, read and checked.

The file name is the id. A file that is broken is refused with its name, the line, and what is
wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devserver.my_app.services.errors import ServerError

KeyPath = tuple[str | int, ...]
SchemaId = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]

_ID = re.compile(r"[a-z0-9_]{1,40}")
_SIGN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')


class SchemaFileInvalid(ServerError):
    """A file under schemas/ cannot be used; the message names the file, the line and the reason."""

    code = "schema_file_invalid"

    def __init__(self, file_name: str, line: int, reason: str) -> None:
        super().__init__(
            f"{file_name}, line {line}: {reason}",
            details={"file": file_name, "line": line, "reason": reason},
        )
        self.file_name = file_name
        self.line = line


class SchemaPart(BaseModel):
    """A part of a data file: strict, and with no key that isn't known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SchemaFile(SchemaPart):
    """A whole data file; `id` is the file's name."""

    id: SchemaId


class LocalisedText(SchemaPart):
    """A text in the languages of the children: German and English."""

    de: Annotated[str, Field(min_length=1, max_length=600, pattern=r"\S")]
    en: Annotated[str, Field(min_length=1, max_length=600, pattern=r"\S")]

    def in_language(self, language: str | None) -> str:
        """The text in the asked language; German where the language is not one of the two."""
        return self.en if language == "en" else self.de


File = TypeVar("File", bound=SchemaFile)
Check = Callable[[File], None]
"""A further check of one part; see `PartInvalid`."""


class PartInvalid(Exception):
    """What a further check found wrong, and where in the file."""

    def __init__(self, where: KeyPath, error: ValidationError | str) -> None:
        super().__init__(str(error))
        self.where = where
        self.error = error


def load_schema_files(
    folder: Path,
    model: type[File],
    check: Check[File] | None = None,
    *,
    leave_out: str | None = None,
) -> Mapping[str, File]:
    """Read every `*.json` of a folder as `model`, in the order of the ids.

    Files whose names end in `leave_out` are something else and passed over.

    `check` may raise PartInvalid. Raises SchemaFileInvalid for the first file that cannot be used.
    """
    paths = schema_file_paths(folder, leave_out)
    return MappingProxyType({path.stem: load_schema_file(path, model, check) for path in paths})


def schema_file_paths(folder: Path, leave_out: str | None = None) -> list[Path]:
    """The data files of a folder, in the order of the ids; what an editor hides there is none."""
    paths = (path for path in folder.iterdir() if is_schema_file(path.name, leave_out))
    return sorted(paths, key=lambda path: path.stem)


def is_schema_file(name: str, leave_out: str | None = None) -> bool:
    """Whether a file of this name is meant to be read."""
    if name.startswith(".") or not name.endswith(".json"):
        return False
    return not (leave_out and name.endswith(leave_out))


def load_schema_file(path: Path, model: type[File], check: Check[File] | None = None) -> File:
    """Read one file as `model`. Raises SchemaFileInvalid."""
    if not _ID.fullmatch(path.stem):
        raise SchemaFileInvalid(
            path.name, 1, "A file name is an id: 1 to 40 of a-z, 0-9 and _, then .json."
        )
    source, document = _read_object(path)
    lines = dict(_keys_with_lines(source))
    if "id" in document:
        raise SchemaFileInvalid(path.name, lines[("id",)], "id: The file name is the id.")
    try:
        found = model.model_validate({"id": path.stem, **document})
        if check is not None:
            check(found)
    except ValidationError as error:
        raise _invalid(path.name, lines, (), error) from error
    except PartInvalid as error:
        raise _invalid(path.name, lines, error.where, error.error) from error
    return found


def _read_object(path: Path) -> tuple[str, dict[str, object]]:
    """The text of a file and the JSON object it holds."""
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SchemaFileInvalid(
            path.name, 1, f"The file cannot be read: {error.strerror}."
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SchemaFileInvalid(path.name, line, "The file is not written in UTF-8.") from error
    try:
        document = json.loads(source)
    except json.JSONDecodeError as error:
        raise SchemaFileInvalid(
            path.name, error.lineno, f"This is not JSON: {error.msg} (column {error.colno})."
        ) from error
    if not isinstance(document, dict):
        raise SchemaFileInvalid(path.name, 1, "The file has to hold one JSON object.")
    twice = _first_repeated_key(source)
    if twice is not None:
        key, line = twice
        raise SchemaFileInvalid(path.name, line, f"{key}: The key stands here a second time.")
    return source, document


def _invalid(
    file_name: str, lines: Mapping[KeyPath, int], where: KeyPath, error: ValidationError | str
) -> SchemaFileInvalid:
    if isinstance(error, str):
        reason = error
    else:
        first = error.errors(include_url=False, include_context=False)[0]
        where = (*where, *first["loc"])
        reason = str(first["msg"]).removeprefix("Value error, ")
    nearest = where
    while nearest and nearest not in lines:
        nearest = nearest[:-1]
    key = ".".join(map(str, where))
    return SchemaFileInvalid(file_name, lines.get(nearest, 1), f"{key}: {reason}")


def _keys_with_lines(source: str) -> Sequence[tuple[KeyPath, int]]:
    """Every key and list item of a valid JSON text, with the line where it begins."""
    found: list[tuple[KeyPath, int]] = []
    path: list[str | int] = []  # where we are: the current key or index of each open bracket
    kinds: list[str] = []
    line = 1
    expects_key = False
    for match in _SIGN.finditer(source):
        sign = match.group()
        if sign == "\n":
            line += 1
            continue
        if kinds and kinds[-1] == "[" and sign not in ",:]}":
            found.append((tuple(path), line))
        if sign in "{[":
            kinds.append(sign)
            path.append("" if sign == "{" else 0)
            expects_key = sign == "{"
        elif sign in "}]":
            kinds.pop()
            path.pop()
            expects_key = False
        elif sign == ",":
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            expects_key = kinds[-1] == "{"
        elif expects_key:
            path[-1] = json.loads(sign)
            found.append((tuple(path), line))
            expects_key = False
    return found


def _first_repeated_key(source: str) -> tuple[str, int] | None:
    seen: set[KeyPath] = set()
    for path, line in _keys_with_lines(source):
        if path in seen:
            return ".".join(map(str, path)), line
        seen.add(path)
    return None
