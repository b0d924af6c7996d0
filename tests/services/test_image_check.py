from __future__ import annotations

from pathlib import Path

import pytest

from devserver.my_app.services import media_probe
from devserver.my_app.services.comfyui.files import ComfyUIFiles
from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.image_check import ImageCheck, MediaBlocked, PictureNotChecked
from devserver.my_app.services.language.port import (
    CheckWanted,
    LanguageModelRefused,
    LanguageModelUnreachable,
    LanguageRequest,
)
from devserver.my_app.services.media_fetch import MediaFetcher
from devserver.my_app.services.media_intake import MediaIntake
from devserver.my_app.services.media_sources import MadeBy
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.thumbnails import draw_thumbnail
from tests.media_samples import mp4_bytes, png_bytes, wav_bytes
from tests.services.language.scripted import Script, ScriptedModel, models

SAFE = '{"safe": true, "category": "none", "reason": "A flower."}'
UNSAFE = '{"safe": false, "category": "horror", "reason": "A corpse."}'
BY = MadeBy(backend="comfyui", config="sd35_large")


def saying(answer: str) -> Script:
    return lambda _, __: answer


def unreachable(_: LanguageRequest, __: CheckWanted) -> str:
    raise LanguageModelUnreachable("It does not answer.")


def refusing(_: LanguageRequest, __: CheckWanted) -> str:
    raise LanguageModelRefused("Its rules forbid it.")


def run_at(level: str | None) -> RunMetadata:
    return RunMetadata(run_id="x", status="running", safety_level=level, execution_mode="eco")


def checking(script: Script) -> tuple[ImageCheck, ScriptedModel]:
    model = ScriptedModel(script)
    return ImageCheck(models(vision=model), draw_thumbnail, seconds=10), model


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(png_bytes(64, 48))
    return path


def test_a_safe_picture_is_shown_and_the_verdict_on_record(picture: Path) -> None:
    check, model = checking(saying(SAFE))
    record = check(run_at("kids"), picture, "image", BY)
    assert record is not None
    assert (record.stage, record.step, record.status) == (4, "image_check", "passed")
    assert (record.config, record.model) == ("sd35_large", "vision-model")
    assert record.details["verdict"]["safe"] is True
    [request] = model.requests
    [shown] = request.messages[-1].pictures
    assert shown[:4] == b"RIFF"
    assert record.details["messages"][-1]["pictures"] == 1


@pytest.mark.parametrize("level", ["kids", "youth", None])
@pytest.mark.parametrize(
    ("script", "blocked"),
    [
        (saying(UNSAFE), MediaBlocked),
        (refusing, MediaBlocked),
        (unreachable, PictureNotChecked),
        (saying("looks fine"), PictureNotChecked),
        (saying(f"Sure: {SAFE}"), PictureNotChecked),
        (saying("{}"), PictureNotChecked),
    ],
)
def test_all_but_a_clear_yes_is_a_no(
    picture: Path, level: str | None, script: Script, blocked: type[MediaBlocked]
) -> None:
    check, _ = checking(script)
    with pytest.raises(MediaBlocked) as caught:
        check(run_at(level), picture, "image", BY)
    assert type(caught.value) is blocked
    assert caught.value.record.status == "blocked"


def test_a_picture_that_can_not_be_drawn_is_not_shown(picture: Path) -> None:
    def broken(*_: object) -> bytes:
        raise MediaRejected("No small picture can be made of this file.")

    check = ImageCheck(models(vision=ScriptedModel(saying(SAFE))), broken, seconds=10)
    with pytest.raises(PictureNotChecked):
        check(run_at("kids"), picture, "image", BY)


@pytest.mark.parametrize(
    ("level", "media_type", "backend"),
    [
        ("adult", "image", "comfyui"),
        ("off", "image", "comfyui"),
        ("kids", "audio", "comfyui"),
        ("kids", "3d", "comfyui"),
        ("kids", "image", "atelier"),
    ],
)
def test_what_is_not_looked_at(picture: Path, level: str, media_type: str, backend: str) -> None:
    check, model = checking(saying(UNSAFE))
    assert check(run_at(level), picture, media_type, MadeBy(backend=backend)) is None
    assert model.requests == []


def test_without_a_model_nothing_is_looked_at(picture: Path) -> None:
    check = ImageCheck(models(), draw_thumbnail, seconds=10)
    assert check(run_at("kids"), picture, "image", BY) is None


def test_of_a_film_the_first_picture_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(mp4_bytes(0.5))
    check, model = checking(saying(SAFE))
    assert check(run_at("kids"), path, "video", BY) is not None
    assert model.requests[0].messages[-1].pictures


@pytest.mark.parametrize(("answer", "kept"), [(SAFE, True), (UNSAFE, False)])
def test_nothing_is_listed_or_left_before_it_is_let_through(
    folders: RunFolders, answer: str, kept: bool
) -> None:
    check, _ = checking(saying(answer))
    intake = MediaIntake(folders, measure=media_probe.measure, max_bytes=2**20, inspect=check)
    storage = MediaStorageService(
        folders,
        intake,
        fetch_url=MediaFetcher([], timeout_seconds=1).open,
        list_comfyui_files=ComfyUIFiles([]).list_urls,
    )
    run_id = storage.create_run(schema="dada", input_text="Eine Blume").run_id
    if kept:
        storage.add_media_from_data(run_id, png_bytes(), BY)
    else:
        with pytest.raises(MediaBlocked):
            storage.add_media_from_data(run_id, png_bytes(), BY)
    storage.add_media_from_data(run_id, wav_bytes(0.2), BY)
    run = storage.get_metadata(run_id)
    names = {path.name for path in folders.path(run_id).iterdir()}
    assert ("output_image.png" in names) is kept
    assert len(run.outputs) == 1 + kept
    assert len(names) == 3 + kept
    assert [record.status for record in run.stages] == (["passed"] if kept else [])
