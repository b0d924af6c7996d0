"""Runs that were found, and checks of many runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from devserver.my_app.services.run_id import is_run_id


class IndexView(BaseModel):
    """How far the index is."""

    complete: bool = Field(description="Whether it agreed with all folders when last looked.")
    known: int = Field(description="Runs in the index.")
    of: int = Field(description="Run folders, as last counted.")


class FacetValue(BaseModel):
    """A value, and how many runs have it."""

    value: str | None
    runs: int


class RunList(BaseModel):
    """A page of the runs that were found."""

    runs: list[dict[str, Any]] = Field(description="Everything about each, or the `fields` asked.")
    total: int | None = Field(description="On all pages; null with `total=no`.")
    next: str | None = Field(description="The `after` of the next page; null on the last one.")
    facets: dict[str, list[FacetValue]] | None = Field(
        description="Those asked for, each counted under all filters but those on itself."
    )
    index: IndexView


def _a_run_id(text: str) -> str:
    if not is_run_id(text):
        raise ValueError("is no run_id")
    return text


class Selection(BaseModel):
    """Which runs: these, or those that a search finds; all when neither is said."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    run_ids: list[Annotated[str, AfterValidator(_a_run_id)]] | None = Field(
        None, min_length=1, max_length=5000
    )
    query: dict[str, str | list[str]] | None = Field(
        None, description="The filters of `GET /api/runs`, by name."
    )


class FaultView(BaseModel):
    """A run whose folder is not as its metadata says."""

    run_id: str
    faults: list[str]


class VerificationView(BaseModel):
    """How far a check is, and what it has found."""

    id: str
    status: Literal["running", "done", "cancelled", "failed"]
    checked: int
    of: int = Field(description="How many there are to check, as it was at the start.")
    lying: int = Field(description="Runs with faults so far.")
    faults: list[FaultView] = Field(description="The first of them, at most 1,000.")
    started_at: str
    ended_at: str | None
