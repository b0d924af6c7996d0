from __future__ import annotations

from typing import Any

from devserver.my_app.services.comfyui.abilities import Abilities, Missing
from devserver.my_app.services.comfyui.workflow import Workflow

INFO: dict[str, Any] = {
    "Loader": {"input": {"required": {"ckpt_name": [["a.safetensors"], {}]}}},
    "Newer": {"input": {"optional": {"method": ["COMBO", {"options": ["fast", "slow"]}]}}},
    "Plain": {"input": {"required": {"width": ["INT", {"min": 1}], "any": ["*", {}]}}},
    "Odd": {"input": None},
    "Remote": {"input": {"required": {"x": ["COMBO", {"options": [], "remote": {"route": "/x"}}]}}},
}


def lacks(**nodes: tuple[str, dict[str, Any]]) -> Missing | None:
    graph = {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
    return Abilities(INFO).lacks(Workflow(graph, {}))


def test_what_is_there_lacks_nothing() -> None:
    assert (
        lacks(
            a=("Loader", {"ckpt_name": "a.safetensors"}),
            b=("Newer", {"method": "slow"}),
            c=("Plain", {"width": 5, "any": "x"}),
            d=("Loader", {"ckpt_name": ["c", 0]}),
            e=("Odd", {"x": 1}),
            f=("Remote", {"x": "y"}),
        )
        is None
    )


def test_missing_nodes_and_files_are_told() -> None:
    missing = lacks(
        a=("Loader", {"ckpt_name": "b.safetensors"}),
        b=("Newer", {"method": "slower"}),
        c=("Absent", {}),
        d=("Absent", {}),
    )
    assert missing == Missing(("Absent",), ("b.safetensors", "slower"))
    sentence = missing.sentence({"b.safetensors": "models/checkpoints"})
    assert "Absent" in sentence
    assert "b.safetensors (belongs into models/checkpoints)" in sentence


def test_long_lists_are_cut() -> None:
    assert "and 2 more" in Missing(("a", "b", "c", "d", "e"), ()).sentence({})
