"""A fake ComfyUI 0.3.64: HTTP and websocket on a real socket of 127.0.0.1, without models.

    with FakeComfyUI(checkpoints=["sd15.safetensors"]) as comfy:
        requests.post(f"{comfy.url}/prompt", json={"prompt": graph, "client_id": "me"})

It behaves as the recordings of a real server say (their names stand in the docstrings; those that
are replayed lie in tests/data/comfyui, and test_fake_comfyui.py compares). What it can do wrong is
switched in `comfy.behaviour`. Outputs are real, small media with the prompt inside, as ComfyUI's.

From top to bottom: Behaviour (the switches), the nodes, Validation (what POST /prompt refuses), Run
(one prompt's way through its graph), FakeComfyUI (queue, HTTP, websocket; what tests call comes
first). One thread runs one event loop; what has an underscore in FakeComfyUI runs in it.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import inspect
import io
import json
import posixpath
import random
import re
import socket
import ssl
import struct
import threading
import time
import uuid
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit

import av
import numpy as np
from aiohttp import WSMsgType, web
from PIL import Image, PngImagePlugin

from tests.media_samples import glb_of, gltf_document

Json = dict[str, Any]
Hold = float | threading.Event
Result = TypeVar("Result")


@dataclass
class Behaviour:
    """What the server does beyond, or against, its duty. Any attribute may change at any time."""

    hold: Hold | list[Hold] | None = None  # seconds or event in the first node; list: one per run
    sleep_scale: float = 1.0  # factor on the seconds of RecSleep and RecDeafSleep
    step_seconds: float = 0.0  # how long one step of KSampler takes
    refuse_websocket: bool = False  # /ws answers 502, as a proxy that knows no websocket does
    deaf_websocket: bool = False  # /ws accepts, and no message is ever sent
    break_view_after: int | None = None  # /view: connection torn down after so many bytes …
    break_view_times: int = 1  # … for the first so many answers (counts down)
    lie_about_length: int = 0  # /view: added to Content-Length; below zero cuts the file there
    view_status: int | None = None  # /view answers this status and nothing else
    slow_view: float = 0.0  # seconds before every 16 KiB of /view
    lose_answer_to_prompt: int = 0  # so many POST /prompt are queued, and the line drops (counts)
    history_delay: float = 0.0  # seconds before GET /history is answered
    has_jobs_api: bool = False  # newer servers: /api/jobs/<id>, and prompt_id must be a UUID
    http_status: int | None = None  # every request, /ws too, answers this status (500, 503, …)
    answer_html: bool = False  # something that is no ComfyUI: every path is a page of HTML


@dataclass(frozen=True)
class ReceivedPrompt:
    """One POST /prompt as it came, accepted or refused; `graph` is what the client wrote."""

    prompt_id: str
    client_id: str | None
    graph: Any
    body: Json


@dataclass(frozen=True)
class Worked:
    """When the server worked on a prompt, by `time.monotonic`."""

    prompt_id: str
    began: float
    ended: float


# Nodes


@dataclass(frozen=True)
class Node:
    """One class_type; `required` and `optional` are input configurations as in /object_info."""

    name: str
    returns: tuple[str, ...]
    is_output: bool
    required: Json
    optional: Json
    work: Callable[..., Any]

    def info(self, inputs: Json) -> Json:
        """The entry of /object_info (http_05)."""
        shown = {"required": inputs, **({"optional": self.optional} if self.optional else {})}
        if self.is_output:
            shown["hidden"] = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
        return {
            "input": shown,
            "input_order": {part: list(names) for part, names in shown.items()},
            "output": list(self.returns),
            "output_is_list": [False] * len(self.returns),
            "output_name": list(self.returns),
            "name": self.name,
            "display_name": self.name,
            "description": "",
            "python_module": "nodes",
            "category": "fake",
            "output_node": self.is_output,
        }


class Interrupted(Exception):
    """The run was asked to stop."""


class NodeFailed(Exception):
    """A node raised; carries what execution_error says of it."""


@dataclass(frozen=True)
class Blocked:
    """ComfyUI's ExecutionBlocker: nodes behind it do not run (fail_08, fail_09)."""

    message: str | None


@dataclass(frozen=True)
class Sound:
    seconds: float
    sample_rate: int
    channels: int


@dataclass(frozen=True)
class Film:
    frames: list[Image.Image]
    fps: float
    sound: Sound | None = None


@dataclass(frozen=True)
class Latent:
    width: int
    height: int
    batch: int
    seed: int = 0


NODES: dict[str, Node] = {}


def node(
    name: str, *returns: str, output: bool = False, optional: Json | None = None, **required: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function: it gets the run and the inputs.

    It returns a tuple of outputs, or (an output node) the dictionary ComfyUI calls ui.
    """

    def register(work: Callable[..., Any]) -> Callable[..., Any]:
        NODES[name] = Node(name, returns, output, required, optional or {}, work)
        return work

    return register


def integer(default: int, low: int, high: int, **more: Any) -> list[Any]:
    return ["INT", {"default": default, "min": low, "max": high, **more}]


def number(default: float, low: float, high: float, step: float = 0.01) -> list[Any]:
    return ["FLOAT", {"default": default, "min": low, "max": high, "step": step}]


def text(default: str = "", **more: Any) -> list[Any]:
    return ["STRING", {"default": default, **more}]


PREFIX = text("ComfyUI")


def recorded_inputs() -> dict[str, Json]:
    """The required inputs of the five nodes that http_05 has in full."""
    path = Path(__file__).parent / "data" / "comfyui" / "http_05_object_info.json"
    inputs: dict[str, Json] = {}
    for step in json.loads(path.read_text(encoding="utf-8"))["steps"][1:]:
        for name, described in step["response"]["body_json"].items():
            inputs[name] = described["input"]["required"]
    return inputs


RECORDED = recorded_inputs()


# Pictures


@node(
    "EmptyImage",
    "IMAGE",
    width=integer(512, 1, 16384, step=1),
    height=integer(512, 1, 16384, step=1),
    batch_size=integer(1, 1, 4096),
    color=integer(0, 0, 0xFFFFFF, step=1, display="color"),
)
def empty_image(_run: Run, width: int, height: int, batch_size: int, color: int) -> Any:
    colour = (color >> 16, color >> 8 & 255, color & 255)
    return ([Image.new("RGB", (width, height), colour)] * batch_size,)


@node("ImageInvert", "IMAGE", image=["IMAGE"])
def image_invert(_run: Run, image: list[Image.Image]) -> Any:
    return ([picture.point(lambda value: 255 - value) for picture in image],)


@node("LoadImage", "IMAGE", "MASK", image=[[], {"image_upload": True}])
def load_image(run: Run, image: str) -> Any:
    with Image.open(io.BytesIO(run.comfy.input_files[image])) as picture:
        return ([picture.convert("RGB")], None)


@node("SaveImage", output=True, **RECORDED["SaveImage"])
def save_image(run: Run, images: list[Image.Image], filename_prefix: str) -> Any:
    files = [run.png(image) for image in images]
    return {"images": run.save(filename_prefix, "png", files, size=images[0].size)}


@node("PreviewImage", output=True, images=["IMAGE"])
def preview_image(run: Run, images: list[Image.Image]) -> Any:
    return {"images": run.save(None, "png", [run.png(image) for image in images])}


def animation(run: Run, format: str, frames: list[Image.Image], fps: float, **more: Any) -> bytes:
    file = io.BytesIO()
    milliseconds = round(1000 / fps)
    frames[0].save(
        file, format, save_all=True, append_images=frames[1:], duration=milliseconds, **more
    )
    return file.getvalue()


@node(
    "SaveAnimatedWEBP",
    output=True,
    images=["IMAGE"],
    filename_prefix=PREFIX,
    fps=number(6.0, 0.01, 1000.0),
    lossless=["BOOLEAN", {"default": True}],
    quality=integer(80, 0, 100),
    method=[["default", "fastest", "slowest"]],
)
def save_animated_webp(run: Run, images: Any, filename_prefix: str, fps: float, **more: Any) -> Any:
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{json.dumps(run.graph)}"
    file = animation(run, "WEBP", images, fps, lossless=more["lossless"], exif=exif)
    return {"images": run.save(filename_prefix, "webp", [file]), "animated": [True]}


@node(
    "SaveAnimatedPNG",
    output=True,
    images=["IMAGE"],
    filename_prefix=PREFIX,
    fps=number(6.0, 0.01, 1000.0),
    compress_level=integer(4, 0, 9),
)
def save_animated_png(
    run: Run, images: Any, filename_prefix: str, fps: float, compress_level: int
) -> Any:
    file = animation(run, "PNG", images, fps, pnginfo=run.png_text(), compress_level=compress_level)
    return {"images": run.save(filename_prefix, "png", [file]), "animated": [True]}


# Sound and film


def encode(  # pictures and sound into one container, with the prompt in its metadata
    run: Run,
    container: str,
    *,
    film: Film | None = None,
    video_codec: str = "libx264",
    sound: Sound | None = None,
    audio_codec: str = "aac",
) -> bytes:
    file = io.BytesIO()
    options = {"movflags": "use_metadata_tags"} if container == "mp4" else {}
    with av.open(file, "w", format=container, options=options) as output:
        output.metadata.update(run.metadata())
        if film:  # streams first, then packets
            rate = Fraction(round(film.fps * 1000), 1000)
            video = cast(av.VideoStream, output.add_stream(video_codec, rate=rate))
            width, height = (side // 2 * 2 for side in film.frames[0].size)  # as yuv420p asks
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            video.codec_context.thread_count = 1
        if sound:
            hertz = 48000 if audio_codec == "libopus" else sound.sample_rate  # audio_03
            layout = "mono" if sound.channels == 1 else "stereo"
            audio = cast(av.AudioStream, output.add_stream(audio_codec, rate=hertz))
            audio.layout = layout
        if film:
            for picture in film.frames:
                pixels = np.asarray(picture.crop((0, 0, width, height)))
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                output.mux(video.encode(frame))
            output.mux(video.encode(None))
        if sound:
            silence = np.zeros((1, round(sound.seconds * hertz) * sound.channels), dtype=np.int16)
            block = av.AudioFrame.from_ndarray(silence, format="s16", layout=layout)
            block.sample_rate, block.pts = hertz, 0
            for packet in [*audio.encode(block), *audio.encode(None)]:
                output.mux(packet)
    return file.getvalue()


@node(
    "EmptyAudio",
    "AUDIO",
    duration=number(60.0, 0.0, 1e12),
    sample_rate=integer(44100, 1, 192000),
    channels=integer(2, 1, 2),
)
def empty_audio(_run: Run, duration: float, sample_rate: int, channels: int) -> Any:
    return (Sound(duration, sample_rate, channels),)


@node("SaveAudio", output=True, audio=["AUDIO"], filename_prefix=text("audio/ComfyUI"))
def save_audio(run: Run, audio: Sound, filename_prefix: str) -> Any:
    file = encode(run, "flac", sound=audio, audio_codec="flac")
    return {"audio": run.save(filename_prefix, "flac", [file])}


@node("PreviewAudio", output=True, audio=["AUDIO"])
def preview_audio(run: Run, audio: Sound) -> Any:
    file = encode(run, "flac", sound=audio, audio_codec="flac")
    return {"audio": run.save(None, "flac", [file])}


@node("SaveAudioMP3", output=True, **RECORDED["SaveAudioMP3"])
def save_audio_mp3(run: Run, audio: Sound, filename_prefix: str, **_: Any) -> Any:
    file = encode(run, "mp3", sound=audio, audio_codec="libmp3lame")
    return {"audio": run.save(filename_prefix, "mp3", [file])}


@node(
    "SaveAudioOpus",
    output=True,
    audio=["AUDIO"],
    filename_prefix=text("audio/ComfyUI"),
    quality=[["64k", "96k", "128k", "192k", "320k"], {"default": "128k"}],
)
def save_audio_opus(run: Run, audio: Sound, filename_prefix: str, **_: Any) -> Any:
    file = encode(run, "ogg", sound=audio, audio_codec="libopus")
    return {"audio": run.save(filename_prefix, "opus", [file])}


@node(
    "CreateVideo",
    "VIDEO",
    images=["IMAGE"],
    fps=number(30.0, 1.0, 120.0),
    optional={"audio": ["AUDIO", {}]},
)
def create_video(_run: Run, images: Any, fps: float, audio: Sound | None = None) -> Any:
    return (Film(images, fps, audio),)


def combo(default: str, *options: str) -> list[Any]:
    return ["COMBO", {"default": default, "multiselect": False, "options": list(options)}]


@node("SaveVideo", output=True, **RECORDED["SaveVideo"])
def save_video(run: Run, video: Film, filename_prefix: str, **_: Any) -> Any:
    file = encode(run, "mp4", film=video, sound=video.sound)
    return {"images": run.save(filename_prefix, "mp4", [file]), "animated": [True]}


@node(
    "SaveWEBM",
    output=True,
    images=["IMAGE"],
    filename_prefix=PREFIX,
    codec=combo("vp9", "vp9", "av1"),
    fps=number(24.0, 0.01, 1000.0),
    crf=number(32.0, 0.0, 63.0, step=1),
)
def save_webm(run: Run, images: Any, filename_prefix: str, fps: float, **_: Any) -> Any:
    """Always VP9: encoders of AV1 talk on stderr and are slow."""
    file = encode(run, "webm", film=Film(images, fps), video_codec="libvpx-vp9")
    return {"images": run.save(filename_prefix, "webm", [file]), "animated": [True]}


@node(
    "VHS_VideoCombine",
    "VHS_FILENAMES",
    output=True,
    images=["IMAGE"],
    frame_rate=number(8.0, 1.0, 1000.0, step=1),
    filename_prefix=text("AnimateDiff"),
    format=[["video/h264-mp4"], {}],
)
def video_combine(
    run: Run, images: Any, frame_rate: float, filename_prefix: str, format: str
) -> Any:
    """VideoHelperSuite's `gifs` with an absolute `fullpath` (not recorded: from its source)."""
    files = run.save(filename_prefix, "mp4", [encode(run, "mp4", film=Film(images, frame_rate))])
    path = posixpath.join("/srv/comfyui/output", files[0]["subfolder"], files[0]["filename"])
    more = {"format": format, "frame_rate": frame_rate, "fullpath": path}
    return {"gifs": [{**files[0], **more}]}


# 3D, text, latents


@node("RecVoxel", "VOXEL", size=integer(8, 4, 64), batch_size=integer(1, 1, 8))
def rec_voxel(_run: Run, size: int, batch_size: int) -> Any:
    return ([size] * batch_size,)


@node("VoxelToMeshBasic", "MESH", voxel=["VOXEL"], threshold=number(0.6, -1.0, 1.0))
def voxel_to_mesh(_run: Run, voxel: list[int], threshold: float) -> Any:
    return (voxel,)


@node("SaveGLB", output=True, mesh=["MESH"], filename_prefix=text("mesh/ComfyUI"))
def save_glb(run: Run, mesh: list[int], filename_prefix: str) -> Any:
    """A tetrahedron, whatever the voxels; the prompt is in asset.extras, as in mesh_01's file."""
    binary = struct.pack("<12f", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)
    binary += struct.pack("<12H", 0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3)
    asset = {"version": "2.0", "generator": "ComfyUI", "extras": run.metadata()}
    file = glb_of({**gltf_document(), "asset": asset}, binary)
    return {"3d": run.save(filename_prefix, "glb", [file] * len(mesh))}


@node("PrimitiveInt", "INT", value=integer(0, -(2**63), 2**63 - 1, control_after_generate=True))
@node("PrimitiveString", "STRING", value=text())
@node("PrimitiveStringMultiline", "STRING", value=text(multiline=True))
def primitive(_run: Run, value: Any) -> Any:
    return (value,)


@node("PreviewAny", output=True, source=["*", {}])
def preview_any(_run: Run, source: Any) -> Any:
    return {"text": [str(source)]}


@node(
    "EmptyLatentImage",
    "LATENT",
    width=integer(512, 16, 16384, step=8),
    height=integer(512, 16, 16384, step=8),
    batch_size=integer(1, 1, 4096),
)
def empty_latent(_run: Run, width: int, height: int, batch_size: int) -> Any:
    return (Latent(width, height, batch_size),)


@node("SaveLatent", output=True, samples=["LATENT"], filename_prefix=text("latents/ComfyUI"))
def save_latent(run: Run, samples: Latent, filename_prefix: str) -> Any:
    shape = [samples.batch, 4, samples.height // 8, samples.width // 8]
    values = np.full(shape, samples.seed % 1000, dtype="<f4").tobytes()
    tensor = {"dtype": "F32", "shape": shape, "data_offsets": [0, len(values)]}
    header = json.dumps({"__metadata__": run.metadata(), "latent_tensor": tensor}).encode()
    file = struct.pack("<Q", len(header)) + header + values
    return {"latents": run.save(filename_prefix, "latent", [file])}


# Stable Diffusion without a model: the picture depends on seed, texts and settings


@node("CheckpointLoaderSimple", "MODEL", "CLIP", "VAE", **RECORDED["CheckpointLoaderSimple"])
def load_checkpoint(_run: Run, ckpt_name: str) -> Any:
    return (ckpt_name, ckpt_name, ckpt_name)


@node(
    "CLIPTextEncode", "CONDITIONING", text=text(multiline=True, dynamicPrompts=True), clip=["CLIP"]
)
def encode_text(_run: Run, text: str, clip: str) -> Any:
    return (f"{clip}\n{text}",)


@node("KSampler", "LATENT", **RECORDED["KSampler"])
async def sample(run: Run, seed: int, steps: int, latent_image: Latent, **settings: Any) -> Any:
    for step in range(steps):
        await run.sleep(run.comfy.behaviour.step_seconds)
        run.progress(step + 1, steps, preview=True)
    mixed = hashlib.sha256(repr((seed, steps, sorted(settings.items()))).encode()).digest()
    seed = int.from_bytes(mixed[:6], "big")
    return (Latent(latent_image.width, latent_image.height, latent_image.batch, seed),)


@node("VAEDecode", "IMAGE", samples=["LATENT", {}], vae=["VAE", {}])
def decode(_run: Run, samples: Latent, vae: str) -> Any:
    """64 fields of colour from the seed: quick to compress at any size."""
    pictures = []
    for index in range(samples.batch):
        random_numbers = np.random.default_rng(samples.seed + index)
        fields = random_numbers.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        size = (samples.width, samples.height)
        pictures.append(Image.fromarray(fields).resize(size, Image.Resampling.NEAREST))
    return (pictures,)


# The recordings' own test nodes


@node(
    "RecSleep",
    "IMAGE",
    images=["IMAGE"],
    seconds=number(2.0, 0.0, 600.0),
    steps=integer(4, 1, 1000),
    preview=["BOOLEAN", {"default": True}],
    seed=integer(0, 0, 2**63),
)
async def rec_sleep(
    run: Run, images: Any, seconds: float, steps: int, preview: bool, **_: Any
) -> Any:
    for step in range(steps):
        await run.sleep(seconds / steps * run.comfy.behaviour.sleep_scale)
        run.progress(step + 1, steps, preview=preview)
    return (images,)


@node(
    "RecDeafSleep",
    "IMAGE",
    images=["IMAGE"],
    seconds=number(2.0, 0.0, 600.0),
    seed=integer(0, 0, 2**63),
)
async def rec_deaf_sleep(run: Run, images: Any, seconds: float, **_: Any) -> Any:
    """Says nothing and cannot be interrupted while it sleeps (queue_03, ws_13)."""
    await asyncio.sleep(seconds * run.comfy.behaviour.sleep_scale)
    return (images,)


@node("RecRaise", "IMAGE", images=["IMAGE"], message=text("deliberate failure"))
def rec_raise(_run: Run, images: Any, message: str) -> Any:
    raise ValueError(message)


@node("RecBlock", "IMAGE", images=["IMAGE"], message=text())
def rec_block(_run: Run, images: Any, message: str) -> Any:
    return (Blocked(message or None),)


# POST /prompt: what is refused


def links(inputs: Json) -> Iterator[str]:
    """The ids of the nodes that these inputs come from."""
    for value in inputs.values():
        if isinstance(value, list) and value and isinstance(value[0], str):
            yield value[0]


class Validation:
    """Which output nodes of a graph may run, and why the others may not (fail_01, fail_02).

    Values are converted in place, as ComfyUI does: 6 for a FLOAT is 6.0 in the history.
    """

    def __init__(self, comfy: FakeComfyUI, graph: Json, targets: list[str] | None) -> None:
        self.good_outputs: list[str] = []
        self.node_errors: Json = {}
        self.error: Json | None = None
        self._comfy, self._graph = comfy, graph
        self._valid: dict[str, bool] = {}
        for node_id, entry in graph.items():
            name = entry.get("class_type")
            if name not in NODES:
                reason = (
                    f"Cannot execute because node {name} does not exist."
                    if name
                    else "Cannot execute because a node is missing the class_type property."
                )
                self._refuse("invalid_prompt", reason, f"Node ID '#{node_id}'")
                return
        outputs = [
            node_id
            for node_id, entry in graph.items()
            if NODES[entry["class_type"]].is_output and (targets is None or node_id in targets)
        ]
        if not outputs:
            self._refuse("prompt_no_outputs", "Prompt has no outputs")
            return
        for node_id in outputs:
            self._check_output(node_id)
        if not self.good_outputs:
            own = [e for o in outputs for e in self.node_errors.get(o, {}).get("errors", [])]
            details = "\n".join(f"{e['message']}: {e['details']}" for e in own)
            message = "Prompt outputs failed validation"
            self._refuse("prompt_outputs_failed_validation", message, details)

    def _refuse(self, type: str, message: str, details: str = "") -> None:
        self.error = {"type": type, "message": message, "details": details, "extra_info": {}}

    def _check_output(self, node_id: str) -> None:
        try:
            valid = self._check(node_id)
        except (KeyError, IndexError) as problem:
            valid, trouble = False, "exception_during_validation"
            info = {"exception_type": type(problem).__name__, "traceback": TRACEBACK}
            self._note(node_id, trouble, "Exception when validating node", str(problem), **info)
        if valid:
            self.good_outputs.append(node_id)
            return
        for ancestor in self._ancestors(node_id):
            if ancestor in self.node_errors:
                self.node_errors[ancestor]["dependent_outputs"].append(node_id)

    def _ancestors(self, node_id: str) -> set[str]:
        found: set[str] = set()
        todo = [node_id]
        while todo:
            current = todo.pop()
            if current in self._graph and current not in found:
                found.add(current)
                todo.extend(links(self._graph[current].get("inputs", {})))
        return found

    def _note(self, node_id: str, type: str, message: str, details: str, **info: Any) -> None:
        fresh: Json = {"errors": [], "dependent_outputs": []}
        entry = self.node_errors.setdefault(node_id, fresh)
        entry["class_type"] = self._graph[node_id]["class_type"]
        entry["errors"].append(
            {"type": type, "message": message, "details": details, "extra_info": info}
        )

    def _check(self, node_id: str) -> bool:
        if node_id not in self._valid:
            # A cycle meets this again: invalid, with no error of its own (fail_01, "cycle").
            self._valid[node_id] = False
            entry = self._graph[node_id]
            kind = NODES[entry["class_type"]]
            required = self._comfy.inputs_of(kind)
            results = [
                self._check_input(node_id, name, config, entry["inputs"], name in required)
                for name, config in (required | kind.optional).items()
            ]
            self._valid[node_id] = all(results)
        return self._valid[node_id]

    def _check_input(
        self, node_id: str, name: str, config: list[Any], given: Json, required: bool
    ) -> bool:
        if name not in given:
            if required:
                message = "Required input is missing"
                self._note(node_id, "required_input_missing", message, name, input_name=name)
            return not required
        about: Json = {"input_name": name, "input_config": config}
        value = given[name]
        if isinstance(value, list):
            return self._check_link(node_id, name, config[0], value, about)
        problem = self._problem_of_value(node_id, name, config, given, about)
        if problem:
            type, message, details = problem
            self._note(node_id, type, message, details, **about)
        return problem is None

    def _check_link(
        self, node_id: str, name: str, wanted: Any, link: list[Any], about: Json
    ) -> bool:
        if len(link) != 2:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            self._note(node_id, "bad_linked_input", message, name, **about, received_value=link)
            return False
        source, slot = link
        received = NODES[self._graph[source]["class_type"]].returns[slot]
        if "*" not in (wanted, received) and received != wanted:
            message = "Return type mismatch between linked nodes"
            details = f"{name}, received_type({received}) mismatch input_type({wanted})"
            info = {**about, "received_type": received, "linked_node": link}
            self._note(node_id, "return_type_mismatch", message, details, **info)
            return False
        try:
            return self._check(source)
        except (KeyError, IndexError) as problem:
            message = "Exception when validating inner node"
            info = {**about, "exception_message": str(problem), "traceback": TRACEBACK}
            info |= {"exception_type": type(problem).__name__, "linked_node": link}
            trouble = "exception_during_inner_validation"
            self._note(source, trouble, message, str(problem), **info)
            return False

    def _problem_of_value(
        self, node_id: str, name: str, config: list[Any], given: Json, about: Json
    ) -> tuple[str, str, str] | None:
        type, limits = config[0], config[1] if len(config) > 1 else {}
        value = given[name]
        about["received_value"] = value
        if self._graph[node_id]["class_type"] == "LoadImage":
            for key in ("input_config", "received_value"):
                del about[key]
            details = f"{name} - Invalid image file: {value}"
            wrong = ("custom_validation_failed", "Custom validation failed for node", details)
            return None if value in self._comfy.input_files else wrong
        try:
            convert = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}.get(str(type))
            value = given[name] = convert(value) if convert else value
        except (ValueError, TypeError) as problem:
            about["exception_message"] = str(problem)
            message = f"Failed to convert an input value to a {type} value"
            return "invalid_input_type", message, f"{name}, {value}, {problem}"
        if "min" in limits and value < limits["min"]:
            return (
                "value_smaller_than_min",
                f"Value {value} smaller than min of {limits['min']}",
                name,
            )
        if "max" in limits and value > limits["max"]:
            return (
                "value_bigger_than_max",
                f"Value {value} bigger than max of {limits['max']}",
                name,
            )
        options = type if isinstance(type, list) else limits.get("options")
        if options is not None and value not in options:
            return "value_not_in_list", "Value not in list", f"{name}: '{value}' not in {options}"
        return None


TRACEBACK = [
    '  File "/srv/comfyui/execution.py", line 496, in execute\n    output_data = await work()\n',
    '  File "/srv/comfyui/custom_nodes/rec_nodes.py", line 37, in go\n    raise\n',
]


# One prompt


class Run:
    """One accepted prompt: its entry in the queue, and its way through the graph."""

    def __init__(self, comfy: FakeComfyUI, item: list[Any]) -> None:
        self.comfy, self.item = comfy, item
        self.number, self.prompt_id, self.graph, self.extra_data, self.targets = item
        self.client_id: str | None = self.extra_data.get("client_id")
        self.node_id: str | None = None
        self.interrupted = False
        self.messages: list[list[Any]] = []
        self.outputs: Json = {}
        self._meta: Json = {}
        self._states: Json = {}
        self._executed: list[str] = []
        self._values: dict[str, Sequence[Any]] = {}
        self._signatures = {node_id: self._signature(node_id) for node_id in self.graph}

    def history_entry(self) -> Json:
        success = self.messages[-1][0] == "execution_success"
        status = {"status_str": "success" if success else "error", "completed": success}
        return {
            "prompt": self.item,
            "outputs": self.outputs,
            "status": {**status, "messages": self.messages},
            "meta": self._meta,
        }

    # What nodes use

    async def sleep(self, seconds: Hold) -> None:
        """Until the seconds are over or the event is set; raises Interrupted."""
        end = time.monotonic() + (seconds if not isinstance(seconds, threading.Event) else 1e9)
        while True:
            if self.interrupted:
                raise Interrupted
            if isinstance(seconds, threading.Event) and seconds.is_set():
                return
            left = end - time.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(min(left, 0.005))

    def progress(self, value: int, maximum: int, *, preview: bool) -> None:
        assert self.node_id is not None
        node_id = self.node_id
        self._state(node_id, value, maximum, "running")
        image = None
        if preview:
            file = io.BytesIO()
            Image.new("RGB", (64, 64), (40 * value % 255, 90, 160)).save(file, "JPEG")
            image = file.getvalue()
        knows_metadata = self.client_id in self.comfy.sockets_with_metadata
        if image and knows_metadata:  # ws_02
            names = ["node_id", "prompt_id", "display_node_id", "parent_node_id", "real_node_id"]
            about = {name: self._states[node_id][name] for name in names}
            header = json.dumps({**about, "image_type": "image/jpeg"}).encode()
            self.comfy.tell(struct.pack(">II", 4, len(header)) + header + image, self.client_id)
        data = {"value": value, "max": maximum, "prompt_id": self.prompt_id, "node": node_id}
        self._tell("progress", data, broadcast=True)
        if image and not knows_metadata:  # ws_01: event 1, format 1 (JPEG)
            self.comfy.tell(struct.pack(">II", 1, 1) + image, self.client_id)

    def metadata(self) -> dict[str, str]:
        """What ComfyUI writes into every file: the prompt, and the client's extra_pnginfo."""
        extra = self.extra_data.get("extra_pnginfo") or {}
        return {key: json.dumps(value) for key, value in {"prompt": self.graph, **extra}.items()}

    def png_text(self) -> PngImagePlugin.PngInfo:
        info = PngImagePlugin.PngInfo()
        for key, value in self.metadata().items():
            info.add_text(key, value)
        return info

    def png(self, image: Image.Image) -> bytes:
        file = io.BytesIO()
        image.save(file, "PNG", pnginfo=self.png_text(), compress_level=4)
        return file.getvalue()

    def save(
        self, prefix: str | None, ending: str, contents: list[bytes], size: tuple[int, int] = (0, 0)
    ) -> list[Json]:
        """Write files named prefix_00001_.ending (img_06, img_14); prefix None is a preview."""
        kind = "temp" if prefix is None else "output"
        words = {"width": str(size[0]), "height": str(size[1]), "year": time.strftime("%Y")}
        prefix = self.comfy.temp_prefix if prefix is None else prefix
        for word, value in words.items():
            prefix = prefix.replace(f"%{word}%", value)
        folder, name = posixpath.split(posixpath.normpath(prefix))
        if folder.startswith(("..", "/")):  # fail_06
            message = "**** ERROR: Saving image outside the output folder is not allowed."
            raise Exception(f"{message}\n full_output_folder: /srv\n")  # noqa: TRY002
        files = self.comfy.folder(kind)
        pattern = re.compile(re.escape(posixpath.join(folder, name)) + r"_(\d+)_[^/]*")
        taken = [int(match[1]) for match in map(pattern.fullmatch, files) if match]
        counter = max(taken, default=0) + 1
        saved = []
        for number, content in enumerate(contents):
            batched = name.replace("%batch_num%", str(number))
            filename = f"{batched}_{counter + number:05}_.{ending}"
            files[posixpath.join(folder, filename)] = content
            saved.append({"filename": filename, "subfolder": folder, "type": kind})
        return saved

    # The way through the graph

    async def work_through(self) -> None:
        """Messages in the order of img_01; what the last graph left in the cache is not redone."""
        self._event("execution_start")
        cache = self.comfy.cache
        for stale in set(cache) - set(self._signatures.values()):
            del cache[stale]  # only the last graph is kept (cache_03)
        cached = [node_id for node_id in self.graph if self._signatures[node_id] in cache]
        self._event("execution_cached", nodes=cached)
        waiting = self._needed(cached)
        current = None
        try:
            while waiting:
                current = self._next(waiting)
                waiting.remove(current)
                await self._execute_node(current)
        except Interrupted:
            about = self._about_node(current)
            self._event("execution_interrupted", broadcast=True, **about)
        except NodeFailed as failed:
            self._event("execution_error", **self._about_node(current), **failed.args[0])
        else:
            self._event("execution_success")

    def _about_node(self, node_id: str | None) -> Json:
        node_type = self.graph[node_id]["class_type"]
        return {"node_id": node_id, "node_type": node_type, "executed": list(self._executed)}

    def _tell(self, type: str, data: Json, *, broadcast: bool = False) -> None:
        """Without client_id nobody hears execution_*, and everybody hears progress (ids_02)."""
        if self.client_id is not None or broadcast:
            self.comfy.tell({"type": type, "data": data}, self.client_id)

    def _event(self, type: str, *, broadcast: bool = False, **more: Any) -> None:
        now = round(time.time() * 1000)
        data = {"prompt_id": self.prompt_id, **more, "timestamp": now}
        self.messages.append([type, data])
        self._tell(type, data, broadcast=broadcast)

    def _signature(self, node_id: str, path: tuple[str, ...] = ()) -> str:
        """Equal for nodes that would do the same: class, values, and all that is before them."""
        entry = self.graph[node_id]
        inputs = dict(entry.get("inputs", {}))
        for name, value in inputs.items():
            source = value[0] if isinstance(value, list) and value else None
            if isinstance(source, str) and source in self.graph and source not in path:
                inputs[name] = [self._signature(source, (*path, node_id)), *value[1:]]
        described = json.dumps([entry["class_type"], inputs], sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()

    def _needed(self, cached: list[str]) -> list[str]:
        """The outputs and, of those not cached, all before them that is not cached either."""
        needed: list[str] = []

        def add(node_id: str) -> None:
            if node_id in needed:
                return
            needed.append(node_id)
            if node_id not in cached:
                for source in links(self.graph[node_id]["inputs"]):
                    if source in cached:
                        self._values[source] = self.comfy.cache[self._signatures[source]][0]
                    else:
                        add(source)

        for target in self.targets:
            add(target)
        return needed

    def _next(self, waiting: list[str]) -> str:
        """Outputs as soon as they can run, else what stands straight before one (fail_04)."""
        before = {node_id: set(links(self.graph[node_id]["inputs"])) for node_id in waiting}
        ready = [node_id for node_id in waiting if not before[node_id] & set(waiting)]
        near = {
            source for node_id in waiting if node_id in self.targets for source in before[node_id]
        }
        return min(ready, key=lambda n: 0 if n in self.targets else 1 if n in near else 2)

    def _state(self, node_id: str, value: float, maximum: float, state: str) -> None:
        ids = {"node_id": node_id, "prompt_id": self.prompt_id, "display_node_id": node_id}
        self._states[node_id] = {
            **{"value": value, "max": maximum, "state": state, **ids},
            **{"parent_node_id": None, "real_node_id": node_id},
        }
        data = {"prompt_id": self.prompt_id, "nodes": copy.deepcopy(self._states)}
        self._tell("progress_state", data, broadcast=True)

    def _show_output(self, node_id: str, ui: Json | None) -> None:
        if ui is not None:
            self.outputs[node_id] = ui
            ids = {"node_id": node_id, "display_node": node_id}
            self._meta[node_id] = {**ids, "parent_node": None, "real_node_id": node_id}
        ids = {"node": node_id, "display_node": node_id}
        self._tell("executed", {**ids, "output": ui, "prompt_id": self.prompt_id})

    async def _execute_node(self, node_id: str) -> None:
        signature = self._signatures[node_id]
        if signature in self.comfy.cache:  # cache_01: said anew, with the old files
            self._values[node_id], ui = self.comfy.cache[signature]
            if node_id in self.targets:
                self._show_output(node_id, ui)
                self._state(node_id, 1, 1, "finished")
            return
        self._state(node_id, 0.0, 1.0, "running")
        self.node_id = node_id
        ids = {"node": node_id, "display_node": node_id, "prompt_id": self.prompt_id}
        self._tell("executing", ids)
        self.comfy.notify()
        if not self._executed:
            self.comfy.say_running(self.prompt_id)
            await self.sleep(self.comfy.take_hold())
        await self.sleep(0.0)
        ui = await self._work(node_id)
        if ui is not None:
            self._show_output(node_id, ui)
        done = self._states[node_id]
        done_at = done["max"]
        self._state(node_id, done_at, done_at, "finished")
        self._executed.append(node_id)
        self.comfy.cache[signature] = (self._values[node_id], ui)

    async def _work(self, node_id: str) -> Json | None:
        kind = NODES[self.graph[node_id]["class_type"]]
        inputs = {
            name: self._values[value[0]][value[1]] if isinstance(value, list) else value
            for name, value in self.graph[node_id]["inputs"].items()
            if name in kind.required or name in kind.optional
        }
        blocked = next((value for value in inputs.values() if isinstance(value, Blocked)), None)
        if blocked:
            self._values[node_id] = (blocked,) * len(kind.returns)
            if blocked.message:  # fail_08: an execution_error that is not the end
                about = self._about_node(node_id) | {"prompt_id": self.prompt_id}
                message = f"Execution Blocked: {blocked.message}"
                about |= {"exception_message": message, "exception_type": "ExecutionBlocked"}
                empty: Json = {"traceback": [], "current_inputs": [], "current_outputs": []}
                self._tell("execution_error", {**about, **empty})
            return None
        try:
            result = kind.work(self, **inputs)
            if inspect.isawaitable(result):
                result = await result
        except Interrupted:
            raise
        except Exception as problem:
            shown = {
                name: ["tensor([[[[0.0000, 0.0000, 0.3059],\n ..."]
                if isinstance(value, list)
                else [value]
                for name, value in self.graph[node_id]["inputs"].items()
            }
            raise NodeFailed(
                {
                    "exception_message": f"{problem}\n",
                    "exception_type": type(problem).__name__,
                    "traceback": TRACEBACK,
                    "current_inputs": shown,
                    "current_outputs": list(self.graph),
                }
            ) from problem
        ui = result if isinstance(result, dict) else None
        self._values[node_id] = () if ui is not None else result
        return ui


# The server

CONTENT_TYPES = {  # of the recorded host (http_03); anything else is octet-stream
    **{"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"},
    **{"svg": "image/svg+xml", "mp4": "video/mp4", "webm": "video/webm", "mp3": "audio/mpeg"},
    **{"flac": "audio/flac", "opus": "audio/ogg", "wav": "audio/x-wav", "txt": "text/plain"},
    **{"json": "application/json", "glb": "model/gltf-binary"},
}


class FakeComfyUI:
    """The server; in a `with` statement it listens at `url`, afterwards nothing of it is left."""

    def __init__(
        self,
        *,
        checkpoints: Sequence[str] = (),
        behaviour: Behaviour | None = None,
        max_upload_size: int = 100 * 1024 * 1024,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self.checkpoints = list(checkpoints)
        self.behaviour = behaviour or Behaviour()
        self.max_upload_size = max_upload_size
        self.requests: list[tuple[str, str]] = []  # (method, path with query), in order of arrival
        self.prompts: list[ReceivedPrompt] = []
        self.worked: list[Worked] = []  # in order; one prompt at a time
        self.output_files: dict[str, bytes] = {}  # "subfolder/name" -> content; may be changed
        self.temp_files: dict[str, bytes] = {}
        self.input_files: dict[str, bytes] = {}
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []
        # Bound and never listening: keeps the port ours while the server is down.
        self._reserved = _socket_at(0)
        self.port: int = self._reserved.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._pending: list[Run] = []
        self._forget_everything()

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._in_loop(self._drop_late_connections())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._reserved.close()

    @property
    def clients(self) -> set[str]:
        """The clientIds whose websocket is spoken to."""
        return set(self._sockets)

    @property
    def running_node(self) -> str | None:
        """The node that `executing` named last, while a prompt runs."""
        return self._running.node_id if self._running else None

    # What tests do to it

    def start(self) -> None:
        """Listen (again) at the same port."""
        self._in_loop(self._start())

    def stop(self, *, forget: bool = True) -> None:
        """Close the port and drop every connection with no close frame (restart_01).

        The process is gone: history, queue and temp files with it. With forget=False it only
        cannot be reached, and goes on working.
        """
        self._in_loop(self._stop(forget))

    def restart(self) -> None:
        self.stop()
        self.start()

    def drop_websockets(self) -> None:
        """Tear down the TCP of every websocket, with no close frame; the server lives on."""

        async def drop() -> None:
            for transport in list(self._transports.values()):
                transport.abort()

        self._in_loop(drop())

    def forget(self, prompt_id: str) -> None:
        """No trace of this prompt is left in queue and history, and no message says so."""

        async def forget() -> None:
            self._pending = [run for run in self._pending if run.prompt_id != prompt_id]
            self._history.pop(prompt_id, None)
            if self._running and self._running.prompt_id == prompt_id:
                self._work_anew()

        self._in_loop(forget())

    def count(self, path_prefix: str, method: str | None = None) -> int:
        """How many requests came for paths that begin so."""
        return sum(
            path.startswith(path_prefix) and method in (None, verb) for verb, path in self.requests
        )

    def wait_until_running(self, prompt_id: str | None = None, timeout: float = 60.0) -> None:
        """Until the prompt is in its first node or beyond; raises TimeoutError.

        None means any prompt that is in a node now.
        """
        if prompt_id is None:
            self.wait_until(lambda: self.running_node is not None, timeout)
        else:
            self.wait_until(lambda: prompt_id in self._ran, timeout)

    def wait_until_done(self, prompt_id: str, timeout: float = 60.0) -> None:
        """Until the prompt is in the history; raises TimeoutError."""
        self.wait_until(lambda: prompt_id in self._history, timeout)

    def wait_until_idle(self, timeout: float = 60.0) -> None:
        """Until nothing runs or is pending, and every message is sent; raises TimeoutError."""
        self.wait_until(
            lambda: not self._pending and not self._running and self.sent == self.told, timeout
        )

    def wait_until(self, condition: Callable[[], Any], timeout: float = 60.0) -> None:
        """Until a condition holds that is looked at after every request, message and run."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout):
                raise TimeoutError(f"not within {timeout} s; requests: {self.requests[-20:]}")

    # What runs and nodes use

    def folder(self, kind: str) -> dict[str, bytes]:
        return {"output": self.output_files, "temp": self.temp_files, "input": self.input_files}[
            kind
        ]

    def inputs_of(self, kind: Node) -> Json:
        """The required inputs, with the list of checkpoints as it is now."""
        if kind.name != "CheckpointLoaderSimple":
            return kind.required
        _, more = kind.required["ckpt_name"]
        return {"ckpt_name": [list(self.checkpoints), more]}

    def tell(self, message: Json | bytes, client_id: str | None) -> None:
        """Put a message on its way: to one client, or (None) to every socket."""
        content = message if isinstance(message, bytes) else json.dumps(message)
        self.told += 1
        self._messages.put_nowait((content, client_id))

    def say_running(self, prompt_id: str) -> None:
        self._ran.add(prompt_id)
        self.notify()

    def take_hold(self) -> Hold:
        hold = self.behaviour.hold
        if isinstance(hold, list):
            hold = hold.pop(0) if hold else None
        return 0.0 if hold is None else hold

    # Its life

    def _in_loop(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _forget_everything(self) -> None:
        self.cache: dict[str, tuple[Sequence[Any], Json | None]] = {}
        self.sockets_with_metadata: set[str] = set()
        self.temp_prefix = "ComfyUI_temp_" + "".join(random.choices("abcdefghijklmnop", k=5))
        self.temp_files.clear()
        self._number = 0
        self._pending = []
        self._running: Run | None = None
        self._history: dict[str, Json] = {}
        self._ran: set[str] = set()
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._transports: dict[int, asyncio.Transport] = {}
        self._messages: asyncio.Queue[tuple[str | bytes, str | None]] = asyncio.Queue()
        self.told = self.sent = 0  # messages
        self._wake = asyncio.Event()

    async def _start(self) -> None:
        app = web.Application(client_max_size=self.max_upload_size, middlewares=[self._gate])
        gets = {
            "/ws": self._websocket,
            "/prompt": self._get_prompt,
            "/history": self._get_history,
            "/history/{prompt_id}": self._get_history_entry,
            "/queue": self._get_queue,
            "/system_stats": self._system_stats,
            "/features": self._get_features,
            "/object_info": self._object_info,
            "/object_info/{name}": self._object_info,
            "/models/checkpoints": self._models,
            "/view": self._view,
            "/jobs/{prompt_id}": self._job,
        }
        posts = {
            "/prompt": self._post_prompt,
            "/queue": self._post_queue,
            "/interrupt": self._interrupt,
            "/free": self._free,
            "/history": self._post_history,
            "/upload/image": self._upload,
        }
        for prefix in ("", "/api"):
            for path, answer in gets.items():
                app.router.add_get(prefix + path, answer)
            for path, answer in posts.items():
                app.router.add_post(prefix + path, answer)
        app.router.add_get("/{rest:.*}", self._nothing_there)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0)
        await self._runner.setup()
        self._listening = _socket_at(self.port)
        await web.SockSite(self._runner, self._listening, ssl_context=self._tls).start()
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._work())]

    async def _drop_late_connections(self) -> None:
        """End what was just being accepted while the port was closed; aiohttp knows nothing of it.

        The selector's loop has no public list of its transports.
        """
        # First let those be made: a task cancelled before it began would never close its socket.
        await self._abort_transports()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._abort_transports()

    async def _abort_transports(self) -> None:
        for _ in range(3):  # a connection just accepted has its transport a few turns later
            await asyncio.sleep(0)
        for transport in list(getattr(self._loop, "_transports", {}).values()):
            transport.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _accept_no_more(self) -> None:
        """Before the port is closed: asyncio never closes what it is just accepting by then.

        (A transport that finds its server closed fails half made; CPython 3.11.)
        """
        with suppress(NotImplementedError):  # Windows' loop accepts in another way
            self._loop.remove_reader(self._listening)
        for _ in range(10):
            await asyncio.sleep(0)

    async def _stop(self, forget: bool) -> None:
        if self._runner:
            await self._accept_no_more()
            for site in list(self._runner.sites):
                await site.stop()
            server = self._runner.server
            for connection in list(server.connections) if server else []:
                if connection.transport:
                    connection.transport.abort()
            await self._runner.cleanup()
            self._runner = None
            await self._abort_transports()
        if forget:
            for task in self._tasks:
                task.cancel()
            ended = await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks = []
            self._forget_everything()
            for problem in ended:
                if isinstance(problem, Exception):  # a fault of the fake: no test may overlook it
                    raise problem

    async def _send(self) -> None:
        while True:
            content, client_id = await self._messages.get()
            known = [client_id] if client_id in self._sockets else []
            for sid in known if client_id is not None else list(self._sockets):
                await self._send_to(self._sockets.get(sid or ""), content)
            self.sent += 1
            self.notify()

    async def _send_to(self, ws: web.WebSocketResponse | None, content: str | bytes) -> None:
        if ws is None or ws.closed or self.behaviour.deaf_websocket:
            return
        try:
            if isinstance(content, bytes):
                await ws.send_bytes(content)
            else:
                await ws.send_str(content)
        except ConnectionError:
            return  # the client left meanwhile

    async def _work(self) -> None:
        """One prompt at a time, the smallest number first."""
        while True:
            while not self._pending:
                self._wake.clear()
                await self._wake.wait()
            run = min(self._pending, key=lambda run: float(run.number))
            self._pending.remove(run)
            self._running = run
            self._tell_status()
            began = time.monotonic()
            await run.work_through()
            self.worked.append(Worked(run.prompt_id, began, time.monotonic()))
            self._history.pop(run.prompt_id, None)
            self._history[run.prompt_id] = run.history_entry()
            self._running = None
            self._ran.add(run.prompt_id)
            self._tell_status()
            if run.client_id is not None:
                data = {"node": None, "prompt_id": run.prompt_id}
                self.tell({"type": "executing", "data": data}, run.client_id)
            self.notify()

    def _work_anew(self) -> None:
        self._tasks.pop().cancel()
        self._running = None
        self._tasks.append(asyncio.create_task(self._work()))

    def _remaining(self) -> Json:
        remaining = len(self._pending) + (self._running is not None)
        return {"exec_info": {"queue_remaining": remaining}}

    def _tell_status(self) -> None:
        self.tell({"type": "status", "data": {"status": self._remaining()}}, None)

    # Every request

    @web.middleware
    async def _gate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        self.notify()
        if self.behaviour.http_status is not None:
            return web.Response(status=self.behaviour.http_status, text="no ComfyUI today")
        if self.behaviour.answer_html:
            page = "<!DOCTYPE html><html><body>It works!</body></html>"
            return web.Response(text=page, content_type="text/html")
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.host:  # ws_09: localhost is foreign too
            return web.Response(status=403)
        if request.method == "OPTIONS":  # http_07
            return web.Response()
        return await handler(request)

    async def _nothing_there(self, _request: web.Request) -> web.Response:
        return web.Response(status=404, content_type="application/octet-stream")

    # Websocket

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if self.behaviour.refuse_websocket:
            return web.Response(status=502, text="Bad Gateway")
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        sid = request.query.get("clientId") or uuid.uuid4().hex
        self._sockets[sid] = ws
        if request.transport:
            self._transports[id(ws)] = request.transport
        hello = {"type": "status", "data": {"status": self._remaining(), "sid": sid}}
        await self._send_to(ws, json.dumps(hello))
        if self._running and self._running.client_id == sid and self._running.node_id:  # ws_05
            here = {"type": "executing", "data": {"node": self._running.node_id}}
            await self._send_to(ws, json.dumps(here))
        self.notify()
        first = True
        try:
            async for message in ws:
                if first and message.type == WSMsgType.TEXT:
                    first = False
                    await self._take_flags(ws, sid, json.loads(message.data))
        finally:
            # By name, as ComfyUI does: a newer socket of the same clientId is deaf now (ws_07).
            self._sockets.pop(sid, None)
            self._transports.pop(id(ws), None)
            self.sockets_with_metadata.discard(sid)
            self.notify()
        return ws

    async def _take_flags(self, ws: web.WebSocketResponse, sid: str, message: Json) -> None:
        if message.get("type") != "feature_flags":
            return
        if message["data"].get("supports_preview_metadata"):
            self.sockets_with_metadata.add(sid)
        await self._send_to(ws, json.dumps({"type": "feature_flags", "data": self._features()}))

    # Prompts

    async def _post_prompt(self, request: web.Request) -> web.Response:
        """Anything that is no object of nodes raises here: 500, as in fail_01's last cases."""
        body = await request.json()
        prompt_id = str(body["prompt_id"] if "prompt_id" in body else uuid.uuid4())
        client_id = body.get("client_id")
        received = copy.deepcopy(body)
        self.prompts.append(ReceivedPrompt(prompt_id, client_id, received.get("prompt"), received))
        if "number" in body:
            place = float(body["number"])
        else:
            place = -self._number if body.get("front") else self._number
            self._number += 1
        if "prompt" not in body:
            missing = "No prompt provided"
            error = {"type": "no_prompt", "message": missing, "details": missing, "extra_info": {}}
            return web.json_response({"error": error, "node_errors": {}}, status=400)
        if self.behaviour.has_jobs_api and not _is_canonical(prompt_id):  # not recorded
            error = {"type": "invalid_prompt_id", "message": "prompt_id must be a UUID"}
            error |= {"details": "", "extra_info": {}}
            return web.json_response({"error": error, "node_errors": {}}, status=400)
        graph = body["prompt"]
        checked = Validation(self, graph, body.get("partial_execution_targets"))
        if checked.error:
            refusal = {"error": checked.error, "node_errors": checked.node_errors}
            return web.json_response(refusal, status=400)
        extra = {k: v for k, v in body.get("extra_data", {}).items() if k not in SECRET}  # ids_03
        if client_id is not None:
            extra["client_id"] = client_id
        self._pending.append(Run(self, [place, prompt_id, graph, extra, checked.good_outputs]))
        self._tell_status()
        self._wake.set()
        if self.behaviour.lose_answer_to_prompt > 0:
            self.behaviour.lose_answer_to_prompt -= 1
            _abort(request)
        answer = {"prompt_id": prompt_id, "number": place, "node_errors": checked.node_errors}
        return web.json_response(answer)

    async def _get_prompt(self, _request: web.Request) -> web.Response:
        return web.json_response(self._remaining())

    async def _get_queue(self, _request: web.Request) -> web.Response:
        running = [self._running.item] if self._running else []
        pending = sorted(self._pending, key=lambda run: float(run.number))
        answer = {"queue_running": running, "queue_pending": [run.item for run in pending]}
        return web.json_response(answer)

    async def _post_queue(self, request: web.Request) -> web.Response:
        """The running prompt cannot be deleted; a deleted one leaves no trace (queue_07)."""
        body = await request.json()
        if body.get("clear"):
            self._pending = []
            self._tell_status()
        for prompt_id in body.get("delete", []):
            kept = [run for run in self._pending if run.prompt_id != prompt_id]
            if len(kept) < len(self._pending):
                self._pending = kept
                self._tell_status()
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        """Bare: whoever runs; {prompt_id}: only that one (queue_01, queue_02, http_07)."""
        try:
            body = await request.json()
        except json.JSONDecodeError:
            body = {}
        prompt_id = body.get("prompt_id")
        if self._running and prompt_id in (None, self._running.prompt_id):
            self._running.interrupted = True
        return web.Response()

    async def _free(self, request: web.Request) -> web.Response:
        """free_memory empties the cache (cache_05)."""
        body = await request.json()
        if body.get("free_memory"):
            self.cache.clear()
        return web.Response()

    async def _get_history(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.behaviour.history_delay)
        entries = list(self._history.items())
        if "max_items" in request.query:  # http_01
            most, offset = int(request.query["max_items"]), int(request.query.get("offset", -1))
            start = offset if offset >= 0 else max(0, len(entries) - most)
            entries = entries[start:][: max(0, most)]
        return web.json_response(dict(entries))

    async def _get_history_entry(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.behaviour.history_delay)
        prompt_id = request.match_info["prompt_id"]
        entry = self._history.get(prompt_id)
        return web.json_response({} if entry is None else {prompt_id: entry})

    async def _post_history(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("clear"):
            self._history.clear()
        for prompt_id in body.get("delete", []):
            self._history.pop(prompt_id, None)
        return web.Response()

    async def _job(self, request: web.Request) -> web.Response:
        """Newer servers' view of one prompt (not recorded: after their comfy_execution/jobs.py)."""
        prompt_id = request.match_info["prompt_id"]
        if not self.behaviour.has_jobs_api:
            return await self._nothing_there(request)
        entry = self._history.get(prompt_id)
        if entry:
            last = entry["status"]["messages"][-1][0]
            ends = {"execution_success": "completed", "execution_interrupted": "cancelled"}
            more = {"outputs": entry["outputs"], "execution_status": entry["status"]}
            job = {"id": prompt_id, "status": ends.get(last, "failed"), "outputs_count": 0, **more}
            for output in entry["outputs"].values():
                files = (f for value in output.values() for f in value)
                job["outputs_count"] += sum(isinstance(f, dict) for f in files)
            return web.json_response(job)
        running = [self._running] if self._running else []
        for status, runs in (("in_progress", running), ("pending", self._pending)):
            for run in runs:
                if run.prompt_id == prompt_id:
                    job = {"id": prompt_id, "status": status, "priority": run.number}
                    return web.json_response({**job, "outputs_count": 0})
        return web.json_response({"error": "Job not found"}, status=404)

    # Files

    async def _view(self, request: web.Request) -> web.StreamResponse:
        """Statuses and headers of http_03; the Content-Disposition is raw, as img_07 shows."""
        query = request.query
        filename, kind = query.get("filename", ""), query.get("type", "output")
        for annotated in ("output", "input", "temp"):
            if filename.endswith(f" [{annotated}]"):
                filename, kind = filename.removesuffix(f" [{annotated}]"), annotated
        subfolder = posixpath.normpath(query.get("subfolder", ""))
        known = kind in ("output", "input", "temp")
        if self.behaviour.view_status is not None or "filename" not in query:
            return web.Response(status=self.behaviour.view_status or 404)
        if not filename or filename.startswith("/") or ".." in filename or not known:
            return web.Response(status=400)
        if subfolder.startswith(("..", "/")):
            return web.Response(status=403)
        name = posixpath.basename(filename)
        content = self.folder(kind).get(posixpath.normpath(posixpath.join(subfolder, name)))
        if content is None:
            return web.Response(status=404)
        headers = {"Content-Disposition": f'filename="{name}"'}
        if "preview" in query or "channel" in query:
            return _converted(content, headers, query.get("preview"), query.get("channel"))
        headers["Content-Type"] = CONTENT_TYPES.get(
            name.rpartition(".")[2], "application/octet-stream"
        )
        return await self._send_file(request, content, headers)

    async def _send_file(
        self, request: web.Request, content: bytes, headers: dict[str, str]
    ) -> web.StreamResponse:
        total = len(content)
        range_given = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", ""))
        if range_given:
            first, last = range_given.groups()
            start = int(first) if first else max(0, total - int(last))
            end = min(int(last) + 1 if first and last else total, total)
            if start >= total:
                headers["Content-Range"] = f"bytes */{total}"
                return web.Response(status=416, headers=headers)
        etag = f'"{zlib.crc32(content):016x}-{total:x}"'
        headers |= {"Etag": etag, "Last-Modified": "Sun, 22 Nov 2026 07:45:04 GMT"}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        headers["Accept-Ranges"] = "bytes"
        status = 200
        if range_given:
            content, status = content[start:end], 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = max(0, len(content) + self.behaviour.lie_about_length)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        until = self.behaviour.break_view_after
        breaks = until is not None and self.behaviour.break_view_times > 0
        if breaks:
            self.behaviour.break_view_times -= 1
            content = content[:until]
        sent = content[: response.content_length]
        for place in range(0, len(sent), 16384):
            await asyncio.sleep(self.behaviour.slow_view)
            await response.write(sent[place : place + 16384])
        if (breaks or len(sent) < response.content_length) and request.transport:
            request.transport.close()  # what was written arrives, then nothing more
        return response

    async def _upload(self, request: web.Request) -> web.Response:
        """A name that is taken by other bytes gets a number (http_02)."""
        form = await request.post()
        image = form.get("image")
        if not isinstance(image, web.FileField) or not image.filename:
            return web.Response(status=400)
        kind, subfolder = str(form.get("type", "input")), str(form.get("subfolder", ""))
        files, content, name = self.folder(kind), image.file.read(), image.filename
        place = posixpath.normpath(posixpath.join(subfolder, name))
        if place.startswith(("..", "/")):
            return web.Response(status=400)
        stem, dot, ending = name.rpartition(".")
        tries = 0
        overwrite = form.get("overwrite") in ("true", "1")
        while not overwrite and files.get(place, content) != content:
            tries += 1
            name = f"{stem} ({tries}){dot}{ending}"
            place = posixpath.normpath(posixpath.join(subfolder, name))
        files[place] = content
        return web.json_response({"name": name, "subfolder": subfolder, "type": kind})

    # What it says of itself

    async def _object_info(self, request: web.Request) -> web.Response:
        wanted = request.match_info.get("name")
        kinds = [kind for kind in NODES.values() if wanted in (None, kind.name)]
        return web.json_response({kind.name: kind.info(self.inputs_of(kind)) for kind in kinds})

    async def _models(self, _request: web.Request) -> web.Response:
        return web.json_response(self.checkpoints)

    def _features(self) -> Json:
        return {"supports_preview_metadata": True, "max_upload_size": self.max_upload_size}

    async def _get_features(self, _request: web.Request) -> web.Response:
        return web.json_response(self._features())

    async def _system_stats(self, _request: web.Request) -> web.Response:
        """http_04, with round numbers."""
        gigabyte = 1024**3
        versions = {
            "comfyui_version": "0.3.64",
            "required_frontend_version": "1.27.10",
            "installed_templates_version": "0.1.95",
            "required_templates_version": "0.1.95",
            "python_version": "3.11.7",
            "pytorch_version": "2.14.1+cu130",
        }
        memory = {"ram_total": 24 * gigabyte, "ram_free": 22 * gigabyte}
        system = {
            "os": "posix",
            **memory,
            **versions,
            "embedded_python": False,
            "argv": ["main.py"],
        }
        names = ("vram_total", "vram_free", "torch_vram_total", "torch_vram_free")
        device = {"name": "cpu", "type": "cpu", "index": None, **dict.fromkeys(names, gigabyte)}
        return web.json_response({"system": system, "devices": [device]})


SECRET = ("api_key_comfy_org", "auth_token_comfy_org")


def _socket_at(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


def _abort(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def _is_canonical(prompt_id: str) -> bool:
    try:
        return str(uuid.UUID(prompt_id)) == prompt_id
    except ValueError:
        return False


def _converted(
    content: bytes, headers: dict[str, str], preview: str | None, channel: str | None
) -> web.Response:
    """?preview=webp;90 or jpeg, ?channel=rgb or a; what is no picture raises: 500 (http_03)."""
    format = (preview or "png").partition(";")[0]
    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        if channel == "a":
            alpha = picture.convert("RGBA")
            alpha.paste((0, 0, 0), mask=alpha.getchannel("A"))
            alpha.save(file, format)
        else:
            picture.convert("RGB").save(file, format)
    return web.Response(body=file.getvalue(), headers=headers, content_type=f"image/{format}")
