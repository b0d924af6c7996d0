"""What can be chosen on this server: schemas, output configs, and the backends that make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devserver.my_app.services.backends.port import BackendNotConfigured, MediaBackend
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.schemas import InterceptionSchema


class SchemaNotFound(ServerError):
    """There is no schema of this id."""

    code = "schema_not_found"


class OutputConfigNotFound(ServerError):
    """There is no output config of this id."""

    code = "output_config_not_found"


class Catalogue:
    """Looks things up by id; immutable, so it is safe to share."""

    def __init__(
        self,
        schemas: Mapping[str, InterceptionSchema],
        output_configs: Mapping[str, OutputConfig],
        backends: Sequence[MediaBackend],
    ) -> None:
        self.schemas = schemas
        self.output_configs = output_configs
        self._backends = {backend.name: backend for backend in backends}

    def schema(self, schema_id: str) -> InterceptionSchema:
        """The schema of this id. Raises SchemaNotFound with the known ids."""
        try:
            return self.schemas[schema_id]
        except KeyError as error:
            raise SchemaNotFound(
                "There is no style of this name.", details={"known": sorted(self.schemas)}
            ) from error

    def output_config(self, config_id: str) -> OutputConfig:
        """The output config of this id. Raises OutputConfigNotFound with the known ids."""
        try:
            return self.output_configs[config_id]
        except KeyError as error:
            raise OutputConfigNotFound(
                "There is no output config of this name.",
                details={"known": sorted(self.output_configs)},
            ) from error

    def backend(self, name: str) -> MediaBackend:
        """The backend of this name. Raises BackendNotConfigured."""
        try:
            return self._backends[name]
        except KeyError as error:
            raise BackendNotConfigured(f"The backend {name} is not set up here.") from error

    def backend_names(self) -> list[str]:
        """The names of the backends that are set up, in their order."""
        return [name for name, backend in self._backends.items() if backend.is_set_up]

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """Why `config` can't be made just now, in a sentence; None when it can."""
        backend = self._backends.get(config.backend)
        if backend is None:
            return f"The backend {config.backend} is not set up here."
        return backend.unavailable_because(config)

    def default_output_config(
        self, execution_mode: str, media_type: str, wished: str | None = None
    ) -> OutputConfig:
        """The config used when none is named.

        The best-ranked backend that is set up decides; of its configs the best-ranked one that can
        be made just now is taken. Nothing of another mode or backend is taken instead. `wished` (by
        a schema) comes first where it is one of the mode and can be made.
        Raises BackendNotConfigured.
        """
        set_up = self.backend_names()
        ranked = sorted(
            (
                config
                for config in self.output_configs.values()
                if execution_mode in config.default_rank
                and config.media_type == media_type
                and config.backend in set_up
            ),
            key=lambda config: (config.default_rank[execution_mode], config.id),
        )
        if not ranked:
            raise BackendNotConfigured(
                f"Nothing is set up here that makes {media_type} in {execution_mode} mode.",
                details={"execution_mode": execution_mode, "output_type": media_type},
            )
        for config in ranked:
            if config.id == wished and self.unavailable_because(config) is None:
                return config
        of_the_best = [config for config in ranked if config.backend == ranked[0].backend]
        able = (config for config in of_the_best if self.unavailable_because(config) is None)
        return next(able, ranked[0])

    def describe_backends(self) -> list[str]:
        """What every backend that is set up says of itself and of configs it can't make now."""
        return [
            line
            for backend in self._backends.values()
            if backend.is_set_up
            for line in backend.describe(
                [c for c in self.output_configs.values() if c.backend == backend.name]
            )
        ]
