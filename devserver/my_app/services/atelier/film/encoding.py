"""Frames and sound as an MP4 that plays and seeks everywhere: H.264, AAC, index in front."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

SAMPLE_RATE = 44100
SOUND_FRAME = 1024  # samples of one AAC frame
BT709 = 1  # the number of the colour standard in H.264
LIMITED = 1  # levels 16 to 235, as films have
X264 = {
    "preset": "veryfast",
    "crf": "20",
    "sc_threshold": "0",  # key frames at whole seconds only
    # One thread and no look at the clock: the same frames give the same bytes.
    "threads": "1",
}


def mp4(
    drawings: Iterable[tuple[Image.Image, int]],
    sound: np.ndarray,
    *,
    size: int,
    frames_per_second: int,
) -> bytes:
    """An MP4 of square RGB drawings, each held for a number of frames, and of stereo sound.

    `sound` is float32 of shape (samples, 2) at 44,100 Hz. Every second begins with a key frame. The
    same arguments give the same bytes.
    """
    # The index can only be moved to the front of a file that has a name.
    with tempfile.TemporaryDirectory(prefix="atelier-film-") as folder:
        path = Path(folder) / "film.mp4"
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        with av.open(str(path), "w", format="mp4", options=options) as container:
            _write(container, drawings, sound, size, frames_per_second)
        return path.read_bytes()


def _write(
    container: av.container.OutputContainer,
    drawings: Iterable[tuple[Image.Image, int]],
    sound: np.ndarray,
    size: int,
    rate: int,
) -> None:
    video = container.add_stream("libx264", rate=rate, options=X264)
    video.width = video.height = size
    video.pix_fmt = "yuv420p"
    video.gop_size = rate
    context = video.codec_context
    context.profile = "High"
    context.color_range = LIMITED
    context.colorspace = context.color_primaries = context.color_trc = BT709
    audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
    audio.bit_rate = 128_000
    spoken = number = 0
    for drawing, held in drawings:
        picture = av.VideoFrame.from_image(drawing)  # type: ignore[no-untyped-call]
        frame = picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        for _ in range(held):
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(video.encode(frame))
            number += 1
        # The sound keeps up with the frames, so that a player need not look far for either.
        until = round(number * SAMPLE_RATE / rate)
        spoken = _speak(container, audio, sound, spoken, until)
    container.mux(video.encode(None))
    _speak(container, audio, sound, spoken, len(sound) + SOUND_FRAME)
    container.mux(audio.encode(None))


def _speak(
    container: av.container.OutputContainer,
    audio: av.AudioStream,
    sound: np.ndarray,
    begin: int,
    end: int,
) -> int:
    """Writes whole AAC frames of the sound up to `end`; gives where the next one begins."""
    while begin < len(sound) and begin + SOUND_FRAME <= end:
        part = np.ascontiguousarray(sound[begin : begin + SOUND_FRAME].T)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, begin
        frame.time_base = Fraction(1, SAMPLE_RATE)
        container.mux(audio.encode(frame))
        begin += len(part[0])
    return begin
