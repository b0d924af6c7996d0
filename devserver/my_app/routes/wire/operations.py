"""How the server is."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The server is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the server can take runs."""

    status: Literal["ready", "not_ready"]
    storage_writable: bool
    disk_free_bytes: int
    disk_above_floor: bool
    takes_runs: bool
    backends: list[str]
    remarks: list[str] = Field(description="How backends are, and what can't be made, and why.")
