#!/usr/bin/python3
"""Try the engine, which needs no QGIS, with Pythons and libraries from the oldest to the newest that it takes.

    /usr/bin/python3 tools/compat_ranges.py [-- PYTEST ARGUMENTS]

Pythons are looked for on PATH (python3.9, python3.10, …) and in pyenv's folder; those that are not there are left out
and named. Each gets a virtual environment below build/compat with the versions of the table, and runs tests of the
engine's kernels, scenes, sensors and promises; all cluster the same simulated scenes, and must give the same rasters
and centres.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "build" / "compat"
TESTS = (
    *(
        f"tests/engine/{name}.py"
        for name in ("kernels/test_kernels", "kernels/test_cells", "promises/test_mixed_series")
    ),
    *(f"tests/engine/{name}" for name in ("scenes", "sensors")),
)


@dataclass(frozen=True)
class Set:
    """Versions that belong together."""

    python: str
    numpy: str
    rasterio: str
    numba: str


# The oldest of each that pip still gives wheels of for that Python, and the newest.
SETS = (
    Set("3.9", "1.24.4", "1.3.11", "0.60.0"),
    Set("3.10", "1.26.4", "1.3.11", "0.61.2"),
    Set("3.12", "2.1.3", "1.4.3", "0.61.2"),
    Set("3.13", "2.3.5", "1.4.4", "0.63.1"),
    Set("3.13", "2.4.*", "1.5.*", ""),
)
# What is run in each: a clustering by the engine alone, and a line with its hash and the versions.
_JOB = """
import hashlib, importlib.util, pathlib, sys, tempfile
root = pathlib.Path(sys.argv[1])
spec = importlib.util.spec_from_file_location("iikmc", root / "__init__.py", submodule_search_locations=[str(root)])
sys.modules["iikmc"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["iikmc"])
import numpy, rasterio
from iikmc.engine.requests import Request
from iikmc.engine.runs.cluster import cluster
out = pathlib.Path(tempfile.mkdtemp()) / "out"
result = cluster(Request((sys.argv[2],), out, k=12))
whole = hashlib.sha256(result.fit.centres.tobytes())
for path in sorted(out.glob("*.tif")):
    whole.update(rasterio.open(path).read().tobytes())
print("@hash", whole.hexdigest()[:16], sys.version.split()[0], numpy.__version__, rasterio.__version__)
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pytest", nargs="*", help="arguments for pytest instead of the usual tests, behind --")
    options = parser.parse_args(words)
    HOME.mkdir(parents=True, exist_ok=True)
    scenes = HOME / "scenes"
    run([sys.executable, "benchmarks/simulate.py", str(scenes), "--scenes", "3", "--width", "400", "--height", "400"])
    rows, hashes, good = [], set(), True
    for one in SETS:
        program = python_of(one.python)
        if program is None:
            rows.append(f"| {one.python} | | | | not here | |")
            continue
        python = environment(one, program)
        done = run([str(python), "-m", "pytest", "-p", "no:cacheprovider", *(options.pytest or TESTS)], fatal=False)
        log = f"python{one.python}-numpy{one.numpy}.txt".replace("*", "x")
        (HOME / log).write_text(done.stdout, encoding="utf-8")
        tests = next((line.strip("= ") for line in reversed(done.stdout.splitlines()) if " in " in line), "none ran")
        job = run([str(python), "-c", _JOB, str(ROOT), str(scenes)], fatal=False)
        told = [line.split()[1:] for line in job.stdout.splitlines() if line.startswith("@hash")]
        found, *versions = told[0] if told else ("none", one.python, one.numpy, one.rasterio)
        hashes.add(found)
        good = good and done.returncode == 0 and bool(told)
        rows.append(f"| {' | '.join(versions)} | {one.numba or 'without'} | {tests} | {found} |")
        print(rows[-1], flush=True)
    head = "| Python | NumPy | rasterio | Numba | tests of the engine | rasters |\n|---|---|---|---|---|---|\n"
    same = "the same" if len(hashes) == 1 else "NOT the same"
    table = head + "\n".join(rows) + f"\n\nRasters and centres: {same} in all.\n"
    (HOME / "RANGES.md").write_text(table, encoding="utf-8")
    print(table)
    return 0 if good and len(hashes) == 1 else 1


def python_of(version: str) -> str | None:
    """Return a Python of a version, or None."""
    found = shutil.which(f"python{version}")
    if found and not found.endswith(f"shims/python{version}"):
        return found
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = sorted(home.glob(f"versions/{version}.*/bin/python3"))
    return str(places[-1]) if places else None


def environment(one: Set, program: str) -> Path:
    """Return the Python of a virtual environment with these versions, making it if need be."""
    folder = HOME / f"venv-{one.python}-{one.numpy}-{one.rasterio}".replace("*", "x")
    python = folder / "bin" / "python"
    if not (folder / ".made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        run([program, "-m", "venv", str(folder)])
        wanted = [f"numpy=={one.numpy}", f"rasterio=={one.rasterio}", "pytest", "hypothesis", "psutil"]
        wanted += [f"numba=={one.numba}"] if one.numba else []
        run([str(python), "-m", "pip", "install", "-q", "--only-binary=:all:", *wanted])
        (folder / ".made").touch()
    return python


def run(command: Sequence[str], fatal: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout."""
    done = subprocess.run(
        list(command), cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False,
    )  # fmt: skip
    if fatal and done.returncode:
        sys.exit(f"compat: {' '.join(command)[:120]} failed:\n{done.stdout[-1500:]}")
    return done


if __name__ == "__main__":
    sys.exit(main())
