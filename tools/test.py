#!/usr/bin/python3
"""Run the tests with the virtual environment's Python and QGIS's modules, without a screen.

/usr/bin/python3 tools/test.py [PYTEST ARGUMENTS]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import qgis_run

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    os.chdir(ROOT)
    python = str(ROOT / ".venv" / "bin" / "python")
    os.execve(python, [python, "-m", "pytest", *sys.argv[1:]], qgis_run.environment(ROOT / "build" / "test"))  # noqa: S606
