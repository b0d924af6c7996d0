"""The embedded backend: paper collages, made on the CPU of this machine, without any model."""

from __future__ import annotations

from collections.abc import Sequence

from devserver.my_app.services.atelier import Manner, Work, make_picture
from devserver.my_app.services.backends.port import BackendFailed, BackendTimedOut, MediaRequest
from devserver.my_app.services.media_sources import MadeBy, MediaData, MediaDescription
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.worker_pool import WorkerPool, WorkTookTooLong, WorkTooLarge

_LONGEST_SECONDS = 30.0
_DEFAULT_SIZE = 1024


class AtelierBackend:
    """Draws in the pool of worker processes, as many pictures at once as it has processes."""

    name = "atelier"
    is_set_up = True

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """Images can always be made; other media not yet."""
        if config.media_type != "image":
            return f"atelier does not make {config.media_type} on this server."
        return None

    def describe(self, configs: Sequence[OutputConfig]) -> Sequence[str]:
        """Nothing needs to be said but what can't be made: it is part of this server."""
        return [reason for config in configs if (reason := self.unavailable_because(config))]

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        """One picture, the same for the same texts, seed and manner."""
        size = int(request.config.parameters.get("size", _DEFAULT_SIZE))
        try:
            picture = self._pool.run(
                _LONGEST_SECONDS,
                draw,
                request.prompt,
                request.input_text,
                request.seed,
                dict(request.picture),
                size,
            )
        except WorkTookTooLong as error:
            raise BackendTimedOut("The picture took too long to draw.") from error
        except WorkTooLarge as error:
            raise BackendFailed("The picture needed too much memory.") from error
        made_by = MadeBy(
            backend=self.name,
            config=request.config.id,
            seed=request.seed,
            license=picture.license,
            credit=picture.credit,
            details={
                "things": [dict(vars(thing)) for thing in picture.things],
                "drawn_from": picture.drawn_from,
            },
        )
        return [MediaData(picture.data, made_by)]


def draw(prompt: str, input_text: str, seed: int, manner: dict[str, object], size: int) -> Work:
    """Draw one picture; runs in a worker process."""
    return make_picture(
        prompt, original_text=input_text, seed=seed, manner=Manner.from_mapping(manner), size=size
    )


def warm_up() -> None:
    """Load what drawing needs; runs in a worker process."""
    make_picture("Sonne", seed=0, size=64)
