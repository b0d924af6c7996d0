"""Which parts the server is made of and how they are put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from pydantic import SecretStr

from devserver.config import PROJECT_FOLDER, Settings
from devserver.logs import about_run
from devserver.my_app.export_wiring import Exports, build_exports, check_auto_export, crate_terms
from devserver.my_app.keeping_wiring import Keeping, build_keeping, retention_rules
from devserver.my_app.language_wiring import NO_MODELS, build_language_models
from devserver.my_app.report_wiring import SCRATCH, report_parts
from devserver.my_app.services import media_probe
from devserver.my_app.services.access import (
    Limits,
    ResearcherAccess,
    ResearcherTokens,
    WorkshopCodes,
)
from devserver.my_app.services.audit import Audit
from devserver.my_app.services.backends.api_service import ApiService
from devserver.my_app.services.backends.atelier import AtelierBackend, warm_up
from devserver.my_app.services.backends.comfyui import ComfyUIBackend
from devserver.my_app.services.backends.openai_images import OpenAIImagesBackend
from devserver.my_app.services.backends.openrouter import OpenRouterBackend
from devserver.my_app.services.backends.places import BackendPlaces
from devserver.my_app.services.backends.port import MediaBackend
from devserver.my_app.services.backends.replicate import ReplicateBackend
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.child_messages import ChildMessages
from devserver.my_app.services.comfyui.files import ComfyUIFiles
from devserver.my_app.services.comfyui.servers import ComfyUIServers
from devserver.my_app.services.comfyui.workflow import Workflow, WorkflowInvalid, read_workflow
from devserver.my_app.services.disk_space import DiskSpace
from devserver.my_app.services.edit_deadline import EditDeadline
from devserver.my_app.services.guard import Guard
from devserver.my_app.services.idempotency import IdempotencyKeys
from devserver.my_app.services.image_check import ImageCheck
from devserver.my_app.services.interception.interception import (
    ApplyTechnique,
    EmbeddedInterception,
    apply_technique,
)
from devserver.my_app.services.interception.model_interception import ModelInterception
from devserver.my_app.services.language.models import LanguageModels
from devserver.my_app.services.language.warm_up import WarmUp
from devserver.my_app.services.last_words import LastWords
from devserver.my_app.services.local_network import own_url
from devserver.my_app.services.media_fetch import MediaFetcher
from devserver.my_app.services.media_intake import Inspect, MediaIntake
from devserver.my_app.services.media_probe import MediaFacts
from devserver.my_app.services.media_stage import MediaStage
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.metrics import Metrics
from devserver.my_app.services.operator_key import OperatorKey
from devserver.my_app.services.output_configs import OutputConfig, load_output_configs
from devserver.my_app.services.pipeline import Pipeline
from devserver.my_app.services.retention import DailyRetention
from devserver.my_app.services.run_events import RunEvents
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_index import RunIndex, query_of_json
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.run_queue import EmbeddedRunQueue, LegEnd, RunQueue
from devserver.my_app.services.run_watch import RunWatch
from devserver.my_app.services.runs import TEXT_LANE, Runs
from devserver.my_app.services.runs_at_work import RunsAtWork
from devserver.my_app.services.safe_words import WordLists
from devserver.my_app.services.safety_gate import SafetyGate
from devserver.my_app.services.safety_messages import load_safety_messages
from devserver.my_app.services.schemas import live_interception_schemas
from devserver.my_app.services.share_links import ShareLinks
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.services.text_stages import TextStages
from devserver.my_app.services.thumbnails import Thumbnails, draw_thumbnail
from devserver.my_app.services.translation import Translation
from devserver.my_app.services.verification import faults_of
from devserver.my_app.services.verifications import Verifications
from devserver.my_app.services.waiting_room import WaitingRoom
from devserver.my_app.services.worker_pool import WorkerPool

SCHEMAS_FOLDER = PROJECT_FOLDER / "devserver" / "schemas"
_SAFETY_MESSAGES = SCHEMAS_FOLDER / "safety_messages.json"
_MEASURE_SECONDS = 60.0
_REWRITE_SECONDS = 30.0
LAST_CALL_SECONDS = 20.0
"""How long runs under way may take to come to their end when the server is closed."""
_PATIENCE_SECONDS = 10.0
_API_SERVICES = ("openai", "openrouter", "replicate")
_ON_THE_WAY = 2
"""Runs of a backend that may be on their way to it, beside those that it works on."""
_BEING_STORED = 8
"""Runs whose media may be stored at once, when they have let go of their backends."""


@dataclass(frozen=True)
class Services:
    """The parts that routes and commands use."""

    settings: Settings
    root: StorageRoot
    disk: DiskSpace
    storage: MediaStorageService
    index: RunIndex
    verifications: Verifications
    catalogue: Catalogue
    child_messages: ChildMessages
    access: ResearcherAccess
    workshops: WorkshopCodes
    request_limits: Limits
    audit: Audit
    operator_key: OperatorKey
    keeping: Keeping
    daily_retention: DailyRetention
    queue: RunQueue
    runs: Runs
    progress: RunProgress
    events: RunEvents
    metrics: Metrics
    thumbnails: Thumbnails
    share_links: ShareLinks
    exports: Exports
    models: LanguageModels
    warm_up: WarmUp
    edit_deadline: EditDeadline
    last_words: LastWords
    comfyui: ComfyUIServers
    pool: WorkerPool

    def wind_down(self) -> None:
        """Take no more runs and start none, and let everybody go who waits for one or watches one.

        They come back and lose nothing. Returns at once; may be called again.
        """
        self.queue.stop()
        self.events.close()
        self.runs.end_waits()

    def close(self) -> None:
        """End in order: let runs under way come to their end for a while, then give up the root.

        What doesn't make it goes on at the next start.
        """
        self.wind_down()
        self.exports.close()
        self.daily_retention.close()
        self.warm_up.close()
        self.edit_deadline.close()
        self.verifications.close()
        self.runs.close(LAST_CALL_SECONDS)
        self.last_words.close()
        self.index.close()
        self.comfyui.close()
        self.pool.close()
        self.operator_key.remove()
        self.root.release()


def build_media_storage(
    settings: Settings,
    root: StorageRoot | None = None,
    measure: Callable[[Path], MediaFacts] = media_probe.measure,
    inspect: Inspect | None = None,
) -> MediaStorageService:
    """The storage on the configured root; by default media are measured in this process."""
    folders = RunFolders(root or StorageRoot(settings.exports_dir), crate_terms(settings))
    fetcher = MediaFetcher(
        settings.trusted_origins,
        timeout_seconds=settings.fetch_timeout_seconds,
        proxy=settings.api_proxy.get_secret_value() if settings.api_proxy else None,
        proxied_origins=settings.proxied_origins,
    )
    return MediaStorageService(
        folders,
        MediaIntake(
            folders,
            measure=measure,
            max_bytes=settings.max_media_bytes,
            **({"inspect": inspect} if inspect else {}),
        ),
        fetch_url=fetcher.open,
        list_comfyui_files=ComfyUIFiles(settings.comfyui_urls).list_urls,
    )


def read_workflows(
    folder: Path, configs: Iterable[OutputConfig]
) -> dict[str, Workflow | WorkflowInvalid]:
    """The workflow of each config that has one, or what is wrong with its file."""
    workflows: dict[str, Workflow | WorkflowInvalid] = {}
    for config in configs:
        if config.workflow:
            try:
                workflows[config.id] = read_workflow(folder / config.workflow, config.places)
            except WorkflowInvalid as error:
                workflows[config.id] = error
    return workflows


def build_api_backends(settings: Settings) -> list[MediaBackend]:
    """The API services; those without a key are there too, so that they can say what they lack."""

    def service(label: str, url: str, key: SecretStr | None, deadline_seconds: float) -> ApiService:
        proxy = settings.proxy_to(url)
        return ApiService(label, url, key, deadline_seconds=deadline_seconds, proxy=proxy)

    openai = service("OpenAI", settings.openai_base_url, settings.openai_api_key, 300)
    openrouter = service(
        "OpenRouter", settings.openrouter_base_url, settings.openrouter_api_key, 300
    )
    replicate = service("Replicate", settings.replicate_base_url, settings.replicate_api_token, 60)
    return [
        OpenAIImagesBackend(
            openai, key_setting=None if settings.has_own_openai_server else "OPENAI_API_KEY"
        ),
        OpenRouterBackend(openrouter),
        ReplicateBackend(replicate, timeout_seconds=900),
    ]


def build_pipeline(
    storage: MediaStorageService,
    catalogue: Catalogue,
    progress: RunProgress,
    *,
    apply: ApplyTechnique = apply_technique,
    models: LanguageModels = NO_MODELS,
    settings: Settings | None = None,
    let_go: Callable[[str], None] = lambda _: None,
    last_words: LastWords | None = None,
) -> Pipeline:
    """The way of a run. `apply` says where embedded techniques work: by default in this process.

    `let_go` hears of runs that need no more of their backend. `last_words` are closed by who hands
    them in.
    """
    settings = settings or Settings()
    messages = load_safety_messages(_SAFETY_MESSAGES)
    seconds = settings.language_timeout_seconds
    gate = SafetyGate(
        _word_lists(settings.safety_words),
        Guard(models, seconds=seconds),
        messages,
        personal_data=settings.personal_data,
        names=read_names(settings.class_names),
    )
    text_stages = TextStages(
        storage,
        catalogue,
        gate,
        rewrite=ModelInterception(
            models, EmbeddedInterception(apply, gate.lists_stop), gate, seconds=seconds
        ),
        translate=Translation(models, seconds=seconds),
        progress=progress,
    )
    # ComfyUI and the atelier see to their own limits.
    places = BackendPlaces(dict.fromkeys(_API_SERVICES, settings.api_runs))
    media_stage = MediaStage(storage, catalogue, gate, progress, places, let_go=let_go)
    return Pipeline(
        storage,
        text_stages,
        media_stage,
        {str(k): v for k, v in messages.items()},
        last_words or LastWords(storage.finish_run),
        are_texts_done=text_stages.are_done,
        cancel_jobs=media_stage.cancel_jobs,
    )


def build_child_messages(settings: Settings) -> ChildMessages:
    """All that a child can be told of a text that was stopped."""
    categories = _word_lists(settings.safety_words).categories.values()
    reasons = load_safety_messages(_SAFETY_MESSAGES).values()
    return ChildMessages([*(category.message for category in categories), *reasons])


@cache
def _word_lists(extension: Path | None) -> WordLists:
    """The lists are much work to read, and never change while the server runs."""
    return WordLists(SCHEMAS_FOLDER, extension)


def read_names(path: Path | None) -> list[str]:
    """The names in a text file, one a line."""
    if path is None:
        return []
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return [name for line in lines if (name := line.strip())]


def build_metrics(storage: MediaStorageService, catalogue: Catalogue, disk: DiskSpace) -> Metrics:
    """What is counted and measured."""
    return Metrics(
        schemas=catalogue.schemas,
        backend_of={config.id: config.backend for config in catalogue.output_configs.values()},
        is_stored=storage.folders.exists,
        free_bytes=disk.free_bytes,
    )


def build_access(
    settings: Settings, root: StorageRoot, audit: Audit, operator_key: OperatorKey
) -> ResearcherAccess:
    """Who is let in: by the tokens made here, a configured one, and the key of this machine."""
    configured = settings.researcher_token
    tokens = ResearcherTokens(root, configured.get_secret_value() if configured else None)
    return ResearcherAccess(tokens, audit, operator_key=operator_key)


def lane_limits(settings: Settings) -> dict[str, int]:
    """How many runs may be under way at once for each backend, and for texts alone.

    Somewhat more than can work at a time, so that no backend waits for the next one.
    """
    return {
        TEXT_LANE: settings.language_calls_at_once + 1,
        "atelier": settings.atelier_runs or settings.pool_processes + 1,
        "comfyui": settings.comfyui_runs * max(1, len(settings.comfyui_urls)) + _ON_THE_WAY,
        **dict.fromkeys(_API_SERVICES, settings.api_runs + _ON_THE_WAY),
    }


def build_services(settings: Settings, *, patience_seconds: float = _PATIENCE_SECONDS) -> Services:
    """Put the server together, claim its root and take up what the last one left.

    `patience_seconds` is how long another owner of the root may take to end.

    Raises RootTaken, RootNotLockable, SchemaFileInvalid, SettingsInvalid.
    """
    schemas = live_interception_schemas(SCHEMAS_FOLDER / "interception")
    output_configs = load_output_configs(settings.output_configs_dir)
    models = build_language_models(settings)
    # So that what is wrong is said before anything is begun.
    retention_rules(settings)
    check_auto_export(settings)
    root = StorageRoot(settings.exports_dir)
    root.claim(own_url(settings.host, settings.port), patience_seconds=patience_seconds)
    RunFolders(root).remove_strays()
    audit, operator_key = Audit(root), OperatorKey(root.state)
    pool = WorkerPool(settings.pool_processes, memory_bytes=settings.pool_memory_bytes)
    draw_small = partial(pool.run, _MEASURE_SECONDS, draw_thumbnail)
    storage = build_media_storage(
        settings,
        root,
        partial(pool.run, _MEASURE_SECONDS, media_probe.measure),
        ImageCheck(models, draw_small, seconds=settings.language_timeout_seconds),
    )
    comfyui = ComfyUIServers(settings.comfyui_urls, in_flight=settings.comfyui_runs)
    backends: list[MediaBackend] = [AtelierBackend(pool)]
    if settings.comfyui_urls:
        backends.append(
            ComfyUIBackend(
                comfyui,
                read_workflows(settings.output_configs_dir, output_configs.values()),
                timeout_seconds=settings.comfyui_timeout_seconds,
            )
        )
    catalogue = Catalogue(schemas, output_configs, [*backends, *build_api_backends(settings)])
    rewrite_in_pool = partial(pool.run, _REWRITE_SECONDS, apply_technique)
    room = WaitingRoom(settings.max_waiters)
    watch = RunWatch(storage.get_metadata, room)
    progress, at_work = RunProgress(), RunsAtWork()
    disk = DiskSpace(root.runs, settings.min_free_bytes)
    metrics = build_metrics(storage, catalogue, disk)
    index = RunIndex(root.path, storage.folders.tombstones)
    edit_deadline, last_words = EditDeadline(storage.finish_run), LastWords(storage.finish_run)
    for heard in (watch.heard, progress.heard, metrics.heard, index.heard, edit_deadline.heard):
        storage.watch(heard)
    limits = lane_limits(settings)
    pipeline = build_pipeline(
        storage,
        catalogue,
        progress,
        apply=rewrite_in_pool,
        models=models,
        settings=settings,
        let_go=lambda run_id: queue.let_go(run_id),  # noqa: PLW0108 - made later
        last_words=last_words,
    )

    def work(run_id: str, lane: str) -> LegEnd:
        with about_run(run_id), at_work.on(run_id):
            step = pipeline.write_texts if lane == TEXT_LANE else pipeline.make_media
            return step(run_id)

    queue = EmbeddedRunQueue(
        work,
        workers=min(sum(limits.values()) + _BEING_STORED, settings.run_workers),
        max_waiting=settings.max_queued_runs,
        limits=limits,
    )
    metrics.watch_queue(queue)
    events = RunEvents(storage.get_metadata, progress, queue.outlook, room)
    storage.watch(events.heard)
    queue.listen(events.moved)
    progress.listen(events.progressed)
    keys = IdempotencyKeys(root, is_stored=storage.folders.exists)
    thumbnails = Thumbnails(root.cache, draw_small, storage.folders.tombstones.is_tombstoned)
    share_links = ShareLinks(
        root, days=settings.share_days, is_gone=storage.folders.tombstones.is_tombstoned
    )
    exports = build_exports(
        settings,
        root,
        storage.folders,
        disk,
        report_parts(pool.run, thumbnails, scratch=root.packages / SCRATCH, cache=root.cache),
        select=lambda query: index.ids(query_of_json(query)),
        watch=storage.watch,
        names=read_names(settings.class_names),
    )
    runs = Runs(
        storage,
        catalogue,
        queue,
        watch,
        edit_deadline,
        disk=disk,
        metrics=metrics,
        keys=keys,
        safety_floor=settings.minimum_safety_level,
        has_texts=pipeline.has_texts,
        cancel_jobs=pipeline.cancel_jobs,
    )
    keeping = build_keeping(
        settings,
        storage,
        holders={
            "exports": exports.forget,
            "events": events.deleted,
            "thumbnails": thumbnails.forget,
            "share_links": share_links.forget,
            "idempotency_keys": keys.forget,
            "queue": queue.withdraw,
            "index": index.forget,
        },
        wipers={"index": index.wipe},
        sweepers={"exports": exports.sweep, "thumbnails": thumbnails.sweep, "index": index.sweep},
        cancel=runs.cancel,
        moved=index.heard,
        wait_until_left=at_work.wait_until_left,
    )
    keeping.settle()
    runs.take_up_unfinished(over=index.known_to_be_over())
    exports.start()
    pool.warm_up(warm_up)
    warm_up_models = WarmUp(models.all)
    warm_up_models.start()
    return Services(
        settings=settings,
        root=root,
        disk=disk,
        storage=storage,
        index=index,
        verifications=Verifications(partial(faults_of, RunFolders(root))),
        catalogue=catalogue,
        child_messages=build_child_messages(settings),
        access=build_access(settings, root, audit, operator_key),
        workshops=WorkshopCodes(root, settings.workshop_codes),
        request_limits=Limits(settings),
        audit=audit,
        operator_key=operator_key,
        keeping=keeping,
        daily_retention=DailyRetention(keeping.retention, keeping.rules, audit),
        queue=queue,
        runs=runs,
        progress=progress,
        events=events,
        metrics=metrics,
        thumbnails=thumbnails,
        share_links=share_links,
        exports=exports,
        models=models,
        warm_up=warm_up_models,
        edit_deadline=edit_deadline,
        last_words=last_words,
        comfyui=comfyui,
        pool=pool,
    )
