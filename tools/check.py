#!/usr/bin/python3
"""Run what a reviewer runs: ruff's format and lint, mypy on the engine, bandit and detect-secrets on the zip.

And docstrings.py, which compares the docstrings with the signatures.
"""

from __future__ import annotations

import json
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


def secrets(title: str, folder: str) -> bool:
    """Look for keys and passwords in unpacked files as plugins.qgis.org does; return whether there are none."""
    # Of its detectors the website has switched off the one of IP addresses, and it leaves metadata.txt out.
    options = ("--all-files", "--exclude-files", r"metadata\.txt", "--disable-plugin", "IPPublicDetector")
    command = [str(BIN / "python"), "-m", "detect_secrets", "scan", *options, "."]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    found = json.loads(done.stdout)["results"] if done.returncode == 0 else {}
    good = done.returncode == 0 and not found
    print(f"{title}: {'fine' if good else 'FAILED'}", flush=True)
    for name, places in found.items():
        print("\n".join(f"{name}:{place['line_number']} {place['type']}" for place in places), flush=True)
    if done.returncode:
        print(done.stderr, flush=True)
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
        # Every rule at every level, and no "nosec": plugins.qgis.org blocks a plugin on any finding.
        results.append(run(f"bandit on {archive.name}", python, "-m", "bandit", "-q", "--ignore-nosec", "-r", folder))
        results.append(secrets(f"detect-secrets on {archive.name}", folder))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
