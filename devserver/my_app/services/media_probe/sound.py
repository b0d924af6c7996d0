"""Opening with PyAV (FFmpeg's libraries, in this process), and decoding sound for its length."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_probe.facts import ProbeLimits


@dataclass(frozen=True, slots=True)
class Sound:
    """What decoding said: samples per second and channel, and how many of them came out."""

    codec: str
    sample_rate: int
    channels: int
    samples: int
    seconds: float
    decoded_whole: bool


def open_media(path: Path, demuxer: str, *, skip_bytes: int = 0) -> InputContainer:
    """Open with one named demuxer and files only: no playlist, no network, no guess at a format.

    FFmpeg reads nothing of the first `skip_bytes`; tags there could make it unpack covers.
    """
    return av.open(
        str(path.absolute()),
        format=demuxer,
        options={"protocol_whitelist": "file", "skip_initial_bytes": str(skip_bytes)},
        metadata_errors="replace",
    )


def decode_sound(path: Path, demuxer: str, limits: ProbeLimits, *, skip_bytes: int = 0) -> Sound:
    """Decode the first sound of a file; beyond `limits.max_decoded_seconds` count its packets.

    The length is what came out, encoder delay and padding already taken away by the decoder.
    """
    with open_media(path, demuxer, skip_bytes=skip_bytes) as container:
        if not container.streams.audio:
            raise MediaRejected("The file has no sound in it.")
        stream = container.streams.audio[0]
        stream.codec_context.thread_count = 1
        samples, rate, channels, rest = 0, 0, 0, 0.0
        for packet in container.demux(stream):
            # FFmpeg also marks the last packet of a streamed WAV, whose sizes were checked before.
            if packet.is_corrupt and demuxer != "wav":
                raise MediaRejected("The sound is cut off or damaged.")
            if rate and samples / rate > limits.max_decoded_seconds:
                rest += float((packet.duration or 0) * (packet.time_base or 0))
                continue
            for frame in packet.decode():
                samples += frame.samples
                rate, channels = frame.sample_rate, frame.layout.nb_channels
        codec = stream.codec_context.codec.canonical_name
    if not samples or not rate:
        raise MediaRejected("The sound is empty: nothing in it can be played.")
    return Sound(
        codec=codec,
        sample_rate=rate,
        channels=channels,
        samples=samples,
        seconds=round(samples / rate + rest, 6),
        decoded_whole=rest == 0.0,
    )
