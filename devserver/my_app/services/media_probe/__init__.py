"""Media are really opened and measured before they are believed.

`measure` is made to run in a spawned process with time and memory limits: it takes a path and plain
limits, gives back a picklable value, and imports Pillow or PyAV only when a file needs them.
"""

from __future__ import annotations

from pathlib import Path

from devserver.my_app.services.errors import MediaRejected, NotMedia
from devserver.my_app.services.media_headers import id3v2_length
from devserver.my_app.services.media_kinds import HEAD_BYTES, MediaKind, identify
from devserver.my_app.services.media_probe.facts import MediaFacts, ProbeLimits
from devserver.my_app.services.media_probe.unaccepted import looks_like

__all__ = ["MediaFacts", "ProbeLimits", "measure"]

_DEFAULT_LIMITS = ProbeLimits()


def measure(path: Path, limits: ProbeLimits = _DEFAULT_LIMITS) -> MediaFacts:
    """What the file at `path` really is and measures.

    Guarantees that the file is of an accepted kind by its content, within `limits`, decodes
    (pictures: the first frame; sound: up to `limits.max_decoded_seconds`; video: the first one),
    and is whole as far as its format lets one know. These cannot know, and a cut may pass as less:
    MP3 without a Xing header cut between two frames, FLAC without a total and WAV or WebM with the
    "unknown length" of a live stream, fragmented MP4 cut between two fragments, OBJ and ASCII PLY
    cut within or after a line. Bytes behind a format's own end are left alone (they are served as
    that format), but for GLB and binary STL and PLY, where the size has to fit.

    Raises NotMedia for a kind of file that isn't accepted and MediaRejected for everything else the
    content may be; their message is a sentence for a person without any path. OSError only when the
    file itself cannot be read.
    """
    size = path.stat().st_size
    if size == 0:
        raise MediaRejected("The file is empty.")
    if size > limits.max_file_bytes:
        raise MediaRejected("The file is too large.")
    head = _opening(path)
    kind = identify(head, size=size)
    if kind is None:
        raise NotMedia(f"This is not a picture, sound, video or 3D file but {looks_like(head)}.")
    if kind.type in ("image", "3d") and size > limits.max_parsed_bytes:
        raise MediaRejected("The file is too large for its kind.")
    try:
        return _measure(path, kind, limits)
    except MediaRejected:
        raise
    except MemoryError as error:
        raise MediaRejected(f"The {kind.format.upper()} file needs too much memory.") from error
    except Exception as error:  # decoders of hostile bytes raise whatever they like
        raise MediaRejected(
            f"The {kind.format.upper()} file is damaged and cannot be opened."
        ) from error


def _opening(path: Path) -> bytes:
    """The first HEAD_BYTES, with an ID3 tag that is longer shrunk to an empty one."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        tag = id3v2_length(head)
        if tag + 8192 > HEAD_BYTES:
            file.seek(tag)
            head = b"ID3\x04" + bytes(6) + file.read(HEAD_BYTES)
    return head


def _measure(path: Path, kind: MediaKind, limits: ProbeLimits) -> MediaFacts:
    # Imported where needed: Pillow and PyAV cost a fresh process many times what one probe does.
    if kind.type == "image":
        from devserver.my_app.services.media_probe.images import measure_image  # noqa: PLC0415

        return measure_image(path, kind, limits)
    if kind.format in ("m4a", "mp4", "mov", "webm"):
        from devserver.my_app.services.media_probe.video import measure_film  # noqa: PLC0415

        return measure_film(path, kind, limits)
    if kind.type == "audio":
        from devserver.my_app.services.media_probe.audio import measure_audio  # noqa: PLC0415

        return measure_audio(path, kind, limits)
    if kind.format == "glb":
        from devserver.my_app.services.media_probe.glb import measure_glb  # noqa: PLC0415

        return measure_glb(path, kind, limits)
    from devserver.my_app.services.media_probe.meshes import measure_mesh  # noqa: PLC0415

    return measure_mesh(path, kind, limits)
