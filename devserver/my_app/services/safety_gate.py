"""The one gate through which every text passes that can reach a model or become media."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from devserver.config import SafetyLevel
from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.errors import ServerError, with_causes
from devserver.my_app.services.guard import STEP as GUARD
from devserver.my_app.services.guard import Guard, GuardCall, SafetyUnavailable
from devserver.my_app.services.language_recognition import recognised_language
from devserver.my_app.services.personal_data import find_personal_data, without_personal_data
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord, utc_now
from devserver.my_app.services.safe_words import Hit, WordLists
from devserver.my_app.services.safety import LEVELS, NEGATIVE_PROMPTS
from devserver.my_app.services.safety_messages import SafetyCode
from devserver.my_app.services.schema_files import LocalisedText
from devserver.my_app.services.text_at_work import StoredTextAtWork

logger = logging.getLogger(__name__)

WORD_LISTS, PERSONAL_DATA = "word_lists", "personal_data"
"""Steps on record, beside the guard's."""

Stage = Literal[1, 3]
Subject = Literal["text", "context", "translation"]
Handling = Literal["block", "replace", "off"]

_GUARDED_LEVELS = frozenset({"kids", "youth"})


class TextBlocked(ServerError):
    """A text may not go on; `reason` is the code of the block, the message is for the child."""

    code = "blocked"

    def __init__(self, message: str, *, stage: int, reason: str) -> None:
        super().__init__(message)
        self.stage = stage
        self.reason = reason


class NotChecked(ServerError):
    """A text was about to be used that is not on record as checked: a fault of this server."""

    code = "not_checked"


@dataclass(frozen=True)
class _Check:
    """One passing of the gate."""

    run: RunMetadata
    stage: Stage
    subject: Subject
    at_work: StoredTextAtWork

    @property
    def level(self) -> SafetyLevel:
        return _level_of(self.run)

    def language_of(self, text: str) -> str:
        """The language to speak to the child in: the one asked for, else that of the text."""
        return self.run.request.language or ("en" if recognised_language(text) == "en" else "de")

    def record(self, step: str, status: str, text: str, **more: Any) -> StageRecord:
        details = {"level": self.level, "subject": self.subject, **more.pop("details", {})}
        return StageRecord.model_validate(
            {
                "stage": self.stage,
                "step": step,
                "status": status,
                "input": text,
                "details": details,
                **more,
            }
        )

    def wishes(self) -> dict[str, str]:
        """What media made of the text should not show, for the record of stage 3."""
        negative = NEGATIVE_PROMPTS.get(self.level)
        if self.stage != 3 or self.subject != "text" or negative is None:
            return {}
        return {"negative_prompt": negative}

    def guarded(self, status: str, text: str, call: GuardCall) -> StageRecord:
        return self.record(
            GUARD,
            status,
            text,
            backend=call.backend,
            model=call.model,
            started_at=call.started_at,
            duration_seconds=call.duration_seconds,
            details=call.details,
        )


class SafetyGate:
    """Decides by word lists, by a guard model where one is configured, and on personal data.

    Fails closed: whatever goes wrong in a decision, the text does not go on.
    """

    def __init__(
        self,
        lists: WordLists,
        guard: Guard,
        messages: Mapping[SafetyCode, LocalisedText],
        *,
        personal_data: Handling,
        names: Sequence[str] = (),
    ) -> None:
        self._lists = lists
        self._guard = guard
        self._messages = messages
        self._personal_data = personal_data
        self._names = tuple(names)

    def check(
        self,
        run: RunMetadata,
        stage: Stage,
        text: str,
        at_work: StoredTextAtWork,
        *,
        subject: Subject = "text",
        ask_guard: bool = True,
    ) -> CheckedText:
        """The text as it may go on: as it is, or without personal data before it leaves here.

        Each decision is a record, pending or put down; what is on record already for the same text
        is not decided anew. Between the steps of a chain `ask_guard` is off, and lists alone
        decide. Raises TextBlocked, and what tells that the run is over.
        """
        check = _Check(run, stage, subject, at_work)
        if check.level == "off":
            if not _on_record(run, stage, WORD_LISTS, text):
                reason = {"reason": "The safety level is off."}
                at_work.pending.append(check.record(WORD_LISTS, "skipped", text, details=reason))
            return CheckedText(text)
        text = self._without_personal_data(check, text)
        guarded = ask_guard and self._is_guarded(run)
        hits = self._pass_lists(check, text, guarded=guarded)
        if guarded:
            self._pass_guard(check, text, hits)
        return CheckedText(text)

    def lists_stop(self, run: RunMetadata, text: str) -> bool:
        """Whether the lists have anything against `text` at the run's level."""
        return bool(self._lists.check(text, _level_of(run)))

    def has_settled(self, run: RunMetadata, stage: Stage, text: str) -> bool:
        """Whether `check` would let `text` go on as it is, by what is on record alone."""
        if _level_of(run) == "off":
            return _on_record(run, stage, WORD_LISTS, text) is not None
        if self._looks_for_personal_data(run):
            looked = _on_record(run, stage, PERSONAL_DATA, text)
            if looked is None or looked.output not in (None, text):
                return False
        if self._is_guarded(run) and _on_record(run, stage, GUARD, text) is None:
            return False
        return _passed_lists(run, stage, text)

    def passed_before(self, run: RunMetadata, stage: Stage, text: str) -> CheckedText:
        """`text` as it is on record to have gone on from `stage`. Raises NotChecked."""
        replaced = _on_record(run, stage, PERSONAL_DATA, text)
        text = (replaced.output if replaced else None) or text
        if not _passed_lists(run, stage, text):
            raise NotChecked("A text was not checked for safety, so nothing is made of it.")
        return CheckedText(text)

    def _without_personal_data(self, check: _Check, text: str) -> str:
        """Look for personal data in what is about to leave this machine."""
        if not self._looks_for_personal_data(check.run):
            return text
        before = _on_record(check.run, check.stage, PERSONAL_DATA, text)
        if before is not None:
            return before.output or text
        started_at, started = utc_now(), time.perf_counter()
        found = find_personal_data(text, self._names)
        replaces = self._personal_data == "replace"
        output = without_personal_data(text, found) if found and replaces else text
        kinds = sorted({datum.kind for datum in found})
        blocked = bool(found) and not replaces
        record = check.record(
            PERSONAL_DATA,
            "blocked" if blocked else "transformed" if output != text else "passed",
            text,
            output=None if blocked else output,
            started_at=started_at,
            duration_seconds=round(time.perf_counter() - started, 6),
            details={"kinds": kinds, "terms": [text[one.start : one.end] for one in found]},
        )
        if blocked:
            self._block(check, record, "personal_data", text)
        check.at_work.pending.append(record)
        if output != text:
            warning = self._messages["personal_data_replaced"]
            check.at_work.warn(warning.in_language(check.language_of(text)))
        return output

    def _pass_lists(self, check: _Check, text: str, *, guarded: bool) -> list[Hit]:
        """The hits that are left to the guard, which is asked next when `guarded`."""
        if _passed_lists(check.run, check.stage, text):
            return []
        started_at, started = utc_now(), time.perf_counter()
        hits = self._lists.check(text, check.level)
        stopping = [hit for hit in hits if not (hit.clearable and guarded)]
        record = check.record(
            WORD_LISTS,
            "blocked" if stopping else "passed",
            text,
            started_at=started_at,
            duration_seconds=round(time.perf_counter() - started, 6),
            details={
                "lists": dict(self._lists.versions),
                "categories": sorted({hit.category for hit in hits}),
                "terms": [text[hit.start : hit.end] for hit in hits],
                "for_the_guard": bool(hits) and not stopping,
                **check.wishes(),
            },
        )
        if stopping:
            category = stopping[0].category
            message = self._lists.categories[category].message
            self._stop(check, record, category, message.in_language(check.language_of(text)))
        check.at_work.pending.append(record)
        return hits

    def _pass_guard(self, check: _Check, text: str, hits: Sequence[Hit]) -> None:
        if _on_record(check.run, check.stage, GUARD, text):
            return
        try:
            judged = self._guard.judge(
                text,
                level="kids" if check.level == "kids" else "youth",
                execution_mode=check.run.execution_mode or "",
                seed=check.run.request.seed or 0,
                at_work=check.at_work,
                listed=sorted({hit.category for hit in hits}),
            )
        except SafetyUnavailable as error:
            logger.warning("run %s: %s", check.run.run_id, with_causes(error))
            record = check.guarded("blocked", text, error.call)
            self._block(check, record, "safety_unavailable", text)
        if not judged.safe:
            # A category of the lists has a message of its own; for self-harm it names who helps.
            known = self._lists.categories.get(judged.category)
            message = known.message if known else self._messages["guard"]
            record = check.guarded("blocked", text, judged.call)
            self._stop(check, record, GUARD, message.in_language(check.language_of(text)))
        check.at_work.put_on_record(check.guarded("passed", text, judged.call))

    def _looks_for_personal_data(self, run: RunMetadata) -> bool:
        return run.execution_mode == "fast" and self._personal_data != "off"

    def _is_guarded(self, run: RunMetadata) -> bool:
        mode = run.execution_mode or ""
        return _level_of(run) in _GUARDED_LEVELS and self._guard.configured_for(mode)

    def _block(self, check: _Check, record: StageRecord, reason: SafetyCode, text: str) -> NoReturn:
        message = self._messages[reason].in_language(check.language_of(text))
        self._stop(check, record, reason, message)

    def _stop(self, check: _Check, record: StageRecord, reason: str, message: str) -> NoReturn:
        check.at_work.check_wanted()
        check.at_work.put_on_record(record)
        raise TextBlocked(message, stage=check.stage, reason=reason)


def _level_of(run: RunMetadata) -> SafetyLevel:
    """The run's level; the strictest one where it has none that is known."""
    return next((level for level in LEVELS if level == run.safety_level), "kids")


def _passed_lists(run: RunMetadata, stage: int, text: str) -> bool:
    """Whether the lists let the text through; hits left to the guard need its word, too."""
    record = _on_record(run, stage, WORD_LISTS, text)
    if record is None:
        return False
    left_to_guard = record.details.get("for_the_guard")
    return not left_to_guard or _on_record(run, stage, GUARD, text) is not None


def _on_record(run: RunMetadata, stage: int, step: str, text: str) -> StageRecord | None:
    """The record by which this very text has passed this step of this stage, if it has."""
    for record in reversed(run.stages):
        if (record.stage, record.step, record.input) == (stage, step, text):
            return record if record.status in ("passed", "transformed", "skipped") else None
    return None
