"""Stage 2: the child's text is rewritten through the stance of a schema."""

from __future__ import annotations

import random
import time

from devserver.my_app.services.interception.techniques import TECHNIQUES
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord, utc_now
from devserver.my_app.services.schemas import InterceptionSchema

EMBEDDED = "embedded"


def rewrite(run: RunMetadata, schema: InterceptionSchema) -> tuple[str, list[StageRecord]]:
    """Return the rewritten text and the record of every step that led to it.

    Without a language model the schema's embedded technique does it, the same for the same seed.
    """
    technique = TECHNIQUES[schema.technique.name]
    started_at, started = utc_now(), time.monotonic()
    rewriting = technique(
        run.input_text,
        random=random.Random(f"{run.request.seed}:{schema.id}"),
        parameters=schema.technique.parameters,
    )
    seconds = round(time.monotonic() - started, 6)
    records: list[StageRecord] = []
    before = run.input_text
    for step in rewriting.steps:
        records.append(
            StageRecord(
                stage=2,
                step=step.name,
                status="passed" if step.text == before else "transformed",
                input=before,
                output=step.text,
                backend=EMBEDDED,
                model=f"technique:{schema.technique.name}",
                started_at=started_at,
                # The steps of a technique are one calculation; its time stands at the last one.
                duration_seconds=seconds if step is rewriting.steps[-1] else 0.0,
                details={"seed": run.request.seed},
            )
        )
        before = step.text
    return rewriting.text, records
