#!/usr/bin/python3
"""Run what a reviewer runs: ruff's format and lint, mypy on the engine, bandit on the zip as it is shipped.

And docstrings.py, which compares the docstrings with the signatures.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import build_zip

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"


def run(title: str, *command: str) -> bool:
    """Run a command, say how it went, and return whether it went well."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    good = done.returncode == 0
    print(f"{title}: {'fine' if good else 'FAILED'}", flush=True)
    if not good:
        print(done.stdout + done.stderr, flush=True)
    return good


def main() -> int:
    """Run all checks, so that one run tells everything; return 1 if any failed."""
    python = str(BIN / "python")
    results = [
        run("ruff format", python, "-m", "ruff", "format", "--check", "."),
        run("ruff", python, "-m", "ruff", "check", "."),
        run("docstrings", python, str(Path(__file__).with_name("docstrings.py"))),
        run("mypy engine", python, "-m", "mypy", "engine"),
    ]
    archive = build_zip.build(ROOT / "dist")
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)
        # Every rule at every level: plugins.qgis.org blocks a plugin on any finding.
        results.append(run(f"bandit on {archive.name}", python, "-m", "bandit", "-q", "-r", folder))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
