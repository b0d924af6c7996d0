"""Any number of run folders as years of workshops would leave them, written fast, without media.

The same number gives the same runs; only metadata.json is written, which is all an index reads.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BEGIN = datetime(2023, 1, 9, 8, tzinfo=UTC)
SCHEMAS = (
    *("dada", "bauhaus", "expressionism", "overdrive", "telephone_game", "opposites"),
    *("cut_up", "technical_drawing", "haiku", "fairy_tale", "renaissance", "passthrough"),
)
USERS = tuple(f"DOE_{first}{second}" for first in "ABCDEFGHIJKLMNOP" for second in "ABCDEFGHIJ")
WORKSHOPS = ("museum-2023", "schule-am-see", "ferienpass", None)
_GERMAN_WORDS = """
    Blume Wiese Haus Häuser Hund Katze Vogel Vögel Drache Ritter Schloss Straße Fuß Brücke
    Fluss Meer Fisch Mädchen Junge Großmutter König Königin Apfel Äpfel Bäume Baum Wald
    Stern Mond Sonne Regenbogen Wolke Schnee Eis Feuer Bauer Kuh Pferd Schäfchen Löwe Tiger
    Affe Bär Mäuse Roboter Rakete Zug Flugzeug Auto Fahrrad Schiff Insel Schatz Pirat Hexe
    Zauberer Elfe Riese Zwerg rot blau grün gelb schwarz weiß müde fröhlich traurig groß
    klein schnell langsam tanzt singt läuft schläft träumt fliegt springt lacht weint malt
    baut sucht findet verliert und mit auf unter über neben zwischen ohne der die das ein
    eine im am zum
"""
GERMAN = tuple(_GERMAN_WORDS.split())
_ENGLISH_WORDS = """
    flower meadow house dog cat bird dragon knight castle street bridge river sea fish girl
    boy grandmother king queen apple tree forest star moon sun rainbow cloud snow ice fire
    farmer cow horse sheep lion tiger monkey bear mouse robot rocket train plane car bicycle
    ship island treasure pirate witch wizard elf giant dwarf red blue green yellow black
    white tired happy sad big small fast slow dances sings runs sleeps dreams flies jumps
    laughs cries paints builds looks finds loses poet quiet true and with on under over
    beside between without the a in at to
"""
ENGLISH = tuple(_ENGLISH_WORDS.split())
_RARE = tuple(f"{a}{b}{c}" for a in ENGLISH[:40] for b in ("ling", "heim", "ova") for c in "aeiou")


def write_runs(runs: Path, number: int, *, seed: int = 1) -> list[str]:
    """Write `number` run folders into the folder `runs`; returns their ids, the oldest first."""
    ids = []
    for metadata in synthetic_runs(number, seed=seed):
        folder = runs / metadata["run_id"]
        folder.mkdir(parents=True)
        (folder / "metadata.json").write_bytes(as_bytes(metadata))
        ids.append(metadata["run_id"])
    return ids


def as_bytes(metadata: dict[str, Any]) -> bytes:
    """A metadata.json as the server writes it."""
    return json.dumps(metadata, ensure_ascii=False, indent=2).encode() + b"\n"


def synthetic_runs(number: int, *, seed: int = 1) -> Iterator[dict[str, Any]]:
    """The metadata of so many runs, the oldest first: some forty a workshop day."""
    chance = random.Random(seed)
    moment = BEGIN
    for n in range(number):
        if n % 40 == 39:
            moment = moment.replace(hour=8, minute=0) + timedelta(days=1)
        moment += timedelta(seconds=chance.randrange(20, 600), microseconds=chance.randrange(10**6))
        yield one_run(chance, moment)


def one_run(chance: random.Random, moment: datetime) -> dict[str, Any]:
    """The metadata of a run as the server writes it."""
    language = "de" if chance.random() < 0.7 else "en"
    words = GERMAN if language == "de" else ENGLISH
    text = _text(chance, words, chance.randrange(4, 20))
    transformed = _text(chance, words, chance.randrange(30, 70))
    schema = chance.choice(SCHEMAS)
    status = chance.choices(
        ("success", "partial", "blocked", "failed", "cancelled"), (84, 3, 5, 5, 3)
    )[0]
    mode = "eco" if chance.random() < 0.8 else "fast"
    media_type = chance.choices(("image", "audio", "video", "3d"), (85, 6, 6, 3))[0]
    backend, config = (
        chance.choice((("atelier", f"atelier_{media_type}"), ("comfyui", "sd35_large")))
        if mode == "eco"
        else ("openai", "gpt_image_1")
    )
    run_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    seconds = round(chance.uniform(2, 30), 3) if media_type in ("audio", "video") else None
    output = {
        "type": media_type,
        "filename": f"output_{media_type}.bin",
        "backend": backend,
        "config": config,
        "file_size_bytes": chance.randrange(10_000, 20_000_000),
        "format": "bin",
        "mime_type": None,
        "width": 1024,
        "height": 1024,
        "duration_seconds": seconds,
        "sha256": f"{chance.getrandbits(256):064x}",
        "seed": chance.getrandbits(50),
        "model": "a-model",
        "license": None,
        "credit": None,
        "created_at": _time(moment + timedelta(seconds=9)),
    }
    return {
        "run_id": run_id,
        "user_id": chance.choice(USERS) if chance.random() < 0.8 else None,
        "workshop": chance.choice(WORKSHOPS),
        "timestamp": _time(moment),
        "schema": schema,
        "execution_mode": mode,
        "safety_level": chance.choices(("kids", "youth", "adult"), (80, 18, 2))[0],
        "status": status,
        "revision": 9,
        "input_text": text,
        "transformed_text": None if status == "blocked" else transformed,
        "outputs": [output] if status in ("success", "partial") else [],
        "stages": [
            _stage(1, "word_lists", "passed", moment, said=text, made=text),
            _stage(1, "guard", "skipped", moment, said=text, made=None),
            _stage(2, "rewriting", "transformed", moment, said=text, made=transformed),
            _stage(3, "word_lists", "passed", moment, said=transformed, made=transformed),
            _stage(4, "media", "done", moment, said=transformed, made=None),
        ],
        "request": {
            "output_configs": [config],
            "output_type": media_type,
            "seed": chance.getrandbits(50),
            "language": language,
            "context": None,
            "awaits_edit": False,
        },
        "jobs": [],
        "origin": None,
        "attempts": 1,
        "warnings": [],
        "error": None,
        "finished_at": _time(moment + timedelta(seconds=10)),
        "metadata_version": 1,
    }


def _stage(
    stage: int, step: str, status: str, moment: datetime, *, said: str, made: str | None
) -> dict[str, Any]:
    return {
        "stage": stage,
        "step": step,
        "status": status,
        "input": said,
        "output": made,
        "backend": "embedded",
        "model": None,
        "config": None,
        "started_at": _time(moment + timedelta(seconds=stage)),
        "duration_seconds": 0.1,
        "details": {},
    }


def _text(chance: random.Random, words: tuple[str, ...], length: int) -> str:
    chosen = chance.choices(words, k=length)
    if chance.random() < 0.5:
        chosen[chance.randrange(length)] = chance.choice(_RARE)
    sentence = " ".join(chosen)
    return sentence[0].upper() + sentence[1:] + chance.choice((".", "!", "", " 🌻"))


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
