from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.ogg import OggPage
from PIL import Image, PngImagePlugin

from devserver.my_app.services.exports.marking import Marking, marked_copy
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.shared_file import shared_file
from tests.media_samples import (
    GOOD,
    flac_bytes,
    glb_bytes,
    jpeg_bytes,
    mov_bytes,
    mp3_bytes,
    mp4_bytes,
    ogg_bytes,
    opus_bytes,
    png_bytes,
    recorded,
    vorbis_bytes,
    wav_bytes,
    webp_bytes,
)

RUN_ID = "0b8e3c52-5d0e-4a4e-9a55-7f0d2c1b6a90"
NOTHING = "00000000-0000-0000-0000-000000000000"
TAKING_TAGS = [
    png_bytes, jpeg_bytes, webp_bytes, mp3_bytes, flac_bytes, wav_bytes, ogg_bytes, opus_bytes,
    vorbis_bytes, mp4_bytes, mov_bytes, glb_bytes,
]  # fmt: skip


def shared(path: Path) -> bytes:
    found = shared_file(path, RUN_ID)
    return path.read_bytes() if found is None else b"".join(found.chunks())


def tagged(path: Path, data: bytes) -> bytes:
    """The file with the run_id in it, where its format keeps such things."""
    path.write_bytes(data)
    said = b"".join(marked_copy(path, Marking("a term", prompt="x" * 500, run_id=RUN_ID)).chunks())
    path.write_bytes(said)
    return said


@pytest.mark.parametrize("make", TAKING_TAGS)
def test_the_run_id_is_gone_and_the_rest_is_there(
    tmp_path: Path, make: Callable[[], bytes]
) -> None:
    path = tmp_path / "file"
    original = tagged(path, make())
    assert RUN_ID.encode() in original
    found = shared(path)
    assert RUN_ID.encode() not in found
    assert path.read_bytes() == original
    if make is not png_bytes:
        assert len(found) == len(original)
        assert NOTHING.encode() in found


@pytest.mark.parametrize("make", [png_bytes, jpeg_bytes, webp_bytes])
def test_a_picture_is_the_same_picture(tmp_path: Path, make: Callable[[], bytes]) -> None:
    path = tmp_path / "file"
    tagged(path, make())
    with Image.open(path) as before, Image.open(io.BytesIO(shared(path))) as after:
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize(
    "make", [mp3_bytes, flac_bytes, wav_bytes, ogg_bytes, opus_bytes, vorbis_bytes, mp4_bytes]
)
def test_sound_and_film_are_the_same(tmp_path: Path, make: Callable[[], bytes]) -> None:
    def packets(data: bytes) -> list[bytes]:
        with av.open(io.BytesIO(data), "r", options={"err_detect": "explode"}) as container:
            return [bytes(packet) for packet in container.demux() if packet.size]

    path = tmp_path / "file"
    original = tagged(path, make())
    assert packets(shared(path)) == packets(original)
    assert packets(original)


@pytest.mark.parametrize("make", [ogg_bytes, opus_bytes, vorbis_bytes])
def test_pages_have_their_checksums_also_where_the_id_lies_on_two(
    tmp_path: Path, make: Callable[[], bytes]
) -> None:
    path = tmp_path / "file"
    # A comment of some 65,025 bytes and more goes over two pages; the id over their border.
    base = make()
    for filling in range(64_300, 65_000, 20):
        path.write_bytes(base)
        file = mutagen.File(path)
        assert file is not None
        file["a"] = "x" * filling
        file["prompt"] = f"{RUN_ID}_1"
        file.save()
        data = path.read_bytes()
        found = shared(path)
        assert len(found) == len(data)
        with io.BytesIO(found) as pages:
            while pages.tell() < len(found):
                start = pages.tell()
                page = OggPage(pages)  # type: ignore[no-untyped-call]
                assert page.write() == found[start : pages.tell()]  # type: ignore[no-untyped-call]
        path.write_bytes(found)
        tags = mutagen.File(path)
        assert tags is not None
        assert tags["prompt"] == [f"{NOTHING}_1"]


def test_texts_packed_into_a_png_are_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "file.png"
    text = f'{{"filename_prefix": "{RUN_ID}_ab"}}' * 20
    packed, named, plain = (PngImagePlugin.PngInfo() for _ in range(3))
    packed.add_text("prompt", text, zip=True)
    named.add_itxt("prompt", text, "de", "Vorgabe", zip=True)
    plain.add_itxt("prompt", text)
    for info in (packed, named, plain):
        info.add_text("credit", "OpenMoji")
        Image.new("RGB", (8, 8), "red").save(path, pnginfo=info)
        with Image.open(io.BytesIO(shared(path))) as picture:
            picture.load()
            assert picture.info == {"credit": "OpenMoji"}
            assert picture.getpixel((3, 3)) == (255, 0, 0)


def test_what_is_damaged_is_blanked_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for start in (b"\x89PNG\r\n\x1a\n", b"OggS", b""):
        path.write_bytes(start + b"\x00" * 30 + RUN_ID.encode() + b"end")
        found = shared(path)
        assert RUN_ID.encode() not in found
        assert found.endswith(b"end")


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be"])
def test_an_id_of_two_bytes_a_letter_is_found(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ab" + f"<{RUN_ID}>".encode(coding) + b"cd")
    assert f"<{NOTHING}>".encode(coding) in shared(path)


@given(st.lists(st.integers(0, 3 * 2**20), max_size=6), st.sampled_from(["ascii", "utf-16-le"]))
def test_it_is_found_wherever_it_lies(
    tmp_path_factory: pytest.TempPathFactory, places: list[int], coding: str
) -> None:
    path = tmp_path_factory.mktemp("file") / "file"
    data = bytearray(3 * 2**20 + 100)
    needle = RUN_ID.encode(coding)
    for place in [*places, 2**20 - 10]:
        # Two that share a letter are not two ids that anybody wrote.
        if not any(data[place : place + len(needle)]):
            data[place : place + len(needle)] = needle
    path.write_bytes(data)
    found = shared(path)
    assert needle not in found
    assert len(found) == len(data)


def test_a_file_that_became_another_one_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"nothing")
    assert shared_file(path, RUN_ID) is None
    path.write_bytes(f"now {RUN_ID}".encode())
    assert shared(path) == f"now {NOTHING}".encode()


@pytest.mark.parametrize("name", ["opus_00001_.opus"])
def test_recorded_files_without_it_are_left_alone(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(recorded(name))
    assert shared_file(path, new_run_id()) is None


def test_every_sample_without_it_is_left_alone(tmp_path: Path) -> None:
    for number, (_, make) in enumerate(GOOD.values()):
        path = tmp_path / str(number)
        path.write_bytes(make())
        assert shared_file(path, RUN_ID) is None


def test_a_packed_text_of_many_bytes_ends_somewhere(tmp_path: Path) -> None:
    path = tmp_path / "file.png"
    info = PngImagePlugin.PngInfo()
    bomb = zlib.compress(bytes(200 * 1024**2), 9)
    info.add(b"zTXt", b"a\x00\x00" + bomb)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    assert shared_file(path, RUN_ID) is None
