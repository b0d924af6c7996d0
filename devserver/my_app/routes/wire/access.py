"""Logging in, and workshop codes."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class LoginRequest(BaseModel):
    """A researcher token."""

    token: SecretStr = Field(min_length=1, max_length=1000)


class Login(BaseModel):
    """Who is logged in."""

    name: str | None = Field(description="The name of the token; null for nobody.")
    csrf_token: str | None = Field(
        description="What goes into X-CSRF-Token of requests that change something, with a cookie."
    )


class WorkshopRequest(BaseModel):
    """A workshop code, as somebody typed it."""

    code: str = Field(min_length=1, max_length=200)


class Workshop(BaseModel):
    """Whether runs need a code, and of which workshop the client has typed one in."""

    code_needed: bool
    workshop: str | None
