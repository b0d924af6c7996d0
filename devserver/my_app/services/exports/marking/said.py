"""What a marked copy says of itself."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from devserver.my_app.services.run_metadata import Output, RunMetadata

MARKING_VERSION = 2
"""Another number whenever the same marking gives other bytes."""

Detail = Literal["prompt", "schema", "run_id"]
DETAILS: tuple[Detail, ...] = get_args(Detail)

_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED = f"{_SOURCE_TYPES}trainedAlgorithmicMedia"
ALGORITHMIC = f"{_SOURCE_TYPES}algorithmicMedia"
_WITHOUT_MODEL = frozenset({"atelier"})

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Marking:
    """How the file came about, as an IPTC term, and what more was asked for; texts as they are."""

    source_type: str
    prompt: str | None = None
    schema: str | None = None
    run_id: str | None = None

    @property
    def tags(self) -> list[tuple[str, str]]:
        """Names and values, for formats that have tags; nothing in them that XML can't hold."""
        said = (
            ("DigitalSourceType", self.source_type),
            ("Prompt", self.prompt),
            ("Schema", self.schema),
            ("Run-ID", self.run_id),
        )
        return [(name, writable(value)) for name, value in said if value]


def is_by_model(output: Output) -> bool:
    """Whether a model that was trained took part in making it, as far as is known."""
    return output.backend not in _WITHOUT_MODEL


def marking_of(run: RunMetadata, output: Output, details: Collection[Detail] = ()) -> Marking:
    """What is to be said of `output`: the source type always, of `details` what was asked for.

    `atelier` gets algorithmicMedia: "media created purely by an algorithm not based on any sampled
    training data". It sets pictograms by rules, no model takes part. digitalCreation would be made
    by a person with tools; composite says nothing of how. All other backends are models:
    trainedAlgorithmicMedia. So is a file whose backend isn't known, which the strict term fits:
    this server stores what was generated, and nothing else.
    """
    return Marking(
        source_type=TRAINED if is_by_model(output) else ALGORITHMIC,
        prompt=(run.transformed_text or run.input_text) if "prompt" in details else None,
        schema=run.schema_id if "schema" in details else None,
        run_id=run.run_id if "run_id" in details else None,
    )


def writable(text: str) -> str:
    """`text` with U+FFFD for what XML can't hold: most control characters, lone surrogates."""
    return _NOT_IN_XML.sub("\ufffd", text)
