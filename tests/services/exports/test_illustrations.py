from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.exports.illustrations import Illustrations
from devserver.my_app.services.exports.model_view import SIDE, draw_model
from devserver.my_app.services.exports.waveform import draw_waveform
from devserver.my_app.services.run_metadata import MediaType
from devserver.my_app.services.thumbnails import Thumbnails, draw_thumbnail
from tests.media_samples import GOOD, NOT_MEDIA, glb_bytes, glb_of, gltf_document, wav_bytes
from tests.services.exports.report_samples import illustrations, run_with


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("media_type", ["image", "video", "audio", "3d"])
def test_every_kind_of_media_has_a_picture(tmp_path: Path, media_type: MediaType) -> None:
    run = run_with(tmp_path, "Text", media_type)
    [(file, output)] = run.media
    made = illustrations(tmp_path).of(run.metadata, file, output)
    assert made is not None
    picture = opened(made.jpeg)
    assert picture.format == "JPEG"
    assert picture.size == (made.width, made.height)


@pytest.mark.parametrize("media_type", ["image", "video", "audio", "3d"])
@pytest.mark.parametrize("name", ["data", "HTML", "SVG"])
def test_a_file_that_does_not_open_has_none(
    tmp_path: Path, media_type: MediaType, name: str
) -> None:
    run = run_with(tmp_path, "Text", media_type)
    [(file, output)] = run.media
    file.path.write_bytes(NOT_MEDIA[name])
    assert illustrations(tmp_path).of(run.metadata, file, output) is None


def test_every_picture_is_marked(tmp_path: Path) -> None:
    small = Thumbnails(tmp_path / "cache", draw_thumbnail)
    marked = Illustrations(
        small.get, draw_waveform, draw_model, lambda jpeg, run, _output: jpeg + run.run_id.encode()
    )
    run = run_with(tmp_path, "Text", "image", "audio")
    for file, output in run.media:
        made = marked.of(run.metadata, file, output)
        assert made is not None and made.jpeg.endswith(run.run_id.encode())


@pytest.mark.parametrize("name", [n for n, (f, _) in GOOD.items() if f in ("wav", "flac", "mp3")])
def test_sounds_have_a_waveform(tmp_path: Path, name: str) -> None:
    path = tmp_path / "sound"
    path.write_bytes(GOOD[name][1]())
    picture = opened(draw_waveform(path))
    assert picture.size == (1200, 200)
    assert len(set(picture.convert("L").get_flattened_data())) > 1


def test_silence_is_a_line(tmp_path: Path) -> None:
    wav = wav_bytes()
    (tmp_path / "s.wav").write_bytes(wav[:44] + bytes(len(wav) - 44))
    picture = opened(draw_waveform(tmp_path / "s.wav")).convert("L")
    assert [picture.getpixel((0, y)) == 255 for y in (50, 100, 150)] == [True, False, True]


def test_a_tetrahedron_is_drawn_in_the_middle(tmp_path: Path) -> None:
    (tmp_path / "t.glb").write_bytes(glb_bytes())
    picture = opened(draw_model(tmp_path / "t.glb")).convert("L")
    assert picture.size == (SIDE, SIDE)
    assert picture.getpixel((2, 2)) == 255
    box = picture.point(lambda value: 255 if value < 250 else 0).getbbox()
    assert box is not None
    assert max(box[2] - box[0], box[3] - box[1]) > 0.8 * SIDE
    assert abs((box[0] + box[2]) / 2 - SIDE / 2) < 5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"glTF",
        NOT_MEDIA["data"],
        GOOD["stl"][1](),
        glb_of({}, b""),
        glb_of(gltf_document(vertices=10**9), b"x" * 72),
        glb_of(gltf_document(indices=10**9), b"x" * 72),
        glb_of({**gltf_document(), "nodes": [{"mesh": 0, "children": [0, 0]}]}, bytes(72)),
        glb_of({**gltf_document(), "nodes": [{"mesh": 0, "scale": [1e308, 1e308, 1]}]}, bytes(72)),
    ],
)
def test_bad_objects_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.glb").write_bytes(data)
    with pytest.raises(MediaRejected):
        draw_model(tmp_path / "t.glb")
