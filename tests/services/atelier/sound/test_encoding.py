"""FLAC files, read back."""

import io

import av
import numpy as np
from mutagen.flac import StreamInfo

from devserver.my_app.services.atelier.sound.encoding import FULL, flac


def read_back(data: bytes) -> np.ndarray:
    """The samples of a FLAC file as integers, shape (samples, 2)."""
    with av.open(io.BytesIO(data), "r") as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
    return np.concatenate([frame.reshape(-1, 2) for frame in frames])


def test_every_sample_comes_back() -> None:
    rng = np.random.default_rng(1)
    wave = rng.uniform(-1, 1, (44_101, 2)).astype(np.float32)
    back = read_back(flac(wave))
    assert np.array_equal(back, np.round(wave * FULL).astype(np.int16))


def test_the_header_tells_what_is_inside() -> None:
    data = flac(np.zeros((30_000, 2), np.float32))
    info = StreamInfo(io.BytesIO(data[8:42]))  # type: ignore[no-untyped-call]
    assert (info.total_samples, info.sample_rate, info.channels) == (30_000, 44_100, 2)
    assert info.bits_per_sample == 16
    assert info.md5_signature != 0


def test_nothing_wraps_around() -> None:
    wave = np.array([[2.0, -2.0]] * 5_000, np.float32)
    assert read_back(flac(wave))[100].tolist() == [FULL, -FULL]
