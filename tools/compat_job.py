#!/usr/bin/python3
"""Cluster scenes through qgis_process, as tools/compat.py has it in each QGIS, and print a hash of the rasters."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import demo
import qgis_run

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "build" / "compat-job"
_VERSIONS = (
    "import sys, numpy, rasterio; from qgis.core import Qgis; from qgis.PyQt.QtCore import QT_VERSION_STR as q; "
    "print('QGIS', Qgis.QGIS_VERSION.split('-')[0] + ', Qt', q + ', Python', sys.version.split()[0] + ', NumPy', "
    "numpy.__version__ + ', rasterio', rasterio.__version__ + ', GDAL', rasterio.__gdal_version__)"
)
_VALUES = (
    "import hashlib, sys, rasterio; h = hashlib.sha256()\n"
    "for path in sys.argv[1:]:\n    h.update(rasterio.open(path).read().tobytes())\nprint(h.hexdigest())"
)


def main() -> int:
    """Run the jobs; return the exit status."""
    shutil.rmtree(HERE, ignore_errors=True)
    scenes = HERE / "scenes"
    demo.call(["benchmarks/simulate.py", str(scenes), "--scenes", "3", "--width", "400", "--height", "400"])
    demo.install()
    jobs = {"simulated": [f"SCENES={scenes}", "K=8"], "spilled": [f"SCENES={scenes}", "K=40", "MEMORY=1"]}
    genuine = os.environ.get("IIKMC_SCENES")
    if genuine and Path(genuine).is_dir():
        # Not all of them came with a quality layer.
        jobs["genuine"] = [f"SCENES={genuine}", "K=12", "MASK="]
    whole = hashlib.sha256()
    for name, arguments in jobs.items():
        output = HERE / name
        status = qgis_run.run_algorithm("iikmc:cluster", [*arguments, f"OUTPUT={output}"], demo.QGIS)
        if status:
            return status
        whole.update(asked(_VALUES, *map(str, sorted(output.glob("*_classes.tif")))).encode())
        centres = json.loads((output / "signatures.json").read_text(encoding="utf-8"))["centres"]
        whole.update(json.dumps(centres).encode())
    print("@compat " + json.dumps({"versions": asked(_VERSIONS), "rasters": whole.hexdigest()[:16]}))
    return 0


def asked(code: str, *arguments: str) -> str:
    """Return what QGIS's Python prints."""
    command = ["/usr/bin/python3", "-c", code, *arguments]
    done = subprocess.run(command, env=qgis_run.environment(demo.QGIS), capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
