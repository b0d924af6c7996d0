"""What is kept, and what is forgotten."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from devserver.my_app.routes.wire.requests import Text
from devserver.my_app.routes.wire.runs import Deleted
from devserver.my_app.services.out_of_reach import Kind
from devserver.my_app.services.retention_rules import RetentionRule
from devserver.my_app.services.tombstones import Reason


class DeletionReceipt(Deleted):
    """What the deletion of a run did."""

    time: str = Field(description="When its tombstone was set.")
    reason: Reason
    was_under_way: bool = Field(description="It was cancelled first.")
    files: int = Field(description="How many files went; 0 when it was deleted before.")
    bytes: int
    faults: dict[str, str] = Field(
        description="Who still has something of it, and why. Delete it again to have that go too."
    )
    complete: bool = Field(description="Whether nothing is left of it here.")


class Archived(BaseModel):
    """A run that is in the archive now, or back from it."""

    status: Literal["archived", "restored"]
    run_id: str


class ErasureRequest(BaseModel):
    """Whose runs are to go."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    user_id: Annotated[Text, Field(min_length=1, max_length=200)] = Field(
        description="Exactly as it was sent with the runs."
    )
    dry_run: bool = Field(False, description="Only say what would be erased.")


class OutOfReachView(BaseModel):
    """Where else something of the runs went."""

    kind: Kind
    name: str
    where: str | None
    runs: int | None
    advice: str


class ErasureAnswer(BaseModel):
    """A receipt. It holds none of the words that were erased, and is not stored."""

    user_id: str
    dry_run: bool
    time: str
    run_ids: list[str]
    repetitions: list[str] = Field(
        description="Those of them that carry another label but repeat a run of this person."
    )
    were_under_way: int
    files: int
    bytes: int
    unreadable: list[str] = Field(
        description="Runs, and other folders among them, of which nobody can say whose they are."
    )
    faults: dict[str, dict[str, str]] = Field(
        description="What is left here, by run and holder, also of runs deleted before."
    )
    out_of_reach: list[OutOfReachView]
    is_complete: bool


class RetentionRequest(BaseModel):
    """Which rules to apply, or only to try."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    apply: bool = Field(False, strict=True, description="Do it; else only say what would be done.")
    rules: Annotated[tuple[RetentionRule, ...], Field(min_length=1, max_length=100)] | None = Field(
        None, description="Else those of DEVSERVER_RETENTION."
    )


class RuleReportView(BaseModel):
    """What one rule is for, and what came of it."""

    rule: RetentionRule
    run_ids: list[str]
    bytes: int
    oldest: str | None = Field(description="When the first of the runs ended.")
    newest: str | None
    done: int
    faults: dict[str, str]


class RetentionAnswer(BaseModel):
    """What each rule is for, and what came of it."""

    applied: bool
    rules: list[RuleReportView]
