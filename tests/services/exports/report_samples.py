"""Runs for the tests of reports: of every kind of media, of every end, and with hostile texts."""

from __future__ import annotations

import gc
import io
import uuid
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from devserver.my_app.report_wiring import ReportParts
from devserver.my_app.services.exports.formats.pdf import run_here
from devserver.my_app.services.exports.illustrations import Illustrations
from devserver.my_app.services.exports.model_view import draw_model
from devserver.my_app.services.exports.port import (
    ExportedFile,
    ExportedRun,
    ExportFormat,
    ExportOptions,
)
from devserver.my_app.services.exports.waveform import draw_waveform
from devserver.my_app.services.run_metadata import (
    MediaType,
    Output,
    RunError,
    RunMetadata,
    RunRequest,
    StageRecord,
)
from devserver.my_app.services.thumbnails import Thumbnails, draw_thumbnail
from tests.media_samples import flac_bytes, glb_bytes, mp4_bytes, png_bytes

HOSTILE = {
    "html": "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">",
    "attributes": "\"' onmouseover='document.title=1' x=\"",
    "ends of scripts": "</script></style></title><!-- --> ]]>",
    "templates": "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} #let x = 1 $x^2$ *fett* `code`",
    "entities": "&amp; &#x3c;b&#x3e; &lol; <!DOCTYPE x [<!ENTITY lol 'ha'>]>",
    "controls": "eins\x00zwei\x07drei\x1bvier\x7f\x85fünf\ufffe",
    "surrogate": "halb\ud83d und ganz 😀",
    "directions": "vor\u202egespiegelt\u202c nach \u2066isoliert",
    "arabic": "مرحبا بالعالم 123 كتاب",
    "hebrew": "שלום עולם",
    "turkish": "İstanbul'da çocuklar ığüşöç söylüyor",
    "emoji": "🐈 👩‍🚀 🎉 🏳️‍🌈 ☀️",
    "chinese": "漢字 中文 한국어",
    "long word": "a" * 8000,
    "formula": '=HYPERLINK("http://127.0.0.1/")',
    "line ends": "eins\r\nzwei\rdrei\u2028vier\n\n\nfünf",
}

_MEDIA: dict[MediaType, tuple[str, str, Callable[[], bytes]]] = {
    "image": ("output_image.png", "image/png", png_bytes),
    "audio": ("output_audio.flac", "audio/flac", flac_bytes),
    "video": ("output_video.mp4", "video/mp4", mp4_bytes),
    "3d": ("output_3d.glb", "model/gltf-binary", glb_bytes),
}


class Unseekable(io.BytesIO):
    """Takes bytes, front to back, and can neither be read nor rewound."""

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise io.UnsupportedOperation("seek")

    def tell(self) -> int:
        raise io.UnsupportedOperation("tell")

    def read(self, size: int | None = -1) -> bytes:
        raise io.UnsupportedOperation("read")


def parts(folder: Path) -> ReportParts:
    """What reports are made with, all of it in this process."""
    return ReportParts(illustrations(folder), run_here, folder / "scratch", folder / "fonts")


def illustrations(folder: Path) -> Illustrations:
    """Real pictures, drawn in this process."""
    small = Thumbnails(folder / "cache", draw_thumbnail)
    return Illustrations(small.get, draw_waveform, draw_model)


def run_with(
    folder: Path,
    text: str = "Eine Katze",
    *media: MediaType,
    after: str | None = "Ein Hund",
    **more: object,
) -> ExportedRun:
    """A run with files of the given types; `after` is the rewritten text."""
    run_id = str(uuid.uuid4())
    files = []
    (folder / run_id).mkdir(parents=True)
    for media_type in media:
        name, mime_type, make = _MEDIA[media_type]
        path = folder / run_id / name
        path.write_bytes(make())
        output = Output(
            type=media_type,
            filename=name,
            mime_type=mime_type,
            format=name.rpartition(".")[2],
            backend="atelier",
            sha256=uuid.uuid4().hex,
            credit="Pictograms: OpenMoji",
            license="CC BY-SA 4.0",
            seed=7,
        )
        files.append(ExportedFile(name, path, path.stat().st_size, output))
    stages = [StageRecord(stage=1, step="word_lists", status="passed", input=text)]
    if after is not None:
        record = StageRecord(stage=2, step="swap", status="transformed", input=text, output=after)
        stages.append(record)
    metadata = RunMetadata.model_validate(
        {
            "run_id": run_id,
            "timestamp": "2026-11-22T10:15:30.123456+00:00",
            "schema": "dada",
            "execution_mode": "eco",
            "safety_level": "kids",
            "status": "success",
            "input_text": text,
            "transformed_text": after,
            "outputs": [file.output for file in files],
            "stages": stages,
            "request": RunRequest(seed=7),
            **more,
        }
    )
    return ExportedRun(metadata, tuple(files))


def blocked_run(folder: Path) -> ExportedRun:
    error = RunError(code="violence", message="Darüber machen wir keine Bilder.", stage=1)
    return run_with(folder, "Etwas Schlimmes", after=None, status="blocked", error=error)


def failed_run(folder: Path) -> ExportedRun:
    error = RunError(code="backend_unreachable", message="No ComfyUI answers.", stage=4)
    return run_with(folder, "Ein Pferd", status="failed", error=error)


def runs_of_each_end(folder: Path) -> list[ExportedRun]:
    """Four runs with four media: rewritten, with all that moves or sounds, blocked, failed."""
    return [
        run_with(folder, "Die Katze schläft", "image", after="Die Katze tanzt", user_id="KIND_07"),
        run_with(folder, "Regen", "audio", "video", "3d"),
        blocked_run(folder),
        failed_run(folder),
    ]


def breaking_off(folder: Path) -> Iterator[ExportedRun]:
    """A run, and then InterruptedError: as when a package is cancelled."""
    yield run_with(folder, "Text", "image")
    raise InterruptedError("cancelled")


def written(report: ExportFormat, *runs: ExportedRun, **options: object) -> bytes:
    """What a format makes of the runs, which it takes one by one."""
    out = Unseekable()
    report.write(iter(runs), out, ExportOptions(**options))  # type: ignore[arg-type]
    return out.getvalue()


def watched(runs: Iterator[ExportedRun], most: int) -> Iterator[ExportedRun]:
    """The runs; fails when more than `most` of those given out before are still kept."""
    given: list[weakref.ref[ExportedRun]] = []
    for run in runs:
        given.append(weakref.ref(run))
        yield run
        del run
        gc.collect()
        assert sum(one() is not None for one in given) <= most
