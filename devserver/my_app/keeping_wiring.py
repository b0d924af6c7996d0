"""How what keeps and forgets runs is put together, for the server and for commands without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from devserver.config import Settings, SettingsInvalid
from devserver.my_app.services.archive import Archive
from devserver.my_app.services.comfyui.forgetting import ComfyUIHistory
from devserver.my_app.services.erasure import Erasure
from devserver.my_app.services.forgetting import (
    Cancel,
    Forgetter,
    Forgetting,
    Sweeper,
    nobody_works,
)
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.retention import Retention
from devserver.my_app.services.retention_rules import (
    RetentionRule,
    RetentionRulesInvalid,
    read_rules,
)
from devserver.my_app.services.run_metadata import RunMetadata


@dataclass(frozen=True)
class Keeping:
    """What archives, deletes and erases. `rules` are those of DEVSERVER_RETENTION."""

    forgetting: Forgetting
    archive: Archive
    retention: Retention
    erasure: Erasure
    rules: tuple[RetentionRule, ...]

    def settle(self) -> None:
        """Bring to an end what a kill cut off, and remove what is left of runs that are gone, or
        has come back of deleted ones.

        Only for the owner of the root, at its start, before anything reads the runs.
        """
        self.forgetting.complete()
        self.archive.settle()
        self.forgetting.sweep()


def retention_rules(settings: Settings) -> tuple[RetentionRule, ...]:
    """The configured rules, none by default. Raises SettingsInvalid."""
    try:
        return read_rules(settings.retention) if settings.retention else ()
    except RetentionRulesInvalid as error:
        raise SettingsInvalid(f"DEVSERVER_RETENTION: {error}") from error


def build_keeping(
    settings: Settings,
    storage: MediaStorageService,
    *,
    holders: Mapping[str, Forgetter],
    wipers: Mapping[str, Callable[[], None]],
    sweepers: Mapping[str, Sweeper],
    cancel: Cancel | None = None,
    wait_until_left: Callable[[str, float], bool] = nobody_works,
    moved: Callable[[RunMetadata], None] = lambda _: None,
) -> Keeping:
    """`holders` are those who keep something derived from runs, by name; each is told of each run
    that goes. `wipers` then leave no word of them, for those who can't do it run by run; `sweepers`
    forget runs that went without anybody being told. `cancel` ends a run under way, with what
    backends do for it; by default, where none does anything, its folder alone says so. `moved` is
    told of each run that goes into the archive or comes back. Raises SettingsInvalid.
    """
    rules = retention_rules(settings)
    folders = storage.folders
    forgetting = Forgetting(
        folders,
        cancel=cancel or partial(storage.finish_run, status="cancelled"),
        wait_until_left=wait_until_left,
        forget_jobs=ComfyUIHistory(settings.comfyui_urls).forget,
        holders=holders,
        wipers=wipers,
        sweepers=sweepers,
    )
    archive = Archive(folders, moved=moved)
    return Keeping(
        forgetting=forgetting,
        archive=archive,
        retention=Retention(folders, forgetting, archive),
        erasure=Erasure(folders, forgetting),
        rules=rules,
    )
