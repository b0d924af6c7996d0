from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devserver.config import PROJECT_FOLDER, SafetyLevel
from devserver.my_app.language_wiring import NO_MODELS
from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.guard import Guard
from devserver.my_app.services.interception.interception import EmbeddedInterception, Idea
from devserver.my_app.services.language.models import LanguageModels
from devserver.my_app.services.language.port import (
    CheckWanted,
    LanguageModelTimedOut,
    LanguageRequest,
)
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_metadata import RunMetadata, RunRequest
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.safe_words import WordLists
from devserver.my_app.services.safety_gate import NotChecked, SafetyGate, TextBlocked
from devserver.my_app.services.safety_messages import load_safety_messages
from devserver.my_app.services.schemas import load_interception_schemas
from devserver.my_app.services.text_at_work import StoredTextAtWork
from tests.services.language.scripted import ScriptedModel, models

SCHEMAS = PROJECT_FOLDER / "devserver/schemas"
LISTS = WordLists(SCHEMAS)
MESSAGES = load_safety_messages(SCHEMAS / "safety_messages.json")
HARMLESS, CLEARABLE, ILLEGAL = "Eine Katze auf dem Mond", "Der Mörder im Wald", "Heil Hitler"
SAFE = '{"safe": true, "category": "none", "reason": "A cat."}'
UNSAFE = '{"safe": false, "category": "killing", "reason": "Somebody is killed."}'


class Rig:
    """Runs in a storage, and the gate they pass."""

    def __init__(self, storage: MediaStorageService) -> None:
        self.storage = storage

    def run(
        self, text: str = HARMLESS, *, level: SafetyLevel = "kids", mode: str = "eco"
    ) -> RunMetadata:
        return self.storage.create_run(
            schema="dada",
            input_text=text,
            safety_level=level,
            execution_mode=mode,
            request=RunRequest(language="en"),
        )

    def check(
        self, run: RunMetadata, text: str | None = None, gate: SafetyGate | None = None, **more: Any
    ) -> tuple[str, RunMetadata]:
        """What comes out of the gate at stage 1, and the run with what is on record then."""
        at_work = StoredTextAtWork(self.storage, RunProgress(), run)
        checked = (gate or gate_with()).check(
            run, 1, run.input_text if text is None else text, at_work, **more
        )
        self.storage.record_stages(run.run_id, at_work.pending)
        return checked, self.storage.get_metadata(run.run_id)

    def blocked(
        self, run: RunMetadata, gate: SafetyGate | None = None
    ) -> tuple[TextBlocked, RunMetadata]:
        with pytest.raises(TextBlocked) as caught:
            self.check(run, gate=gate)
        return caught.value, self.storage.get_metadata(run.run_id)


def gate_with(known: LanguageModels = NO_MODELS, **more: Any) -> SafetyGate:
    given = {"personal_data": "block", **more}
    return SafetyGate(LISTS, Guard(known, seconds=10), MESSAGES, **given)


def guard_that(answer: str | Callable[[], str]) -> tuple[SafetyGate, ScriptedModel]:
    def script(_: LanguageRequest, __: CheckWanted) -> str:
        return answer() if callable(answer) else answer

    model = ScriptedModel(script)
    return gate_with(models(guard=model)), model


def time_out() -> str:
    raise LanguageModelTimedOut("It took too long.")


@pytest.fixture
def rig(storage: MediaStorageService) -> Rig:
    return Rig(storage)


def test_a_harmless_text_passes_and_the_decision_is_on_record(rig: Rig) -> None:
    text, run = rig.check(rig.run())
    assert text == HARMLESS
    [record] = run.stages
    assert (record.stage, record.step, record.status) == (1, "word_lists", "passed")
    assert record.input == HARMLESS
    assert record.details["lists"] == dict(LISTS.versions)
    assert record.details["level"] == "kids"


def test_a_block_says_why_and_keeps_the_terms_for_researchers(rig: Rig) -> None:
    error, run = rig.blocked(rig.run(CLEARABLE))
    assert (error.stage, error.reason) == (1, "killing")
    assert str(error) == LISTS.categories["killing"].message.en
    [record] = run.stages
    assert (record.status, record.details["categories"]) == ("blocked", ["killing"])
    assert record.details["terms"] == ["Mörder"]


@pytest.mark.parametrize(
    ("level", "stopped"), [("kids", True), ("youth", False), ("adult", False), ("off", False)]
)
def test_what_is_for_the_youngest_only_stops_only_there(
    rig: Rig, level: SafetyLevel, stopped: bool
) -> None:
    run = rig.run(CLEARABLE, level=level)
    if stopped:
        rig.blocked(run)
    else:
        assert rig.check(run)[0] == CLEARABLE


@pytest.mark.parametrize("level", ["kids", "youth", "adult"])
def test_the_legal_list_holds_at_every_level_but_off(rig: Rig, level: SafetyLevel) -> None:
    rig.blocked(rig.run(ILLEGAL, level=level))


def test_nothing_is_checked_at_off_and_the_record_says_so(rig: Rig) -> None:
    text, run = rig.check(rig.run(ILLEGAL, level="off"))
    assert text == ILLEGAL
    assert (run.stages[0].status, run.stages[0].details["reason"]) == (
        "skipped",
        "The safety level is off.",
    )


def test_an_unknown_level_is_the_strictest(rig: Rig) -> None:
    run = rig.run(CLEARABLE).having(safety_level="none at all")
    rig.blocked(run)


@pytest.mark.parametrize(("answer", "stopped"), [(SAFE, False), (UNSAFE, True)])
def test_a_guard_may_clear_what_is_marked_so(rig: Rig, answer: str, stopped: bool) -> None:
    gate, model = guard_that(answer)
    run = rig.run(CLEARABLE)
    if stopped:
        error, after = rig.blocked(run, gate)
        assert error.reason == "guard"
    else:
        after = rig.check(run, gate=gate)[1]
    listed, judged = after.stages
    assert (listed.status, listed.details["for_the_guard"]) == ("passed", True)
    assert (judged.step, judged.status) == ("guard", "blocked" if stopped else "passed")
    assert (judged.backend, judged.model) == ("ollama", "guard-model")
    assert judged.details["verdict"]["safe"] is not stopped
    assert len(model.requests) == 1


def test_no_guard_clears_the_legal_list(rig: Rig) -> None:
    gate, model = guard_that(SAFE)
    error, _ = rig.blocked(rig.run(ILLEGAL), gate)
    assert error.reason not in ("guard", "safety_unavailable")
    assert model.requests == []


def test_a_guard_stops_what_no_list_knows(rig: Rig) -> None:
    gate, _ = guard_that(UNSAFE)
    error, _ = rig.blocked(rig.run(), gate)
    assert (error.reason, str(error)) == ("guard", LISTS.categories["killing"].message.en)


@pytest.mark.parametrize("level", ["kids", "youth"])
@pytest.mark.parametrize(
    "answer", [time_out, "yes, safe", "", "{}", SAFE + SAFE, f"Sure! {SAFE}", '{"safe": "true"}']
)
def test_no_verdict_is_no_permission(
    rig: Rig, level: SafetyLevel, answer: str | Callable[[], str]
) -> None:
    gate, _ = guard_that(answer)
    error, run = rig.blocked(rig.run(level=level), gate)
    assert (error.reason, str(error)) == ("safety_unavailable", MESSAGES["safety_unavailable"].en)
    assert run.stages[-1].status == "blocked"


@pytest.mark.parametrize("level", ["adult", "off"])
def test_no_guard_is_asked_about_grown_ups(rig: Rig, level: SafetyLevel) -> None:
    gate, model = guard_that(UNSAFE)
    assert rig.check(rig.run(level=level), gate=gate)[0] == HARMLESS
    assert model.requests == []


def test_between_the_steps_of_a_chain_lists_decide_alone(rig: Rig) -> None:
    gate, model = guard_that(UNSAFE)
    assert rig.check(rig.run(), gate=gate, ask_guard=False)[0] == HARMLESS
    assert model.requests == []


def test_between_the_steps_of_a_chain_nobody_clears_a_hit(rig: Rig) -> None:
    gate, model = guard_that(SAFE)
    run = rig.run(CLEARABLE)
    with pytest.raises(TextBlocked):
        rig.check(run, gate=gate, ask_guard=False)
    assert model.requests == []


def test_what_was_left_to_a_guard_that_never_judged_is_not_passed(rig: Rig) -> None:
    """A kill between the lists and the guard, and a start without that guard."""
    gate, _ = guard_that(SAFE)
    _, judged = rig.check(rig.run(CLEARABLE), gate=gate)
    cut_off = judged.having(stages=judged.stages[:1])
    with pytest.raises(NotChecked):
        gate.passed_before(cut_off, 1, CLEARABLE)
    error, _ = rig.blocked(cut_off, gate_with())
    assert error.reason == "killing"
    assert gate.passed_before(judged, 1, CLEARABLE) == CLEARABLE


def test_nothing_is_decided_twice(rig: Rig) -> None:
    gate, model = guard_that(SAFE)
    _, run = rig.check(rig.run(CLEARABLE), gate=gate)
    _, again = rig.check(run, gate=gate)
    assert again.stages == run.stages
    assert len(model.requests) == 1


def test_personal_data_stay_here(rig: Rig) -> None:
    text = "Ruf mich an: 0170 1234567"
    error, run = rig.blocked(rig.run(text, mode="fast"))
    assert (error.reason, str(error)) == ("personal_data", MESSAGES["personal_data"].en)
    assert run.stages[0].details["terms"]
    assert rig.check(rig.run(text, mode="eco"))[0] == text


def test_personal_data_may_be_replaced_instead(rig: Rig) -> None:
    text = "Ruf mich an: 0170 1234567, sagt die Katze"
    gate = gate_with(personal_data="replace")
    checked, run = rig.check(rig.run(text, mode="fast"), gate=gate)
    assert "0170" not in checked
    assert checked.endswith("sagt die Katze")
    assert run.warnings == (MESSAGES["personal_data_replaced"].en,)
    assert gate.passed_before(run, 1, text) == checked
    again, after = rig.check(run, gate=gate)
    assert (again, after.stages) == (checked, run.stages)


def test_names_of_the_class_are_personal_data(rig: Rig) -> None:
    gate = gate_with(names=["Ayşe", "Jonas"])
    error, _ = rig.blocked(rig.run("Jonas tanzt mit einem Bären", mode="fast"), gate)
    assert error.reason == "personal_data"


def test_only_what_is_on_record_as_passed_goes_on(rig: Rig) -> None:
    gate = gate_with()
    _, run = rig.check(rig.run())
    assert gate.passed_before(run, 1, HARMLESS) == HARMLESS
    with pytest.raises(NotChecked):
        gate.passed_before(run, 3, HARMLESS)
    with pytest.raises(NotChecked):
        gate.passed_before(run, 1, "Eine andere Katze")
    _, blocked = rig.blocked(rig.run(CLEARABLE))
    with pytest.raises(NotChecked):
        gate.passed_before(blocked, 1, CLEARABLE)


def test_the_message_is_in_the_language_of_the_text_where_none_is_asked_for(rig: Rig) -> None:
    run = rig.run(CLEARABLE).having(request=RunRequest())
    error, _ = rig.blocked(run)
    assert str(error) == LISTS.categories["killing"].message.de


def test_only_the_gate_makes_checked_texts() -> None:
    makes = re.compile(r"\bCheckedText\(")
    makers = {
        path.name
        for path in (PROJECT_FOLDER / "devserver").rglob("*.py")
        if makes.search(path.read_text())
    }
    assert makers == {"safety_gate.py"}


def test_the_file_of_a_workshop_in_the_docs_works(tmp_path: Path) -> None:
    page = (PROJECT_FOLDER / "devserver/docs/SAFETY.md").read_text()
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    path = tmp_path / "our_workshop.json"
    path.write_text(example)
    lists = WordLists(SCHEMAS, path)
    [hit] = lists.check("Der Klassenclown und die Klassenclowns", "adult")[:1]
    assert (hit.category, hit.clearable) == ("ours", False)
    assert LISTS.check("Der Klassenclown", "kids") == []


def test_a_verdict_of_no_category_of_ours_has_its_own_message(rig: Rig) -> None:
    gate, _ = guard_that('{"safe": false, "category": "mischief", "reason": "Odd."}')
    error, _ = rig.blocked(rig.run(), gate)
    assert (error.reason, str(error)) == ("guard", MESSAGES["guard"].en)


def test_no_style_makes_of_harmless_words_what_would_be_stopped() -> None:
    """Every fifth of the frozen prompts, through every embedded technique."""
    schemas = load_interception_schemas(SCHEMAS / "interception")
    gate = gate_with()
    rewrite = EmbeddedInterception(stops=gate.lists_stop)
    lines = (PROJECT_FOLDER / "tests/data/safety/harmless_frozen.txt").read_text().splitlines()
    prompts = [line for line in lines if line and not line.startswith(("#", "=="))][::5]
    assert len(prompts) > 50
    for number, prompt in enumerate(prompts):
        request = RunRequest(seed=number, context="alles rückwärts")
        run = RunMetadata(run_id="x", status="running", safety_level="kids", request=request)
        for schema in schemas.values():
            idea = Idea(run, CheckedText(prompt), CheckedText("alles rückwärts"))
            text = rewrite.steps(idea, schema)[-1].output or ""
            assert LISTS.check(text, "kids") == [], (schema.id, prompt, text)
