"""Put the parts of three.js that the 3D viewer needs into devserver/public_dev/vendor/three/.

    npm pack three@0.162.0 && tar xzf three-0.162.0.tgz
    python tools/vendor_three.py package

`package` is the unpacked npm package (MIT, its licence is copied along). 0.162 is the last version
that draws with WebGL 1, which is all that Safari has on an iPad of 2020. Browsers of that time know
no import maps either, so imports by a bare name are rewritten to lie beside each other.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path

TARGET = Path(__file__).parents[1] / "devserver/public_dev/vendor/three"
CORE = "three.module.min.js"
ADDONS = (
    "controls/OrbitControls.js",
    "loaders/GLTFLoader.js",
    "loaders/OBJLoader.js",
    "loaders/PLYLoader.js",
    "loaders/STLLoader.js",
    "utils/BufferGeometryUtils.js",
)
_IMPORT = re.compile(r"(\bfrom\s+)'([^']+)'")


def beside(match: re.Match[str]) -> str:
    """An import of the core or of another part, as it is from the same folder."""
    name = CORE if match.group(2) == "three" else match.group(2).rpartition("/")[2]
    return f"{match.group(1)}'./{name}'"


def vendor(package: Path) -> None:
    """Copy the parts of the unpacked `package`, with their imports rewritten."""
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    shutil.copyfile(package / "LICENSE", TARGET / "LICENSE")
    shutil.copyfile(package / "build" / CORE, TARGET / CORE)
    for addon in ADDONS:
        source = (package / "examples/jsm" / addon).read_text(encoding="utf-8")
        target = TARGET / Path(addon).name
        target.write_text(_IMPORT.sub(beside, source), encoding="utf-8", newline="\n")
    (TARGET / "VERSION").write_text(f"three {version}\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="the unpacked npm package")
    vendor(parser.parse_args().package)
