from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devserver.my_app.services import media_probe
from devserver.my_app.services.backends.atelier import AtelierBackend, Order, craft
from devserver.my_app.services.media_sources import MediaData
from devserver.my_app.services.worker_pool import WorkerPool
from tests.services.backends.api_rig import CONFIGS, FakeRun, changed, request

OF_ATELIER = {id: config for id, config in CONFIGS.items() if config.backend == "atelier"}


@pytest.fixture(scope="module")
def backend() -> Iterator[AtelierBackend]:
    pool = WorkerPool(1, memory_bytes=2 * 1024**3)
    yield AtelierBackend(pool)
    pool.close()


def test_there_is_a_config_for_every_type_as_the_last_resort_of_eco_mode() -> None:
    assert {config.media_type for config in OF_ATELIER.values()} == {
        "image",
        "audio",
        "video",
        "3d",
    }
    assert all(config.default_rank == {"eco": 100} for config in OF_ATELIER.values())


@pytest.mark.parametrize("config_id", OF_ATELIER)
def test_every_type_is_made_in_a_worker_process(
    backend: AtelierBackend, config_id: str, tmp_path: Path
) -> None:
    config = OF_ATELIER[config_id]
    assert backend.unavailable_because(config) is None
    [made] = backend.make(request(config, FakeRun()))
    assert isinstance(made, MediaData)
    assert isinstance(made.data, bytes)
    path = tmp_path / "made"
    path.write_bytes(made.data)
    facts = media_probe.measure(path)
    assert facts.type == config.media_type
    if seconds := config.parameters.get("seconds"):
        assert facts.duration_seconds == pytest.approx(seconds, abs=0.05)
    assert (made.made_by.config, made.made_by.seed) == (config_id, 2**40 + 7)
    assert made.made_by.details["drawn_from"] == "transformed_text"
    assert (made.made_by.credit is None) == (config.media_type == "audio")


def test_a_parameter_that_means_nothing_makes_a_config_unavailable(backend: AtelierBackend) -> None:
    wrong = changed("atelier_audio", size=512)
    assert backend.unavailable_because(wrong) == (
        "atelier knows no parameter 'size' for this; can be set: seconds."
    )
    assert backend.describe([wrong, OF_ATELIER["atelier_3d"]]) == [
        "atelier_audio: atelier knows no parameter 'size' for this; can be set: seconds."
    ]
    nothing = backend.unavailable_because(changed("atelier_3d", size=512))
    assert nothing == "atelier knows no parameter 'size' for this; none can be set."


@pytest.mark.parametrize(
    ("config_id", "parameters"),
    [
        ("atelier_image", {"size": 100_000}),
        ("atelier_audio", {"seconds": 0}),
        ("atelier_audio", {"seconds": "long"}),
        ("atelier_video", {"seconds": 1000}),
    ],
)
def test_a_value_out_of_bounds_makes_a_config_unavailable(
    backend: AtelierBackend, config_id: str, parameters: dict[str, object]
) -> None:
    [name] = parameters
    reason = backend.unavailable_because(changed(config_id, **parameters))
    assert reason is not None
    assert name in reason


@pytest.mark.parametrize("config_id", OF_ATELIER)
def test_the_bounds_are_those_of_the_makers(config_id: str) -> None:
    """What a config may set, the maker takes; at the smallest, to be quick."""
    config = OF_ATELIER[config_id]
    smallest = {"size": 64, "seconds": 1}
    parameters = {name: smallest[name] for name in config.parameters}
    work = craft(Order(config.media_type, "Eine Katze", "Eine Katze", 1, {}, parameters))
    assert work.data
