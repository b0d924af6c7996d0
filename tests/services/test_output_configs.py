from __future__ import annotations

import json
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.atelier import Manner
from devserver.my_app.services.backends.port import BackendNotConfigured
from devserver.my_app.services.catalogue import Catalogue, OutputConfigNotFound, SchemaNotFound
from devserver.my_app.services.output_configs import OutputConfig, load_output_configs
from devserver.my_app.services.schema_files import SchemaFileInvalid
from devserver.my_app.services.schemas import load_interception_schemas

FOLDER = PROJECT_FOLDER / "devserver" / "schemas" / "output"
GOOD = json.loads((FOLDER / "atelier_image.json").read_text())


class Backend:
    def __init__(self, name: str, reason: str | None = None, *, is_set_up: bool = True) -> None:
        self.name = name
        self.is_set_up = is_set_up
        self._reason = reason

    def unavailable_because(self, config: OutputConfig) -> str | None:
        return self._reason

    def describe(self, configs: list[OutputConfig]) -> list[str]:
        return [f"{self.name} has {', '.join(config.id for config in configs)}."]

    def make(self, request: object) -> list[object]:
        raise AssertionError("nothing is made here")


def config(config_id: str, **changes: object) -> OutputConfig:
    return OutputConfig.model_validate({"id": config_id, **GOOD, **changes})


def test_the_configs_that_come_with_the_server() -> None:
    configs = load_output_configs(FOLDER)
    assert configs["atelier_image"].backend == "atelier"
    assert configs["atelier_image"].default_rank == {"eco": 100}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"media_type": "smell"}, "media_type"),
        ({"backend": 5}, "backend"),
        ({"more": 1}, "more"),
        ({"name": {"de": "x"}}, "name.en"),
    ],
)
def test_a_broken_config_stops_the_start(
    tmp_path: Path, changes: dict[str, object], fault: str
) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({**GOOD, **changes}, indent=1))
    with pytest.raises(SchemaFileInvalid, match=rf"mine\.json, line \d+: {fault}"):
        load_output_configs(tmp_path)


def test_the_default_is_the_best_ranked_whose_backend_is_set_up() -> None:
    configs = {
        c.id: c
        for c in (
            config("far", backend="absent", default_rank={"eco": 1}),
            config("near", backend="here", default_rank={"eco": 3}),
            config("later", backend="here", default_rank={"eco": 5}),
            config("other", backend="here", default_rank={}),
            config("sound", backend="here", default_rank={"eco": 2}, media_type="audio"),
        )
    }
    catalogue = Catalogue({}, configs, [Backend("here")])  # type: ignore[list-item]
    assert catalogue.default_output_config("eco", "image").id == "near"
    assert catalogue.default_output_config("eco", "audio").id == "sound"
    for mode, media_type in (("fast", "image"), ("eco", "video")):
        with pytest.raises(BackendNotConfigured):
            catalogue.default_output_config(mode, media_type)


def test_a_config_that_can_not_be_made_says_why() -> None:
    catalogue = Catalogue({}, {}, [Backend("here", "It sleeps.")])  # type: ignore[list-item]
    assert catalogue.unavailable_because(config("a", backend="here")) == "It sleeps."
    assert "absent" in str(catalogue.unavailable_because(config("b", backend="absent")))


def test_each_backend_speaks_of_its_own_configs() -> None:
    configs = {c.id: c for c in (config("a", backend="one"), config("b", backend="two"))}
    catalogue = Catalogue({}, configs, [Backend("one"), Backend("two")])  # type: ignore[list-item]
    assert catalogue.describe_backends() == ["one has a.", "two has b."]


def test_the_best_ranked_that_can_be_made_is_the_default() -> None:
    class Partial(Backend):
        def unavailable_because(self, config: OutputConfig) -> str | None:
            return None if config.id == "small" else "Its model is missing."

    configs = {
        c.id: c
        for c in (
            config("large", backend="here", default_rank={"eco": 1}),
            config("small", backend="here", default_rank={"eco": 2}),
            config("other", backend="there", default_rank={"eco": 3}),
        )
    }
    both = [Partial("here"), Backend("there")]
    assert Catalogue({}, configs, both).default_output_config("eco", "image").id == "small"  # type: ignore[arg-type]
    del configs["small"]
    # Never another backend in its place: the reason is told instead.
    assert Catalogue({}, configs, both).default_output_config("eco", "image").id == "large"  # type: ignore[arg-type]


def test_a_backend_without_its_key_is_never_the_default() -> None:
    configs = {
        c.id: c
        for c in (
            config("paid", backend="no_key", default_rank={"fast": 1}),
            config("other", backend="with_key", default_rank={"fast": 2}),
        )
    }
    backends = [Backend("no_key", "It has no key.", is_set_up=False), Backend("with_key")]
    catalogue = Catalogue({}, configs, backends)  # type: ignore[arg-type]
    assert catalogue.default_output_config("fast", "image").id == "other"
    assert catalogue.backend_names() == ["with_key"]
    assert catalogue.unavailable_because(configs["paid"]) == "It has no key."
    alone = Catalogue({}, configs, backends[:1])  # type: ignore[arg-type]
    with pytest.raises(BackendNotConfigured):
        alone.default_output_config("fast", "image")


def test_unknown_ids_are_named_with_the_known_ones() -> None:
    catalogue = Catalogue({}, {"a": config("a")}, [])
    with pytest.raises(OutputConfigNotFound) as caught:
        catalogue.output_config("b")
    assert caught.value.details == {"known": ["a"]}
    with pytest.raises(SchemaNotFound):
        catalogue.schema("b")
    with pytest.raises(BackendNotConfigured):
        catalogue.backend("x")


def test_every_schema_has_a_manner_that_atelier_knows() -> None:
    for schema in load_interception_schemas(
        PROJECT_FOLDER / "devserver" / "schemas" / "interception"
    ).values():
        assert Manner.from_mapping(schema.picture.model_dump()).style == schema.picture.style
