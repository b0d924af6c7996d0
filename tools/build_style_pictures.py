"""Make the pictures of the style cards: devserver/public_dev/styles/<schema>.webp.

    .venv/bin/python tools/build_style_pictures.py

Each is a run of this very server with an idea that suits the style, drawn by `atelier`; with the
same ideas and seeds the pictures come out the same. A style without one gets a card with its first
letter. The pictograms in them are OpenMoji's (CC BY-SA 4.0); the page says so.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from devserver.config import Settings
from devserver.my_app import create_app

TARGET = Path(__file__).parents[1] / "devserver/public_dev/styles"
SIDE = 240
QUALITY = 46
LARGEST_BYTES = 7_000
IDEAS = {
    "bauhaus": ("Ein Haus und ein Fahrrad unter der Sonne", 5),
    "dada": ("Ein Fisch spielt Trompete auf dem Mond", 3),
    "expressionism": ("Ein Pferd steht im Sturm vor den Bergen", 8),
    "jugendsprache": ("Ein Panda isst Pizza im Park", 2),
    "lightandmood": ("Ein Segelboot auf dem Meer am Abend", 4),
    "lipogram": ("Ein Papagei sitzt auf einer Palme", 6),
    "materials": ("Ein Elefant im Wald", 9),
    "nplus7": ("Ein Hund und ein Ball im Garten", 1),
    "othereyes": ("Eine Ameise neben einem Pilz", 7),
    "overdrive": ("Eine kleine Maus und ein Käse", 5),
    "passthrough": ("Eine Katze auf dem Dach", 3),
    "piglatin": ("Ein Roboter und ein Schlüssel", 8),
    "renaissance": ("Eine Eule auf einem Baum", 2),
    "snowball": ("Ein Pinguin im Schnee", 4),
    "soundscape": ("Ein Frosch singt am See", 6),
    "stillepost": ("Ein Huhn und ein Telefon", 9),
    "technicaldrawing": ("Eine Rakete und ein Zahnrad", 1),
    "tellastory": ("Ein Drache vor dem Schloss", 7),
    "theopposite": ("Ein Bär in der Nacht", 5),
    "timetravel": ("Ein Mammut im Gras", 3),
    "user_defined": ("Eine Katze mit Hut", 8),
}
RULES = "Ersetze Katze durch Fuchs"


def small(png: bytes) -> bytes:
    """The picture as a small WebP."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    for quality in range(QUALITY, 10, -6):
        out = io.BytesIO()
        image.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= LARGEST_BYTES:
            break
    return out.getvalue()


def build(root: Path) -> None:
    """Make all pictures by runs on a root of their own."""
    no_limits = {name: 0 for name in Settings.model_fields if name.endswith("_per_minute")}
    app = create_app(
        Settings.model_validate({"exports_dir": root, "pool_processes": 2, **no_limits})
    )
    client = app.test_client()
    TARGET.mkdir(exist_ok=True)
    try:
        for schema, (idea, seed) in IDEAS.items():
            body = {
                "schema": schema,
                "input_text": idea,
                "seed": seed,
                "output_config": "atelier_image",
                "context": RULES,
            }
            answer = client.post("/api/schema/pipeline/execute", json=body)
            run = answer.get_json()
            if answer.status_code != 200:
                raise SystemExit(f"{schema}: {run}")
            picture = small(client.get(run["outputs"][0]["url"]).data)
            (TARGET / f"{schema}.webp").write_bytes(picture)
            print(f"{schema}: {len(picture)} bytes, {run['transformed_text'][:70]!r}")
    finally:
        app.extensions["devserver"].close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
