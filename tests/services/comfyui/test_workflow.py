from __future__ import annotations

import json
from pathlib import Path

import pytest

from devserver.config import PROJECT_FOLDER
from devserver.my_app.services.comfyui.workflow import Workflow, WorkflowInvalid, read_workflow
from devserver.my_app.services.output_configs import load_output_configs
from devserver.my_app.services.schema_files import SchemaFileInvalid
from tests.comfyui_graphs import GRAPHS

OUTPUT = PROJECT_FOLDER / "devserver" / "schemas" / "output"
GRAPH = GRAPHS["two_saves"][1]


def written(folder: Path, content: object) -> Path:
    path = folder / "mine.workflow.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_values_go_where_they_belong_and_nothing_else_changes(tmp_path: Path) -> None:
    places = {"prompt": ["2.source"], "seed": ["1.value"], "width": ["3.width"], "steps": []}
    workflow = read_workflow(written(tmp_path, GRAPH), places)
    filled = workflow.filled({"prompt": "x", "seed": 5, "steps": 3, "width": None}, prefix="run_ab")
    expected = json.loads(json.dumps(GRAPH))
    expected["2"]["inputs"]["source"] = "x"
    expected["1"]["inputs"]["value"] = 5
    expected["9"]["inputs"]["filename_prefix"] = "run_ab_9"
    expected["4"]["inputs"]["filename_prefix"] = "run_ab_4"
    assert filled == expected
    assert list(filled) == list(GRAPH)
    assert workflow.filled({}, prefix="other")["2"]["inputs"]["source"] == "the prompt"


def test_nodes_have_titles_for_people() -> None:
    titled = {"class_type": "KSampler", "inputs": {}, "_meta": {"title": "Sampler"}}
    workflow = Workflow({"1": titled, "2": {"class_type": "SaveImage", "inputs": {}}}, {})
    assert [workflow.title_of(node) for node in ("1", "2", "3")] == ["Sampler", "SaveImage", "3"]


@pytest.mark.parametrize(
    ("content", "places", "told"),
    [
        ('{"1": ', {}, "line 1: this is not JSON"),
        ([], {}, "has to be a JSON object"),
        ({}, {}, "has to be a JSON object"),
        ({"nodes": [], "links": [], "version": 0.4}, {}, "Save (API Format)"),
        ({"1": {"inputs": {}}}, {}, "node 1 has no class_type"),
        ({"1": {"class_type": "X"}}, {}, "node 1 (X) has no inputs"),
        ({"1": {"class_type": "X", "inputs": {"a": ["7", 0]}}}, {}, "node 7, which is not there"),
        (GRAPH, {"prompt": ["6.text"]}, "has no node 6, where prompt should go. It has: 1 (Pri"),
        (GRAPH, {"prompt": ["2.text"]}, "has no input text, where prompt should go. It has: sou"),
        (GRAPH, {"seed": ["3.color"]}, "input color comes from another node"),
        (GRAPH, {"seed": ["3"]}, "is no place in a workflow"),
    ],
)
def test_what_is_wrong_is_told_precisely(
    tmp_path: Path, content: object, places: dict[str, list[str]], told: str
) -> None:
    with pytest.raises(WorkflowInvalid) as caught:
        read_workflow(written(tmp_path, content), places)
    assert told in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkflowInvalid, match=r"no file gone\.workflow\.json"):
        read_workflow(tmp_path / "gone.workflow.json", {})


def test_a_teachers_five_lines_are_enough(tmp_path: Path) -> None:
    written(tmp_path, GRAPH)
    (tmp_path / "mine.json").write_text(
        """{"name": "Mein Bild",
            "media_type": "image",
            "backend": "comfyui",
            "workflow": "mine.workflow.json",
            "places": {"prompt": "2.source", "seed": "1.value"}}"""
    )
    config = load_output_configs(tmp_path)["mine"]
    assert config.name.en == config.description.de == "Mein Bild"
    assert isinstance(read_workflow(tmp_path / "mine.workflow.json", config.places), Workflow)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"workflow": None}, "workflow"), ({"places": {}}, "places"), ({"workflow": "../x"}, "work")],
)
def test_a_config_without_its_workflow_stops_the_start(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    config = {
        "name": "x",
        "media_type": "image",
        "backend": "comfyui",
        "workflow": "x.workflow.json",
        "places": {"prompt": "1.text"},
        **change,
    }
    (tmp_path / "x.json").write_text(json.dumps(config))
    with pytest.raises(SchemaFileInvalid, match=told):
        load_output_configs(tmp_path)


CONFIGS = load_output_configs(OUTPUT)


@pytest.mark.parametrize("name", [n for n, c in CONFIGS.items() if c.backend == "comfyui"])
def test_the_workflows_that_come_with_the_server(name: str) -> None:
    config = CONFIGS[name]
    workflow = read_workflow(OUTPUT / str(config.workflow), config.places)
    filled = workflow.filled({**config.parameters, "prompt": "p", "seed": 1}, prefix="run")
    assert '"p"' in json.dumps(filled)
    assert "run_" in json.dumps(filled)
    # A parameter that goes nowhere would only pretend.
    assert config.parameters.keys() <= config.places.keys()
    named = json.dumps(filled)
    assert all(file.file in named for file in config.model_files)


def test_each_media_type_has_a_config() -> None:
    comfyui = [config for config in CONFIGS.values() if config.backend == "comfyui"]
    assert {config.media_type for config in comfyui} == {"image", "audio", "video", "3d"}
    assert CONFIGS["sd35_large"].default_rank == {"eco": 10}
