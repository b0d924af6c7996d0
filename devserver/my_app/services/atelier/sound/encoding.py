"""Samples as a FLAC file."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray

from .tones import RATE

FULL = 32_767


def flac(wave: NDArray[np.float32]) -> bytes:
    """A whole FLAC file: 16 bit, stereo, 44,100 Hz, of a wave shaped (samples, 2) within ±1.

    Written by libavcodec (RFC 9639); the number of samples and their MD5 stand in its header.
    """
    pressed = np.round(wave.clip(-1, 1) * FULL).astype(np.int16)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="flac") as file:
        stream = file.add_stream("flac", rate=RATE, layout="stereo", options={"flags": "+bitexact"})
        frame = av.AudioFrame.from_ndarray(pressed.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return buffer.getvalue()
