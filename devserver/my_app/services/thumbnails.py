"""Small pictures of outputs, made once and kept under `cache/`, which may go at any time."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Container, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from devserver.my_app.services.durable_files import replace_file
from devserver.my_app.services.errors import MediaRejected, ServerError
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_id import checked_run_id, is_run_id
from devserver.my_app.services.run_metadata import Output

if TYPE_CHECKING:
    from PIL import Image

SIZES = (128, 256, 512, 1024)
"""The longest side in pixels; a size asked for is rounded up to one of these."""

_QUALITY = 80
_TRIES = 5
_IMAGE_FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "AVIF"]


class NoThumbnail(ServerError):
    """Outputs of this format have nothing to be shown in small."""

    code = "no_thumbnail"


class Thumbnails:
    """WebP pictures of images, posters of videos, waveforms of sounds and views of 3D objects.

    `draw` is `draw_thumbnail`, in a process with limits; `is_gone` says whether a run was deleted.
    """

    def __init__(
        self,
        cache: Path,
        draw: Callable[[Path, str, int], bytes],
        is_gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._folder = cache / "thumbnails"
        self._draw = draw
        self._is_gone = is_gone

    def get(self, run_id: str, output: Output, original: Path, size: int) -> bytes:
        """A picture whose longest side is at most that of SIZES which is `size` or next above it.

        Raises NoThumbnail for 3D objects that are no GLB, MediaRejected when the file doesn't
        open, RunNotFound when the run is deleted meanwhile; nothing of the picture is left then.
        """
        if output.type == "3d" and output.format != "glb":
            raise NoThumbnail("There are small pictures of GLB only.")
        side = next((step for step in SIZES if step >= size), SIZES[-1])
        draw = partial(self._draw, original, output.type, side)
        return self._kept(run_id, output, f"{side}.webp", draw)

    def drawn(self, run_id: str, output: Output, draw: Callable[[], bytes]) -> bytes:
        """What `draw` makes of a sound or a 3D object, kept in the same way.

        Raises what `draw` raises, and RunNotFound.
        """
        return self._kept(run_id, output, "drawn.png", draw)

    def _kept(self, run_id: str, output: Output, what: str, draw: Callable[[], bytes]) -> bytes:
        if output.sha256 is None:
            return draw()
        # Named by content, so that a thumbnail can't outlive the file it was made of.
        path = self._folder / checked_run_id(run_id) / f"{output.sha256[:32]}_{what}"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            data = draw()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, data)
        except FileNotFoundError:
            if not self._is_gone(run_id):
                raise
        # Looked at after the writing: a deletion either finds this picture or is seen here.
        if self._is_gone(run_id):
            self.forget(run_id)
            raise RunNotFound("There is no run with this id on this server.")
        return data

    def forget(self, run_id: str) -> None:
        """Remove the small pictures of a run. Raises OSError when that can't be done."""
        folder = self._folder / checked_run_id(run_id)
        for left in reversed(range(_TRIES)):
            try:
                shutil.rmtree(folder)
            except OSError:
                # One may just be coming or going; whoever makes it looks once more afterwards.
                if folder.exists() and not left:
                    raise
            if not folder.exists():
                return

    def sweep(self, there: Container[str]) -> None:
        """Forget every run that is not among these, all there are. Raises OSError."""
        try:
            kept = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return
        for name in kept:
            if is_run_id(name) and name not in there:
                self.forget(name)


def draw_thumbnail(original: Path, media_type: str, side: int) -> bytes:
    """A picture of an output as WebP, at most `side` pixels wide and high.

    Of a video its first frame, of a sound its waveform, of a 3D object a view.

    Made to run in a worker process. Raises MediaRejected.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - slow to import

    try:
        with _DRAWN_BY[media_type](original) as picture:
            # Lets a JPEG be read at a fraction of its size.
            picture.draft("RGB", (side, side))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            file = io.BytesIO()
            has_alpha = "A" in upright.getbands() or "transparency" in upright.info
            upright.convert("RGBA" if has_alpha else "RGB").save(file, "WEBP", quality=_QUALITY)
    except (OSError, ValueError, UnidentifiedImageError) as error:
        raise MediaRejected("No small picture can be made of this file.") from error
    return file.getvalue()


def _image(path: Path) -> Image.Image:
    from PIL import Image  # noqa: PLC0415 - slow to import

    return Image.open(path, formats=_IMAGE_FORMATS)


def _first_frame(video: Path) -> Image.Image:
    import av  # noqa: PLC0415 - slow to import

    try:
        with av.open(str(video)) as container:
            for frame in container.decode(video=0):
                picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
                return picture
    except av.FFmpegError as error:  # not all of its kinds are an OSError or a ValueError
        raise MediaRejected("This video can't be opened.") from error
    raise MediaRejected("This video has no picture.")


def _waveform(sound: Path) -> Image.Image:
    from PIL import Image  # noqa: PLC0415 - slow to import

    from devserver.my_app.services.exports.waveform import draw_waveform  # noqa: PLC0415

    return Image.open(io.BytesIO(draw_waveform(sound)), formats=["PNG"])


def _view(model: Path) -> Image.Image:
    from PIL import Image  # noqa: PLC0415 - slow to import

    from devserver.my_app.services.exports.model_view import draw_model  # noqa: PLC0415

    return Image.open(io.BytesIO(draw_model(model)), formats=["PNG"])


_DRAWN_BY: Mapping[str, Callable[[Path], Image.Image]] = {
    "image": _image,
    "video": _first_frame,
    "audio": _waveform,
    "3d": _view,
}
