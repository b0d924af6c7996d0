"""Packages of runs: how they are asked for and how they stand."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from devserver.my_app.routes.wire.requests import Id, Text
from devserver.my_app.services.exports.package import LeftOutRun, PackageFailure, PackageState
from devserver.my_app.services.personal_data.datum import Kind


class PackageSelection(BaseModel):
    """Which runs; either `ids` or `query`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    ids: tuple[Id, ...] | None = Field(
        None, strict=False, min_length=1, description="The run_ids, in the order wished for."
    )
    query: dict[str, Any] | None = Field(
        None, description="The filters of GET /api/runs; {} for all runs."
    )
    leave_out: tuple[Id, ...] = Field(
        (), strict=False, description="Runs of the selection that are not wanted after all."
    )


class PackageRequest(PackageSelection):
    """Which runs, and as what."""

    format: Id = Field(description="One of the formats of exports.")
    pseudonyms: bool = Field(False, description="Pseudonyms in place of each user_id.")
    marked: bool = Field(False, description="Media as copies that say that AI made them.")
    language: Literal["de", "en"] = Field("de", description="Language of what explains the data.")
    title: Text = Field("", max_length=200, description="A heading.")
    licence: Text | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="What it says of its licence, in place of DEVSERVER_LICENCE.",
    )


class PersonalDatumFound(BaseModel):
    """A piece of a text that may tell who somebody is."""

    run_id: str
    field: str = Field(description="Where it stands, such as `stages[2].output`.")
    kind: Kind
    text: str = Field(description="The piece itself.")
    start: int = Field(description="Where it begins in the text, in characters.")
    end: int


class ReviewAnswer(BaseModel):
    """What was found in the texts of a selection. Nothing of it is kept."""

    runs: int = Field(description="How many runs were looked through.")
    findings: list[PersonalDatumFound]
    unread: list[str] = Field(description="Runs that are not over or can't be read.")
    complete: bool = Field(
        description="false when more was found than is listed, or not all runs were looked through."
    )


class PackageView(BaseModel):
    """How a package stands."""

    package_id: str
    state: PackageState
    format: str
    pseudonyms: bool
    marked: bool
    language: Literal["de", "en"]
    title: str
    licence: str | None = Field(description="The one it was asked for with, if there was one.")
    runs: int = Field(description="How many runs are in it, or shall be.")
    runs_done: int
    bytes_written: int = Field(description="Of its file, so far.")
    asked_at: str
    finished_at: str | None
    expires_at: str | None = Field(description="Until when the file is kept.")
    left_out: list[LeftOutRun] = Field(
        description="Runs that are not in it, with a code: not over, deleted, unreadable."
    )
    error: PackageFailure | None
    url: str
    file_url: str | None = Field(description="Where the file is, when it is ready.")


class PackageList(BaseModel):
    """All packages, the one asked for last first."""

    packages: list[PackageView]
    formats: list[str] = Field(description="What a package can be.")


class PackageDeleted(BaseModel):
    """A package that is gone."""

    status: Literal["deleted"] = "deleted"
    package_id: str
