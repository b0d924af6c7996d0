from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.atelier.pictograms import CREDIT
from devserver.my_app.services.exports.port import ExportOptions
from devserver.my_app.services.exports.report import Fact, Report
from devserver.my_app.services.exports.report_words import words_in
from devserver.my_app.services.run_metadata import Output, StageRecord
from tests.services.exports.report_samples import blocked_run, run_with


def test_both_languages_have_every_word() -> None:
    german, english = words_in("de"), words_in("en")
    assert german.keys() == english.keys()
    assert all(german.values()) and all(english.values())
    for name in german:
        assert german[name].count("{}") == english[name].count("{}"), name


def test_numbers_and_days_are_written_as_people_do(tmp_path: Path) -> None:
    run = run_with(tmp_path)
    for language, moment in (
        ("de", "22. November 2026, 10:15:30 UTC"),
        ("en", "22 November 2026, 10:15:30 UTC"),
    ):
        report = Report(ExportOptions(language=language))  # type: ignore[arg-type]
        assert moment in [fact.value for fact in report.section(run, 1).facts]


@pytest.mark.parametrize("written", ["", "gestern", "2026-13-45"])
def test_a_moment_that_is_none_is_given_as_it_stands(tmp_path: Path, written: str) -> None:
    section = Report(ExportOptions()).section(run_with(tmp_path, timestamp=written), 1)
    assert (written in [fact.value for fact in section.facts]) == bool(written)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (Output(type="image", filename="a", backend="atelier"), "without an AI model"),
        (
            Output(type="image", filename="a", backend="comfyui", model="sd3.5"),
            "AI model: sd3.5 (comfyui)",
        ),
        (Output(type="image", filename="a", backend="openai"), "AI (service: openai)"),
        (Output(type="image", filename="a"), "not stored"),
    ],
)
def test_every_medium_says_who_made_it(tmp_path: Path, output: Output, said: str) -> None:
    run = run_with(tmp_path, "Text", "image")
    file = type(run.files[0])("a", run.files[0].path, 1, output)
    named = type(run)(run.metadata, (file,))
    [medium] = Report(ExportOptions(language="en")).section(named, 1).media
    assert said in medium.made_by


def test_blocked_runs_say_why_and_where(tmp_path: Path) -> None:
    section = Report(ExportOptions()).section(blocked_run(tmp_path), 1)
    assert section.why is not None
    assert section.why.label == "Angehalten in Stufe 1"
    assert section.why.value == "Darüber machen wir keine Bilder. (violence)"
    assert section.transformed_text is None


@pytest.mark.parametrize(
    ("language", "technique", "name", "model"),
    [
        ("de", "Technik", "Zerschneiden und neu legen", "Modell"),
        ("en", "Technique", "cut-up", "Model"),
    ],
)
def test_a_technique_is_no_model(
    tmp_path: Path, language: str, technique: str, name: str, model: str
) -> None:
    embedded = StageRecord(stage=2, step="shake", status="transformed", model="technique:cut_up")
    guard = StageRecord(stage=1, step="guard", status="passed", model="llama-guard3")
    report = Report(ExportOptions(language=language))  # type: ignore[arg-type]
    for stages, expected in (
        ([embedded], {technique: name}),
        ([guard, embedded], {technique: name, model: "llama-guard3"}),
    ):
        section = report.section(run_with(tmp_path, stages=stages), 1)
        facts = {fact.label: fact.value for fact in section.facts}
        assert {key: facts[key] for key in (technique, model) if key in facts} == expected
        assert f"{technique}: {name}" in section.steps[-1].facts
        assert "technique:" not in str(section.steps + section.facts)


def test_steps_have_the_words_of_the_gallery(tmp_path: Path) -> None:
    names = ("word_lists", "media", "shake", "listener_3", "without_e", "folded_twice")
    stages = [StageRecord(stage=2, step=name, status="transformed") for name in names]
    run = run_with(tmp_path, stages=stages)
    for language in ("de", "en"):
        path = PROJECT_FOLDER / "devserver" / "public_dev" / "locales" / f"{language}.json"
        gallery = json.loads(path.read_text(encoding="utf-8"))
        steps = Report(ExportOptions(language=language)).section(run, 1).steps
        assert [step.title.rpartition(" · ")[2] for step in steps] == [
            gallery["gallery.step.word_lists"],
            gallery["gallery.step.media"],
            gallery["gallery.step.shake"],
            gallery["gallery.step.listener_n"].format(number=3),
            gallery["gallery.step.without_letter"].format(letter="e"),
            "folded_twice",
        ]


def test_makers_and_levels_have_the_words_of_the_gallery(tmp_path: Path) -> None:
    stages = [StageRecord(stage=2, step="shake", status="transformed", backend="embedded")]
    run = run_with(tmp_path, stages=stages)
    run = type(run)(run.metadata.having(safety_level="kids"), run.files)
    section = Report(ExportOptions()).section(run, 1)
    assert section.steps[0].facts.startswith("dieser Server · ")
    assert Fact("Schutzstufe", "Kinder (kids)") in section.facts


def test_what_a_collage_owes_is_said_in_the_language_of_the_report(tmp_path: Path) -> None:
    run = run_with(tmp_path, "Text", "image")
    [output] = run.metadata.outputs
    owing = output.model_copy(update={"credit": CREDIT, "license": "CC BY-SA 4.0"})
    run = type(run)(
        run.metadata.having(outputs=(owing,)),
        tuple(replace(file, output=owing if file.output else None) for file in run.files),
    )
    [medium] = Report(ExportOptions()).section(run, 1).media
    assert medium.credit.startswith("Piktogramme: OpenMoji")
    assert medium.credit.count("CC BY-SA 4.0") == 1


def test_one_seed_is_said_once_and_several_where_they_belong(tmp_path: Path) -> None:
    stages = [StageRecord(stage=2, step="a", status="transformed", details={"seed": 7})]
    run = run_with(tmp_path, "Text", "image", stages=stages)
    section = Report(ExportOptions()).section(run, 1)
    assert [fact.value for fact in section.facts if "Seed" in fact.label] == ["7"]
    assert "Seed" not in section.steps[0].facts + section.media[0].facts
    other = run.metadata.having(request=run.metadata.request.model_copy(update={"seed": 10}))
    section = Report(ExportOptions()).section(type(run)(other, run.files), 1)
    assert [fact.value for fact in section.facts if "Seed" in fact.label] == ["7, 10"]
    assert section.steps[0].facts.endswith("Seed 7")
    assert section.media[0].facts.endswith("Seed 7")


def test_steps_say_what_held_them_up(tmp_path: Path) -> None:
    stages = [
        StageRecord(stage=1, step="a", status="skipped", details={"reason": "English already."}),
        StageRecord(stage=4, step="b", status="failed", details={"error": {"message": "Gone."}}),
        StageRecord(stage=1, step="c", status="blocked", details={"categories": ["violence"]}),
    ]
    steps = Report(ExportOptions()).section(run_with(tmp_path, stages=stages), 1).steps
    assert [step.note for step in steps] == ["English already.", "Gone.", "Gefunden: violence"]
