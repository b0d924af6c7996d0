from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.backends.port import MediaRequest
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.language.models import LanguageModels
from devserver.my_app.services.language.port import (
    CheckWanted,
    LanguageModelRefused,
    LanguageModelTimedOut,
    LanguageModelUnreachable,
    LanguageRequest,
)
from devserver.my_app.services.media_sources import MadeBy, MediaData, MediaDescription
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.pipeline import Pipeline
from devserver.my_app.services.run_metadata import Job, RunMetadata, RunRequest, StageRecord
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.run_queue import LegEnd
from devserver.my_app.services.safety import NEGATIVE_PROMPTS
from devserver.my_app.services.schemas import load_interception_schemas
from devserver.my_app.wiring import build_pipeline
from tests.media_samples import png_bytes
from tests.services.language.scripted import Script, ScriptedModel, models, text_in

SCHEMAS = load_interception_schemas(PROJECT_FOLDER / "devserver/schemas/interception")
IDEA = "Eine Blume auf der Wiese"
NAMES = {"de": "Probe", "en": "Sample"}


class Painter:
    """A backend that makes one picture and keeps what it was asked for."""

    name = "painter"
    is_set_up = True

    def __init__(self) -> None:
        self.requests: list[MediaRequest] = []

    def unavailable_because(self, config: OutputConfig) -> str | None:
        return None

    def describe(self, configs: Sequence[OutputConfig]) -> list[str]:
        return []

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        self.requests.append(request)
        return [MediaData(png_bytes(), MadeBy(backend=self.name, config=request.config.id))]

    def cancel(self, job: Job) -> None:
        pass


def config(config_id: str, **more: object) -> OutputConfig:
    return OutputConfig.model_validate(
        {"id": config_id, "name": NAMES, "media_type": "image", "backend": "painter", **more}
    )


CONFIGS = {
    "any_language": config("any_language"),
    "english_only": config(
        "english_only", prompt_language="en", parameters={"negative_prompt": "blurry"}
    ),
}


class Rig:
    """A storage, a painter, and pipelines that share them."""

    def __init__(self, storage: MediaStorageService) -> None:
        self.storage = storage
        self.painter = Painter()

    def pipeline(self, known: LanguageModels) -> Pipeline:
        catalogue = Catalogue(SCHEMAS, CONFIGS, [self.painter])
        return build_pipeline(self.storage, catalogue, RunProgress(), models=known)

    def new_run(
        self, schema: str = "dada", *, text: str = IDEA, mode: str = "eco", **request: object
    ) -> str:
        values = {"output_type": "text", "seed": 7, "language": "de", **request}
        return self.storage.create_run(
            schema=schema,
            input_text=text,
            execution_mode=mode,
            request=RunRequest.model_validate(values),
        ).run_id

    def worked(self, run_id: str, known: LanguageModels) -> RunMetadata:
        self.pipeline(known).work(run_id)
        return self.storage.get_metadata(run_id)


@pytest.fixture
def rig(storage: MediaStorageService) -> Rig:
    return Rig(storage)


def rewriter(script: Script) -> LanguageModels:
    return models(interception=ScriptedModel(script))


def upper(request: LanguageRequest, _: CheckWanted) -> str:
    return text_in(request).upper()


def test_a_configured_model_rewrites_and_everything_about_it_is_on_record(rig: Rig) -> None:
    model = ScriptedModel(upper)
    run = rig.worked(rig.new_run(), models(interception=model))
    assert (run.status, run.transformed_text) == ("success", IDEA.upper())
    checked, rewritten, checked_again = run.stages
    assert (checked.stage, checked_again.stage) == (1, 3)
    assert (rewritten.step, rewritten.status) == ("rewriting", "transformed")
    assert (rewritten.input, rewritten.output) == (IDEA, IDEA.upper())
    assert (rewritten.backend, rewritten.model) == ("ollama", "interception-model")
    [request] = model.requests
    choice = SCHEMAS["dada"].language_model
    assert choice is not None
    assert request.temperature == rewritten.details["temperature"] == choice.temperature
    assert rewritten.details["seed"] == request.wire_seed
    assert (rewritten.details["prompt_tokens"], rewritten.details["answer_tokens"]) == (100, 20)
    sent = [{"role": one.role, "content": one.content} for one in request.messages]
    assert rewritten.details["messages"] == sent
    assert SCHEMAS["dada"].stance in sent[0]["content"]
    assert "Write in German" in sent[0]["content"]


def test_a_chain_is_one_call_a_step_each_on_record_before_the_next(rig: Rig) -> None:
    run_id = rig.new_run("stillepost")
    on_record = []

    def misheard(request: LanguageRequest, _: CheckWanted) -> str:
        on_record.append(len(rig.storage.get_metadata(run_id).stages))
        return f"{text_in(request)} {len(on_record)}"

    run = rig.worked(run_id, rewriter(misheard))
    steps = [record for record in run.stages if record.stage == 2]
    assert [record.step for record in steps] == [step.id for step in SCHEMAS["stillepost"].steps]
    assert all(after.input == before.output for before, after in pairwise(steps))
    # A check goes down with the step after it; each call finds all steps before it.
    assert on_record == [0, 2, 4, 6, 8, 10, 12, 14]
    assert run.transformed_text == f"{IDEA} 1 2 3 4 5 6 7 8"
    assert len({record.details["seed"] for record in steps}) == 8


def test_steps_of_an_attempt_that_was_cut_off_are_not_taken_again(rig: Rig) -> None:
    run_id = rig.new_run("stillepost")
    steps = SCHEMAS["stillepost"].steps
    rig.storage.record_stages(
        run_id,
        [
            StageRecord(stage=1, step="word_lists", status="passed", input=IDEA),
            StageRecord(
                stage=2, step=steps[0].id, status="transformed", input=IDEA, output="Blumen"
            ),
        ],
    )
    model = ScriptedModel(upper)
    run = rig.worked(run_id, models(interception=model))
    assert len(model.requests) == 7
    assert text_in(model.requests[0]) == "Blumen"
    assert [record.stage for record in run.stages] == [1, 2, *[3, 2] * 7, 3]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (LanguageModelUnreachable("It does not answer."), "failed"),
        (LanguageModelTimedOut("It took too long."), "failed"),
        (LanguageModelRefused("Its rules forbid it."), "blocked"),
    ],
)
def test_a_configured_model_that_fails_is_never_replaced(
    rig: Rig, failure: ServerError, status: str
) -> None:
    def fail(_: LanguageRequest, __: CheckWanted) -> str:
        raise failure

    run = rig.worked(rig.new_run(), rewriter(fail))
    assert (run.status, run.transformed_text) == (status, None)
    assert run.error is not None
    assert (run.error.code, run.error.stage) == (failure.code, 2)
    told_to_a_child = isinstance(failure, LanguageModelRefused)
    assert ("Workshopleitung" in run.error.message) is told_to_a_child
    assert (run.error.message == str(failure)) is not told_to_a_child
    last = run.stages[-1]
    assert (last.stage, last.status, last.output) == (2, status, None)
    assert last.details["messages"]
    assert last.details["error"]["code"] == failure.code


def test_an_answer_without_a_text_is_a_failure(rig: Rig) -> None:
    run = rig.worked(rig.new_run(), rewriter(lambda *_: "  \n"))
    assert run.error is not None
    assert run.error.code == "language_model_failed"


def test_a_cancelled_run_is_left_while_the_model_is_asked(rig: Rig) -> None:
    run_id = rig.new_run()

    def cancelled_meanwhile(_: LanguageRequest, check_wanted: CheckWanted) -> str:
        rig.storage.finish_run(run_id, "cancelled")
        check_wanted()
        raise AssertionError("the run was wanted")

    run = rig.worked(run_id, rewriter(cancelled_meanwhile))
    assert (run.status, run.error, run.stages) == ("cancelled", None, ())


@pytest.mark.parametrize("schema", ["passthrough", "piglatin", "lipogram"])
def test_what_a_rule_does_exactly_no_model_is_asked_for(rig: Rig, schema: str) -> None:
    model = ScriptedModel(upper)
    run = rig.worked(rig.new_run(schema), models(interception=model))
    assert model.requests == []
    assert run.status == "success"


def test_rules_of_a_child_go_to_the_model_and_to_the_technique(rig: Rig) -> None:
    rules = "Ersetze Blume durch Rakete"
    model = ScriptedModel(upper)
    asked = rig.worked(rig.new_run("user_defined", context=rules), models(interception=model))
    assert rules in model.requests[0].messages[1].content
    assert asked.status == "success"
    embedded = rig.worked(rig.new_run("user_defined", context=rules), models())
    assert "Rakete" in (embedded.transformed_text or "")


def test_english_is_made_for_models_that_want_it_and_the_text_is_kept(rig: Rig) -> None:
    translator = ScriptedModel(lambda *_: "A flower in the meadow")
    known = models(
        interception=ScriptedModel(lambda *_: "Eine wilde Wiese"), translation=translator
    )
    run_id = rig.new_run(output_type="image", output_configs=("english_only", "any_language"))
    run = rig.worked(run_id, known)
    assert (run.status, run.transformed_text) == ("success", "Eine wilde Wiese")
    assert [request.prompt for request in rig.painter.requests] == [
        "A flower in the meadow",
        "Eine wilde Wiese",
    ]
    translated = run.stages[3]
    assert (translated.stage, translated.step) == (3, "translation")
    assert (translated.input, translated.output) == ("Eine wilde Wiese", "A flower in the meadow")
    assert text_in(translator.requests[0]) == "Eine wilde Wiese"
    assert [record.input for record in run.stages if record.stage == 4] == [
        "A flower in the meadow",
        "Eine wilde Wiese",
    ]


@pytest.mark.parametrize(
    ("text", "translating", "reason"),
    [
        ("My dog eats pizza in the garden", True, "The text is in English already."),
        (IDEA, False, "No language model is configured for translation."),
    ],
)
def test_a_translation_that_is_not_made_says_why(
    rig: Rig, text: str, translating: bool, reason: str
) -> None:
    translator = ScriptedModel(upper)
    known = models(translation=translator) if translating else models()
    run_id = rig.new_run(
        "passthrough", text=text, output_type="image", output_configs=("english_only",)
    )
    run = rig.worked(run_id, known)
    [record] = [record for record in run.stages if record.step == "translation"]
    assert (record.status, record.details["reason"]) == ("skipped", reason)
    assert rig.painter.requests[0].prompt == text
    assert translator.requests == []


def test_a_translator_that_fails_ends_the_run_with_its_text_kept(rig: Rig) -> None:
    def fail(_: LanguageRequest, __: CheckWanted) -> str:
        raise LanguageModelUnreachable("It does not answer.")

    run_id = rig.new_run("passthrough", output_type="image", output_configs=("english_only",))
    run = rig.worked(run_id, models(translation=ScriptedModel(fail)))
    assert (run.status, run.transformed_text) == ("failed", IDEA)
    assert run.error is not None
    assert (run.error.code, run.error.stage) == ("language_model_unreachable", 3)
    assert rig.painter.requests == []


def test_what_config_schema_and_level_want_left_out_reaches_the_backend(rig: Rig) -> None:
    schema = next(schema for schema in SCHEMAS.values() if schema.negative_prompt)
    run_id = rig.new_run(schema.id, output_type="image", output_configs=("english_only",))
    rig.worked(run_id, models())
    told = rig.painter.requests[0].negative_prompt
    assert told.startswith(f"blurry, {schema.negative_prompt}, ")
    assert told.endswith(NEGATIVE_PROMPTS["kids"])


def test_a_run_waits_for_its_edit_and_goes_on_with_it(rig: Rig) -> None:
    run_id = rig.new_run(awaits_edit=True, output_type="image", output_configs=("any_language",))
    waiting = rig.worked(run_id, rewriter(upper))
    assert (waiting.status, waiting.transformed_text) == ("awaiting_edit", IDEA.upper())
    assert [record.stage for record in waiting.stages] == [1, 2]
    assert rig.worked(run_id, rewriter(upper)) == waiting  # a restart leaves it alone

    edit = StageRecord(stage=2, step="edit", status="edited", input=IDEA.upper(), output="Meins")
    rig.storage.continue_with(run_id, "Meins", edit)
    run = rig.worked(run_id, rewriter(upper))
    assert (run.status, run.transformed_text) == ("success", "Meins")
    assert [record.stage for record in run.stages] == [1, 2, 2, 3, 4]
    assert run.stages[3].input == "Meins"
    assert rig.painter.requests[0].prompt == "Meins"


@pytest.mark.parametrize(
    ("mode", "request_more", "known"),
    [
        ("eco", {"output_configs": ("any_language",)}, models()),
        ("fast", {"output_configs": ("any_language",)}, models()),
        ("eco", {"output_configs": ("english_only",)}, models()),
        (
            "eco",
            {"output_configs": ("english_only",)},
            models(
                interception=ScriptedModel(lambda *_: "Eine wilde Wiese"),
                translation=ScriptedModel(lambda *_: "A flower in the meadow"),
            ),
        ),
        ("eco", {"output_configs": ("any_language",), "awaits_edit": True}, models()),
    ],
)
def test_texts_are_on_record_from_just_when_nothing_is_left_to_do_for_them(
    rig: Rig, mode: str, request_more: dict[str, Any], known: LanguageModels
) -> None:
    run_id = rig.new_run(mode=mode, output_type="image", **request_more)
    pipeline = rig.pipeline(known)
    states: list[RunMetadata] = [rig.storage.get_metadata(run_id)]
    rig.storage.watch(states.append)
    end = pipeline.write_texts(run_id)
    if end is not LegEnd.GOES_ON:
        edit = StageRecord(stage=2, step="edit", status="edited", input="x", output="Meins")
        rig.storage.continue_with(run_id, "Meins", edit)
        assert pipeline.write_texts(run_id) is LegEnd.GOES_ON
    assert [pipeline.has_texts(run) for run in states] == [False] * (len(states) - 1) + [True]
    assert pipeline.write_texts(run_id) is LegEnd.GOES_ON
    assert rig.storage.get_metadata(run_id).stages == states[-2].stages


def test_a_text_that_a_new_guard_has_not_seen_is_not_ready(rig: Rig) -> None:
    run_id = rig.new_run(output_type="image", output_configs=("any_language",))
    rig.pipeline(models()).write_texts(run_id)
    run = rig.storage.get_metadata(run_id)
    assert rig.pipeline(models()).has_texts(run)
    assert not rig.pipeline(models(guard=ScriptedModel(upper))).has_texts(run)


ONE_STEP = [id for id, schema in SCHEMAS.items() if schema.language_model and not schema.steps]


@pytest.mark.parametrize("schemas", [(ONE_STEP * 2)[:15], ["stillepost"] * 15])
def test_fifteen_runs_at_once_never_mix(rig: Rig, schemas: list[str]) -> None:
    """No call is answered before all fifteen have made theirs, so all are interleaved at each."""
    ideas = [f"Idee von Kind {letter}" for letter in "ABCDEFGHIJKLMNO"]
    everybody = threading.Barrier(15)

    def answer(request: LanguageRequest, _: CheckWanted) -> str:
        everybody.wait(30)
        return f"{text_in(request)}!"

    pipeline = rig.pipeline(rewriter(answer))
    run_ids = [
        rig.new_run(schema, text=idea, context="Alles blau")
        for schema, idea in zip(schemas, ideas, strict=True)
    ]
    with ThreadPoolExecutor(15) as threads:
        list(threads.map(pipeline.work, run_ids))
    for run_id, schema_id, idea in zip(run_ids, schemas, ideas, strict=True):
        run, schema = rig.storage.get_metadata(run_id), SCHEMAS[schema_id]
        assert run.transformed_text == idea + "!" * max(1, len(schema.steps))
        for record in run.stages:
            if record.stage == 2:
                system, user = record.details["messages"]
                assert schema.stance in system["content"]
                assert idea in user["content"]
                assert not any(other in user["content"] for other in ideas if other != idea)
