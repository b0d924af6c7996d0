"""Make an archive as some months of workshops would leave it, to look at the gallery with.

    .venv/bin/python tools/build_example_runs.py FOLDER [NUMBER]

Every run is made by this very server, with `atelier`: real texts, pictures, sounds, films and 3D
objects, some runs blocked, some repeated. Afterwards their days are spread over some months, and
the crates are made anew, so that `python -m devserver verify` finds nothing to complain about. The
same number gives the same ideas, styles and seeds. FOLDER has to be empty or not there; start the
server on it with DEVSERVER_EXPORTS_DIR=FOLDER. 300 runs take some minutes.
"""

from __future__ import annotations

import json
import random
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from devserver.config import Settings
from devserver.my_app.services.rerun import again
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.runs import NewRun
from devserver.my_app.services.storage_root import StorageRoot
from devserver.my_app.wiring import Services, build_services

BEGIN = datetime(2024, 10, 7, tzinfo=UTC)
WHO = ["Ein Drache", "Eine Katze", "Mein Hund", "Ein Roboter", "Die Eule", "Ein Elefant"]
WHO += ["Eine Maus", "Ein Pinguin", "Der Fuchs", "Ein Frosch", "Eine Hexe", "Der König"]
WHO += ["A dragon", "My cat", "A robot", "The fox", "A little mouse", "An elephant"]
DOES_DE = ["tanzt auf dem Dach", "fliegt zum Mond", "backt einen Kuchen", "fährt Fahrrad im Regen"]
DOES_DE += ["schläft unter einem Apfelbaum", "spielt Trompete am Meer", "baut ein Haus im Wald"]
DOES_DE += ["sucht einen Schatz auf der Insel", "wartet auf den Zug", "malt die Sonne grün"]
DOES_EN = ["dances on the roof", "flies to the moon", "bakes a cake", "rides a bicycle in the rain"]
DOES_EN += ["sleeps under an apple tree", "plays the trumpet by the sea", "looks for a treasure"]
BLOCKED = ["Ich will eine Bombe bauen und alle töten", "Blut und eine Leiche mit einem Messer"]
STYLES = ["dada"] * 5 + ["bauhaus"] * 4 + ["theopposite", "overdrive", "stillepost"] * 3
STYLES += ["materials", "nplus7", "snowball", "renaissance", "expressionism", "passthrough"] * 2
STYLES += ["piglatin", "lipogram", "tellastory", "technicaldrawing", "soundscape", "othereyes"]
WORKSHOPS = ["Museum am See, Klasse 4a", "Ferienpass 2025", "Jugendkunstschule", None]
TYPES = ("image", "audio", "video", "3d", "text")
OFTEN = (74, 9, 7, 7, 3)


def main(folder: Path, number: int) -> None:
    """Make `number` runs under `folder`."""
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty.")
    settings = Settings.model_validate({"exports_dir": folder, "max_queued_runs": number + 10})
    services = build_services(settings)
    try:
        run_ids = _make(services, number, random.Random(7))
    finally:
        services.close()
    _spread(StorageRoot(folder), run_ids, random.Random(11))


def _make(services: Services, number: int, chance: random.Random) -> list[str]:
    run_ids: list[str] = []
    for n in range(number):
        if run_ids and chance.random() < 0.04:
            earlier = services.storage.get_metadata(chance.choice(run_ids))
            new = again(earlier, "new") if earlier.is_final else _idea(chance)
        else:
            new = _idea(chance)
        run = services.runs.start(new)
        run = services.runs.wait(run.run_id, 600)
        run_ids.append(run.run_id)
        print(f"{n + 1} of {number}: {run.status}", end="\r", flush=True)
    print()
    return run_ids


def _idea(chance: random.Random) -> NewRun:
    who = chance.choice(WHO)
    is_english = who.split()[0] in ("A", "An", "My", "The")
    text = f"{who} {chance.choice(DOES_EN if is_english else DOES_DE)}"
    if chance.random() < 0.06:
        text = chance.choice(BLOCKED)
    return NewRun(
        schema=chance.choice(STYLES),
        input_text=text,
        user_id=f"{chance.choice('ABCDEFGHKLMNPRST')}{chance.randrange(1, 9)}"
        if chance.random() < 0.8
        else None,
        output_type=chance.choices(TYPES, OFTEN)[0],  # type: ignore[arg-type]
        seed=chance.randrange(1 << 40),
        language="en" if is_english else "de",
        workshop=chance.choice(WORKSHOPS),
    )


def _spread(root: StorageRoot, run_ids: list[str], chance: random.Random) -> None:
    """Move the times of each run to a workshop day, all by the same distance."""
    folders = RunFolders(root)
    day, left = BEGIN, 0
    for run_id in run_ids:
        if not left:
            day += timedelta(days=chance.choice((1, 1, 1, 7, 7, 14, 30)))
            left = chance.randrange(4, 26)
            moment = day + timedelta(hours=9, minutes=chance.randrange(60))
        left -= 1
        moment += timedelta(seconds=chance.randrange(40, 400))
        path = folders.path(run_id) / "metadata.json"
        text = path.read_text(encoding="utf-8")
        by = moment - datetime.fromisoformat(json.loads(text)["timestamp"])
        path.write_text(_moved(text, by), encoding="utf-8")
        folders.repair_crate(run_id)


def _moved(text: str, by: timedelta) -> str:
    stamp = re.compile(r'"(20\d\d-\d\d-\d\dT[\d:.]+\+00:00)"')

    def later(found: re.Match[str]) -> str:
        moved = datetime.fromisoformat(found[1]) + by
        return f'"{moved.isoformat(timespec="microseconds")}"'

    return stamp.sub(later, text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300)
