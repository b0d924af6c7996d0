"""The fake ComfyUI against recordings of a real one (tests/data/comfyui).

Each recording's requests go to the fake in the recorded order; statuses, bodies, headers and the
websocket messages must be the same. Prompt ids, times, random names, file numbers and tracebacks
are of one run: `Plain` brings them to a form that both sides share.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from PIL import Image

from tests.fake_comfyui import Behaviour, FakeComfyUI
from tests.media_samples import recorded

RECORDINGS = Path(__file__).parent / "data" / "comfyui"
Json = dict[str, Any]


@pytest.fixture
def comfy() -> Iterator[FakeComfyUI]:
    with FakeComfyUI(behaviour=Behaviour(sleep_scale=0.0)) as fake:
        yield fake


def hang_up(socket: Any) -> None:
    """Free a websocket's descriptor; close() does nothing once a close frame was sent."""
    socket.shutdown()


class Plain:
    """JSON without what belongs to one run."""

    def __init__(self) -> None:
        self._prompt_ids: list[str] = []
        self._files: dict[str, list[str]] = {}
        self._first_number: float | None = None

    def of(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._text(key): self._member(key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def knows(self, prompt_id: str) -> None:
        if prompt_id not in self._prompt_ids:
            self._prompt_ids.append(prompt_id)

    def _member(self, key: str, value: Any) -> Any:
        if key == "timestamp":
            return "time"
        if key == "traceback":
            return [] if not value else "traceback"
        if key == "current_outputs":  # a set on the other side
            return sorted(value)
        if key == "number":
            return self._number(value)
        if key == "prompt" and isinstance(value, list):
            value = [self._number(value[0]), *value[1:4], sorted(value[4])]
        if key in ("queue_running", "queue_pending"):
            value = [[self._number(item[0]), *item[1:]] for item in value]
        return self.of(value)

    def _number(self, value: float) -> float:
        if self._first_number is None:
            self._first_number = value
        return value - self._first_number

    def _text(self, text: str) -> str:
        if text in self._prompt_ids:
            return f"prompt {self._prompt_ids.index(text)}"
        if text.startswith("tensor("):
            return "tensor"
        text = re.sub(r"ComfyUI_temp_[a-z]{5}", "ComfyUI_temp", text)
        return re.sub(r"([^/=&]*)_(\d{5})_", self._file, text)

    def file_here(self, plain: str) -> str:
        """A text of the other side, with the numbers that files have on this one."""

        def number(match: re.Match[str]) -> str:
            numbers = self._files.get(match[1], [])
            index = int(match[2])
            return f"{match[1]}_{numbers[index] if index < len(numbers) else f'{index + 1:05}'}_"

        return re.sub(r"([^/=&]*)_(\d)_", number, plain)

    def _file(self, match: re.Match[str]) -> str:
        prefix, number = match.groups()
        numbers = self._files.setdefault(prefix, [])
        if number not in numbers:
            numbers.append(number)
        return f"{prefix}_{numbers.index(number)}_"


class Listener:
    """A websocket of a recording, opened at the fake."""

    def __init__(self, comfy: FakeComfyUI, entry: Json) -> None:
        self.entry = entry
        address = comfy.url.replace("http", "ws") + "/ws" + entry["url"].partition("/ws")[2]
        self.socket = websocket.create_connection(address, timeout=60)
        self.heard: list[Any] = [self.receive()]  # the first: the server knows us now
        if entry["sent_first"]:
            self.socket.send(json.dumps(entry["sent_first"]))
            self.heard.append(self.receive())

    def receive(self) -> Any:
        message = self.socket.recv()
        if isinstance(message, bytes):
            return {"type": "binary", "first": message[:4].hex()}
        return json.loads(message)

    def close(self) -> None:
        self.socket.send_close()
        while True:
            opcode, message = self.socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                break
            if opcode == websocket.ABNF.OPCODE_BINARY:
                self.heard.append({"type": "binary", "first": message[:4].hex()})
            else:
                self.heard.append(json.loads(message))
        hang_up(self.socket)

    def recorded(self) -> list[Any]:
        messages = [message for message in self.entry["messages"] if "close" not in message]
        return [
            {"type": "binary", "first": message["first8_hex"][:8]}
            if message.get("binary")
            else message["json"]
            for message in messages
        ]


class Replay:
    """One recording, step by step; its prompt ids stand for those the fake gives."""

    def __init__(self, comfy: FakeComfyUI, name: str) -> None:
        (path,) = RECORDINGS.glob(f"{name}_*.json")
        self.comfy = comfy
        self.recording: Json = json.loads(path.read_text(encoding="utf-8"))
        self.steps = [step for step in self.recording["steps"] if "request" in step]
        self.listeners: dict[str, Listener] = {}
        self.live_ids: dict[str, str] = {}
        self._there, self._here = Plain(), Plain()

    def run(
        self, *, before: dict[int, Callable[[], None]] | None = None, progress: bool = True
    ) -> None:
        """All of it in the order of time; `before` has something to do before some steps."""
        self.warm_up()
        todo: list[tuple[float, Callable[[], None]]] = []
        for entry in self.recording.get("websockets", []):
            todo.append((entry["opened_t"], partial(self.open, entry)))
            todo.append((entry["closed_t"], partial(self.close, entry["label"])))
        for number, step in enumerate(self.steps):
            if before and number in before:
                todo.append((step["t"] - 1e-6, before[number]))
            todo.append((step["t"], partial(self.step, step)))
        try:
            for _, act in sorted(todo, key=lambda item: item[0]):
                act()
        finally:
            for listener in self.listeners.values():
                hang_up(listener.socket)
        for label in self.listeners:
            self.compare_messages(label, progress=progress)

    def warm_up(self) -> None:
        """Fill the fake's cache with what the recorded server had left from earlier scenarios."""
        messages = (m for entry in self.recording.get("websockets", []) for m in entry["messages"])
        first = next((m["json"]["data"] for m in messages if _type(m) == "execution_cached"), None)
        if first and first["nodes"]:
            graph = self.steps[0]["request"]["body_json"]["prompt"]
            nodes = {node_id: graph[node_id] for node_id in first["nodes"]}
            ends = {
                f"end {node_id}": {"class_type": "PreviewAny", "inputs": {"source": [node_id, 0]}}
                for node_id in nodes
            }
            finished(self.comfy, nodes | ends)
            self.comfy.wait_until_idle()

    def open(self, entry: Json) -> None:
        self.listeners[entry["label"]] = Listener(self.comfy, entry)

    def close(self, label: str) -> None:
        self.comfy.wait_until_idle()
        self.listeners[label].close()
        client_id = self.listeners[label].entry["url"].partition("clientId=")[2]
        self.comfy.wait_until(lambda: client_id not in self.comfy.clients)

    def step(self, step: Json) -> None:
        """Send one recorded request and compare the answer."""
        request, expected = step["request"], step["response"]
        path = self._here.file_here(self._there.of(request["path"]))
        path = path.replace("ComfyUI_temp", self.comfy.temp_prefix)
        for old, new in self.live_ids.items():
            path = path.replace(old, new)
        if path.startswith("/history/") and expected.get("body_json"):
            self.comfy.wait_until_idle()
        body = json.dumps(request.get("body_json", "")) if "body_json" in request else None
        for old, new in self.live_ids.items():
            body = body and body.replace(old, new)
        text = body if body is not None else request.get("body_text")
        answer = requests.request(
            request["method"],
            self.comfy.url + path,
            data=text.encode("latin-1" if "upload" in path else "utf-8") if text else None,
            headers=request.get("headers"),
            timeout=60,
        )
        where = (step.get("label"), request["method"], path, answer.text[:400])
        assert answer.status_code == expected["status"], where
        assert self._headers(answer.headers) == self._headers(expected["headers"]), where
        if "body_json" in expected:
            given = answer.json()
            if request["method"] == "POST" and path == "/prompt" and answer.ok:
                self.live_ids[expected["body_json"]["prompt_id"]] = given["prompt_id"]
                self._there.knows(expected["body_json"]["prompt_id"])
                self._here.knows(given["prompt_id"])
            assert self._here.of(given) == self._there.of(expected["body_json"]), where
        elif "body_text" in expected:
            assert answer.text == expected["body_text"], where
        elif not path.endswith("type=output") or ".latent" not in path:
            magic = 3  # of a file; an empty body is as empty
            assert answer.content[:magic].hex() == expected["body_first16_hex"][: 2 * magic], where

    def compare_messages(self, label: str, *, progress: bool = True) -> None:
        """The same types in the same order, and what they say of nodes, whatever their order."""
        listener = self.listeners[label]
        heard, known = listener.heard, listener.recorded()
        if not progress:
            heard, known = _without_progress(heard), _without_progress(known)
        assert [_kind(m) for m in heard] == [_kind(m) for m in known], label
        assert [_shape(m) for m in heard] == [_shape(m) for m in known], label
        said = [m for m in heard if m["type"] != "progress_state"]
        recorded = [m for m in known if m["type"] != "progress_state"]
        assert _sorted(self._here.of(said)) == _sorted(self._there.of(recorded)), label

    @staticmethod
    def _headers(headers: Any) -> Json:
        of_one_run = ("Date", "Server", "Content-Length", "Transfer-Encoding", "Keep-Alive")
        plain = {name: value for name, value in headers.items() if name not in of_one_run}
        for name in ("Etag", "Last-Modified"):
            if name in plain:
                plain[name] = re.sub(r"[0-9a-f]+-", "x-", "any" if name[0] == "L" else "x")
        if "Content-Disposition" in plain:
            plain["Content-Disposition"] = re.sub(
                r"(temp_)[a-z]{5}|_\d{5}_", r"\1", plain["Content-Disposition"]
            )
        return plain


def _type(message: Json) -> Any:
    return message.get("json", {}).get("type")


def _without_progress(messages: list[Any]) -> list[Any]:
    return [m for m in messages if m["type"] not in ("progress", "progress_state", "binary")]


def _kind(message: Json) -> str:
    data = message.get("data", {})
    if message["type"] == "status":
        return f"status {data['status']['exec_info']['queue_remaining']} {'sid' in data}"
    if message["type"] == "executing":
        return f"executing {'nothing' if data['node'] is None else 'a node'}"
    if message["type"] == "progress_state":
        states = sorted(f"{s['state']} {s['value']}/{s['max']}" for s in data["nodes"].values())
        return f"progress_state {', '.join(states)}"
    return str(message["type"])


def _shape(value: Any) -> Any:
    """Keys and kinds of values, all the way down; node ids are keys of any name."""
    if isinstance(value, dict):
        return {("node" if k.isdigit() else k): _shape(v) for k, v in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(_shape(item)) for item in value})
    return "number" if isinstance(value, float | int) else type(value).__name__


def _sorted(messages: list[Any]) -> list[str]:
    return sorted(json.dumps(message, sort_keys=True) for message in messages)


SIMPLE = [
    *("img_01", "img_02", "img_03", "img_04", "img_05", "img_07", "img_09", "video_01", "video_03"),
    *("audio_01", "audio_03", "latent_01", "text_01", "mesh_01", "fail_02", "fail_03", "fail_04"),
    *("fail_07", "fail_08", "fail_09", "cache_01", "cache_04", "cache_05", "ids_01", "ids_02"),
    *("ids_03", "ids_04", "ws_01", "ws_02", "ws_07", "http_07"),
]


@pytest.mark.parametrize("name", SIMPLE)
def test_it_answers_as_recorded(comfy: FakeComfyUI, name: str) -> None:
    Replay(comfy, name).run()


def quick_graph(color: int = 1, **save: Any) -> Json:
    image = {"width": 64, "height": 64, "batch_size": 1, "color": color}
    more = {"class_type": "SaveImage", "filename_prefix": "quick", **save}
    return {
        "1": {"class_type": "EmptyImage", "inputs": image},
        "2": {"class_type": more.pop("class_type"), "inputs": {"images": ["1", 0], **more}},
    }


def submit(comfy: FakeComfyUI, graph: Json, **more: Any) -> Json:
    answer = requests.post(f"{comfy.url}/prompt", json={"prompt": graph, **more}, timeout=60)
    assert answer.status_code == 200, answer.text
    result: Json = answer.json()
    return result


def finished(comfy: FakeComfyUI, graph: Json, **more: Any) -> Json:
    """The history entry of a graph that has run."""
    prompt_id = submit(comfy, graph, **more)["prompt_id"]
    comfy.wait_until_done(prompt_id)
    history = requests.get(f"{comfy.url}/history/{prompt_id}", timeout=60).json()
    entry: Json = history[prompt_id]
    return entry


def view(comfy: FakeComfyUI, file: Json, **headers: str) -> requests.Response:
    address = f"{comfy.url}/view"
    return requests.get(address, params=file, headers=headers, timeout=60)


def get(comfy: FakeComfyUI, path: str) -> Any:
    return requests.get(comfy.url + path, timeout=60).json()


def test_graphs_are_refused_as_recorded(comfy: FakeComfyUI) -> None:
    comfy.behaviour.hold = threading.Event()  # the one graph that is accepted is in the queue
    Replay(comfy, "fail_01").run()


def test_view_answers_as_recorded(comfy: FakeComfyUI) -> None:
    files = {
        "img_b1_00001_.png": recorded("img_b1_00001_.png"),
        "page.html": b"<script>1</script>",
        "noext": b"x",
        "pic.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "t.txt": b"text",
        "j.json": b"{}",
        "big.bin": b"0" * 300000,
        "empty.bin": b"",
        "audio/mp3_00001_.mp3": recorded("mp3_00001_.mp3"),
    }
    comfy.output_files.update({f"rec/{name}": content for name, content in files.items()})
    replay = Replay(comfy, "http_03")
    picture = {"filename": "img_b1_00001_.png", "subfolder": "rec"}
    for step in replay.steps:
        headers = step["request"].get("headers", {})
        if "If-None-Match" in headers:
            headers["If-None-Match"] = view(comfy, picture).headers["Etag"]
        replay.step(step)


def test_history_answers_as_recorded(comfy: FakeComfyUI) -> None:
    replay = Replay(comfy, "http_01")
    entries: Json = {}
    for step in replay.steps:
        entries |= step["response"].get("body_json") or {}
    for entry in sorted(entries.values(), key=lambda entry: float(entry["prompt"][0])):
        place, prompt_id, graph, extra, _ = entry["prompt"]
        extra = dict(extra)
        own = {"client_id": extra.pop("client_id")} if "client_id" in extra else {}
        body = {"number": place, "prompt_id": prompt_id, "extra_data": extra, **own}
        finished(comfy, graph, **body)
    replay.run()


def test_uploads_answer_as_recorded(comfy: FakeComfyUI) -> None:
    replay = Replay(comfy, "http_02")
    uploads = [step for step in replay.steps if step["request"]["path"] == "/upload/image"]
    for step in uploads:
        if not step["request"]["body_text"].startswith("<"):  # bytes that were not recorded
            replay.step(step)
    image = {"1": {"class_type": "LoadImage", "inputs": {"image": "rec_up.png"}}}
    preview = {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}
    assert finished(comfy, {**image, "2": preview})["outputs"]["2"]["images"]


def test_it_describes_itself_as_recorded(comfy: FakeComfyUI) -> None:
    for step in Replay(comfy, "http_04").steps:
        path = step["request"]["path"].removeprefix("/api")
        if path in ("/system_stats", "/features", "/prompt", "/queue", "/models/checkpoints"):
            assert _shape(get(comfy, path)) == _shape(step["response"]["body_json"])


def test_object_info_has_the_recorded_inputs(comfy: FakeComfyUI) -> None:
    everything = get(comfy, "/object_info")
    for step in Replay(comfy, "http_05").steps[1:]:
        given = get(comfy, step["request"]["path"])
        known = step["response"]["body_json"]
        assert list(given) == list(known)
        for name, node in known.items():
            assert everything[name] == given[name]
            assert set(given[name]) <= set(node)
            for key in ("output", "output_is_list", "output_name", "output_node", "input_order"):
                assert given[name][key] == node[key], (name, key)
            assert given[name]["input"]["required"] == node["input"]["required"]


# One after the other: queue, websockets, restart


@pytest.mark.parametrize("name", ["queue_01", "queue_02", "queue_05"])
def test_interrupts_are_as_recorded(comfy: FakeComfyUI, name: str) -> None:
    comfy.behaviour.sleep_scale = 1.0
    asleep = {1: lambda: comfy.wait_until(lambda: comfy.running_node == "2")}
    Replay(comfy, name).run(before=asleep, progress=False)


def test_running_and_pending_prompts_are_as_recorded(comfy: FakeComfyUI) -> None:
    first, never = threading.Event(), threading.Event()
    comfy.behaviour.hold = [0.0, first, never]  # 0.0: of the warming up
    replay = Replay(comfy, "queue_07")
    third = replay.steps[2]["response"]["body_json"]["prompt_id"]

    def first_ends() -> None:
        first.set()
        comfy.wait_until_running(replay.live_ids[third])

    (clear,) = (
        number
        for number, step in enumerate(replay.steps)
        if step["request"].get("body_json") == {"clear": True}
    )
    one = replay.steps[0]["response"]["body_json"]["prompt_id"]
    before = {1: lambda: comfy.wait_until_running(replay.live_ids[one]), clear: first_ends}
    replay.run(before=before)


def test_the_cache_holds_the_last_graph_only(comfy: FakeComfyUI) -> None:
    """cache_03: A, B, A again writes a new file; A once more names that file again."""
    names = [
        finished(comfy, quick_graph(color))["outputs"]["2"]["images"][0]["filename"]
        for color in (1, 2, 1, 1)
    ]
    assert names == [f"quick_0000{number}_.png" for number in (1, 2, 3, 3)]
    comfy.output_files.clear()  # cache_02: the history still lists what /view no longer has
    (file,) = finished(comfy, quick_graph(1))["outputs"]["2"]["images"]
    assert view(comfy, file).status_code == 404


def test_the_order_of_the_queue(comfy: FakeComfyUI) -> None:
    """queue_08: front takes the negative of its number, and an explicit number is a float."""
    hold = threading.Event()
    comfy.behaviour.hold = [hold]
    submit(comfy, quick_graph(), prompt_id="running")
    comfy.wait_until_running("running")
    submit(comfy, quick_graph(), prompt_id="last")
    assert submit(comfy, quick_graph(), prompt_id="second", front=True)["number"] == -2
    assert submit(comfy, quick_graph(), prompt_id="first", number=-1000)["number"] == -1000.0
    pending = get(comfy, "/queue")["queue_pending"]
    assert [item[1] for item in pending] == ["first", "second", "last"]
    hold.set()
    comfy.wait_until_idle()
    assert list(get(comfy, "/history")) == ["running", "first", "second", "last"]


def test_a_restart_is_as_recorded(comfy: FakeComfyUI) -> None:
    comfy.behaviour.sleep_scale = 1.0
    replay = Replay(comfy, "restart_01")
    (entry,) = replay.recording["websockets"]
    replay.open(entry)
    for step in replay.steps[:3]:
        replay.step(step)
    comfy.wait_until(lambda: comfy.running_node == "2")
    replay.step(replay.steps[3])
    comfy.wait_until(lambda: comfy.told == comfy.sent)
    comfy.stop()
    listener = replay.listeners[entry["label"]]
    with pytest.raises(websocket.WebSocketConnectionClosedException):  # no close frame
        while True:
            listener.heard.append(listener.receive())
    hang_up(listener.socket)
    with pytest.raises(requests.ConnectionError, match="refused"):
        get(comfy, "/queue")
    comfy.start()
    assert not comfy.temp_files
    for step in replay.steps[4:]:
        replay.step(step)
    replay.compare_messages(entry["label"], progress=False)


# Its switches


def test_a_torn_file_can_be_continued(comfy: FakeComfyUI) -> None:
    (file,) = finished(comfy, quick_graph())["outputs"]["2"]["images"]
    whole = comfy.output_files[file["filename"]]
    comfy.behaviour.break_view_after = 100
    with pytest.raises(requests.RequestException, match="Connection broken"):
        view(comfy, file)
    rest = view(comfy, file, Range="bytes=100-")
    assert (rest.status_code, rest.content) == (206, whole[100:])


@pytest.mark.parametrize("lie", [50, -50])
def test_a_length_can_be_a_lie(comfy: FakeComfyUI, lie: int) -> None:
    (file,) = finished(comfy, quick_graph())["outputs"]["2"]["images"]
    comfy.behaviour.lie_about_length = lie
    if lie > 0:
        with pytest.raises(requests.RequestException, match="Connection broken"):
            view(comfy, file)
    else:
        assert view(comfy, file).content == comfy.output_files[file["filename"]][:lie]


def test_files_can_have_a_status(comfy: FakeComfyUI) -> None:
    (file,) = finished(comfy, quick_graph())["outputs"]["2"]["images"]
    comfy.behaviour.view_status = 500
    assert view(comfy, file).status_code == 500


def test_a_lost_answer_leaves_the_prompt_in_the_queue(comfy: FakeComfyUI) -> None:
    comfy.behaviour.lose_answer_to_prompt = 1
    with pytest.raises(requests.ConnectionError):
        submit(comfy, quick_graph(), prompt_id="lost")
    comfy.wait_until_done("lost")
    assert [prompt.prompt_id for prompt in comfy.prompts] == ["lost"]
    assert comfy.prompts[0].graph == quick_graph()


def test_every_path_can_fail_or_be_something_else(comfy: FakeComfyUI) -> None:
    comfy.behaviour.http_status = 503
    assert requests.get(f"{comfy.url}/queue", timeout=60).status_code == 503
    comfy.behaviour.http_status, comfy.behaviour.answer_html = None, True
    page = requests.get(f"{comfy.url}/system_stats", timeout=60)
    assert page.headers["Content-Type"].startswith("text/html")
    assert comfy.requests == [("GET", "/queue"), ("GET", "/system_stats")]
    assert comfy.count("/queue") == 1


def test_websockets_can_be_refused_or_deaf(comfy: FakeComfyUI) -> None:
    address = comfy.url.replace("http", "ws") + "/ws?clientId=me"
    comfy.behaviour.refuse_websocket = True
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(address, timeout=60)
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(address, timeout=60, origin="http://evil.example")
    comfy.behaviour.refuse_websocket, comfy.behaviour.deaf_websocket = False, True
    socket = websocket.create_connection(address, timeout=60)
    finished(comfy, quick_graph(), client_id="me")
    comfy.wait_until_idle()
    comfy.drop_websockets()
    with pytest.raises(websocket.WebSocketConnectionClosedException):
        socket.recv()
    hang_up(socket)


def test_reconnecting_in_mid_run_replays_nothing(comfy: FakeComfyUI) -> None:
    """ws_05: status, then the running node without prompt_id."""
    comfy.behaviour.hold = threading.Event()
    prompt_id = submit(comfy, quick_graph(), client_id="me")["prompt_id"]
    comfy.wait_until_running(prompt_id)
    address = comfy.url.replace("http", "ws") + "/ws?clientId=me"
    socket = websocket.create_connection(address, timeout=60)
    hello, here = json.loads(socket.recv()), json.loads(socket.recv())
    assert hello["data"]["status"]["exec_info"] == {"queue_remaining": 1}
    assert here == {"type": "executing", "data": {"node": "1"}}
    hang_up(socket)


def test_a_prompt_can_be_forgotten(comfy: FakeComfyUI) -> None:
    hold = threading.Event()
    comfy.behaviour.hold = [hold]
    running = submit(comfy, quick_graph())["prompt_id"]
    comfy.wait_until_running(running)
    pending = submit(comfy, quick_graph(color=2))["prompt_id"]
    comfy.forget(running)
    comfy.wait_until_done(pending)
    assert get(comfy, f"/history/{running}") == {}
    comfy.forget(pending)
    assert get(comfy, "/history") == {}


def test_an_unreachable_server_goes_on_working(comfy: FakeComfyUI) -> None:
    hold = threading.Event()
    comfy.behaviour.hold = hold
    prompt_id = submit(comfy, quick_graph())["prompt_id"]
    comfy.wait_until_running(prompt_id)
    comfy.stop(forget=False)
    hold.set()
    comfy.wait_until_done(prompt_id)
    comfy.start()
    assert get(comfy, f"/history/{prompt_id}")[prompt_id]["status"]["completed"]


def test_newer_servers_know_jobs(comfy: FakeComfyUI) -> None:
    prompt_id = submit(comfy, quick_graph())["prompt_id"]
    comfy.wait_until_done(prompt_id)
    assert requests.get(f"{comfy.url}/api/jobs/{prompt_id}", timeout=60).status_code == 404
    comfy.behaviour.has_jobs_api = True
    assert get(comfy, f"/api/jobs/{prompt_id}")["status"] == "completed"
    bad = requests.post(
        f"{comfy.url}/prompt", json={"prompt": quick_graph(), "prompt_id": "X"}, timeout=60
    )
    assert bad.status_code == 400


def test_a_large_body_is_refused() -> None:
    with FakeComfyUI(max_upload_size=1000) as comfy:
        body = {"prompt": quick_graph(), "extra_data": {"padding": "x" * 2000}}
        answer = requests.post(f"{comfy.url}/prompt", json=body, timeout=60)
        assert answer.status_code == 413
        assert answer.text == "Maximum request body size 1000 exceeded."  # http_06


# Stable Diffusion without a model


def diffusion_graph(seed: int, checkpoint: str = "sd15.safetensors") -> Json:
    sampler = {"seed": seed, "steps": 3, "cfg": 7, "sampler_name": "euler", "denoise": 1}
    wires = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0]}
    wires |= {"latent_image": ["5", 0]}
    return {
        "3": {"class_type": "KSampler", "inputs": {**sampler, **wires, "scheduler": "normal"}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": checkpoint}},
        "5": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 64, "height": 64, "batch_size": 2},
        },
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lake", "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {
            "class_type": "SaveImage",
            "inputs": {"images": ["8", 0], "filename_prefix": "ComfyUI"},
        },
    }


def pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (64, 64)
        return picture.tobytes()


def test_it_samples_pictures_from_seeds() -> None:
    with FakeComfyUI(checkpoints=["sd15.safetensors"]) as comfy:
        for seed in (1, 2):
            files = finished(comfy, diffusion_graph(seed))["outputs"]["9"]["images"]
            assert len(files) == 2
        assert len({pixels(content) for content in comfy.output_files.values()}) == 4
        loader = get(comfy, "/object_info/CheckpointLoaderSimple")["CheckpointLoaderSimple"]
        assert loader["input"]["required"]["ckpt_name"][0] == ["sd15.safetensors"]
        body = {"prompt": diffusion_graph(1, "missing.safetensors")}
        refused = requests.post(f"{comfy.url}/prompt", json=body, timeout=60).json()
        (error,) = refused["node_errors"]["4"]["errors"]
        assert error["type"] == "value_not_in_list"
        assert error["details"] == "ckpt_name: 'missing.safetensors' not in ['sd15.safetensors']"


def test_gifs_name_a_path_of_the_server(comfy: FakeComfyUI) -> None:
    graph = quick_graph(class_type="VHS_VideoCombine", frame_rate=8, format="video/h264-mp4")
    (file,) = finished(comfy, graph)["outputs"]["2"]["gifs"]
    assert file["fullpath"].endswith("/output/quick_00001_.mp4")
    assert view(comfy, file).content[4:8] == b"ftyp"
