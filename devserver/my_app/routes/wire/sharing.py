"""Links to runs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class RunLink(BaseModel):
    """A link by which somebody may look at a run. It is told only now."""

    url: str = Field(description="The page to open, with the address of this server.")
    expires_at: str = Field(description="Until when it works: UTC, ISO 8601.")
    qr_url: str = Field(description="Its QR code, as SVG.")
    reach: Literal["network", "this_machine"] = Field(
        description="this_machine: the server listens for nobody else, so no phone can open it."
    )
