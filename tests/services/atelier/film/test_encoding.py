"""The MP4 itself: index in front, key frames, colours, sound, and nothing left behind."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from devserver.my_app.services.atelier.film.encoding import SAMPLE_RATE, mp4

RATE = 24


def drawings(count: int) -> Iterator[tuple[Image.Image, int]]:
    for number in range(count):
        yield Image.new("RGB", (64, 64), (200, 40 + number, 60)), 2


def film(count: int = 30) -> bytes:
    length = round(2 * count / RATE * SAMPLE_RATE)
    tone = np.sin(np.arange(length) / 20).astype(np.float32) * 0.4
    return mp4(drawings(count), np.stack([tone, -tone], axis=1), size=64, frames_per_second=RATE)


def test_the_index_is_in_front() -> None:
    data = film()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_the_same_bytes_again() -> None:
    assert film() == film()


def test_every_second_begins_with_a_key_frame_and_drawings_are_held() -> None:
    with av.open(io.BytesIO(film()), "r") as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert len(packets) == 60
    times = {float(p.pts * p.time_base) for p in packets if p.is_keyframe and p.pts is not None}
    assert times == {0.0, 1.0, 2.0}


def test_colours_and_their_standard_survive() -> None:
    with av.open(io.BytesIO(film()), "r") as container:
        frame = next(container.decode(video=0))
        bt709, limited = 1, 1
        assert (frame.colorspace, frame.color_range) == (bt709, limited)
        middle = frame.to_ndarray(format="rgb24")[32, 32].astype(int)
    assert np.abs(middle - (200, 40, 60)).max() <= 4


def test_stereo_comes_out_as_it_went_in() -> None:
    with av.open(io.BytesIO(film()), "r") as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    left, right = heard[:, 4000:60000]
    assert 0.35 < np.abs(left).max() < 0.5
    assert np.abs(left + right).mean() < 0.02


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def breaking() -> Iterator[tuple[Image.Image, int]]:
        yield from drawings(3)
        assert list(tmp_path.iterdir())  # it is here while it is made
        raise ArithmeticError

    silence = np.zeros((SAMPLE_RATE, 2), np.float32)
    with pytest.raises(ArithmeticError):
        mp4(breaking(), silence, size=64, frames_per_second=RATE)
    film(2)
    assert not list(tmp_path.iterdir())
