"""The journey of a text: every step a run has taken, and what each changed, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import LCSseq

from devserver.my_app.services.run_metadata import RunMetadata, StageRecord

# A word or one sign, with the spaces after it; spaces before the first.
_PIECE = re.compile(r"\w+(?:['\u2019-]\w+)*\s*|[^\w\s]\s*|\s+")


@dataclass(frozen=True)
class Change:
    """A stretch of text that stayed, went or came.

    What stayed and came makes the text after, to the letter; what stayed and went the text before,
    but for spaces and line breaks around what stayed.
    """

    kind: Literal["kept", "removed", "added"]
    text: str


@dataclass(frozen=True)
class JourneyStep:
    """One step of a run, and how its text came out of the one before.

    `changes` is empty where a step has no two texts.
    """

    record: StageRecord
    changes: tuple[Change, ...]

    @property
    def seed(self) -> int | None:
        """The seed the step used, if it used one."""
        seed = self.record.details.get("seed")
        return seed if isinstance(seed, int) else None


def journey_of(run: RunMetadata) -> list[JourneyStep]:
    """The steps of `run` in order."""
    return [JourneyStep(record, _changes(record)) for record in run.stages]


def _changes(record: StageRecord) -> tuple[Change, ...]:
    if record.input is None or record.output is None:
        return ()
    return tuple(word_changes(record.input, record.output))


def word_changes(before: str, after: str) -> list[Change]:
    """What has to go and to come to make `after` of `before`, by words; as little as possible.

    Takes time with the product of both lengths, but by 64 words at once: 8,000 single letters
    against 8,000 others take some hundredths of a second.
    """
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    changes: list[Change] = []
    gone = come = ""
    for step in LCSseq.opcodes([p.strip() for p in old], [p.strip() for p in new]):
        came = "".join(new[step.dest_start : step.dest_end])
        if step.tag == "equal":
            changes += [*_replaced(gone, come), Change("kept", came)]
            gone = come = ""
        else:
            gone += "".join(old[step.src_start : step.src_end])
            come += came
    return [*changes, *_replaced(gone, come)]


def _replaced(gone: str, come: str) -> list[Change]:
    both = (Change("removed", gone), Change("added", come))
    return [change for change in both if change.text]
