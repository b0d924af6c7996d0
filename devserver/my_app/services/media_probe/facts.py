"""What a probe is allowed to spend, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass

from devserver.my_app.services.media_kinds import Format, MediaKind, MediaType


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """How much one file may ask for; beyond any of these it is refused (but for the decoding)."""

    max_file_bytes: int = 2 * 1024**3
    max_parsed_bytes: int = 256 * 1024**2
    """Pictures and 3D files, which are read into memory at once."""
    max_pixels: int = 100_000_000
    """Width times height of a picture or video. Pillow itself ends at about 179 million."""
    max_animated_pixels: int = 16_777_216
    """Width times height of an animated picture: decoding one takes four times the memory."""
    max_frames: int = 10_000
    """Frames of an animated picture."""
    max_scans: int = 64
    """Passes of a JPEG; encoders make about ten."""
    max_chunks: int = 100_000
    """Parts of a PNG; ten for each frame of the longest animation."""
    max_decoded_seconds: float = 600.0
    """Sound is decoded this far; the rest is only read through, packet by packet."""
    max_json_bytes: int = 16 * 1024**2
    """The JSON part of a GLB."""
    max_vertices: int = 20_000_000
    max_faces: int = 20_000_000
    max_indices: int = 60_000_000
    """Numbers in a GLB that name vertices, each as often as it is used."""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a file measured; None where a fact does not apply or is not known.

    Pixels are as stored, before any rotation. `duration_seconds` is for sound, video and animated
    pictures; `frame_count` and `frame_rate` (frames a second) for video and animated pictures.
    """

    kind: MediaKind
    file_size_bytes: int
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    frame_rate: float | None = None
    frame_count: int | None = None
    sample_rate: int | None = None
    channels: int | None = None
    vertices: int | None = None
    faces: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    has_audio: bool | None = None

    @property
    def type(self) -> MediaType:
        return self.kind.type

    @property
    def format(self) -> Format:
        return self.kind.format

    @property
    def mime_type(self) -> str:
        return self.kind.mime_type
