"""The course of a sound's loudness as a picture."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

from devserver.my_app.services.errors import MediaRejected

_COLUMNS = 240
_COLUMN, _BAR, _HEIGHT = 5, 3, 200
_LONGEST_SECONDS = 1200.0
_BLOCK = 1024
_INK = (36, 92, 104)


def draw_waveform(sound: Path) -> bytes:
    """A PNG of 1200 × 200: one bar for the greatest deflection of each 240th of the sound.

    Made to run in a worker process; listens to at most twenty minutes. Raises MediaRejected.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - slow to import

    peaks = _peaks(sound)
    picture = Image.new("RGB", (_COLUMNS * _COLUMN, _HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    middle = _HEIGHT / 2
    for number, peak in enumerate(peaks):
        half = max(1.0, peak * (middle - 4))
        left = number * _COLUMN
        pen.rectangle((left, middle - half, left + _BAR - 1, middle + half), fill=_INK)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _peaks(sound: Path) -> list[float]:
    """240 numbers from 0 to 1; the loudest is 1 unless all is silent."""
    import av  # noqa: PLC0415 - slow to import
    import numpy as np  # noqa: PLC0415 - slow to import

    blocks: list[float] = []
    try:
        with av.open(str(sound)) as container:
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=16_000)
            for decoded in container.decode(audio=0):
                for frame in resampler.resample(decoded):
                    samples = np.abs(np.nan_to_num(frame.to_ndarray()[0]))
                    starts = range(0, len(samples), _BLOCK)
                    blocks += [float(samples[at : at + _BLOCK].max()) for at in starts]
                if (decoded.time or 0) > _LONGEST_SECONDS:
                    break
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise MediaRejected("No picture can be made of this sound.") from error
    if not blocks:
        raise MediaRejected("This sound is empty.")
    edges = np.linspace(0, len(blocks), _COLUMNS + 1)
    peaks = [max(blocks[int(a) : max(int(a) + 1, int(b))]) for a, b in pairwise(edges)]
    loudest = max(peaks) or 1.0
    return [min(1.0, peak / loudest) for peak in peaks]
