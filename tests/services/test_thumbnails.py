from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import Output
from devserver.my_app.services.thumbnails import NoThumbnail, Thumbnails, draw_thumbnail
from tests.media_samples import (
    animation_bytes,
    glb_bytes,
    jpeg_bytes,
    mp4_bytes,
    png_bytes,
    wav_bytes,
)


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as picture:
        return picture.size


@pytest.mark.parametrize(
    ("data", "media_type", "expected"),
    [
        (png_bytes(400, 300), "image", (128, 96)),
        (jpeg_bytes(300, 600), "image", (64, 128)),
        (png_bytes(20, 10), "image", (20, 10)),
        (animation_bytes("GIF"), "image", None),
        (mp4_bytes(0.5, 256, 128), "video", (128, 64)),
        (wav_bytes(0.5), "audio", (128, 21)),
        (glb_bytes(), "3d", (128, 128)),
    ],
)
def test_draws_at_most_that_large(
    tmp_path: Path, data: bytes, media_type: str, expected: tuple[int, int] | None
) -> None:
    path = tmp_path / "original"
    path.write_bytes(data)
    drawn = size_of(draw_thumbnail(path, media_type, 128))
    assert expected is None or drawn == expected
    assert max(drawn) <= 128


def test_transparency_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "original.png"
    Image.new("RGBA", (300, 300), (255, 0, 0, 0)).save(path)
    with Image.open(io.BytesIO(draw_thumbnail(path, "image", 128))) as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((64, 64))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("media_type", ["image", "video", "audio", "3d"])
def test_what_does_not_open_is_refused(tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "original"
    path.write_bytes(b"no picture at all")
    with pytest.raises(MediaRejected):
        draw_thumbnail(path, media_type, 128)


def test_each_is_drawn_once_and_sizes_are_steps(tmp_path: Path) -> None:
    drawn: list[int] = []

    def draw(original: Path, media_type: str, side: int) -> bytes:
        drawn.append(side)
        return b"x"

    thumbnails = Thumbnails(tmp_path, draw)
    run_id = new_run_id()
    output = Output(type="image", filename="output_image.png", sha256="ab" * 32)
    for size in (1, 128, 129, 256, 5000):
        assert thumbnails.get(run_id, output, tmp_path, size) == b"x"
    assert drawn == [128, 256, 1024]
    thumbnails.forget(run_id)
    thumbnails.get(run_id, output, tmp_path, 128)
    assert drawn == [128, 256, 1024, 128]
    with pytest.raises(NoThumbnail):
        thumbnails.get(run_id, Output(type="3d", filename="x.ply", format="ply"), tmp_path, 128)


@pytest.mark.parametrize("forgets_at_once", [True, False])
def test_nothing_is_left_of_a_run_that_is_deleted_while_it_is_drawn(
    tmp_path: Path, forgets_at_once: bool
) -> None:
    gone: set[str] = set()
    run_id = new_run_id()

    def draw(original: Path, media_type: str, side: int) -> bytes:
        gone.add(run_id)
        if forgets_at_once:
            thumbnails.forget(run_id)
        return b"a small picture"

    thumbnails = Thumbnails(tmp_path, draw, gone.__contains__)
    output = Output(type="image", filename="output_image.png", sha256="ab" * 32)
    with pytest.raises(RunNotFound):
        thumbnails.get(run_id, output, tmp_path / "original", 128)
    assert not (tmp_path / "thumbnails" / run_id).exists()
    thumbnails.forget(run_id)


def test_what_cannot_be_forgotten_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = new_run_id()
    thumbnails = Thumbnails(tmp_path, lambda *_: b"a small picture")
    output = Output(type="image", filename="output_image.png", sha256="ab" * 32)
    thumbnails.get(run_id, output, tmp_path / "original", 128)

    def fails(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", fails)
        with pytest.raises(PermissionError):
            thumbnails.forget(run_id)
    thumbnails.forget(run_id)
    assert not (tmp_path / "thumbnails" / run_id).exists()
