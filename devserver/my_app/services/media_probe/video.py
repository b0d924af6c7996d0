"""Films (MP4, MOV, WebM) and the MP4s that are only sound: box sizes, packets, first picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_kinds import M4A, MP4, MediaKind
from devserver.my_app.services.media_probe.boxes import check_webm_length, top_level_boxes
from devserver.my_app.services.media_probe.facts import MediaFacts, ProbeLimits
from devserver.my_app.services.media_probe.sound import decode_sound, open_media


@dataclass(frozen=True, slots=True)
class _Packets:
    """What reading through the whole file found."""

    pictures: int
    seconds: float


def measure_film(path: Path, kind: MediaKind, limits: ProbeLimits) -> MediaFacts:
    """Size, seconds and frame rate of a film; its first picture is decoded, every packet is read.

    The brand of an MP4 does not say whether it has pictures, so its streams decide: without any it
    is M4A, and an "M4A" with a film in it is MP4. A cover picture is no film. The declared duration
    is believed while the packets agree to within half a second or a tenth.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if kind.format == "webm":
            check_webm_length(file, size)
        else:
            names = {box.name for box in top_level_boxes(file, size)}
            if b"moov" not in names or b"mdat" not in names:
                raise MediaRejected(
                    "The file is cut off: a part it cannot be played without is missing."
                )
    demuxer = "matroska" if kind.format == "webm" else "mov"
    with open_media(path, demuxer) as container:
        film = _film_stream(container)
        if film is not None:
            return _measure_video(container, film, MP4 if kind == M4A else kind, size, limits)
    if kind.format == "webm":
        raise MediaRejected("The WebM file has no picture in it.")
    sound = decode_sound(path, demuxer, limits)
    return MediaFacts(
        kind=M4A,
        file_size_bytes=size,
        duration_seconds=sound.seconds,
        sample_rate=sound.sample_rate,
        channels=sound.channels,
        audio_codec=sound.codec,
        has_audio=True,
    )


def _film_stream(container: InputContainer) -> VideoStream | None:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def _measure_video(
    container: InputContainer,
    film: VideoStream,
    kind: MediaKind,
    size: int,
    limits: ProbeLimits,
) -> MediaFacts:
    context = film.codec_context
    context.thread_count = 1
    if context.width * context.height > limits.max_pixels:
        raise MediaRejected("The video's picture is too large.")
    # Both may be lost while the packets are read; take them first.
    declared = container.duration / 1_000_000 if container.duration else 0.0
    declared_rate = float(film.average_rate) if film.average_rate else 0.0
    width, height = _first_picture(container, film)
    container.seek(0, any_frame=True)
    packets = _read_packets(container, film)
    honest = abs(declared - packets.seconds) <= max(0.5, packets.seconds / 10)
    seconds = declared if declared and honest else packets.seconds
    if seconds <= 0:
        raise MediaRejected("The video has no length.")
    real_rate = packets.pictures / packets.seconds if packets.seconds else 0.0
    rate = declared_rate if abs(declared_rate - real_rate) <= real_rate / 10 else real_rate
    audio = container.streams.audio[0].codec_context if container.streams.audio else None
    return MediaFacts(
        kind=kind,
        file_size_bytes=size,
        width=width,
        height=height,
        duration_seconds=round(seconds, 6),
        frame_rate=round(rate, 3) or None,
        frame_count=packets.pictures,
        sample_rate=(audio.sample_rate or None) if audio else None,
        channels=(audio.channels or None) if audio else None,
        video_codec=context.codec.canonical_name,
        audio_codec=audio.codec.canonical_name if audio else None,
        has_audio=audio is not None,
    )


def _first_picture(container: InputContainer, film: VideoStream) -> tuple[int, int]:
    for frame in container.decode(film):
        if frame.is_corrupt:
            break
        return frame.width, frame.height
    raise MediaRejected("The video cannot be played: its first picture does not decode.")


def _read_packets(container: InputContainer, film: VideoStream) -> _Packets:
    """Read, without decoding, to the last packet: only so is a cut or a lying header seen."""
    pictures, begin, end = 0, None, 0.0
    for packet in container.demux():
        if packet.is_corrupt:
            raise MediaRejected("The video is cut off or damaged.")
        if not packet.size or packet.time_base is None or packet.pts is None:
            continue
        pictures += packet.stream_index == film.index
        start = float(packet.pts * packet.time_base)
        begin = start if begin is None else min(begin, start)
        end = max(end, start + float((packet.duration or 0) * packet.time_base))
    if not pictures or begin is None:
        raise MediaRejected("The video has no pictures.")
    return _Packets(pictures=pictures, seconds=end - max(begin, 0.0))
