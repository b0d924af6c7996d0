"""The embedded backend: paper made to be seen, heard and turned, on the CPU of this machine.

Without any model. The same texts, seed, manner and parameters give the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from devserver.my_app.services.atelier import Manner, Work, make_picture
from devserver.my_app.services.atelier.diorama import make_object
from devserver.my_app.services.atelier.film import make_film
from devserver.my_app.services.atelier.sound import make_sound
from devserver.my_app.services.backends.port import BackendFailed, BackendTimedOut, MediaRequest
from devserver.my_app.services.media_sources import MadeBy, MediaData, MediaDescription
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_metadata import Job
from devserver.my_app.services.worker_pool import WorkerPool, WorkTookTooLong, WorkTooLarge

_LONGEST_SECONDS = 60.0


@dataclass(frozen=True)
class _Craft:
    """How one type of media is made, and which parameters a config may set, from where to where."""

    make: Callable[..., Work]
    bounds: Mapping[str, tuple[int, int]]


_CRAFTS: Mapping[str, _Craft] = {
    "image": _Craft(make_picture, {"size": (64, 2048)}),
    "audio": _Craft(make_sound, {"seconds": (1, 60)}),
    "video": _Craft(make_film, {"size": (64, 1080), "seconds": (1, 20)}),
    "3d": _Craft(make_object, {}),
}


class AtelierBackend:
    """Works in the pool of worker processes, at as many runs at once as it has processes."""

    name = "atelier"
    is_set_up = True

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """A parameter that means nothing here or is out of bounds; else all can always be made."""
        bounds = _CRAFTS[config.media_type].bounds
        for name, value in config.parameters.items():
            if name not in bounds:
                known = f"can be set: {', '.join(bounds)}" if bounds else "none can be set"
                return f"atelier knows no parameter {name!r} for this; {known}."
            low, high = bounds[name]
            if not isinstance(value, int | float) or not low <= value <= high:
                return f"{name} is {value!r}; it must be {low} to {high}."
        return None

    def describe(self, configs: Sequence[OutputConfig]) -> Sequence[str]:
        """Nothing needs to be said but what can't be made: it is part of this server."""
        reasons = ((config.id, self.unavailable_because(config)) for config in configs)
        return [f"{config_id}: {reason}" for config_id, reason in reasons if reason]

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        """One file of the config's type, the same for the same texts, seed and manner."""
        try:
            work = self._pool.run(
                _LONGEST_SECONDS,
                craft,
                Order(
                    request.config.media_type,
                    request.prompt,
                    request.input_text,
                    request.seed,
                    dict(request.picture),
                    dict(request.config.parameters),
                ),
            )
        except WorkTookTooLong as error:
            raise BackendTimedOut("This took the atelier too long to make.") from error
        except WorkTooLarge as error:
            raise BackendFailed("This needed more memory than the atelier has.") from error
        made_by = MadeBy(
            backend=self.name,
            config=request.config.id,
            seed=request.seed,
            license=work.license,
            credit=work.credit,
            details={
                "things": [dict(vars(thing)) for thing in work.things],
                "drawn_from": work.drawn_from,
            },
        )
        return [MediaData(work.data, made_by)]

    def cancel(self, job: Job) -> None:
        """Nothing: no job of it is on record."""


@dataclass(frozen=True)
class Order:
    """All that one file depends on."""

    media_type: str
    prompt: str
    input_text: str
    seed: int
    manner: Mapping[str, object]
    parameters: Mapping[str, object]


def craft(order: Order) -> Work:
    """Make one file; runs in a worker process."""
    return _CRAFTS[order.media_type].make(
        order.prompt,
        original_text=order.input_text,
        seed=order.seed,
        manner=Manner.from_mapping(order.manner),
        **order.parameters,
    )


def warm_up() -> None:
    """Load what drawing needs; runs in a worker process."""
    make_picture("Sonne", seed=0, size=64)
