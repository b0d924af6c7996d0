"""What a history entry means: how a prompt ended, and which files it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Ending = Literal["success", "failed", "interrupted"]


@dataclass(frozen=True)
class Outcome:
    """How a prompt ended; for a failure, the class of node and of exception, never its text."""

    ending: Ending
    node_type: str | None = None
    exception_type: str | None = None

    @property
    def sentence(self) -> str:
        """What happened, for a person. ComfyUI's own words hold users' texts and paths."""
        if self.ending == "interrupted":
            return "The run was stopped at ComfyUI."
        if "OutOfMemory" in (self.exception_type or ""):
            return (
                "The graphics card ran out of memory. "
                "A smaller picture, or fewer programs beside ComfyUI, may help."
            )
        where = f" in the node {self.node_type}" if self.node_type else ""
        kind = f" ({self.exception_type})" if self.exception_type else ""
        return f"ComfyUI failed{where}{kind}; its own log says more."


@dataclass(frozen=True)
class OutputFile:
    """One file that a prompt made, as `/view` wants it."""

    filename: str
    subfolder: str
    type: str
    node: str

    @property
    def query(self) -> dict[str, str]:
        """The parameters of `/view`."""
        return {"filename": self.filename, "subfolder": self.subfolder, "type": self.type}


def outcome_of(entry: Mapping[str, Any]) -> Outcome:
    """How the prompt of a history entry ended.

    Only `status` decides. An `execution_error` among the messages may be an ExecutionBlocked, after
    which the prompt goes on to success (fail_08).
    """
    status = entry.get("status")
    if not isinstance(status, dict) or status.get("status_str") == "success":
        return Outcome("success")
    messages = [m for m in status.get("messages") or [] if isinstance(m, list) and len(m) == 2]
    if messages and messages[-1][0] == "execution_interrupted":
        return Outcome("interrupted")
    for name, data in reversed(messages):
        if name == "execution_error" and isinstance(data, dict):
            return Outcome("failed", _text(data, "node_type"), _text(data, "exception_type"))
    return Outcome("failed")


def files_of(entry: Mapping[str, Any], *, with_temporary: bool = False) -> list[OutputFile]:
    """Every file of every output key, in the order of the nodes in the graph.

    ComfyUI lists video under `images`, GLB under `3d`, VideoHelperSuite under `gifs`, and the order
    of `outputs` is that of running (video_01, mesh_01). Temporary files count only when asked for,
    or when nothing was saved.
    """
    outputs = entry.get("outputs")
    if not isinstance(outputs, dict):
        return []
    places = {node: place for place, node in enumerate(_graph_nodes(entry))}
    last = len(places)

    def place_of(node: str) -> int:
        # A node made by expansion is called "2.0.0.1"; its display node is in the graph (img_13).
        return places.get(node, places.get(_display_node(entry, node), last))

    files = [
        file for node in sorted(outputs, key=place_of) for file in _files_in(outputs[node], node)
    ]
    saved = [file for file in files if file.type != "temp"]
    return files if with_temporary or not saved else saved


def _graph_nodes(entry: Mapping[str, Any]) -> list[str]:
    """The node ids of the graph as it was submitted: `prompt` is [number, id, graph, …]."""
    prompt = entry.get("prompt")
    graph = prompt[2] if isinstance(prompt, list) and len(prompt) > 2 else None
    return list(graph) if isinstance(graph, dict) else []


def _display_node(entry: Mapping[str, Any], node: str) -> str:
    meta = entry.get("meta")
    about = meta.get(node) if isinstance(meta, dict) else None
    shown = about.get("display_node") if isinstance(about, dict) else None
    return str(shown) if shown else node.partition(".")[0]


def _files_in(value: object, node: str) -> Iterator[OutputFile]:
    if isinstance(value, dict):
        if isinstance(value.get("filename"), str):
            yield OutputFile(
                filename=value["filename"],
                subfolder=str(value.get("subfolder") or ""),
                type=str(value.get("type") or "output"),
                node=node,
            )
        else:
            for part in value.values():
                yield from _files_in(part, node)
    elif isinstance(value, list):
        for part in value:
            yield from _files_in(part, node)


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) else None
