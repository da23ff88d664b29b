"""Lets the cases use the helpers of the engine's and QGIS's tests."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
for folder in ("engine", "qgis", "hostile"):
    sys.path.insert(0, str(TESTS / folder))
