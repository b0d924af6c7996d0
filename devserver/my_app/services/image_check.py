"""An optional look at what was made, by a vision model, before anybody else sees it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devserver.my_app.services.errors import MediaRejected, ServerError, with_causes
from devserver.my_app.services.guard import Verdict
from devserver.my_app.services.guard_instructions import GuardedLevel, looking
from devserver.my_app.services.language.answers import json_schema_of, read_json
from devserver.my_app.services.language.models import ChosenModel, LanguageModels
from devserver.my_app.services.language.port import (
    LanguageAnswerUnusable,
    LanguageModelFailed,
    LanguageModelNotConfigured,
    LanguageModelRefused,
    LanguageModelTimedOut,
    LanguageModelUnreachable,
    LanguageRequest,
    details_of,
)
from devserver.my_app.services.media_sources import MadeBy
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord, utc_now

logger = logging.getLogger(__name__)

STEP = "image_check"

_SIDE = 512
_MAX_TOKENS = 300
_WITHOUT_A_MODEL = "atelier"
"""Its pictures are made of pictograms that we have chosen."""
_NO_VERDICT = (
    LanguageModelFailed,
    LanguageModelNotConfigured,
    LanguageModelTimedOut,
    LanguageModelUnreachable,
    MediaRejected,
)


class MediaBlocked(ServerError):
    """A picture may not be shown; `record` tells why. Nothing of it is kept."""

    code = "image_check"

    def __init__(self, record: StageRecord) -> None:
        super().__init__("The picture was checked and may not be shown.")
        self.record = record


class PictureNotChecked(MediaBlocked):
    """A picture could not be checked, so it is not shown either."""

    code = "safety_unavailable"


class ImageCheck:
    """Judges pictures, and the first picture of videos, at `kids` and `youth`.

    Off unless a model is named for the step `vision`. `draw` makes a small WebP picture of a file,
    see `thumbnails.draw_thumbnail`.
    """

    def __init__(
        self,
        models: LanguageModels,
        draw: Callable[[Path, str, int], bytes],
        *,
        seconds: float,
    ) -> None:
        self._models = models
        self._draw = draw
        self._seconds = seconds

    def __call__(
        self, run: RunMetadata, path: Path, media_type: str, made_by: MadeBy
    ) -> StageRecord | None:
        """The record of a picture that may be shown; None where there is nothing to judge.

        Raises MediaBlocked, and PictureNotChecked for anything but a whole verdict.
        """
        level: GuardedLevel = "youth" if run.safety_level == "youth" else "kids"
        if run.safety_level in ("adult", "off") or media_type not in ("image", "video"):
            return None
        chosen = self._models.choose("vision", run.execution_mode or "")
        if chosen is None or made_by.backend == _WITHOUT_A_MODEL:
            return None
        started_at, started = utc_now(), time.monotonic()

        def record(status: str, details: dict[str, Any]) -> StageRecord:
            return StageRecord.model_validate(
                {
                    "stage": 4,
                    "step": STEP,
                    "status": status,
                    "config": made_by.config,
                    "backend": chosen.server.backend,
                    "model": chosen.model,
                    "started_at": started_at,
                    "duration_seconds": round(time.monotonic() - started, 6),
                    "details": {"level": level, **details},
                }
            )

        try:
            picture = self._draw(path, media_type, _SIDE)
            verdict, details = self._ask(chosen, picture, level, run.request.seed or 0)
        except LanguageModelRefused as error:
            raise MediaBlocked(record("blocked", {"error": str(error)})) from error
        except _NO_VERDICT as error:
            logger.warning("run %s: no verdict on a picture: %s", run.run_id, with_causes(error))
            raise PictureNotChecked(record("blocked", {"error": str(error)})) from error
        if not verdict.safe:
            raise MediaBlocked(record("blocked", details))
        return record("passed", details)

    def _ask(
        self, chosen: ChosenModel, picture: bytes, level: GuardedLevel, seed: int
    ) -> tuple[Verdict, dict[str, Any]]:
        request = LanguageRequest(
            model=chosen.model,
            messages=looking(picture, level=level),
            seed=seed,
            temperature=0.0,
            max_tokens=_MAX_TOKENS,
            seconds=self._seconds,
            json_schema=json_schema_of(Verdict),
        )
        answer = chosen.server.ask(request)
        if answer.is_cut_off:
            raise LanguageAnswerUnusable("The verdict is cut off.")
        verdict = read_json(answer.text, Verdict)
        return verdict, {**details_of(request, answer), "verdict": verdict.model_dump()}
