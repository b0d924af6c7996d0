"""A workflow: a graph exported from ComfyUI in API format, and where to put what in it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devserver.my_app.services.errors import ServerError

_PLACE = re.compile(r"(?P<node>[^.]+)\.(?P<input>.+)")
_PREFIX_INPUT = "filename_prefix"
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9_-]")


class WorkflowInvalid(ServerError):
    """A workflow file can't be used; the message says what is wrong and what to do."""

    code = "workflow_invalid"


@dataclass(frozen=True)
class Place:
    """One input of one node, written `6.text` in an output config."""

    node: str
    input: str

    def __str__(self) -> str:
        return f"{self.node}.{self.input}"


def parse_place(text: str) -> Place:
    """Read `6.text`. Raises WorkflowInvalid."""
    match = _PLACE.fullmatch(text)
    if not match:
        raise WorkflowInvalid(
            f"{text!r} is no place in a workflow; write node.input, such as 6.text."
        )
    return Place(match["node"], match["input"])


class Workflow:
    """An immutable graph and its places by name (`prompt`, `seed`, `width`, …)."""

    def __init__(self, graph: Mapping[str, Any], places: Mapping[str, tuple[Place, ...]]) -> None:
        self._graph = graph
        self._places = places

    @property
    def nodes(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Each node as (id, class, inputs), in the order of the graph."""
        for node_id, node in self._graph.items():
            yield node_id, node["class_type"], node["inputs"]

    def title_of(self, node_id: str) -> str:
        """What people call a node: its title in ComfyUI's editor, else its class, else its id."""
        node = self._graph.get(node_id, {})
        title = (node.get("_meta") or {}).get("title")
        return str(title or node.get("class_type") or node_id)

    def filled(self, values: Mapping[str, object], *, prefix: str) -> dict[str, Any]:
        """The graph to send: `values` put into their places, and a file prefix of its own.

        A prefix that nobody used before makes saving nodes work anew instead of naming old files
        (cache_01, cache_04), and keeps the files of runs apart. A value without a place is left
        out; a place without a value keeps what the graph has.
        """
        graph: dict[str, Any] = copy.deepcopy(dict(self._graph))
        for name, places in self._places.items():
            if values.get(name) is not None:
                for place in places:
                    graph[place.node]["inputs"][place.input] = values[name]
        for node_id, node in graph.items():
            if isinstance(node["inputs"].get(_PREFIX_INPUT), str):
                own = _NOT_IN_FILE_NAMES.sub("_", node_id)
                node["inputs"][_PREFIX_INPUT] = f"{prefix}_{own}"
        return graph


def read_workflow(path: Path, places: Mapping[str, Iterable[str]]) -> Workflow:
    """Read the graph at `path`. Raises WorkflowInvalid, naming what is wrong and what to do."""
    try:
        graph = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WorkflowInvalid(f"There is no file {path.name} beside the output config.") from error
    except json.JSONDecodeError as error:
        raise WorkflowInvalid(
            f"{path.name}, line {error.lineno}: this is not JSON: {error.msg}."
        ) from error
    except UnicodeDecodeError as error:
        raise WorkflowInvalid(f"{path.name} is not written in UTF-8.") from error
    _check_graph(path.name, graph)
    parsed = {name: tuple(parse_place(text) for text in texts) for name, texts in places.items()}
    for name, all_places in parsed.items():
        for place in all_places:
            _check_place(path.name, graph, name, place)
    return Workflow(graph, parsed)


def _check_graph(name: str, graph: object) -> None:
    if isinstance(graph, dict) and isinstance(graph.get("nodes"), list):
        raise WorkflowInvalid(
            f"{name} is in the format of ComfyUI's editor. Export it once more with "
            '"Save (API Format)" or "Export (API)" in the menu Workflow.'
        )
    if not isinstance(graph, dict) or not graph:
        raise WorkflowInvalid(f"{name} is no workflow: it has to be a JSON object of nodes.")
    for node_id, node in graph.items():
        if not isinstance(node, dict) or not isinstance(node.get("class_type"), str):
            raise WorkflowInvalid(f"{name}: node {node_id} has no class_type.")
        if not isinstance(node.get("inputs"), dict):
            raise WorkflowInvalid(f"{name}: node {node_id} ({node['class_type']}) has no inputs.")
        for input_name, value in node["inputs"].items():
            if is_link(value) and value[0] not in graph:
                raise WorkflowInvalid(
                    f"{name}: node {node_id} ({node['class_type']}), input {input_name} comes from "
                    f"node {value[0]}, which is not there."
                )


def _check_place(name: str, graph: Mapping[str, Any], what: str, place: Place) -> None:
    node = graph.get(place.node)
    if node is None:
        known = ", ".join(f"{key} ({value['class_type']})" for key, value in graph.items())
        raise WorkflowInvalid(
            f"{name} has no node {place.node}, where {what} should go. It has: {known}."
        )
    where = f"{name}: node {place.node} ({node['class_type']})"
    if place.input not in node["inputs"]:
        known = ", ".join(node["inputs"])
        raise WorkflowInvalid(
            f"{where} has no input {place.input}, where {what} should go. It has: {known}."
        )
    if is_link(node["inputs"][place.input]):
        raise WorkflowInvalid(
            f"{where}, input {place.input} comes from another node; {what} can't be put there."
        )


def is_link(value: object) -> bool:
    """Whether an input's value is a link, [node id, output number]."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
    )
