"""What a ComfyUI can run, told from its `/object_info`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devserver.my_app.services.comfyui.workflow import Workflow, is_link

_MOST_NAMED = 3


@dataclass(frozen=True)
class Missing:
    """What a ComfyUI lacks for a workflow: classes of nodes, and choices such as model files."""

    nodes: tuple[str, ...]
    choices: tuple[str, ...]

    def sentence(self, where_files_go: Mapping[str, str]) -> str:
        """What is missing, for a person; `where_files_go` tells the place of known files."""
        faults = []
        if self.nodes:
            faults.append(f"nodes that are not installed there: {_named(self.nodes)}")
        if self.choices:
            files = [
                f"{choice} (belongs into {where_files_go[choice]})"
                if choice in where_files_go
                else choice
                for choice in self.choices
            ]
            faults.append(f"files or choices that are not there: {_named(files)}")
        return f"It needs {'; '.join(faults)}."


class Abilities:
    """The node classes of one ComfyUI and the choices their inputs leave (http_05)."""

    def __init__(self, object_info: Mapping[str, Any]) -> None:
        self._classes = {
            name: _choices(about) for name, about in object_info.items() if isinstance(about, dict)
        }

    def lacks(self, workflow: Workflow) -> Missing | None:
        """What is missing there to run `workflow`; None when nothing is."""
        nodes: list[str] = []
        choices: list[str] = []
        for _, class_type, inputs in workflow.nodes:
            lists = self._classes.get(class_type)
            if lists is None:
                nodes.append(class_type)
                continue
            choices += [
                str(value)
                for name, value in inputs.items()
                if name in lists and not is_link(value) and value not in lists[name]
            ]
        if not nodes and not choices:
            return None
        return Missing(tuple(dict.fromkeys(nodes)), tuple(dict.fromkeys(choices)))


def _choices(about: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The inputs of a node class that take one of a list; older and newer form of the list."""
    found: dict[str, list[Any]] = {}
    inputs = about.get("input")
    for group in ("required", "optional"):
        for name, spec in ((inputs or {}).get(group) or {}).items():
            if not isinstance(spec, list) or not spec:
                continue
            if isinstance(spec[0], list):
                found[name] = spec[0]
            elif spec[0] == "COMBO" and len(spec) > 1 and isinstance(spec[1], dict):
                options = spec[1].get("options")
                if isinstance(options, list) and not spec[1].get("remote"):
                    found[name] = options
    return found


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
