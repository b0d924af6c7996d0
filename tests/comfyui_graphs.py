"""Small workflows of stock nodes, one for each kind of output, as output configs in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Graph = dict[str, Any]


def node(class_type: str, **inputs: object) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


# The seed is the colour, so that each run makes files of its own.
SEED = node("PrimitiveInt", value=0)
PROMPT = node("PreviewAny", source="the prompt")
ONE = node("EmptyImage", width=64, height=48, batch_size=1, color=["1", 0])
THREE = node("EmptyImage", width=64, height=48, batch_size=3, color=["1", 0])
SOUND = node("EmptyAudio", duration=0.5, sample_rate=44100, channels=2)


def graph(**nodes: dict[str, Any]) -> Graph:
    named = {name.removeprefix("n"): value for name, value in nodes.items()}
    return {"1": SEED, "2": PROMPT, **named}


def save_image(source: str) -> dict[str, Any]:
    return node("SaveImage", images=[source, 0], filename_prefix="x")


GRAPHS: Mapping[str, tuple[str, Graph]] = {
    "image": ("image", graph(n3=ONE, n4=save_image("3"))),
    "batch": ("image", graph(n3=THREE, n4=save_image("3"))),
    "two_saves": ("image", graph(n9=save_image("3"), n4=save_image("3"), n3=ONE)),
    "preview_only": ("image", graph(n3=ONE, n4=node("PreviewImage", images=["3", 0]))),
    "preview_and_save": (
        "image",
        graph(n3=ONE, n4=node("PreviewImage", images=["3", 0]), n5=save_image("3")),
    ),
    "animated_webp": (
        "image",
        graph(
            n3=THREE,
            n4=node(
                "SaveAnimatedWEBP",
                images=["3", 0],
                filename_prefix="x",
                fps=6.0,
                lossless=True,
                quality=80,
                method="default",
            ),
        ),
    ),
    "animated_png": (
        "image",
        graph(
            n3=THREE,
            n4=node(
                "SaveAnimatedPNG", images=["3", 0], filename_prefix="x", fps=6.0, compress_level=4
            ),
        ),
    ),
    "flac": ("audio", graph(n3=SOUND, n4=node("SaveAudio", audio=["3", 0], filename_prefix="x"))),
    "mp3": (
        "audio",
        graph(
            n3=SOUND, n4=node("SaveAudioMP3", audio=["3", 0], filename_prefix="x", quality="128k")
        ),
    ),
    "opus": (
        "audio",
        graph(
            n3=SOUND, n4=node("SaveAudioOpus", audio=["3", 0], filename_prefix="x", quality="128k")
        ),
    ),
    "mp4": (
        "video",
        graph(
            n3=THREE,
            n4=node("CreateVideo", images=["3", 0], fps=6.0, audio=["6", 0]),
            n5=node("SaveVideo", video=["4", 0], filename_prefix="x", format="auto", codec="auto"),
            n6=SOUND,
        ),
    ),
    "webm": (
        "video",
        graph(
            n3=THREE,
            n4=node(
                "SaveWEBM", images=["3", 0], filename_prefix="x", codec="vp9", fps=6.0, crf=32.0
            ),
        ),
    ),
    "mixed": (
        "image",
        graph(
            n3=ONE,
            n4=node("SaveAudio", audio=["5", 0], filename_prefix="x"),
            n5=SOUND,
            n6=save_image("3"),
        ),
    ),
    "latent_beside": (
        "image",
        graph(
            n3=ONE,
            n4=save_image("3"),
            n5=node("EmptyLatentImage", width=64, height=64, batch_size=1),
            n6=node("SaveLatent", samples=["5", 0], filename_prefix="x"),
        ),
    ),
    "text_only": ("image", graph()),
}
"""By name: the media type it is asked for, and the graph. `9` before `4` in two_saves is meant."""

SLEEPING = graph(
    n3=ONE,
    n4=node("RecSleep", images=["3", 0], seconds=0.2, steps=4, preview=True, seed=["1", 0]),
    n5=save_image("4"),
)
RAISING = graph(
    n3=ONE,
    n4=save_image("3"),
    n5=node("RecRaise", images=["3", 0], message="Kind: secret text"),
    n6=save_image("5"),
)
VOXELS = graph(
    n3=node("RecVoxel", size=6, batch_size=1),
    n4=node("VoxelToMeshBasic", voxel=["3", 0], threshold=0.6),
    n5=node("SaveGLB", mesh=["4", 0], filename_prefix="x"),
)
PARTLY_VALID = graph(n3=ONE, n4=save_image("3"), n5=node("SaveImage", images=["3", 0]))
TEST_NODES: Mapping[str, tuple[str, Graph]] = {
    "sleeping": ("image", SLEEPING),
    "raising": ("image", RAISING),
    "voxels": ("3d", VOXELS),
    "partly_valid": ("image", PARTLY_VALID),
}
"""With the recordings' own test nodes, which a real ComfyUI has only when they are put there."""


def write_config(folder: Path, config_id: str, media_type: str, graph: Graph, **more: Any) -> None:
    """An output config with its workflow beside it."""
    config = {
        "name": config_id,
        "media_type": media_type,
        "backend": "comfyui",
        "workflow": f"{config_id}.workflow.json",
        "places": {"prompt": "2.source", "seed": "1.value"},
        **more,
    }
    (folder / f"{config_id}.json").write_text(json.dumps(config))
    (folder / f"{config_id}.workflow.json").write_text(json.dumps(graph))


def write_all(folder: Path) -> None:
    """A config for each graph of this module."""
    folder.mkdir(parents=True, exist_ok=True)
    for config_id, (media_type, graph) in {**GRAPHS, **TEST_NODES}.items():
        write_config(folder, config_id, media_type, graph)
    write_config(folder, "with_temporary", *GRAPHS["preview_and_save"], include_temporary=True)
