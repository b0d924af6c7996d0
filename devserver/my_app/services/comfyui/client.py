"""ComfyUI's HTTP API, as far as a run needs it. Facts: recordings of ComfyUI 0.3.64."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode

import requests

from devserver.my_app.services.backends.port import BackendUnreachable
from devserver.my_app.services.errors import ServerError

Graph = Mapping[str, Any]

_NODE_ABSENT = re.compile(r"node (\S+) does not exist")
_CONNECT_SECONDS = 3
_ANSWER_SECONDS = 20


class WorkflowRefused(ServerError):
    """ComfyUI does not accept the workflow; the message says what it found."""

    code = "workflow_refused"


@dataclass(frozen=True)
class QueueState:
    """The prompt ids in ComfyUI's queue; `pending` in the order in which they will be run."""

    running: tuple[str, ...]
    pending: tuple[str, ...]

    def __contains__(self, prompt_id: object) -> bool:
        return prompt_id in self.running or prompt_id in self.pending

    def __len__(self) -> int:
        return len(self.running) + len(self.pending)

    def ahead_of(self, prompt_id: str) -> int:
        """How many prompts come before this one; 0 when it is running or not there."""
        if prompt_id not in self.pending:
            return 0
        return len(self.running) + self.pending.index(prompt_id)


class ComfyUIClient:
    """One ComfyUI, over one kept connection; for one thread at a time. Closes as a context."""

    def __init__(self, url: str, *, answer_seconds: float = _ANSWER_SECONDS) -> None:
        self.url = url
        self._answer_seconds = answer_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, no .netrc: only what the operator set

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def submit(self, graph: Graph, *, prompt_id: str, client_id: str) -> list[str]:
        """Queue `graph` under an id of ours; returns what ComfyUI left out of it, as sentences.

        ComfyUI takes a client's prompt_id as it is (ids_01). It answers 200 also when only some of
        the outputs are valid, and runs those (fail_02).
        Raises WorkflowRefused, BackendUnreachable; after the latter the graph may be queued or not.
        """
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": client_id}
        answer = self._send("POST", "/prompt", json=body)
        if answer.status_code == 200:
            return node_error_sentences(_object(answer).get("node_errors"))
        raise WorkflowRefused(_why_refused(answer))

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        """The history entry of a prompt that is over; None while it isn't, or when unknown.

        Raises BackendUnreachable.
        """
        answer = self._send("GET", f"/history/{quote(prompt_id, safe='')}")
        entry = _object(_ok(answer)).get(prompt_id)
        return entry if isinstance(entry, dict) else None

    def queue(self) -> QueueState:
        """What is running and what is waiting. Raises BackendUnreachable."""
        body = _object(_ok(self._send("GET", "/queue")))
        pending = sorted(_entries(body, "queue_pending"), key=_number)
        running = _entries(body, "queue_running")
        return QueueState(tuple(e[1] for e in running), tuple(e[1] for e in pending))

    def job_status(self, prompt_id: str) -> str | None:
        """What `/api/jobs/<id>` says: pending, in_progress, completed, failed, cancelled.

        None where there is no such job, and on servers that do not have that address yet.
        Raises BackendUnreachable.
        """
        answer = self._send("GET", f"/api/jobs/{quote(prompt_id, safe='')}")
        if answer.status_code != 200:
            return None
        status = _object(answer).get("status")
        return status if isinstance(status, str) else None

    def cancel(self, prompt_id: str) -> None:
        """Take the prompt out of the queue, or stop it when it runs; no other prompt is touched.

        Deleting a running prompt has no effect (queue_07), and an interrupt with an id stops only
        that one (queue_02), so both are sent. Raises BackendUnreachable.
        """
        self._send("POST", "/queue", json={"delete": [prompt_id]})
        self._send("POST", "/interrupt", json={"prompt_id": prompt_id})

    def forget(self, prompt_id: str) -> None:
        """Delete the prompt's entry from the history, if it has one; no other is touched.

        Raises BackendUnreachable.
        """
        _ok(self._send("POST", "/history", json={"delete": [prompt_id]}))

    def version(self) -> str:
        """ComfyUI's version. Raises BackendUnreachable, also when something else answers."""
        system = _object(_ok(self._send("GET", "/system_stats"))).get("system")
        version = system.get("comfyui_version") if isinstance(system, dict) else None
        if not isinstance(version, str):
            raise BackendUnreachable("What answers there is not a ComfyUI.")
        return version

    def object_info(self) -> dict[str, Any]:
        """Every node class with its inputs. Raises BackendUnreachable."""
        return _object(_ok(self._send("GET", "/object_info")))

    def _send(self, method: str, path: str, json: object = None) -> requests.Response:
        try:
            return self._session.request(
                method,
                self.url + path,
                json=json,
                timeout=(_CONNECT_SECONDS, self._answer_seconds),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise BackendUnreachable("ComfyUI does not answer.") from error


def view_url(server: str, file: Mapping[str, str]) -> str:
    """The address of one file of an output."""
    return f"{server}/view?{urlencode(file)}"


def node_error_sentences(node_errors: object) -> list[str]:
    """What `node_errors` says, a sentence a fault; without the values that were sent."""
    sentences = []
    for node_id, node in (node_errors if isinstance(node_errors, dict) else {}).items():
        if not isinstance(node, dict):
            continue
        for error in node.get("errors") or []:
            extra = error.get("extra_info") or {}
            what = f"Node {node_id} ({node.get('class_type')})"
            name = extra.get("input_name")
            where = f"{what}, input {name}" if name else what
            if error.get("type") == "value_not_in_list":
                value = extra.get("received_value")
                sentences.append(f"{where}: {value} is not on this ComfyUI.")
            else:
                sentences.append(f"{where}: {error.get('message')}.")
    return sentences


def _why_refused(answer: requests.Response) -> str:
    if answer.status_code == 413:
        return "The workflow is too large for ComfyUI."
    if answer.status_code != 400:
        # A workflow in the format of the editor ends here: 500 and no JSON (fail_01).
        return f"ComfyUI can't read the workflow (it answered {answer.status_code})."
    body = _object(answer)
    sentences = node_error_sentences(body.get("node_errors"))
    if not sentences:
        error = body.get("error")
        sentences = [_general_sentence(error if isinstance(error, dict) else {})]
    return "ComfyUI does not accept the workflow. " + " ".join(sentences)


def _general_sentence(error: Mapping[str, Any]) -> str:
    message, details = str(error.get("message") or "No reason given"), error.get("details")
    absent = _NODE_ABSENT.search(message)
    if absent:
        return f"The node {absent.group(1)} is not installed there ({details})."
    message = message.replace("Cannot execute because", "It can't be run:")
    parts = [part.rstrip(".") for part in dict.fromkeys((message, details)) if part]
    return ". ".join(parts) + "."


def _ok(answer: requests.Response) -> requests.Response:
    if answer.status_code != 200:
        raise BackendUnreachable(f"ComfyUI answers with an error ({answer.status_code}).")
    return answer


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError as error:
        raise BackendUnreachable("What answers there is not a ComfyUI.") from error
    if not isinstance(body, dict):
        raise BackendUnreachable("What answers there is not a ComfyUI.")
    return body


def _entries(body: dict[str, Any], key: str) -> list[list[Any]]:
    """Queue entries: [number, prompt_id, graph, extra_data, outputs] (queue_07)."""
    entries = body.get(key)
    return [e for e in entries if isinstance(e, list) and len(e) > 1] if entries else []


def _number(entry: list[Any]) -> float:
    return float(entry[0]) if isinstance(entry[0], int | float) else 0.0
