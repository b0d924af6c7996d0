"""What a report says of a run, in which order and in which words, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from devserver.my_app.services.exports.gallery_words import GalleryWords
from devserver.my_app.services.exports.port import (
    ExportedFile,
    ExportedRun,
    ExportOptions,
    Language,
)
from devserver.my_app.services.exports.report_words import month_in, words_in
from devserver.my_app.services.exports.shown_text import visible
from devserver.my_app.services.journey import Change, JourneyStep, journey_of
from devserver.my_app.services.run_metadata import Output, RunMetadata, StageRecord

_EXCERPT = 60
_ALT = 200
_WITHOUT_MODEL = ("atelier",)
_TECHNIQUE = "technique:"


@dataclass(frozen=True)
class Fact:
    """One line of a table of facts."""

    label: str
    value: str


@dataclass(frozen=True)
class Step:
    """One step of the journey. `changes` is empty where the step has no two texts."""

    title: str
    status: str
    facts: str
    note: str
    changes: tuple[Change, ...]

    @property
    def is_unchanged(self) -> bool:
        """Whether the step has two texts, and they are the same."""
        return bool(self.changes) and all(change.kind == "kept" for change in self.changes)


@dataclass(frozen=True)
class Medium:
    """One output: what stands below it, and what a reader hears who does not see it."""

    title: str
    facts: str
    made_by: str
    credit: str
    alt: str
    file: ExportedFile
    output: Output


@dataclass(frozen=True)
class Section:
    """One run in a report. All texts are fit to be shown, but not escaped for any format."""

    number: int
    heading: str
    run: RunMetadata
    schema: str
    status: str
    day: str
    facts: tuple[Fact, ...]
    why: Fact | None
    warnings: tuple[str, ...]
    input_text: str
    transformed_text: str | None
    steps: tuple[Step, ...]
    media: tuple[Medium, ...]

    @property
    def is_rewritten(self) -> bool:
        """Whether there is a rewritten text and it differs from the written one."""
        return self.transformed_text not in (None, self.input_text)


class Report:
    """Makes sections of runs, in one language."""

    def __init__(self, options: ExportOptions) -> None:
        self.language: Language = options.language
        self.words = words_in(options.language)
        self._called = GalleryWords(options.language)
        self.title = visible(options.title).strip() or self.words["default_title"]
        self.licence = visible(options.licence or "") or self.words["no_licence"]
        self.made_at = datetime.now(UTC).replace(microsecond=0)
        self.made_on = self.date(self.made_at)

    def how_many(self, number: int) -> str:
        """The number of runs, as it stands on the title page."""
        return self.words["one_run"] if number == 1 else self.words["n_runs"].format(number)

    def section(self, run: ExportedRun, number: int) -> Section:
        """What is said of `run`, the `number`-th of the report."""
        about, words = run.metadata, self.words
        text = visible(about.input_text)
        schema = visible(about.schema_id or "?")
        seeds = _seeds_of(about)
        return Section(
            number=number,
            heading=f"{words['run']} {number}: {_excerpt(text) or schema}",
            run=about,
            schema=schema,
            status=words[about.status],
            day=(about.timestamp or "")[:10],
            facts=tuple(self._facts(about)),
            why=self._why(about),
            warnings=tuple(visible(warning) for warning in about.warnings),
            input_text=text,
            transformed_text=None
            if about.transformed_text is None
            else visible(about.transformed_text),
            steps=tuple(self._step(step, seeds) for step in journey_of(about)),
            media=tuple(self._medium(file, output, text, seeds) for file, output in run.media),
        )

    def date(self, moment: datetime) -> str:
        """A day, as people write it."""
        month = month_in(self.language, moment.month)
        point = "." if self.language == "de" else ""
        return f"{moment.day}{point} {month} {moment.year}"

    def _moment(self, written: str | None) -> str:
        try:
            moment = datetime.fromisoformat(written or "").astimezone(UTC)
        except ValueError:
            return visible(written or "")
        return f"{self.date(moment)}, {moment:%H:%M:%S} UTC"

    def _number(self, value: float, digits: int = 0) -> str:
        plain = f"{value:,.{digits}f}"
        return plain.translate(str.maketrans(",.", ".,")) if self.language == "de" else plain

    def _facts(self, run: RunMetadata) -> list[Fact]:
        words = self.words
        backends = dict.fromkeys(o.backend for o in run.outputs if o.backend)
        used = dict.fromkeys(
            [o.model for o in run.outputs if o.model] + [s.model for s in run.stages if s.model]
        )
        techniques = [self._technique(name) for name in used if name.startswith(_TECHNIQUE)]
        models = [name for name in used if not name.startswith(_TECHNIQUE)]
        mode = run.execution_mode or ""
        rows = [
            ("schema", run.schema_id or ""),
            ("status", words[run.status]),
            ("when", self._moment(run.timestamp)),
            ("finished", self._moment(run.finished_at)),
            ("mode", words.get(f"mode_{mode}", mode)),
            ("level", self._called.level(run.safety_level or "")),
            ("backend", ", ".join(map(self._called.backend, backends))),
            ("model", ", ".join(models)),
            ("technique", ", ".join(techniques)),
            ("seed", ", ".join(map(str, sorted(_seeds_of(run))))),
            ("user_id", run.user_id or ""),
            ("workshop", run.workshop or ""),
            ("context", run.request.context or ""),
            ("origin", run.origin or ""),
            ("run_id", run.run_id),
        ]
        return [Fact(words[name], visible(value)) for name, value in rows if value]

    def _why(self, run: RunMetadata) -> Fact | None:
        if run.error is None:
            return None
        words, error = self.words, run.error
        label = {"blocked": words["why_blocked"], "failed": words["why_failed"]}.get(run.status)
        title = label.format(error.stage) if label and error.stage else words["why_ended"]
        return Fact(title, f"{visible(error.message)} ({visible(error.code)})")

    def _step(self, step: JourneyStep, seeds: frozenset[int]) -> Step:
        record, words = step.record, self.words
        model = record.model
        if model and model.startswith(_TECHNIQUE):
            model = f"{words['technique']}: {self._technique(model)}"
        who = [record.backend and self._called.backend(record.backend), model, record.config]
        facts = [*(w for w in who if w), words["took"].format(self._seconds(record))]
        facts += _seed_beside(step.seed, seeds)
        return Step(
            title=f"{words['stage']} {record.stage} · {words[f'stage_{record.stage}']} · "
            f"{visible(self._called.step(record.step))}",
            status=words[record.status],
            facts=visible(" · ".join(facts)),
            note=self._note(record),
            changes=tuple(Change(c.kind, visible(c.text)) for c in step.changes),
        )

    def _technique(self, model: str) -> str:
        return self._called.technique(model.removeprefix(_TECHNIQUE))

    def _seconds(self, record: StageRecord) -> str:
        seconds = record.duration_seconds
        if 0 <= seconds < 0.001:
            return f"<\N{NO-BREAK SPACE}{self._number(0.001, 3)}"
        return self._number(seconds, 1 if seconds >= 0.1 else 3)

    def _note(self, record: StageRecord) -> str:
        reason, error = record.details.get("reason"), record.details.get("error")
        message = error.get("message") if isinstance(error, dict) else error
        said = [str(one) for one in (reason, message) if one]
        found = record.details.get("categories")
        if isinstance(found, list) and found:
            said.append(self.words["categories"].format(", ".join(map(str, found))))
        return visible(" ".join(said))

    def _medium(
        self, file: ExportedFile, output: Output, text: str, seeds: frozenset[int]
    ) -> Medium:
        words = self.words
        kind = words[output.type]
        facts = [visible(file.name), (output.format or "").upper()]
        if output.width and output.height:
            facts.append(words["pixels"].format(output.width, output.height))
        if output.duration_seconds is not None:
            facts.append(words["seconds"].format(self._number(output.duration_seconds, 1)))
        if output.vertices is not None and output.faces is not None:
            mesh = self._number(output.vertices), self._number(output.faces)
            facts.append(words["mesh"].format(*mesh))
        facts.append(self._size(file.size))
        facts += _seed_beside(output.seed, seeds)
        return Medium(
            title=kind,
            facts=visible(" · ".join(fact for fact in facts if fact)),
            made_by=visible(self._made_by(output)),
            credit=visible(self._called.credit(output.credit, output.license)),
            alt=words["alt"].format(kind, _excerpt(text, _ALT)),
            file=file,
            output=output,
        )

    def _made_by(self, output: Output) -> str:
        if output.backend in _WITHOUT_MODEL:
            return self.words["by_atelier"]
        if output.model:
            maker = f"{output.model} ({output.backend})" if output.backend else output.model
            return self.words["by_model"].format(maker)
        if output.backend:
            return self.words["by_backend"].format(output.backend)
        return self.words["by_unknown"]

    def _size(self, size: int) -> str:
        if size < 1_000_000:
            return f"{self._number(max(1, round(size / 1000)))} kB"
        return f"{self._number(size / 1_000_000, 1)} MB"


def _seeds_of(run: RunMetadata) -> frozenset[int]:
    """Every seed that stands in the facts of a run."""
    known = [run.request.seed, *(output.seed for output in run.outputs)]
    return frozenset(seed for seed in known if seed is not None)


def _seed_beside(seed: int | None, seeds: frozenset[int]) -> list[str]:
    """The seed of one part of a run; nothing where it is the one that stands in the facts."""
    return [] if seed is None or seeds == {seed} else [f"Seed {seed}"]


def _excerpt(text: str, longest: int = _EXCERPT) -> str:
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0].rstrip() + "…"
