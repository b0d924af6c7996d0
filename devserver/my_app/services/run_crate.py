"""A run as an RO-Crate: ro-crate-metadata.json, derived from what metadata.json says.

It follows the Process Run Crate profile 0.5 on RO-Crate 1.1: the run is one action, each step that
made something another one, with the software that did it, what went in and what came out. The same
run gives the same bytes. It holds no text of a child and no user_id: it names the files with the
texts, so that whoever changes a name or a text has one place less to look at. For the same reason
metadata.json is listed without a checksum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from devserver import SERVER_VERSION
from devserver.my_app.services.crate_terms import CrateTerms, Entity, licence_entity
from devserver.my_app.services.folder_names import INPUT_TEXT, METADATA, TRANSFORMED_TEXT
from devserver.my_app.services.ro_crate import (
    PROCESS_RUN_CRATE,
    as_json,
    descriptor,
    in_id,
    in_milliseconds,
    one_or_many,
    profile,
    ref,
    without_nothing,
)
from devserver.my_app.services.run_metadata import Output, RunMetadata, StageRecord

_PLAIN_TEXT = "text/plain;charset=utf-8"
_BACKENDS = {
    "comfyui": ("ComfyUI", "https://www.comfy.org"),
    "ollama": ("Ollama", "https://ollama.com"),
    "openai": ("OpenAI", "https://platform.openai.com"),
    "openrouter": ("OpenRouter", "https://openrouter.ai"),
    "replicate": ("Replicate", "https://replicate.com"),
}
"""Software that is not part of this server, by the name that metadata.json has for it."""
SUCCEEDED = ("success", "partial")
_COMPLETED = "http://schema.org/CompletedActionStatus"
_FAILED = "http://schema.org/FailedActionStatus"
_LICENCE_URL = "https://www.gnu.org/licenses/gpl-3.0.html"


@dataclass(frozen=True)
class CrateFile:
    """A file that lies in the run's folder. Size in bytes; None for what may still change."""

    name: str
    mime_type: str
    about: str
    size: int | None = None
    sha256: str | None = None
    output: Output | None = None


def files_of(run: RunMetadata, sent: Iterable[Path]) -> list[CrateFile]:
    """All files of `run`, as its metadata has them; `sent` are those that went to a backend.

    Only those are read. Raises OSError when one can't be.
    """
    files = [
        CrateFile(
            METADATA, "application/json", "Everything about the run but the bytes of its files"
        ),
        _text_file(INPUT_TEXT, "The idea as it came in", run.input_text),
    ]
    if run.transformed_text is not None:
        about = f"What the style {run.schema_id or 'unknown'} made of the idea"
        files.append(_text_file(TRANSFORMED_TEXT, about, run.transformed_text))
    for path in sent:
        data = path.read_bytes()
        checksum = hashlib.sha256(data).hexdigest()
        about = "What was sent to the backend"
        files.append(CrateFile(path.name, "application/json", about, len(data), checksum))
    for output in run.outputs:
        files.append(
            CrateFile(
                output.filename,
                output.mime_type or "application/octet-stream",
                f"{output.type} made by {output.config or output.backend or 'an unknown backend'}",
                output.file_size_bytes or None,
                output.sha256,
                output,
            )
        )
    return files


def run_crate(run: RunMetadata, files: Iterable[CrateFile], terms: CrateTerms) -> bytes:
    """The bytes of the run's ro-crate-metadata.json; for a run that is over."""
    return _Crate(run, list(files), terms).to_json()


def _text_file(name: str, about: str, text: str) -> CrateFile:
    data = text.encode("utf-8", "surrogatepass")
    return CrateFile(name, _PLAIN_TEXT, about, len(data), hashlib.sha256(data).hexdigest())


class _Crate:
    """The entities of one run, collected under their ids."""

    def __init__(self, run: RunMetadata, files: list[CrateFile], terms: CrateTerms) -> None:
        self._run = run
        self._terms = terms
        self._files = {file.name: file for file in files}
        self._entities: dict[str, Entity] = {}
        self._schema = run.schema_id or "unknown"

    def to_json(self) -> bytes:
        root: Entity = {}
        self._add(descriptor())
        self._entities["./"] = root
        self._add(profile())
        actions = list(self._actions())
        root.update(self._root(actions))
        for file in self._files.values():
            self._add(self._file(file))
        return as_json(self._entities.values())

    def _add(self, entity: Entity) -> Entity:
        """Put the entity in, unless it is there already; returns the reference to it."""
        entity_id = entity["@id"]
        self._entities.setdefault(entity_id, without_nothing(entity))
        return ref(entity_id)

    def _root(self, actions: list[Entity]) -> Entity:
        run = self._run
        publisher = self._terms.organisation_entity()
        return without_nothing(
            {
                "@id": "./",
                "@type": "Dataset",
                "conformsTo": ref(PROCESS_RUN_CRATE),
                "identifier": f"urn:uuid:{run.run_id}",
                "name": f"Run {run.run_id}",
                "description": f"One text on its way through the style {self._schema}, and what "
                f"was made of it. It ended with: {run.status}.",
                "datePublished": self._ended() or self._begun() or "1970-01-01",
                "license": self._add(self._terms.licence_entity()),
                "author": self._person(),
                "publisher": self._add(publisher) if publisher else None,
                "isBasedOn": f"urn:uuid:{run.origin}" if run.origin else None,
                "keywords": one_or_many([w for w in (run.schema_id, run.workshop) if w]),
                "hasPart": one_or_many([ref(in_id(name)) for name in self._files]),
                "mentions": one_or_many(actions),
            }
        )

    def _person(self) -> Entity:
        organisation = self._terms.organisation_entity()
        return self._add(
            {
                "@id": "#participant",
                "@type": "Person",
                "name": "A participant",
                "description": "Who had the idea. No name is given here.",
                "affiliation": self._add(organisation) if organisation else None,
            }
        )

    def _file(self, file: CrateFile) -> Entity:
        entity: Entity = {
            "@id": in_id(file.name),
            "@type": "File",
            "name": file.name,
            "description": file.about,
            "encodingFormat": file.mime_type,
            "contentSize": str(file.size) if file.size is not None else None,
            "sha256": file.sha256,
        }
        output = file.output
        if output is None:
            return entity
        licence = output.license and licence_entity(output.license, f"#licence-{in_id(file.name)}")
        return {
            **entity,
            "dateCreated": in_milliseconds(output.created_at),
            "width": output.width,
            "height": output.height,
            "duration": f"PT{output.duration_seconds}S" if output.duration_seconds else None,
            "license": self._add(licence) if licence else None,
            "creditText": output.credit,
        }

    # What was done, by what

    def _actions(self) -> Iterator[Entity]:
        run = self._run
        made = [name for name in self._files if name == METADATA or self._is_result(name)]
        error = f"{run.error.code}: {run.error.message}" if run.error else run.status
        yield self._action(
            "#run",
            f"Run {run.run_id}",
            "The whole way of the text, from the idea to the record of it",
            begun=self._begun(),
            ended=self._ended(),
            instruments=[self._server()],
            objects=[INPUT_TEXT],
            values={
                "schema": run.schema_id,
                "execution_mode": run.execution_mode,
                "safety_level": run.safety_level,
                "output_type": run.request.output_type,
            },
            results=made,
            error=None if run.status in SUCCEEDED else error,
        )
        if run.transformed_text is not None:
            yield self._rewriting()
        for number, step in enumerate(self._steps_that_make(), 1):
            yield self._making(number, step)

    def _is_result(self, name: str) -> bool:
        return name == TRANSFORMED_TEXT or self._files[name].output is not None

    def _steps_that_make(self) -> list[StageRecord]:
        return [step for step in self._run.stages if step.stage == 4 and step.config]

    def _rewriting(self) -> Entity:
        steps = [step for step in self._run.stages if step.stage == 2]
        software = [part for step in steps for part in self._software(step.backend, step.model)]
        return self._action(
            "#rewriting",
            f"Rewriting in the style {self._schema}",
            "Stage 2: the idea is rewritten, in its own language",
            begun=in_milliseconds(steps[0].started_at) if steps else None,
            ended=_end_of(steps[-1]) if steps else self._ended(),
            instruments=[self._server(), *software],
            objects=[INPUT_TEXT],
            values={"schema": self._run.schema_id, "seed": self._run.request.seed},
            results=[TRANSFORMED_TEXT],
        )

    def _making(self, number: int, step: StageRecord) -> Entity:
        made = {
            file.name: file.output
            for file in self._files.values()
            if file.output is not None and file.output.config == step.config
        }
        outputs = list(made.values())
        models = {output.model for output in outputs} | {step.model}
        software = [part for m in sorted(filter(None, models)) for part in self._software(None, m)]
        sent = [job.workflow for job in self._run.jobs if job.config == step.config]
        failure = step.details.get("error")
        return self._action(
            f"#media-{number}",
            f"Making media with {step.config}",
            "Stage 4: media are made of the rewritten text",
            begun=in_milliseconds(step.started_at),
            ended=_end_of(step),
            instruments=[self._server(), *self._software(step.backend, None), *software],
            objects=[TRANSFORMED_TEXT, *filter(None, sent)],
            values={
                "output_config": step.config,
                "seed": next((o.seed for o in outputs if o.seed is not None), None),
            },
            results=list(made),
            error=_sentence(failure) if step.status == "failed" else None,
        )

    def _action(
        self,
        action_id: str,
        name: str,
        description: str,
        *,
        begun: str | None,
        ended: str | None,
        instruments: list[Entity],
        objects: list[str],
        values: dict[str, Any],
        results: list[str],
        error: str | None = None,
    ) -> Entity:
        given = [ref(in_id(name)) for name in objects if name in self._files]
        given += [self._value(key, value) for key, value in values.items() if value is not None]
        return self._add(
            {
                "@id": action_id,
                "@type": "CreateAction",
                "name": name,
                "description": description,
                "startTime": begun,
                "endTime": ended,
                "agent": self._person(),
                "instrument": one_or_many(_each_once(instruments)),
                "object": one_or_many(given),
                "result": one_or_many([ref(in_id(n)) for n in results if n in self._files]),
                "actionStatus": _FAILED if error else _COMPLETED,
                "error": error,
            }
        )

    def _value(self, name: str, value: Any) -> Entity:
        entity_id = f"#{name}={in_id(str(value))}"
        return self._add({"@id": entity_id, "@type": "PropertyValue", "name": name, "value": value})

    def _server(self) -> Entity:
        return self._add(
            {
                "@id": "#server",
                "@type": "SoftwareApplication",
                "name": "Server for generative media in arts education",
                "description": "The server that kept this run; the embedded techniques and the "
                "backend atelier are part of it.",
                "version": self._run.server_version or f"not noted, before {SERVER_VERSION}",
                "license": self._add(licence_entity(_LICENCE_URL, "#server-licence")),
            }
        )

    def _software(self, backend: str | None, model: str | None) -> list[Entity]:
        """What is not part of this server: a backend, a model."""
        found = []
        if backend in _BACKENDS:
            name, url = _BACKENDS[backend]
            about = {"@id": f"#backend-{backend}", "@type": "SoftwareApplication", "name": name}
            found.append(self._add({**about, "url": url}))
        if model:
            is_ours = backend == "embedded"
            about_model: Entity = {
                "@id": f"#model-{in_id(model)}",
                "@type": "SoftwareApplication",
                "name": model,
                "description": "A technique that is part of this server"
                if is_ours
                else "A model, by the name that its backend has for it",
                "version": self._run.server_version if is_ours else None,
            }
            found.append(self._add(about_model))
        return found

    def _begun(self) -> str | None:
        return in_milliseconds(self._run.timestamp)

    def _ended(self) -> str | None:
        return in_milliseconds(self._run.finished_at)


def _each_once(references: list[Entity]) -> list[Entity]:
    return list({reference["@id"]: reference for reference in references}.values())


def _end_of(step: StageRecord) -> str | None:
    begun = in_milliseconds(step.started_at)
    if begun is None:
        return None
    try:
        ended = datetime.fromisoformat(begun) + timedelta(seconds=step.duration_seconds)
    except (OverflowError, ValueError):  # no duration that time knows of
        return begun
    return ended.isoformat(timespec="milliseconds")


def _sentence(failure: Any) -> str:
    if isinstance(failure, dict):
        return f"{failure.get('code')}: {failure.get('message')}"
    return "failed"
