"""The version number, whose one home is metadata.txt."""

from __future__ import annotations

import configparser
from functools import cache
from pathlib import Path

METADATA = Path(__file__).resolve().parents[1] / "metadata.txt"


@cache
def version() -> str:
    """Return the plugin's version, such as "1.2.3"; "unknown" where metadata.txt does not travel with the engine."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(METADATA, encoding="utf-8")
    return parser.get("general", "version", fallback="unknown")
