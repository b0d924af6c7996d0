"""What clients send."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from devserver.config import SafetyLevel
from devserver.my_app.services.run_metadata import OutputType
from devserver.my_app.services.runs import MAX_SEED

MAX_TEXT_CHARACTERS = 8000
MAX_OUTPUT_CONFIGS = 8


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold the character NUL")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _none_when_blank(text: str) -> str | None:
    return text if text.strip() else None


Text = Annotated[str, AfterValidator(_without_nul)]
Id = Annotated[Text, Field(min_length=1, max_length=100)]


class NewRunRequest(BaseModel):
    """A text and how to take it through the pipeline."""

    # Fields nobody knows are kept, so that they can be named in a warning.
    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    schema_id: Id = Field(alias="schema", description="The style, as listed under schemas.")
    input_text: Annotated[Text, AfterValidator(_not_blank)] = Field(
        min_length=1, max_length=MAX_TEXT_CHARACTERS, description="What the child wrote."
    )
    execution_mode: Literal["eco", "fast"] = Field(
        "eco", description="eco: models on our own machines; fast: API services."
    )
    safety_level: SafetyLevel = "kids"
    user_id: Annotated[Text, Field(max_length=200), AfterValidator(_none_when_blank)] | None = (
        Field(None, description="A label, for researchers only; a blank one counts as none.")
    )
    output_config: Id | None = Field(None, description="How to make the media, by id.")
    output_configs: tuple[Id, ...] | None = Field(
        None,
        strict=False,
        min_length=1,
        max_length=MAX_OUTPUT_CONFIGS,
        description="Several at once.",
    )
    output_type: OutputType | None = None
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="Else random and recorded.")
    language: Literal["de", "en"] | None = Field(None, description="Language of messages.")
    context: Annotated[Text, Field(max_length=MAX_TEXT_CHARACTERS)] | None = Field(
        None, description="The rules, for the style user_defined."
    )

    @property
    def config_ids(self) -> tuple[str, ...]:
        """The output configs asked for, each once, in their order."""
        first = (self.output_config,) if self.output_config else ()
        return tuple(dict.fromkeys((*first, *(self.output_configs or ()))))


class ContinueRequest(BaseModel):
    """The rewritten text as somebody has edited it."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    text: Annotated[Text, AfterValidator(_not_blank)] = Field(
        min_length=1, max_length=MAX_TEXT_CHARACTERS
    )


def _named_simply(said: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(said)
    except ValidationError:
        raise ValueError(f"has to be same, new or a number from 0 to {MAX_SEED}") from None


class RerunRequest(BaseModel):
    """How to repeat a run."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    seed: Annotated[
        Literal["same", "new"] | Annotated[int, Field(ge=0, le=MAX_SEED)],
        WrapValidator(_named_simply),
    ] = Field("same", description="same: as in the run that is repeated; new: a random one.")
