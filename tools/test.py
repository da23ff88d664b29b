#!/usr/bin/python3
"""Run the tests with the virtual environment's Python and QGIS's modules, without a screen.

/usr/bin/python3 tools/test.py [PYTEST ARGUMENTS]

Without arguments that name single files or tests, as many processes share the work as there are cores; the files of
tests are independent of each other. `-n 0` runs them one after the other in one process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import qgis_run

ROOT = Path(__file__).resolve().parents[1]

# Each process holds a QGIS and compiled loops, about 1 GB.
_MOST_PROCESSES = 4


def shared_out(arguments: list[str]) -> list[str]:
    """Return the options by which several processes run the tests, or none for a run of single files."""
    if any(argument.endswith(".py") or "::" in argument or argument.startswith("-n") for argument in arguments):
        return []
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES)
    # A file's tests stay together, as they share what it makes once.
    return ["-n", str(processes), "--dist", "loadfile"] if processes > 1 else []


if __name__ == "__main__":
    os.chdir(ROOT)
    python = str(ROOT / ".venv" / "bin" / "python")
    arguments = [*shared_out(sys.argv[1:]), *sys.argv[1:]]
    os.execve(python, [python, "-m", "pytest", *arguments], qgis_run.environment(ROOT / "build" / "test"))  # noqa: S606
